//! The plan of back-channel logout (OpenID Connect Back-Channel Logout 1.0).
