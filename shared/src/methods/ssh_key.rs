//! An SSH key that opened this very connection, as a second factor: evidence where it shows its person, and nowhere else.
//!
//! The signature was checked by sshd, which tells the key but not what the signature said of its person. So this rests on
//! three facts that all must hold: the key lives in an authenticator and is enrolled in this account *with verification*;
//! it is the plain key that is enrolled, not a certificate over it; and this host's sshd takes keys on no easier terms than
//! `samekey ssh-keys` serves them on, with `verify-required` (decision 20).

use super::{Evidence, KeyProof, Method};
use crate::clock::UnixTime;
use crate::devices::ssh_key::EnrolledKey;
use crate::ssh::ShownKey;

/// What the key that was shown proves of the account it is enrolled in. `enrolled` is its row, looked up in the unit of work
/// that decides: a key that was unbound a moment ago proves nothing.
pub fn vouched(shown: &ShownKey, enrolled: &EnrolledKey, now: UnixTime) -> Option<Evidence> {
    let same = shown.fingerprint == enrolled.key.fingerprint() && shown.key_type == enrolled.key.key_type();
    if !same || !shown.on_our_terms || !enrolled.verification.is_demanded() || !enrolled.key.is_security_key() {
        return None;
    }
    // Whether it can be copied, nobody attested; that its PIN was typed, nobody saw: neither is claimed.
    let proof = KeyProof {
        user_verified: true,
        backup_eligible: false,
        attested: false,
        pin: false,
    };
    Some(Evidence::mint_key(Method::SecurityKey, enrolled.device, now, proof))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::ssh_key::Verification;
    use crate::methods::{FirstFactor, Level, amr, proven_level};
    use crate::ssh::PublicKey;

    const SK: &str = "sk-ssh-ed25519@openssh.com \
                      AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=";
    const PLAIN: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn enrolled(line: &str, verification: Verification) -> EnrolledKey {
        EnrolledKey {
            device: format!("{:032x}", 7).parse().unwrap(),
            name: "laptop".parse().unwrap(),
            key: PublicKey::from_file(line).unwrap(),
            verification,
        }
    }

    #[test]
    fn only_a_key_that_checks_its_person_and_is_taken_on_our_terms_is_a_factor() {
        for (line, verification, on_our_terms, counts) in [
            (SK, Verification::Demanded, true, true),
            (SK, Verification::Demanded, false, false),
            (SK, Verification::NotDemanded, true, false),
            (PLAIN, Verification::NotDemanded, true, false),
            // The store never holds such a row; were it there, it would prove nothing.
            (PLAIN, Verification::Demanded, true, false),
        ] {
            let row = enrolled(line, verification);
            let shown = ShownKey::of(&row.key, on_our_terms);
            let found = vouched(&shown, &row, 5);
            assert_eq!(found.is_some(), counts, "{line:.20} {verification:?} {on_our_terms}");
        }
    }

    #[test]
    fn another_key_and_a_certificate_over_it_prove_nothing() {
        let row = enrolled(SK, Verification::Demanded);
        let own = ShownKey::of(&row.key, true);
        for (key_type, fingerprint) in [
            ("sk-ssh-ed25519-cert-v01@openssh.com", own.fingerprint.as_str()),
            (own.key_type.as_str(), "SHA256:another"),
            (own.key_type.as_str(), ""),
        ] {
            let other = ShownKey {
                key_type: key_type.into(),
                fingerprint: fingerprint.into(),
                on_our_terms: true,
            };
            assert_eq!(vouched(&other, &row, 5), None, "{key_type} {fingerprint}");
        }
    }

    #[test]
    fn it_claims_no_more_than_possession_and_a_verified_person() {
        let row = enrolled(SK, Verification::Demanded);
        let shown = ShownKey::of(&row.key, true);
        let evidence = [vouched(&shown, &row, 5).unwrap()];
        let first = FirstFactor::PublicKey(shown);
        assert_eq!(amr(&first, &evidence), ["pop", "user", "mfa"]);
        assert_eq!(proven_level(&first, &evidence), Level::Highest);
        assert_eq!((evidence[0].device(), evidence[0].at()), (Some(row.device), 5));
    }
}
