//! Authentication context classes: the names of our levels, as tokens carry them (policy.md, section 3).

use samekey_shared::methods::{self, Level};

/// The name of every level, weakest first.
pub fn known() -> Vec<&'static str> {
    Level::ALL.into_iter().filter_map(methods::acr).collect()
}

/// The level that one of our names stands for.
pub fn level(name: &str) -> Option<Level> {
    Level::ALL.into_iter().find(|level| methods::acr(*level) == Some(name))
}

/// The strongest level that a web sign-in can reach with the methods there are.
pub const STRONGEST: Level = Level::High;

/// The names that a sign-in can reach today, for discovery.
pub fn reachable() -> Vec<&'static str> {
    [Level::Single, STRONGEST]
        .into_iter()
        .filter_map(methods::acr)
        .collect()
}
