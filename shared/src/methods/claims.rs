//! What a sign-in may claim: level, `acr` and `amr`, computed from the first factor and the evidence (policy.md,
//! section 3).

use super::{Evidence, Level};
use crate::ssh::ShownKey;
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
    PublicKey(ShownKey),
    /// Something, in words that nobody understood: no proof, and no fact that an exception could rest on.
    Unreadable,
    /// A passkey used without a password.
    Passkey,
}

impl FirstFactor {
    /// Whether somebody has shown a first factor, as far as anybody can tell.
    pub fn is_shown(&self) -> bool {
        !matches!(self, Self::None | Self::Unreadable)
    }
}

/// How much is proven together. A second factor alone, without any first, is a single factor; a passkey is two.
pub fn proven_level(first: &FirstFactor, evidence: &[Evidence]) -> Level {
    let strongest = evidence.iter().map(Evidence::level).max();
    match (first, strongest) {
        (FirstFactor::None | FirstFactor::Unreadable, None) => Level::None,
        (FirstFactor::None | FirstFactor::Unreadable | FirstFactor::Passkey, Some(_))
            if !evidence.iter().any(Evidence::is_two_factors) =>
        {
            Level::Single
        }
        (_, None) => Level::Single,
        (_, Some(level)) => level,
    }
}

/// The `acr` claim of a level (`phr` and `phrh`: OpenID Connect EAP ACR Values 1.0); a sign-in that proved nothing has none.
pub fn acr(level: Level) -> Option<&'static str> {
    match level {
        Level::None => None,
        Level::Single => Some("urn:samekey:acr:single"),
        Level::Medium => Some("urn:samekey:acr:medium"),
        Level::High => Some("urn:samekey:acr:mfa"),
        Level::Highest => Some("phr"),
        Level::Hardware => Some("phrh"),
    }
}

/// The `amr` claim (RFC 8176): first factor, then second, then `mfa` where two factors of high or better were proven.
/// `["pwd", "otp", "mfa"]` for password and authenticator app.
pub fn amr(first: &FirstFactor, evidence: &[Evidence]) -> Vec<&'static str> {
    let mut claims: Vec<&'static str> = match first {
        FirstFactor::None | FirstFactor::Unreadable | FirstFactor::Passkey => Vec::new(),
        FirstFactor::Password => vec!["pwd"],
        FirstFactor::PublicKey(_) => vec!["pop"],
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
    use crate::methods::{EvidenceRecord, KeyProof, Method, recall};

    /// First factor, second factors, `acr` after its prefix, `amr`.
    type Case = (
        FirstFactor,
        &'static [Method],
        Option<&'static str>,
        &'static [&'static str],
    );

    fn proof(method: Method, key: Option<KeyProof>) -> Evidence {
        recall(EvidenceRecord {
            method,
            device: None,
            at: 0,
            key,
        })
    }

    fn public_key() -> FirstFactor {
        FirstFactor::PublicKey(ShownKey {
            key_type: "ssh-ed25519".into(),
            fingerprint: "SHA256:x".into(),
            on_our_terms: false,
        })
    }

    #[test]
    fn claims_follow_the_table_of_the_policy() {
        use FirstFactor::{None as Nothing, Password};
        let grid: [Case; 12] = [
            (Nothing, &[], None, &[]),
            (FirstFactor::Unreadable, &[], None, &[]),
            (FirstFactor::Unreadable, &[Method::Totp], Some("single"), &["otp"]),
            (Password, &[], Some("single"), &["pwd"]),
            (public_key(), &[], Some("single"), &["pop"]),
            (Password, &[Method::Email], Some("medium"), &["pwd", "email"]),
            (Password, &[Method::Totp], Some("mfa"), &["pwd", "otp", "mfa"]),
            (Password, &[Method::RecoveryCode], Some("mfa"), &["pwd", "otp", "mfa"]),
            (public_key(), &[Method::Totp], Some("mfa"), &["pop", "otp", "mfa"]),
            (Nothing, &[Method::Totp], Some("single"), &["otp"]),
            // A record of before there were keys proves no more than possession.
            (Password, &[Method::SecurityKey], Some("phr"), &["pwd", "pop", "mfa"]),
            (Nothing, &[Method::Passkey], Some("single"), &["pop"]),
        ];
        for (first, methods, wanted_acr, wanted_amr) in grid {
            let evidence: Vec<_> = methods.iter().map(|method| proof(*method, None)).collect();
            let level = acr(proven_level(&first, &evidence));
            // What resists phishing has the specification's own name (EAP ACR Values 1.0).
            let wanted = wanted_acr.map(|word| match word {
                "phr" => word.to_owned(),
                ours => format!("urn:samekey:acr:{ours}"),
            });
            assert_eq!(level, wanted.as_deref(), "{first:?} {methods:?}");
            assert_eq!(amr(&first, &evidence), wanted_amr, "{first:?} {methods:?}");
        }
    }

    /// Every assertion there can be, after every first factor: 2 methods, 4 facts, 4 first factors.
    fn assertions() -> impl Iterator<Item = (FirstFactor, Method, KeyProof)> {
        (0..128_u8).map(|bits| {
            let bit = |n: u8| bits & (1 << n) != 0;
            let first = match bits >> 5 {
                0 => FirstFactor::None,
                1 => FirstFactor::Password,
                2 => public_key(),
                _ => FirstFactor::Passkey,
            };
            let method = if bit(0) { Method::Passkey } else { Method::SecurityKey };
            let key = KeyProof {
                user_verified: bit(1),
                backup_eligible: bit(2),
                attested: bit(3),
                pin: bit(4),
            };
            (first, method, key)
        })
    }

    #[test]
    fn levels_of_keys_follow_from_what_they_show_and_from_nothing_else() {
        for (first, method, key) in assertions() {
            let level = proven_level(&first, &[proof(method, Some(key))]);
            let another_factor = matches!(first, FirstFactor::Password | FirstFactor::PublicKey(_));
            let wanted = match (
                another_factor || key.user_verified,
                key.attested && !key.backup_eligible,
            ) {
                (false, _) => Level::Single,
                (true, true) => Level::Hardware,
                (true, false) => Level::Highest,
            };
            assert_eq!(level, wanted, "{first:?} {method} {key:?}");
        }
    }

    #[test]
    fn amr_of_keys_says_what_was_shown_and_no_more() {
        for (first, method, key) in assertions() {
            let claims = amr(&first, &[proof(method, Some(key))]);
            let says = |word: &str| claims.contains(&word);
            let told = format!("{first:?} {method} {key:?}: {claims:?}");
            assert_eq!(says("swk"), key.backup_eligible, "{told}");
            assert_eq!(says("hwk"), key.attested && !key.backup_eligible, "{told}");
            assert_eq!(says("user"), key.user_verified, "{told}");
            assert_eq!(says("pin"), key.user_verified && key.pin, "{told}");
            let ssh = matches!(first, FirstFactor::PublicKey(_));
            assert_eq!(says("pop"), ssh || !(says("swk") || says("hwk")), "{told}");
            assert_eq!(says("pwd"), first == FirstFactor::Password, "{told}");
            let two = ssh || first == FirstFactor::Password || key.user_verified;
            assert_eq!(says("mfa"), two, "{told}");
            assert!(!says("fpt") && !says("face") && !says("otp"), "{told}");
        }
    }

    #[test]
    fn a_weaker_proof_beside_a_stronger_one_takes_nothing_away() {
        let both = [proof(Method::Email, None), proof(Method::Totp, None)];
        assert_eq!(proven_level(&FirstFactor::Password, &both), Level::High);
        assert_eq!(amr(&FirstFactor::Password, &both), ["pwd", "email", "otp", "mfa"]);
    }
}
