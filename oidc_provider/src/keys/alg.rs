//! The signature algorithms we use, a closed list: `none` and the HMAC family cannot even be named.

use std::fmt;
use std::str::FromStr;

/// An algorithm of RFC 7518 or RFC 8037.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Alg {
    /// RSA PKCS #1 v1.5 with SHA-256: what OpenID Connect demands of everybody, and so the default.
    Rs256,
    /// RSA PSS with SHA-256: what FAPI 2.0 takes of RSA (section 5.4.1). Its keys are its own: a key has one use.
    Ps256,
    /// ECDSA on P-256 with SHA-256: the fastest to make and the shortest.
    Es256,
    /// Ed25519.
    EdDsa,
}

impl Alg {
    /// Every algorithm, in the order of discovery.
    pub const ALL: [Self; 4] = [Self::Rs256, Self::Ps256, Self::Es256, Self::EdDsa];

    /// Its JOSE name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
        }
    }
}

impl fmt::Display for Alg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// Not an algorithm that we sign with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the signature algorithms are RS256, PS256, ES256 and EdDSA")]
pub struct NotAnAlg;

impl FromStr for Alg {
    type Err = NotAnAlg;
    fn from_str(text: &str) -> Result<Self, NotAnAlg> {
        Self::ALL.into_iter().find(|alg| alg.name() == text).ok_or(NotAnAlg)
    }
}
