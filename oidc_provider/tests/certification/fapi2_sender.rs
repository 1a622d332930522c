//! The modules of both plans of FAPI 2.0 that are about sender-constrained tokens (RFC 9449, RFC 8705).
