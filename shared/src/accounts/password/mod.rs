//! Passwords: Argon2id (RFC 9106), its cost configurable, the same cost for names that do not exist.
//!
//! Hashing works outside any unit of the store: it takes milliseconds and megabytes, and a small gate of the process
//! bounds how many run at once.

mod gate;
mod phc;
mod tried_first;
mod weak;

pub use gate::give_back;
pub use phc::PasswordHash;
pub use weak::{Weakness, weakness};

use crate::entropy::{Entropy, EntropyError};
use crate::secrets::{Secret, SecretText};
use argon2_rust::params::{Memory, TagLen};
use argon2_rust::{Algorithm, Argon2, Error as Argon2Error, Params, Version};
use subtle::ConstantTimeEq;
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// The shortest password that may be set (NIST SP 800-63B-4 allows 8 where there is a second factor).
pub const LEAST_CHARACTERS: usize = 8;
/// The longest: more is refused before any hashing (oidc.md, row 40).
pub const MOST_CHARACTERS: usize = 128;

/// Memory up to so much is kept from one hash to the next.
const MOST_KEPT_KIB: u32 = 65_536;

/// What one guess costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PasswordCost {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

/// OWASP's advice for Argon2id: 19 MiB, 2 passes, 1 lane.
impl Default for PasswordCost {
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl PasswordCost {
    /// Whether `self` costs less than `wanted` in memory or in passes.
    fn is_below(self, wanted: Self) -> bool {
        self.memory_kib < wanted.memory_kib || self.passes < wanted.passes
    }
}

/// What the comparison of a password found.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Match {
    /// Not this one.
    Wrong,
    /// This one.
    Right {
        /// The stored hash is cheaper than the cost wanted now: hash anew and store.
        rehash: bool,
    },
}

/// Why a password was not hashed or compared. None of them says whether it was right.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// Fewer characters than [`LEAST_CHARACTERS`]; only when setting one.
    #[error("a password has at least {LEAST_CHARACTERS} characters")]
    TooShort,
    /// More characters than [`MOST_CHARACTERS`].
    #[error("a password has at most {MOST_CHARACTERS} characters")]
    TooLong,
    /// A control character, such as a line's end; only when setting one.
    #[error("a password holds no control characters")]
    Control,
    /// Too many wait for their turn already.
    #[error("too many passwords are being checked at once: try again in a moment")]
    Busy,
    /// The stored hash is none of ours, or costs more than this program ever pays.
    #[error("the stored password hash cannot be used: set the password anew")]
    Unusable,
    /// No memory of the configured size.
    #[error("no memory for hashing: lower `[password] memory-kib` or give the machine more")]
    Memory,
    /// No randomness for the salt.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Hashes a password that somebody sets.
pub fn hash(cost: &PasswordCost, entropy: &dyn Entropy, password: &SecretText) -> Result<PasswordHash, PasswordError> {
    let text = password.expose();
    if text.chars().any(char::is_control) {
        return Err(PasswordError::Control);
    }
    if text.chars().count() < LEAST_CHARACTERS {
        return Err(PasswordError::TooShort);
    }
    hash_any(cost, entropy, password)
}

/// Compares a password with a stored hash, at the hash's own cost; `wanted` is the cost that hashes should have now.
pub fn verify(hash: &PasswordHash, password: &SecretText, wanted: &PasswordCost) -> Result<Match, PasswordError> {
    let stored = hash.parse().ok_or(PasswordError::Unusable)?;
    let mut computed = Zeroizing::new(vec![0; stored.output.len()]);
    derive(&stored.cost, &stored.salt, password, &mut computed)?;
    if bool::from(computed.as_slice().ct_eq(&stored.output)) {
        Ok(Match::Right {
            rehash: stored.cost.is_below(*wanted),
        })
    } else {
        Ok(Match::Wrong)
    }
}

/// Spends what [`verify`] spends and finds nothing: for names that do not exist, and accounts without a password
/// (oidc.md, row 32).
pub fn decoy(cost: &PasswordCost, password: &SecretText) -> Result<Match, PasswordError> {
    let mut unused = Zeroizing::new([0; phc::OUTPUT_BYTES]);
    derive(cost, &[0; phc::SALT_BYTES], password, unused.as_mut())?;
    Ok(Match::Wrong)
}

/// Hashes a text of any kind, such as a recovery code.
pub(crate) fn hash_any(
    cost: &PasswordCost,
    entropy: &dyn Entropy,
    text: &SecretText,
) -> Result<PasswordHash, PasswordError> {
    let mut salt = [0; phc::SALT_BYTES];
    entropy.fill(&mut salt)?;
    let mut output = Zeroizing::new([0; phc::OUTPUT_BYTES]);
    derive(cost, &salt, text, output.as_mut())?;
    Ok(PasswordHash::write(cost, &salt, output.as_ref()))
}

/// Makes a key of a passphrase.
pub(crate) fn stretch(
    cost: &PasswordCost,
    salt: &[u8],
    passphrase: &SecretText,
) -> Result<Secret<[u8; 32]>, PasswordError> {
    let mut key = Zeroizing::new([0; 32]);
    derive(cost, salt, passphrase, key.as_mut())?;
    Ok(Secret::new(*key))
}

/// The one call of Argon2.
fn derive(cost: &PasswordCost, salt: &[u8], password: &SecretText, out: &mut [u8]) -> Result<(), PasswordError> {
    if password.expose().chars().count() > MOST_CHARACTERS {
        return Err(PasswordError::TooLong);
    }
    // Keyboards of different systems write é in different ways: one form, as RFC 8265 has it.
    let normal = Zeroizing::new(password.expose().nfc().collect::<String>());
    let params = Params::builder()
        .memory(Memory::kib(cost.memory_kib.into()))
        .passes(cost.passes)
        .lanes(cost.lanes)
        .tag_len(TagLen::bytes(out.len() as u64))
        .build()
        .map_err(|_| PasswordError::Unusable)?;
    let mut turn = gate::enter().ok_or(PasswordError::Busy)?;
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut memory = turn.memory.take().unwrap_or_else(|| argon2.hasher());
    memory.set_argon2(argon2);
    let done = memory.hash_into(normal.as_bytes(), salt, out);
    turn.memory = Some(memory).filter(|_| cost.memory_kib <= MOST_KEPT_KIB);
    done.map_err(|error| match error {
        Argon2Error::MemoryAllocationError => PasswordError::Memory,
        _ => PasswordError::Unusable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 64,
        passes: 1,
        lanes: 1,
    };

    fn hashed(text: &str) -> PasswordHash {
        hash(&CHEAP, &SeededEntropy::new(1), &text.into()).unwrap()
    }

    #[test]
    fn the_right_one_matches_and_nothing_else() {
        let hash = hashed("correct horse");
        for (text, found) in [
            ("correct horse", Match::Right { rehash: false }),
            ("correct horse ", Match::Wrong),
            ("Correct horse", Match::Wrong),
            ("", Match::Wrong),
        ] {
            assert_eq!(verify(&hash, &text.into(), &CHEAP).unwrap(), found, "{text:?}");
        }
    }

    #[test]
    fn a_raised_cost_asks_for_a_new_hash_and_a_lowered_one_does_not() {
        let hash = hashed("correct horse");
        let raised = PasswordCost { passes: 2, ..CHEAP };
        let lowered = PasswordCost {
            memory_kib: 32,
            ..CHEAP
        };
        for (cost, rehash) in [(raised, true), (lowered, false)] {
            assert_eq!(
                verify(&hash, &"correct horse".into(), &cost).unwrap(),
                Match::Right { rehash }
            );
        }
    }

    #[test]
    fn lengths_are_bounded_before_any_hashing() {
        // The cost could not be paid: whoever hashed before looking would fail with Memory.
        let dear = PasswordCost {
            memory_kib: u32::MAX,
            ..CHEAP
        };
        let long = SecretText::from("é".repeat(129));
        assert!(matches!(decoy(&dear, &long), Err(PasswordError::TooLong)));
        let entropy = SeededEntropy::new(1);
        assert!(matches!(hash(&dear, &entropy, &long), Err(PasswordError::TooLong)));
        assert!(matches!(
            hash(&dear, &entropy, &"seven77".into()),
            Err(PasswordError::TooShort)
        ));
        assert!(hash(&CHEAP, &entropy, &"é".repeat(128).into()).is_ok());
    }

    #[test]
    fn a_password_with_a_line_end_cannot_be_set() {
        let set = hash(&CHEAP, &SeededEntropy::new(1), &"correct horse\n".into());
        assert!(matches!(set, Err(PasswordError::Control)));
    }

    #[test]
    fn composed_and_decomposed_letters_are_one_password() {
        let hash = hashed("caf\u{e9} corner");
        let typed = SecretText::from("cafe\u{301} corner");
        assert_eq!(verify(&hash, &typed, &CHEAP).unwrap(), Match::Right { rehash: false });
    }

    #[test]
    fn it_is_argon2id_as_others_write_it() {
        // Made by the reference implementation: printf password | argon2 somesalt -id -t 2 -m 16 -p 1 -e
        let hash = PasswordHash::from_store(
            "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc",
        );
        assert_eq!(
            verify(&hash, &"password".into(), &CHEAP).unwrap(),
            Match::Right { rehash: false }
        );
        assert_eq!(verify(&hash, &"Password".into(), &CHEAP).unwrap(), Match::Wrong);
    }

    proptest::proptest! {
        /// The fast implementation is young: an older one must find the same, byte for byte.
        #[test]
        fn a_second_implementation_finds_the_same(
            lanes in 1..4_u32, memory in 32..200_u32, passes in 1..4_u32,
            password in "\\PC{0,40}", salt: [u8; phc::SALT_BYTES],
        ) {
            let cost = PasswordCost { memory_kib: memory, passes, lanes };
            let password = password.nfc().collect::<String>();
            let (mut ours, mut other) = ([0; phc::OUTPUT_BYTES], [0; phc::OUTPUT_BYTES]);
            derive(&cost, &salt, &password.as_str().into(), &mut ours).unwrap();
            let params = argon2::Params::new(memory, passes, lanes, Some(other.len())).unwrap();
            argon2::Argon2::new(argon2::Algorithm::Argon2id, argon2::Version::V0x13, params)
                .hash_password_into(password.as_bytes(), &salt, &mut other)
                .unwrap();
            proptest::prop_assert_eq!(ours, other);
        }
    }

    #[test]
    fn a_decoy_never_matches() {
        assert_eq!(decoy(&CHEAP, &"anything at all".into()).unwrap(), Match::Wrong);
    }
}
