//! Authentication context classes: the names of our levels, as tokens carry them (policy.md, section 3).

use crate::passkeys::Passkeys;
use samekey_shared::methods::{self, Level};

/// The name of every level, weakest first.
pub fn known() -> Vec<&'static str> {
    Level::ALL.into_iter().filter_map(methods::acr).collect()
}

/// What `phr` and `phrh` were called here first; applications may go on asking so, and are answered so.
const BEFORE: [(&str, Level); 2] = [
    ("urn:samekey:acr:phr", Level::Highest),
    ("urn:samekey:acr:phrh", Level::Hardware),
];

/// The level that one of our names stands for.
pub fn level(name: &str) -> Option<Level> {
    let now = Level::ALL.into_iter().find(|level| methods::acr(*level) == Some(name));
    now.or_else(|| {
        BEFORE
            .into_iter()
            .find(|(known, _)| *known == name)
            .map(|(_, level)| level)
    })
}

/// The strongest level that a web sign-in can reach here: that of a passkey where keys can be used at all, and of hardware
/// where the administrator believes somebody about it.
pub fn strongest(passkeys: Option<&Passkeys>) -> Level {
    match passkeys {
        None => Level::High,
        Some(passkeys) if passkeys.knows_hardware() => Level::Hardware,
        Some(_) => Level::Highest,
    }
}

/// The names that a sign-in can reach, for discovery.
pub fn reachable(strongest: Level) -> Vec<&'static str> {
    [Level::Single, Level::High, Level::Highest, Level::Hardware]
        .into_iter()
        .filter(|level| *level <= strongest)
        .filter_map(methods::acr)
        .collect()
}
