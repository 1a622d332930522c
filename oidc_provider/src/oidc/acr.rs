//! Authentication context classes: the names of our levels, as tokens carry them (policy.md, section 3).

use crate::passkeys::Passkeys;
use samekey_shared::methods::{self, Level};

/// The name of every level, weakest first.
pub fn known() -> Vec<&'static str> {
    Level::ALL.into_iter().filter_map(methods::acr).collect()
}

/// The level that one of our names stands for.
pub fn level(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| methods::acr(*level) == Some(name))
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
