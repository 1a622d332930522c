//! The plan of sign-ins that a third party begins (OpenID Connect Core section 4).
