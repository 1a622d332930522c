//! `BCDF-GHJK`: what a person carries from the device to the page (RFC 8628 section 6.1).

use samekey_shared::entropy::{Entropy, EntropyError};
use samekey_shared::letters;
use samekey_shared::secrets::opaque;
use std::fmt;
use std::str::FromStr;

/// Letters of a code: 34 bits, with five tries in a quarter of an hour for each account (RFC 8628 section 5.1).
const LENGTH: usize = 8;

/// See the module.
#[derive(Clone, PartialEq, Eq)]
pub struct UserCode([u8; LENGTH]);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is eight letters, such as BCDF-GHJK")]
pub struct NotAUserCode;

impl UserCode {
    /// Draws one.
    pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        letters::draw(entropy).map(Self)
    }

    /// Without the hyphen, for links.
    pub fn compact(&self) -> String {
        self.0.iter().map(|letter| char::from(*letter)).collect()
    }

    /// What the store knows it by.
    pub fn hash(&self) -> [u8; 32] {
        opaque::hash(&self.compact())
    }
}

impl FromStr for UserCode {
    type Err = NotAUserCode;

    /// As people type it: small letters, spaces and hyphens anywhere.
    fn from_str(text: &str) -> Result<Self, NotAUserCode> {
        letters::typed(text).map(Self).ok_or(NotAUserCode)
    }
}

/// In two groups, as it is shown.
impl fmt::Display for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        letters::grouped(&self.0, f)
    }
}

impl fmt::Debug for UserCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UserCode([shown on the device only])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::entropy::SeededEntropy;

    #[test]
    fn a_code_reads_back_however_it_is_typed_and_spells_no_word() {
        let entropy = SeededEntropy::new(9);
        for _ in 0..100 {
            let code = UserCode::draw(&entropy).unwrap();
            let shown = code.to_string();
            assert!(!shown.contains(['A', 'E', 'I', 'O', 'U', 'Y', '0', '1']), "{shown}");
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                code.compact(),
                format!(" {shown} "),
            ] {
                assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
            }
            assert!(!format!("{code:?}").contains(&shown));
        }
        for wrong in ["", "BCDF-GHJ", "BCDF-GHJKL", "ABCD-FGHJ", "BCDF_GHJK"] {
            assert_eq!(wrong.parse::<UserCode>(), Err(NotAUserCode), "{wrong}");
        }
    }
}
