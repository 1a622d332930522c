//! Recovery codes: ten codes of 80 random bits for the drawer, each good once.
//!
//! Stored as Argon2id hashes. A keyed tag of 16 bits leads from a typed code to the one hash that it could be, so that
//! a check costs one Argon2 and not ten; without the keyring's base key the tag tells nothing.

use super::DeviceError;
use crate::accounts::PasswordCost;
use crate::accounts::password::{self, PasswordHash};
use crate::entropy::{Entropy, EntropyError};
use crate::ids::AccountId;
use crate::secrets::keyring::{Keyring, tag};
use crate::secrets::{Secret, SecretText};
use std::collections::BTreeSet;
use zeroize::Zeroizing;

/// Codes in a set, unless the policy says otherwise.
pub const CODES: u32 = 10;
/// The most in a set: each costs an Argon2 when made.
const MOST_CODES: u32 = 100;
/// Characters of a code: 16 of 5 bits each.
const CHARACTERS: usize = 16;
/// Crockford's alphabet: no I, L, O and U, which people misread.
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/// A fresh set: shown once, printed or written down, then only its hashes remain.
#[derive(Debug)]
pub struct Drawn {
    codes: Vec<SecretText>,
}

/// The hashes of a set, ready for the store.
#[derive(Debug)]
pub struct Set {
    pub(super) codes: Vec<HashedCode>,
}

#[derive(Debug)]
pub(super) struct HashedCode {
    pub(super) tag: u16,
    pub(super) hash: PasswordHash,
}

impl Drawn {
    /// Draws a set whose tags are all different.
    pub fn new(entropy: &dyn Entropy, keyring: &Keyring, account: AccountId, count: u32) -> Result<Self, EntropyError> {
        let mut tags = BTreeSet::new();
        let mut codes = Vec::new();
        while codes.len() < count.min(MOST_CODES) as usize {
            let code = draw(entropy)?;
            if tags.insert(tag_of(keyring, account, &code)) {
                codes.push(code);
            }
        }
        Ok(Self { codes })
    }

    /// The codes as they are shown: `XXXX-XXXX-XXXX-XXXX`.
    pub fn shown(&self) -> Vec<SecretText> {
        let grouped = |code: &SecretText| {
            let mut text = String::with_capacity(CHARACTERS + 3);
            for (index, letter) in code.expose().chars().enumerate() {
                if index > 0 && index % 4 == 0 {
                    text.push('-');
                }
                text.push(letter);
            }
            text.into()
        };
        self.codes.iter().map(grouped).collect()
    }

    /// Hashes them, outside any unit of the store: this takes a moment.
    pub fn hash(
        &self,
        cost: &PasswordCost,
        entropy: &dyn Entropy,
        keyring: &Keyring,
        account: AccountId,
    ) -> Result<Set, DeviceError> {
        let hashed = |code: &SecretText| {
            Ok(HashedCode {
                tag: tag_of(keyring, account, code),
                hash: password::hash_any(cost, entropy, code)?,
            })
        };
        let codes = self.codes.iter().map(hashed).collect::<Result<_, DeviceError>>()?;
        Ok(Set { codes })
    }
}

fn draw(entropy: &dyn Entropy) -> Result<SecretText, EntropyError> {
    let mut random = Zeroizing::new([0; CHARACTERS]);
    entropy.fill(random.as_mut())?;
    // 32 letters divide 256 evenly: the low five bits of a byte are as random as it is.
    let letter = |byte: &u8| char::from(ALPHABET[usize::from(byte & 31)]);
    Ok(random.iter().map(letter).collect::<String>().into())
}

/// A typed code in the form that was hashed; `None` if it cannot be one. Letter case, spaces and hyphens do not
/// matter, and I, L and O are read as what they look like.
pub(crate) fn read(typed: &str) -> Option<SecretText> {
    if typed.len() > 64 {
        return None;
    }
    let mut code = Zeroizing::new(String::with_capacity(64));
    for c in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let c = match c.to_ascii_uppercase() {
            'I' | 'L' => '1',
            'O' => '0',
            other => other,
        };
        if !c.is_ascii() || !ALPHABET.contains(&(c as u8)) {
            return None;
        }
        code.push(c);
    }
    (code.len() == CHARACTERS).then(|| code.as_str().into())
}

/// Leads from a code to the row it could be.
pub(crate) fn tag_of(keyring: &Keyring, account: AccountId, code: &SecretText) -> u16 {
    let key: Secret<[u8; 32]> = keyring.subkey("recovery-code-tag");
    let tag = tag(&key, &[&account.to_bytes(), code.expose().as_bytes()]);
    match tag.expose().as_slice() {
        [high, low, ..] => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn account() -> AccountId {
        format!("{:032x}", 1).parse().unwrap()
    }

    #[test]
    fn a_set_has_ten_codes_of_80_bits_with_tags_of_their_own() {
        let entropy = SeededEntropy::new(9);
        let keyring = Keyring::in_memory(&entropy).unwrap();
        let drawn = Drawn::new(&entropy, &keyring, account(), CODES).unwrap();
        let shown = drawn.shown();
        assert_eq!(shown.len(), 10);
        for code in &shown {
            assert_eq!(code.expose().len(), 19);
            assert_eq!(read(code.expose()).unwrap().expose(), &code.expose().replace('-', ""));
        }
        let set = drawn.hash(&CHEAP, &entropy, &keyring, account()).unwrap();
        let tags: BTreeSet<u16> = set.codes.iter().map(|code| code.tag).collect();
        assert_eq!(tags.len(), 10);
        assert!(!format!("{drawn:?} {set:?}").contains(&shown[0].expose()[..4]));
    }

    #[test]
    fn typing_is_forgiving_and_length_is_not() {
        let code = "0123456789ABCDEF";
        for typed in ["0123-4567-89ab-cdef", " o l 2 3 4567 89AB CDEF\n", "OI23456789abcdef"] {
            assert_eq!(read(typed).unwrap().expose(), code, "{typed:?}");
        }
        for bad in [
            "",
            "0123456789ABCDE",
            "0123456789ABCDEF0",
            "0123456789ABCDEU",
            "０123456789ABCDE",
        ] {
            assert!(read(bad).is_none(), "{bad:?}");
        }
        assert!(read(&"-".repeat(1 << 20)).is_none());
    }

    #[test]
    fn all_letters_are_equally_likely() {
        let entropy = SeededEntropy::new(11);
        let mut seen = [0_u32; 128];
        for _ in 0..2000 {
            for byte in draw(&entropy).unwrap().expose().bytes() {
                seen[usize::from(byte)] += 1;
            }
        }
        for letter in ALPHABET {
            let count = seen[usize::from(*letter)];
            assert!((850..1150).contains(&count), "{} {count}", char::from(*letter));
        }
    }
}
