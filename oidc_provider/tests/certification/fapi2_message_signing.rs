//! The plan of FAPI 2.0 Message Signing (final).
