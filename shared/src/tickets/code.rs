//! The short code of a ticket: what is told over a desk or a telephone, and typed.

use crate::entropy::{Entropy, EntropyError};
use crate::letters;
use std::fmt;
use std::str::FromStr;
use zeroize::Zeroize;

/// Letters of a code: 51 bits, together with the account's name (NIST asks for 40).
const LENGTH: usize = 12;

/// `BCDF-GHJK-LMNP`. It is a secret: only its own `Display` shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is twelve letters, such as BCDF-GHJK-LMNP")]
pub struct CodeError;

impl Code {
    /// Draws one.
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        letters::draw(entropy).map(Self)
    }

    pub(super) fn letters(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// As people type it: small letters, spaces and hyphens anywhere.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        letters::typed(text).map(Self).ok_or(CodeError)
    }
}

impl Drop for Code {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// In three groups, as it is shown.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        letters::grouped(&self.0, f)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code([secret])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    #[test]
    fn a_code_reads_back_however_it_is_typed_and_is_not_printed() {
        let entropy = SeededEntropy::new(5);
        for _ in 0..50 {
            let code = Code::draw(&entropy).unwrap();
            let shown = code.to_string();
            assert_eq!(shown.len(), 14);
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                shown.replace('-', ""),
                format!(" {} ", shown.replace('-', " - ")),
            ] {
                assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
            }
            assert!(!format!("{code:?}").contains(&shown[..4]));
        }
        for wrong in [
            "",
            "BCDF-GHJK-LMN",
            "BCDF-GHJK-LMNPQ",
            "ACDF-GHJK-LMNP",
            "BCDF-GHJK-LMN\u{c9}",
        ] {
            assert_eq!(wrong.parse::<Code>(), Err(CodeError), "{wrong}");
        }
    }
}
