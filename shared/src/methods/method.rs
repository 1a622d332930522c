//! The closed lists of second factors and of the levels that a sign-in can prove.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A kind of second factor (R10-R12). Some come with later releases: policies may name them already.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// WebAuthn with user verification.
    Passkey,
    /// FIDO2 or U2F key, touched.
    SecurityKey,
    /// Authenticator app, RFC 6238.
    Totp,
    /// A code sent to the bound security e-mail.
    Email,
    /// One of the ten codes kept on paper.
    RecoveryCode,
}

/// How much a sign-in has proven, weakest first (policy.md, section 3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Nothing asked by us: automation that an exception lets through.
    None,
    /// The first factor only.
    Single,
    /// Password and a code by e-mail.
    Medium,
    /// Password and authenticator app, or a recovery code.
    High,
    /// Passkey with user verification, or password and a FIDO key: resists phishing.
    Highest,
    /// As highest, with an attested key that cannot be copied.
    Hardware,
}

impl Method {
    /// All of them, strongest first.
    pub const ALL: [Self; 5] = [
        Self::Passkey,
        Self::SecurityKey,
        Self::Totp,
        Self::Email,
        Self::RecoveryCode,
    ];

    /// The strongest level that this method can prove, together with a password where it needs one.
    pub fn level(self) -> Level {
        match self {
            Self::Passkey | Self::SecurityKey => Level::Highest,
            Self::Totp | Self::RecoveryCode => Level::High,
            Self::Email => Level::Medium,
        }
    }

    /// Whether it is answered by a FIDO credential.
    pub fn is_fido(self) -> bool {
        matches!(self, Self::Passkey | Self::SecurityKey)
    }

    /// The stable word for it in policies, in the store and in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passkey => "passkey",
            Self::SecurityKey => "security-key",
            Self::Totp => "totp",
            Self::Email => "email",
            Self::RecoveryCode => "recovery-code",
        }
    }
}

impl Level {
    /// All of them, weakest first.
    pub const ALL: [Self; 6] = [
        Self::None,
        Self::Single,
        Self::Medium,
        Self::High,
        Self::Highest,
        Self::Hardware,
    ];

    /// The stable word for it in policies, in the store and in the audit trail.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Single => "single",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Highest => "highest",
            Self::Hardware => "hardware",
        }
    }
}

impl fmt::Display for Method {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// A word that names no method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a method is one of: passkey, security-key, totp, email, recovery-code")]
pub struct NotAMethod;

/// A word that names no level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a level is one of: none, single, medium, high, highest, hardware")]
pub struct NotALevel;

impl FromStr for Method {
    type Err = NotAMethod;

    fn from_str(text: &str) -> Result<Self, NotAMethod> {
        Self::ALL.into_iter().find(|m| m.as_str() == text).ok_or(NotAMethod)
    }
}

impl FromStr for Level {
    type Err = NotALevel;

    fn from_str(text: &str) -> Result<Self, NotALevel> {
        Self::ALL.into_iter().find(|l| l.as_str() == text).ok_or(NotALevel)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_the_same_in_text_and_in_json() {
        for method in Method::ALL {
            assert_eq!(method.to_string().parse(), Ok(method));
            assert_eq!(serde_json::to_string(&method).unwrap(), format!("\"{method}\""));
        }
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(serde_json::to_string(&level).unwrap(), format!("\"{level}\""));
        }
        assert_eq!("TOTP".parse::<Method>(), Err(NotAMethod));
    }

    #[test]
    fn levels_are_ordered_from_weak_to_strong() {
        assert!(Level::ALL.is_sorted());
        assert!(Method::Email.level() < Method::Totp.level());
        assert!(Method::Totp.level() < Method::Passkey.level());
    }
}
