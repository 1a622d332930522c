//! Several realms in one process (Q16): each has its own host, and with that its own cookies and relying party; the page of one leads to the
//! sign-in of another that its path names.

use super::App;
use crate::config::Issuer;
use samekey_shared::accounts::RealmNames;

/// Another realm of this process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Neighbour {
    /// Its name and aliases.
    pub names: RealmNames,
    /// Where its pages are.
    pub issuer: Issuer,
}

/// Why realms cannot live in one process.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotNeighbours {
    /// Browsers keep cookies by host, whatever the port: one realm would get the other's.
    #[error("two realms have their pages at {0}: each needs a host of its own, since browsers keep cookies by host")]
    Host(String),
    /// Browsers keep passkeys by relying party: one realm's would be offered at the other.
    #[error("two realms have the relying party {0}: each needs its own, since browsers keep passkeys by it")]
    RelyingParty(String),
    /// A path could lead to either.
    #[error("two realms are called {0}")]
    Name(String),
}

/// Lets the realms of one process know of each other.
pub fn introduce(apps: &[App]) -> Result<(), NotNeighbours> {
    let (mut hosts, mut parties, mut names) = (Vec::new(), Vec::new(), Vec::new());
    for app in apps {
        let own = &app.realm.names;
        once(&mut hosts, app.config.issuer.host().to_owned()).map_err(NotNeighbours::Host)?;
        if let Some(party) = &app.realm.relying_party {
            once(&mut parties, party.id.clone()).map_err(NotNeighbours::RelyingParty)?;
        }
        let called = own.aliases.iter().chain([&own.realm]).filter(|name| !name.is_empty());
        for name in called {
            once(&mut names, name.clone()).map_err(NotNeighbours::Name)?;
        }
    }
    for app in apps {
        let others = apps.iter().filter(|other| !std::sync::Arc::ptr_eq(other, app));
        app.meet(others.map(|other| Neighbour {
            names: other.realm.names.clone(),
            issuer: other.config.issuer.clone(),
        }));
    }
    Ok(())
}

/// Notes it; what was noted before comes back.
fn once(seen: &mut Vec<String>, one: String) -> Result<(), String> {
    if seen.contains(&one) {
        return Err(one);
    }
    seen.push(one);
    Ok(())
}
