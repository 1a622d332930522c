//! The plan of front-channel logout (OpenID Connect Front-Channel Logout 1.0).
