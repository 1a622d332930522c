//! Login names: one canonical form per account, decided before a name reaches a file, a log or SQL (S15, R90, Q15).
//!
//! The canonical form is the Linux user name: ASCII `a-z`, `0-9`, `_`, `.`, `-`, starting with a letter, a digit or
//! `_`, at most 64 long, not a mere number (which tools would read as a uid). ASCII alone, because a name that only
//! looks like another one (Cyrillic `а`, full-width letters, zero-width joiners) must not exist.
//!
//! **Capital letters.** To Linux, `Alice` and `alice` are two users; to people and throttles they are one. Folding
//! what PAM gives us would let alice's device open Alice's login, keeping both apart would give a stranger two
//! throttles and two look-alike names. So no account has capitals: [`LoginName::parse`], for names that a system
//! gives, refuses them; [`LoginName::parse_typed`], for what a person typed into a page, where only our own accounts
//! are meant, folds them. Either way one account has one name, one throttle, one trail.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::fmt;
use std::str::FromStr;

/// The longest name.
pub const MOST_CHARACTERS: usize = 64;

/// A canonical login name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LoginName(String);

/// How this realm calls itself: what may follow the `@` of a login name.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RealmNames {
    /// Its name, such as `example.org`.
    pub realm: String,
    /// Other names for it (R96).
    pub aliases: Vec<String>,
}

impl RealmNames {
    /// Domains know no letter case.
    fn include(&self, suffix: &str) -> bool {
        std::iter::once(&self.realm)
            .chain(&self.aliases)
            .any(|name| !name.is_empty() && name.eq_ignore_ascii_case(suffix))
    }
}

/// Why a text is no login name. The messages quote nothing that a terminal or a log could choke on.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginNameError {
    /// Nothing there.
    #[error("the user name is empty")]
    Empty,
    /// More than 64 characters.
    #[error("the user name is longer than {MOST_CHARACTERS} characters")]
    TooLong,
    /// `-` or `.` in front: options of commands, hidden files.
    #[error("a user name starts with a letter, a digit or _")]
    Start,
    /// Digits only.
    #[error("a user name is not a number")]
    Number,
    /// A capital letter; see the head of this module.
    #[error("user names are written in small letters")]
    Capital,
    /// Anything else: control characters, `:`, `/`, spaces, letters beyond ASCII.
    #[error("the user name holds the character {}: only a-z, 0-9, _ . and - are allowed", .0.escape_unicode())]
    Character(char),
    /// `user@somewhere-else`.
    #[error("the part after @ is not the name of this realm")]
    ForeignRealm,
}

impl LoginNameError {
    /// The stable result code (requirements.md, section 3.1).
    pub fn code(&self) -> &'static str {
        "name_invalid"
    }
}

impl LoginName {
    /// Reads `user`, `user@realm` or `user@alias`, as a system gives it: PAM, a file, an argument.
    pub fn parse(text: &str, names: &RealmNames) -> Result<Self, LoginNameError> {
        match text.split_once('@') {
            None => text.parse(),
            Some((user, suffix)) if names.include(suffix) => user.parse(),
            Some(_) => Err(LoginNameError::ForeignRealm),
        }
    }

    /// Reads what a person typed into a page: as [`LoginName::parse`], with spaces around it dropped (phones add
    /// one) and ASCII capitals folded.
    pub fn parse_typed(text: &str, names: &RealmNames) -> Result<Self, LoginNameError> {
        Self::parse(&text.trim_matches(' ').to_ascii_lowercase(), names)
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The canonical form itself, without a realm.
impl FromStr for LoginName {
    type Err = LoginNameError;

    fn from_str(text: &str) -> Result<Self, LoginNameError> {
        let first = text.chars().next().ok_or(LoginNameError::Empty)?;
        if text.len() > MOST_CHARACTERS * 4 || text.chars().count() > MOST_CHARACTERS {
            return Err(LoginNameError::TooLong);
        }
        let allowed = |c: char| matches!(c, 'a'..='z' | '0'..='9' | '_' | '.' | '-');
        if let Some(other) = text.chars().find(|c| !allowed(*c)) {
            return Err(match other {
                'A'..='Z' => LoginNameError::Capital,
                other => LoginNameError::Character(other),
            });
        }
        if matches!(first, '-' | '.') {
            return Err(LoginNameError::Start);
        }
        if text.bytes().all(|b| b.is_ascii_digit()) {
            return Err(LoginNameError::Number);
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for LoginName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<&LoginName> for crate::store::Value {
    fn from(name: &LoginName) -> Self {
        Self::Text(name.0.clone())
    }
}

impl Serialize for LoginName {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for LoginName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn names() -> RealmNames {
        RealmNames {
            realm: "example.org".into(),
            aliases: vec!["corp".into()],
        }
    }

    #[test]
    fn our_realm_and_aliases_lead_to_one_name() {
        for text in ["alice", "alice@example.org", "alice@corp", "alice@CORP"] {
            assert_eq!(LoginName::parse(text, &names()).unwrap().as_str(), "alice", "{text}");
        }
        for text in ["ALICE", " Alice ", "alice@Example.ORG"] {
            assert_eq!(LoginName::parse_typed(text, &names()).unwrap().as_str(), "alice");
        }
    }

    #[test]
    fn each_bad_name_has_its_reason() {
        use LoginNameError as E;
        let long = "a".repeat(65);
        for (text, why) in [
            ("", E::Empty),
            ("@corp", E::Empty),
            (long.as_str(), E::TooLong),
            ("-rf", E::Start),
            (".ssh", E::Start),
            ("..", E::Start),
            ("1000", E::Number),
            ("Alice", E::Capital),
            ("alice@evil.org", E::ForeignRealm),
            ("alice@", E::ForeignRealm),
            ("alice@corp@corp", E::ForeignRealm),
            ("alice@evil@corp", E::ForeignRealm),
            ("root:x", E::Character(':')),
            ("../etc", E::Character('/')),
            ("a b", E::Character(' ')),
            ("alice ", E::Character(' ')),
            ("alice\n", E::Character('\n')),
            ("al\0ice", E::Character('\0')),
            ("alice\u{1b}[2J", E::Character('\u{1b}')),
            ("\u{430}lice", E::Character('\u{430}')),
            ("\u{ff41}lice", E::Character('\u{ff41}')),
            ("ali\u{200d}ce", E::Character('\u{200d}')),
            ("alicé", E::Character('é')),
            ("alice\u{301}", E::Character('\u{301}')),
            ("\u{212a}arl", E::Character('\u{212a}')),
            ("corp\\alice", E::Character('\\')),
            ("host$", E::Character('$')),
        ] {
            assert_eq!(LoginName::parse(text, &names()), Err(why), "{text:?}");
        }
    }

    #[test]
    fn a_realm_without_name_accepts_no_suffix() {
        assert_eq!(
            LoginName::parse("alice@", &RealmNames::default()),
            Err(LoginNameError::ForeignRealm)
        );
    }

    #[test]
    fn typing_folds_ascii_only() {
        for text in ["\u{212a}arl", "ALİCE", "\u{ff21}lice", "a\tb", "alice\u{a0}"] {
            assert!(LoginName::parse_typed(text, &names()).is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn whatever_passes_is_plain_and_stays_itself(text in ".{0,80}") {
            for read in [LoginName::parse, LoginName::parse_typed] {
                if let Ok(name) = read(&text, &names()) {
                    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b);
                    prop_assert!(name.as_str().bytes().all(plain));
                    prop_assert!((1..=MOST_CHARACTERS).contains(&name.as_str().len()));
                    prop_assert_eq!(name.as_str().parse::<LoginName>().unwrap(), name.clone());
                    prop_assert_eq!(read(&format!("{name}@example.org"), &names()).unwrap(), name);
                }
            }
        }

        #[test]
        fn a_refusal_never_repeats_what_it_refuses(text in "[\\x00-\\x1f\\x7f-\\u{9f}]{1,10}") {
            let told = LoginName::parse(&text, &names()).unwrap_err().to_string();
            prop_assert!(told.chars().all(|c| !c.is_control()));
        }

        #[test]
        fn letter_case_never_makes_a_second_name(text in "[a-zA-Z][a-zA-Z0-9_.-]{0,20}") {
            let name = LoginName::parse_typed(&text, &names()).unwrap();
            prop_assert_eq!(LoginName::parse_typed(&text.to_ascii_uppercase(), &names()).unwrap(), name);
        }
    }
}
