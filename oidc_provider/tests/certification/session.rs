//! The plan of session management (OpenID Connect Session Management 1.0).
