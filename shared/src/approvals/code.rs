//! The two things that a person carries from the prompt to the page: the code that finds the login, the number that
//! proves that prompt and page are before the same eyes.

use crate::entropy::{Entropy, EntropyError};
use crate::letters::{self, below};
use std::fmt;
use std::str::FromStr;

/// Letters of a code: 34 bits. Only the account's own session can look for one, so there is nothing to guess at.
const LENGTH: usize = 8;

/// `BCDF-GHJK`: what finds a waiting login.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

/// A text that is no code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a code is eight letters, such as BCDF-GHJK")]
pub struct CodeError;

impl Code {
    /// Draws one.
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        letters::draw(entropy).map(Self)
    }

    /// Without the hyphen, for the store and for links.
    pub fn compact(&self) -> String {
        self.0.iter().map(|letter| char::from(*letter)).collect()
    }
}

impl FromStr for Code {
    type Err = CodeError;

    /// As people type it: small letters, spaces and hyphens anywhere.
    fn from_str(text: &str) -> Result<Self, CodeError> {
        letters::typed(text).map(Self).ok_or(CodeError)
    }
}

/// In two groups, as it is shown.
impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        letters::grouped(&self.0, f)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Code({self})")
    }
}

/// From 10 to 99: what the prompt shows and the page asks for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Number(u8);

impl Number {
    /// Draws one.
    pub(super) fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
        Ok(Self(10 + below(entropy, 90)?))
    }

    /// As somebody typed it; nothing for what cannot be one.
    pub(super) fn typed(text: &str) -> Option<Self> {
        let text = text.trim();
        let number: u8 = text.parse().ok()?;
        (text.len() == 2 && (10..=99).contains(&number)).then_some(Self(number))
    }

    pub(super) fn value(self) -> i64 {
        i64::from(self.0)
    }
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// Does not show it: the number belongs on the prompt and nowhere else.
impl fmt::Debug for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Number([shown at the prompt only])")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;
    use std::collections::BTreeSet;

    #[test]
    fn a_code_reads_back_however_it_is_typed() {
        let entropy = SeededEntropy::new(5);
        for _ in 0..100 {
            let code = Code::draw(&entropy).unwrap();
            let shown = code.to_string();
            assert_eq!(shown.len(), 9);
            for typed in [
                shown.clone(),
                shown.to_lowercase(),
                code.compact(),
                format!(" {} ", shown.replace('-', " - ")),
            ] {
                assert_eq!(typed.parse(), Ok(code.clone()), "{typed}");
            }
        }
        for wrong in [
            "",
            "BCDF-GHJ",
            "BCDF-GHJKL",
            "ACDF-GHJK",
            "BCDF-GHJ0",
            "BCDF_GHJK",
            "BCDF-GHJÉ",
        ] {
            assert_eq!(wrong.parse::<Code>(), Err(CodeError), "{wrong}");
        }
    }

    #[test]
    fn numbers_have_two_digits_and_every_one_of_them_comes() {
        let entropy = SeededEntropy::new(6);
        let drawn: BTreeSet<i64> = (0..4000).map(|_| Number::draw(&entropy).unwrap().value()).collect();
        assert_eq!(drawn, (10..=99).collect());
        assert_eq!(Number::typed(" 42 "), Some(Number(42)));
        for wrong in ["", "7", "07", "042", "100", "+42", "-1", "4 2", "٤٢", "42x"] {
            assert_eq!(Number::typed(wrong), None, "{wrong}");
        }
        assert!(!format!("{:?}", Number(42)).contains("42"));
    }
}
