//! A new credential and its attestation (WebAuthn Level 3, 7.1).
