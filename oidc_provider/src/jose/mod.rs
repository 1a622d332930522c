//! JSON Web Keys and Signatures of others: applications' keys, assertions, request objects and proofs (RFC 7515, 7517, 7518).
//!
//! What we sign ourselves is [`crate::keys`]. Here nothing is ever signed, and nothing that a token says of itself chooses
//! how it is verified: the caller names the algorithms and the keys, and a key must fit the algorithm (oidc.md row 13).

mod jwk;
mod jws;
mod set;

pub use jwk::Jwk;
pub use jws::{Header, Verified, header, unverified, verify};
pub use set::JwkSet;

/// Why a key or token is not taken. Its sentence may be shown to whoever sent it: it repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoseError {
    /// Not a key, a set of keys or a token at all.
    #[error("it is not properly written")]
    Malformed,
    /// Longer than we read.
    #[error("it is too long")]
    TooLong,
    /// A key with private members: whoever sent it must take it out of use.
    #[error("it holds a private key")]
    Private,
    /// A shared secret in the place of a public key.
    #[error("it holds a symmetric key")]
    Symmetric,
    /// An RSA key below 2048 bits, or of an exponent that ring does not take.
    #[error("it holds an RSA key that is too weak")]
    Weak,
    /// A kind of key that we do not verify with.
    #[error("it holds a kind of key that is not used here")]
    Unknown,
    /// An algorithm that is not allowed here; `none` and HMAC never are.
    #[error("its algorithm is not allowed here")]
    Algorithm,
    /// A member of the header that must be understood, and is not (RFC 7515 section 4.1.11).
    #[error("its header holds what must be understood and is not")]
    Critical,
    /// No key of the set fits its `kid` and `alg`.
    #[error("no known key fits it")]
    NoKey,
    /// The signature is wrong.
    #[error("its signature is wrong")]
    Signature,
}
