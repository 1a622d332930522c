//! What the agent read of its configuration when it started, and whether the file says something else by now: it goes by
//! what it read until it is started again, and says so in its log and to `samekey status`.

use samekey_agent::settings::Settings;
use samekey_shared::config::{Config, Owner, RelyingParty};
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

/// What of the file the agent goes by.
#[derive(Debug, PartialEq, Eq)]
struct Read {
    relying_party: Option<RelyingParty>,
    pages: Option<String>,
    realm: (String, Vec<String>),
    store: (Option<PathBuf>, Option<String>),
    keyring: PathBuf,
    agent: Settings,
}

/// See the module.
#[derive(Debug)]
pub struct Configured {
    path: PathBuf,
    read: Read,
    /// What was said last, so that the log has it once.
    said: Mutex<Option<String>>,
}

impl Read {
    fn of(config: &Config) -> Result<Self, String> {
        Ok(Self {
            relying_party: config.relying_party.clone(),
            pages: config.pages.clone(),
            realm: (config.realm.name.clone(), config.realm.aliases.clone()),
            store: (config.store.sqlite.clone(), config.store.postgres.clone()),
            keyring: config.keyring.path.clone(),
            agent: config.section(Owner::Agent).map_err(|error| error.to_string())?,
        })
    }

    /// The parts of the file in which both differ, as the file calls them.
    fn differences(&self, other: &Self) -> Vec<&'static str> {
        let parts = [
            ("[realm]", self.realm == other.realm),
            ("[store]", self.store == other.store),
            ("[keyring]", self.keyring == other.keyring),
            ("[relying-party]", self.relying_party == other.relying_party),
            ("[provider] issuer", self.pages == other.pages),
            ("[agent]", self.agent == other.agent),
        ];
        parts
            .into_iter()
            .filter(|(_, same)| !same)
            .map(|(part, _)| part)
            .collect()
    }
}

impl Configured {
    /// What the agent starts with.
    pub fn by(config: &Config) -> Result<Self, String> {
        Ok(Self {
            path: config.path.clone(),
            read: Read::of(config)?,
            said: Mutex::default(),
        })
    }

    /// What to say to whoever looks after this machine, if the file has changed since.
    pub fn stale(&self) -> Option<String> {
        let now = Config::load(&self.path).map_err(|error| error.to_string());
        let differs = match now.and_then(|config| Read::of(&config)) {
            Ok(now) => self.read.differences(&now),
            Err(error) => return Some(format!("it could not start again: {error}")),
        };
        (!differs.is_empty()).then(|| {
            format!(
                "it goes by an older {}: run `systemctl restart samekey-agent`",
                differs.join(" and ")
            )
        })
    }

    /// The same, where it was not said before.
    pub fn news(&self) -> Option<String> {
        let stale = self.stale();
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        let fresh = *said != stale;
        said.clone_from(&stale);
        stale.filter(|_| fresh)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    const FILE: &str =
        "[realm]\nname = \"example.org\"\n[store]\nsqlite = \"/a/store.db\"\n[keyring]\npath = \"/a/keyring\"\n";

    fn started(path: &Path) -> Configured {
        std::fs::write(path, FILE).unwrap();
        Configured::by(&Config::load(path).unwrap()).unwrap()
    }

    #[test]
    fn an_issuer_that_came_later_is_told_once_in_the_log_and_always_to_who_asks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samekey.toml");
        let agent = started(&path);
        assert_eq!((agent.stale(), agent.news()), (None, None));
        std::fs::write(
            &path,
            format!("{FILE}[provider]\nissuer = \"https://login.example.org\"\n"),
        )
        .unwrap();
        let said = agent.news().unwrap();
        assert!(said.contains("[relying-party] and [provider] issuer"), "{said}");
        assert_eq!((agent.news(), agent.stale()), (None, Some(said)));
        std::fs::write(&path, FILE).unwrap();
        assert_eq!((agent.stale(), agent.news()), (None, None));
    }

    #[test]
    fn what_other_programs_read_is_their_business() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("samekey.toml");
        let agent = started(&path);
        std::fs::write(&path, format!("{FILE}[provider]\nlisten = \"127.0.0.1:1\"\n")).unwrap();
        assert_eq!(agent.stale(), None);
        std::fs::write(&path, "no configuration").unwrap();
        assert!(agent.stale().is_some_and(|said| said.contains("could not start")));
    }
}
