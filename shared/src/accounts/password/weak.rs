//! Passwords that guessers try first (W15). They are told of, never refused: who sets passwords decides about them.
//!
//! No list of leaked passwords is shipped. What is looked for is how people make them: a common word with digits and marks
//! around it, their own names, runs of keys, the same again and again.

use super::LEAST_CHARACTERS;
use super::tried_first::COMMON;
use crate::secrets::SecretText;
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

/// Keys that lie side by side.
const ROWS: [&str; 7] = [
    "qwertyuiop",
    "qwertzuiop",
    "azertyuiop",
    "asdfghjklm",
    "zxcvbnm",
    "yxcvbnm",
    "1q2w3e4r5t6y7u8i9o0p",
];
/// Names shorter than this stand in many good passwords by chance.
const SHORTEST_NAME: usize = 3;
/// A password is a pattern if it is made of no more runs than this.
const FEW_RUNS: usize = 3;

/// Why a password is easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Weakness {
    /// It has fewer characters than [`LEAST_CHARACTERS`].
    Short,
    /// It is a common word, with digits and marks around it or in the place of letters.
    Common,
    /// It is little more than a name of the person or the place.
    Personal,
    /// It is made of neighbouring keys, of letters or digits in their order, or of repetitions.
    Pattern,
}

/// What makes this password easy to guess for somebody who knows these names, or nothing.
pub fn weakness(password: &SecretText, names: &[&str]) -> Option<Weakness> {
    let folded: Zeroizing<String> = Zeroizing::new(password.expose().nfkc().flat_map(char::to_lowercase).collect());
    if folded.chars().count() < LEAST_CHARACTERS {
        Some(Weakness::Short)
    } else if is_pattern(&folded) {
        Some(Weakness::Pattern)
    } else if is_common(&folded) {
        Some(Weakness::Common)
    } else if is_personal(&folded, names) {
        Some(Weakness::Personal)
    } else {
        None
    }
}

fn is_common(folded: &str) -> bool {
    let bare = |text: &str| {
        let word = text.trim_matches(|c: char| !c.is_alphabetic());
        COMMON.split_whitespace().any(|common| common == word)
    };
    // What stands at the end is left out before marks are read as letters: `1!` there is no `ii`.
    let inner = folded.trim_end_matches(|c: char| !c.is_alphabetic());
    let undone: Zeroizing<String> = Zeroizing::new(inner.chars().map(undo).collect());
    bare(folded) || bare(&undone)
}

/// The letter that a digit or mark stands for where people write `p@ssw0rd`.
fn undo(c: char) -> char {
    match c {
        '0' => 'o',
        '1' | '!' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' => 't',
        other => other,
    }
}

fn is_personal(folded: &str, names: &[&str]) -> bool {
    let mut left = Zeroizing::new(folded.to_owned());
    for name in names {
        let name = name.to_lowercase();
        if name.chars().count() >= SHORTEST_NAME {
            left = Zeroizing::new(left.replace(&name, ""));
        }
    }
    left.len() < folded.len() && left.chars().count() < LEAST_CHARACTERS
}

fn is_pattern(folded: &str) -> bool {
    let chars: Zeroizing<Vec<char>> = Zeroizing::new(folded.chars().collect());
    let repeats = (1..LEAST_CHARACTERS.min(chars.len() / 2 + 1))
        .any(|unit| chars.iter().zip(chars.iter().skip(unit)).all(|(one, next)| one == next));
    repeats || runs(&chars) <= FEW_RUNS
}

/// Of how many runs it is made: equal characters, neighbours in the alphabet, or neighbouring keys.
fn runs(chars: &[char]) -> usize {
    let mut runs = 1;
    let mut ways: Option<[Option<i64>; 2]> = None;
    for pair in chars.windows(2) {
        let [one, next] = *pair else { continue };
        let [letters, keys] = [in_order(one, next), on_keys(one, next)];
        let goes_on = match ways {
            None => [letters, keys],
            // `f` to `g` is a step both ways: the run is what all of its steps have in common.
            Some([alphabet, keyboard]) => [
                letters.filter(|_| letters == alphabet),
                keys.filter(|_| keys == keyboard),
            ],
        };
        if goes_on == [None, None] {
            runs += 1;
            ways = None;
        } else {
            ways = Some(goes_on);
        }
    }
    runs
}

/// How far the next one is in the alphabet or among the digits, if it is the same or a neighbour.
fn in_order(one: char, next: char) -> Option<i64> {
    let between = i64::from(u32::from(next)) - i64::from(u32::from(one));
    let is_near = between.abs() <= 1 && one.is_alphabetic() == next.is_alphabetic();
    is_near.then_some(between).or(([one, next] == ['9', '0']).then_some(1))
}

/// The same on a row of keys.
fn on_keys(one: char, next: char) -> Option<i64> {
    let along = |row: &&str| {
        let at = |c: char| row.find(c).and_then(|at| i64::try_from(at).ok());
        Some(at(next)? - at(one)?).filter(|along| along.abs() == 1)
    };
    ROWS.iter().find_map(along)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_guessers_try_first_is_weak_and_says_why() {
        for (password, why) in [
            ("short", Weakness::Short),
            ("1234567", Weakness::Short),
            ("12345678", Weakness::Pattern),
            ("1234567890", Weakness::Pattern),
            ("987654321", Weakness::Pattern),
            ("aaaaaaaaaaaa", Weakness::Pattern),
            ("abcdefgh", Weakness::Pattern),
            ("abc123abc123", Weakness::Pattern),
            ("qwertyuiop", Weakness::Pattern),
            ("qwertz123", Weakness::Pattern),
            ("asdfghjkl1234", Weakness::Pattern),
            ("1q2w3e4r5t", Weakness::Pattern),
            ("password", Weakness::Common),
            ("Password1!", Weakness::Common),
            ("P@ssw0rd2026", Weakness::Common),
            ("!!Welcome2026", Weakness::Common),
            ("Sommer2026!", Weakness::Common),
            ("1loveyou99", Weakness::Common),
            ("letmein!1", Weakness::Common),
            ("Ann-2026!", Weakness::Personal),
            ("example.org1", Weakness::Personal),
            ("annexample99", Weakness::Personal),
        ] {
            let found = weakness(&password.into(), &["ann", "example.org", "example"]);
            assert_eq!(found, Some(why), "{password}");
        }
    }

    #[test]
    fn what_is_long_or_odd_enough_is_let_be() {
        for password in [
            "correct horse battery staple",
            "web horse battery",
            "samekey-demo",
            "kX9#vu2!qLm",
            "annuity-forecast-rain",
            "\u{4e00}\u{8def}\u{987a}\u{98ce}\u{8fd4}\u{822a}\u{5feb}\u{4e50}",
            "passwordless is the way",
            "Tr0ub4dor&3x",
        ] {
            assert_eq!(
                weakness(&password.into(), &["ann", "demo", "example"]),
                None,
                "{password}"
            );
        }
    }
}
