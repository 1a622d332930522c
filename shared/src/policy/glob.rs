//! Name patterns of selectors: literal text in which `*` stands for any run of characters.

use std::fmt;

/// Longer than any user, group, host or client name.
const LONGEST: usize = 255;

/// A pattern such as `alice`, `svc-*` or `pam:*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glob {
    text: Box<str>,
    ignore_case: bool,
}

impl Glob {
    /// Reads a pattern; the message says what is wrong with it.
    pub(super) fn parse(text: &str, ignore_case: bool) -> Result<Self, String> {
        if text.is_empty() || text.len() > LONGEST {
            return Err(format!("a name has from 1 to {LONGEST} bytes"));
        }
        if text.starts_with('!') {
            return Err(format!("\"{text}\": there is no negation; use the `except-…` key"));
        }
        let strange = |c: char| c.is_control() || c.is_whitespace() || "?[]{}!\\\"'`".contains(c);
        if let Some(c) = text.chars().find(|c| strange(*c)) {
            return Err(format!(
                "\"{}\": {c:?} cannot stand in a name; only * is special",
                text.escape_default()
            ));
        }
        Ok(Self {
            text: text.into(),
            ignore_case,
        })
    }

    /// The pattern as written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it stands for every name.
    pub(super) fn matches_everything(&self) -> bool {
        self.text.bytes().all(|b| b == b'*')
    }

    /// Whether the whole of `name` fits.
    pub fn matches(&self, name: &str) -> bool {
        let (pattern, name) = (self.text.as_bytes(), name.as_bytes());
        let same = |a: u8, b: u8| {
            if self.ignore_case {
                a.eq_ignore_ascii_case(&b)
            } else {
                a == b
            }
        };
        let (mut p, mut n) = (0, 0);
        // Where to resume when a literal run after the last star fails: the star then takes one byte more.
        let mut retry: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    retry = Some((p + 1, n));
                    p += 1;
                }
                Some(&wanted) if same(wanted, name[n]) => {
                    p += 1;
                    n += 1;
                }
                _ => match retry {
                    Some((after_star, taken)) => {
                        retry = Some((after_star, taken + 1));
                        (p, n) = (after_star, taken + 1);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|b| *b == b'*')
    }
}

impl fmt::Display for Glob {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_is_any_run_and_the_whole_name_must_fit() {
        let cases = [
            ("alice", "alice", true),
            ("alice", "alice2", false),
            ("alice", "Alice", false),
            ("svc-*", "svc-", true),
            ("svc-*", "xsvc-a", false),
            ("*-admin", "db-admin", true),
            ("*-admin", "db-admin-old", false),
            ("a*b*c", "axxbyybzzc", true),
            ("a*b*c", "axxbyybzz", false),
            ("*", "", true),
            ("**", "anything", true),
            ("pam:*", "oidc:pam:x", false),
        ];
        for (pattern, name, fits) in cases {
            assert_eq!(
                Glob::parse(pattern, false).unwrap().matches(name),
                fits,
                "{pattern} {name}"
            );
        }
        assert!(
            Glob::parse("WEB*.example.org", true)
                .unwrap()
                .matches("web1.Example.ORG")
        );
    }

    #[test]
    fn nothing_but_the_star_is_special() {
        for wrong in ["", "!wheel", "a b", "a?", "[ab]", "a\nb", "a\u{7f}"] {
            assert!(Glob::parse(wrong, false).is_err(), "{wrong:?}");
        }
    }
}
