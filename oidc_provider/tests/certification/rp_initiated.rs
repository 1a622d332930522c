//! The plan of logout asked for by relying parties (OpenID Connect RP-Initiated Logout 1.0).
