//! What a token is bound to: nothing, a DPoP key (RFC 9449) or a client certificate (RFC 8705 section 3).

use serde_json::{Value, json};
use std::fmt;
use std::str::FromStr;

/// Whose hands a token works in.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Binding {
    /// Whoever holds it.
    #[default]
    None,
    /// The holder of the key with this RFC 7638 thumbprint.
    Dpop(String),
    /// The holder of the certificate with this SHA-256, in base64url.
    Certificate(String),
}

impl Binding {
    /// `token_type` of a token that is bound so.
    pub fn token_type(&self) -> &'static str {
        match self {
            Self::Dpop(_) => "DPoP",
            Self::None | Self::Certificate(_) => "Bearer",
        }
    }

    /// Whether what is bound so may be used by whoever showed `shown`: what is bound to nothing, by anybody.
    pub fn allows(&self, shown: &Self) -> bool {
        *self == Self::None || self == shown
    }

    /// The `cnf` claim (RFC 7800).
    pub fn cnf(&self) -> Option<Value> {
        match self {
            Self::None => None,
            Self::Dpop(jkt) => Some(json!({ "jkt": jkt })),
            Self::Certificate(x5t) => Some(json!({ "x5t#S256": x5t })),
        }
    }
}

/// As it stands in the store: empty, `dpop:…` or `x5t:…`.
impl fmt::Display for Binding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => Ok(()),
            Self::Dpop(jkt) => write!(f, "dpop:{jkt}"),
            Self::Certificate(x5t) => write!(f, "x5t:{x5t}"),
        }
    }
}

/// Neither kind of binding: such a token works in nobody's hands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no binding of a token is written so")]
pub struct NotABinding;

impl FromStr for Binding {
    type Err = NotABinding;
    fn from_str(text: &str) -> Result<Self, NotABinding> {
        match text.split_once(':') {
            None if text.is_empty() => Ok(Self::None),
            Some(("dpop", jkt)) => Ok(Self::Dpop(jkt.to_owned())),
            Some(("x5t", x5t)) => Ok(Self::Certificate(x5t.to_owned())),
            _ => Err(NotABinding),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes_and_takes_nothing_else_for_unbound() {
        for binding in [
            Binding::None,
            Binding::Dpop("abc".into()),
            Binding::Certificate("def".into()),
        ] {
            assert_eq!(binding.to_string().parse(), Ok(binding));
        }
        for wrong in ["abc", "none", "jkt:abc", ":"] {
            assert_eq!(wrong.parse::<Binding>(), Err(NotABinding), "{wrong}");
        }
    }
}
