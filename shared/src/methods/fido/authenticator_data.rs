//! Authenticator data (WebAuthn Level 3, 6.1), read strictly.
