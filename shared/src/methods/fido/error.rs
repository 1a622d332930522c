//! Why an assertion or a registration is refused: one reason for the audit trail, one sentence for the person.

use crate::texts::Texts;

/// A closed list; each has its own audit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize, thiserror::Error)]
#[error("{}", self.reason())]
pub enum KeyError {
    /// Bytes that cannot be read as what they claim to be.
    Malformed,
    /// Something follows where the structure ends.
    TrailingData,
    /// Client data of another ceremony or another door.
    WrongType,
    /// Signed for another challenge.
    WrongChallenge,
    /// Signed for another web origin, host, service or user; or inside a frame of another origin.
    WrongOrigin,
    /// Signed for another relying party.
    WrongRpId,
    /// Nobody touched the key.
    NotPresent,
    /// Neither PIN nor biometrics, where they are asked (`user_verification_missing`).
    NotVerified,
    /// Flags that contradict each other, the contents, or what was registered.
    WrongFlags,
    /// A signature algorithm that is not accepted.
    UnknownAlgorithm,
    /// The signature does not fit.
    BadSignature,
    /// No such credential is bound.
    UnknownCredential,
    /// The credential is bound, but not to this account.
    OtherAccount,
    /// The signature counter did not grow: there may be a copy of the key.
    CounterBehind,
    /// The challenge was used, has expired, or was given out for something else.
    ChallengeSpent,
    /// The model of the key, or its attestation, is not accepted here.
    NotAccepted,
    /// It is bound and right, but this sign-in asks for another kind or a stronger one.
    NotThisKind,
}

impl KeyError {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::Malformed,
        Self::TrailingData,
        Self::WrongType,
        Self::WrongChallenge,
        Self::WrongOrigin,
        Self::WrongRpId,
        Self::NotPresent,
        Self::NotVerified,
        Self::WrongFlags,
        Self::UnknownAlgorithm,
        Self::BadSignature,
        Self::UnknownCredential,
        Self::OtherAccount,
        Self::CounterBehind,
        Self::ChallengeSpent,
        Self::NotAccepted,
        Self::NotThisKind,
    ];

    /// The stable code for the audit trail.
    pub fn reason(self) -> &'static str {
        match self {
            Self::Malformed => "key_malformed",
            Self::TrailingData => "key_trailing_data",
            Self::WrongType => "key_wrong_type",
            Self::WrongChallenge => "key_wrong_challenge",
            Self::WrongOrigin => "key_wrong_origin",
            Self::WrongRpId => "key_wrong_rp_id",
            Self::NotPresent => "key_not_touched",
            Self::NotVerified => "user_verification_missing",
            Self::WrongFlags => "key_wrong_flags",
            Self::UnknownAlgorithm => "key_unknown_algorithm",
            Self::BadSignature => "key_bad_signature",
            Self::UnknownCredential => "key_unknown",
            Self::OtherAccount => "key_of_other_account",
            Self::CounterBehind => "key_counter_behind",
            Self::ChallengeSpent => "key_challenge_spent",
            Self::NotAccepted => "attestation_not_accepted",
            Self::NotThisKind => "method_not_allowed",
        }
    }

    /// One sentence for the person: what happened and what to do.
    pub fn sentence(self, t: Texts) -> String {
        match self {
            Self::Malformed | Self::TrailingData | Self::WrongFlags | Self::UnknownAlgorithm | Self::BadSignature => {
                t.say("problem-key-unverifiable")
            }
            Self::WrongType | Self::WrongOrigin | Self::WrongRpId => t.say("problem-key-elsewhere"),
            Self::WrongChallenge | Self::ChallengeSpent => t.say("problem-key-late"),
            Self::NotPresent => t.say("problem-key-not-present"),
            Self::NotVerified => t.say("problem-key-not-verified"),
            // Whose a key is, or whether it is anybody's, a stranger does not learn.
            Self::UnknownCredential | Self::OtherAccount => t.say("problem-key-not-yours"),
            Self::CounterBehind => t.say("problem-key-counter"),
            Self::NotAccepted => t.say("problem-key-model"),
            Self::NotThisKind => t.say("problem-key-kind"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_refusal_has_a_reason_of_its_own() {
        let reasons: BTreeSet<_> = KeyError::ALL.iter().map(|error| error.reason()).collect();
        assert_eq!(reasons.len(), KeyError::ALL.len());
        assert!(
            KeyError::ALL
                .iter()
                .all(|error| error.sentence(Texts::ENGLISH).ends_with('.'))
        );
    }
}
