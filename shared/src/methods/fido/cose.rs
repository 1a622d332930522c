//! Public keys in COSE (RFC 9052), as authenticators hand them out.
