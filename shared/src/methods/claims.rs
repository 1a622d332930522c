//! What a sign-in may claim: level, `acr` and `amr`, computed from the first factor and the evidence (policy.md,
//! section 3).

use super::{Evidence, Level};
use serde::{Deserialize, Serialize};

/// What came before the second factor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FirstFactor {
    /// Nothing.
    None,
    /// A password: the store's or the system's.
    Password,
    /// An SSH key, as sshd tells it.
    PublicKey {
        /// Its SHA-256 fingerprint.
        fingerprint: String,
    },
    /// A passkey used without a password.
    Passkey,
}

/// How much is proven together. A second factor alone, without any first, is a single factor; a passkey is two.
pub fn proven_level(first: &FirstFactor, evidence: &[Evidence]) -> Level {
    let strongest = evidence.iter().map(Evidence::level).max();
    match (first, strongest) {
        (FirstFactor::None, None) => Level::None,
        (FirstFactor::None | FirstFactor::Passkey, Some(_)) if !evidence.iter().any(Evidence::is_two_factors) => {
            Level::Single
        }
        (_, None) => Level::Single,
        (_, Some(level)) => level,
    }
}

/// The `acr` claim of a level; a sign-in that proved nothing has none.
pub fn acr(level: Level) -> Option<&'static str> {
    match level {
        Level::None => None,
        Level::Single => Some("urn:samekey:acr:single"),
        Level::Medium => Some("urn:samekey:acr:medium"),
        Level::High => Some("urn:samekey:acr:mfa"),
        Level::Highest => Some("urn:samekey:acr:phr"),
        Level::Hardware => Some("urn:samekey:acr:phrh"),
    }
}

/// The `amr` claim (RFC 8176): first factor, then second, then `mfa` where two factors of high or better were proven.
/// `["pwd", "otp", "mfa"]` for password and authenticator app.
pub fn amr(first: &FirstFactor, evidence: &[Evidence]) -> Vec<&'static str> {
    let mut claims: Vec<&'static str> = match first {
        FirstFactor::None | FirstFactor::Passkey => Vec::new(),
        FirstFactor::Password => vec!["pwd"],
        FirstFactor::PublicKey { .. } => vec!["pop"],
    };
    for claim in evidence.iter().flat_map(Evidence::amr) {
        if !claims.contains(&claim) {
            claims.push(claim);
        }
    }
    if proven_level(first, evidence) >= Level::High {
        claims.push("mfa");
    }
    claims
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::methods::{EvidenceRecord, Method, recall};

    /// First factor, second factors, `acr` after its prefix, `amr`.
    type Case = (
        FirstFactor,
        &'static [Method],
        Option<&'static str>,
        &'static [&'static str],
    );

    fn proof(method: Method) -> Evidence {
        recall(EvidenceRecord {
            method,
            device: None,
            at: 0,
            key: None,
        })
    }

    #[test]
    fn claims_follow_the_table_of_the_policy() {
        use FirstFactor::{None as Nothing, Passkey, Password, PublicKey};
        let key = || PublicKey {
            fingerprint: "SHA256:x".into(),
        };
        let grid: [Case; 11] = [
            (Nothing, &[], None, &[]),
            (Password, &[], Some("single"), &["pwd"]),
            (key(), &[], Some("single"), &["pop"]),
            (Password, &[Method::Email], Some("medium"), &["pwd", "email"]),
            (Password, &[Method::Totp], Some("mfa"), &["pwd", "otp", "mfa"]),
            (Password, &[Method::RecoveryCode], Some("mfa"), &["pwd", "otp", "mfa"]),
            (key(), &[Method::Totp], Some("mfa"), &["pop", "otp", "mfa"]),
            (Password, &[Method::SecurityKey], Some("phr"), &["pwd", "pop", "mfa"]),
            (Passkey, &[Method::Passkey], Some("phr"), &["pop", "user", "mfa"]),
            (Nothing, &[Method::Totp], Some("single"), &["otp"]),
            (Nothing, &[Method::SecurityKey], Some("single"), &["pop"]),
        ];
        for (first, methods, wanted_acr, wanted_amr) in grid {
            let evidence: Vec<_> = methods.iter().map(|method| proof(*method)).collect();
            let level = acr(proven_level(&first, &evidence));
            let wanted = wanted_acr.map(|word| format!("urn:samekey:acr:{word}"));
            assert_eq!(level, wanted.as_deref(), "{first:?} {methods:?}");
            assert_eq!(amr(&first, &evidence), wanted_amr, "{first:?} {methods:?}");
        }
    }

    #[test]
    fn a_weaker_proof_beside_a_stronger_one_takes_nothing_away() {
        let both = [proof(Method::Email), proof(Method::Totp)];
        assert_eq!(proven_level(&FirstFactor::Password, &both), Level::High);
        assert_eq!(amr(&FirstFactor::Password, &both), ["pwd", "email", "otp", "mfa"]);
    }
}
