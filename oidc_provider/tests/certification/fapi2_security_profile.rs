//! The plan of the FAPI 2.0 Security Profile (final).
