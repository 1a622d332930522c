//! Names that people give to their devices (R69, Q1).

use std::fmt;
use std::str::FromStr;
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The longest name, in characters.
const MOST_CHARACTERS: usize = 64;

/// Which names are allowed: the policy's setting `device-name`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NameRule {
    /// `[A-Za-z0-9_-]`, as the seeds have it.
    #[default]
    Ascii,
    /// Letters, marks and digits of every script, `_` and `-`, in NFC.
    Unicode,
}

/// A device's name: no spaces, no control characters, from 1 to 64 long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(String);

/// A text that is no name (M05).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DeviceNameError {
    /// Under the ASCII rule.
    #[error(
        "Only letters, digits, hyphens (-) and underscores (_) are allowed, from 1 to 64 of them, without accents."
    )]
    Ascii,
    /// Under the Unicode rule.
    #[error("Only letters, digits, hyphens (-) and underscores (_) are allowed, from 1 to 64 of them.")]
    Unicode,
}

impl DeviceNameError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        "name_invalid"
    }
}

impl DeviceName {
    /// Reads a name under the rule in force.
    pub fn parse(text: &str, rule: NameRule) -> Result<Self, DeviceNameError> {
        let (name, allowed): (String, fn(char) -> bool) = match rule {
            NameRule::Ascii => (text.to_owned(), |c| c.is_ascii_alphanumeric()),
            NameRule::Unicode => (text.nfc().collect(), |c| c.is_alphanumeric() || is_combining_mark(c)),
        };
        let length = (1..=MOST_CHARACTERS).contains(&name.chars().count());
        // A mark in front would join whatever stands before the name on a page.
        let starts = name.chars().next().is_some_and(|c| !is_combining_mark(c));
        if length && starts && name.chars().all(|c| allowed(c) || matches!(c, '_' | '-')) {
            return Ok(Self(name));
        }
        Err(match rule {
            NameRule::Ascii => DeviceNameError::Ascii,
            NameRule::Unicode => DeviceNameError::Unicode,
        })
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What makes two names of one account the same: they differ in letter case only.
    pub(crate) fn key(&self) -> String {
        self.0.to_lowercase().nfc().collect()
    }
}

/// Names in the store were checked under the rule of their day: any of the two.
impl FromStr for DeviceName {
    type Err = DeviceNameError;

    fn from_str(text: &str) -> Result<Self, DeviceNameError> {
        Self::parse(text, NameRule::Unicode)
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_rules_differ_in_scripts_only() {
        let long = "a".repeat(65);
        for (text, ascii, unicode) in [
            ("iPhone", true, true),
            ("YubiKey-5C_2", true, true),
            ("-", true, true),
            ("手机", false, true),
            ("Ärmel", false, true),
            ("A\u{308}rmel", false, true),
            ("\u{308}x", false, false),
            ("", false, false),
            ("my phone", false, false),
            ("a\u{200d}b", false, false),
            ("a\nb", false, false),
            ("a.b", false, false),
            ("<b>", false, false),
            (long.as_str(), false, false),
        ] {
            assert_eq!(DeviceName::parse(text, NameRule::Ascii).is_ok(), ascii, "{text:?}");
            assert_eq!(DeviceName::parse(text, NameRule::Unicode).is_ok(), unicode, "{text:?}");
        }
    }

    #[test]
    fn case_and_composition_make_no_second_name() {
        let key = |text: &str| text.parse::<DeviceName>().unwrap().key();
        assert_eq!(key("IPHONE"), key("iPhone"));
        assert_eq!(key("Ärmel"), key("a\u{308}rmel"));
        assert_ne!(key("iPhone"), key("iPhone-2"));
    }
}
