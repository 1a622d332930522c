//! The configuration file: found, opened with care, parsed strictly.
//!
//! One file, `/etc/samekey/samekey.toml`, serves the agent, the provider and the command. Each program reads the
//! sections it shares from here and its own section through [`Config::section`]. A key that nobody knows is an error
//! that names the likely key meant: a typing mistake must not switch a protection off.

mod attestation;
mod relying_party;
pub mod safe_file;
mod sections;
pub mod strict;

pub use attestation::AttestationSection;
pub use relying_party::RelyingParty;
pub use sections::{KeyringSection, PasswordSection, RealmSection, StoreSection};

use relying_party::RelyingPartySection;
use safe_file::{Privacy, UnsafeFile};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::fmt;
use std::path::{Path, PathBuf};

/// Where the file is unless a program is told otherwise.
pub const DEFAULT_PATH: &str = "/etc/samekey/samekey.toml";

/// Larger than any sensible configuration; what is larger is not read.
const MOST_BYTES: u64 = 1024 * 1024;

/// Why the configuration cannot be used. Nothing starts with half of one.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read, or somebody else could have written it.
    #[error("the configuration is refused: {0}")]
    File(#[from] UnsafeFile),
    /// The file's text is wrong.
    #[error("{path}: {what}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// Line, key and the likely key meant.
        what: String,
    },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Document {
    realm: RealmSection,
    store: StoreSection,
    keyring: KeyringSection,
    #[serde(default)]
    password: PasswordSection,
    #[serde(default)]
    relying_party: RelyingPartySection,
    #[serde(default)]
    attestation: AttestationSection,
    agent: Option<toml::Table>,
    provider: Option<toml::Table>,
    mail: Option<toml::Table>,
}

/// The whole file, its shared sections parsed.
#[derive(Debug)]
pub struct Config {
    /// The file it came from.
    pub path: PathBuf,
    /// `[realm]`: the names that may follow a login name.
    pub realm: RealmSection,
    /// `[store]`: where the rows live.
    pub store: StoreSection,
    /// `[keyring]`: where the master keys live.
    pub keyring: KeyringSection,
    /// `[password]`: what a guess costs.
    pub password: PasswordSection,
    /// `[relying-party]`, or what follows from the provider's issuer; `None` where that has no domain: then there are
    /// no passkeys.
    pub relying_party: Option<RelyingParty>,
    /// `[attestation]`: which makers of keys are believed.
    pub attestation: AttestationSection,
    /// Where our pages are, without a slash at its end: the provider's issuer or, on a machine that knows no provider of
    /// its own, the first of the relying party's origins.
    pub pages: Option<String>,
    owners: Vec<Owner>,
    source: Source,
}

/// The file as it was read: it names the line of what a program does not take in its own section. It may hold a password of
/// the store, so `Debug` prints nothing of it.
struct Source(String);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

/// The sections that belong to one program each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// `[agent]`
    Agent,
    /// `[provider]`
    Provider,
    /// `[mail]`: how letters are sent.
    Mail,
}

impl Owner {
    /// The section's name.
    fn section(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Provider => "provider",
            Self::Mail => "mail",
        }
    }
}

impl Config {
    /// Reads and parses the file, which only root or this program's user may be able to write.
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        let bytes = safe_file::read(path, Privacy::Public, MOST_BYTES)?;
        let text = String::from_utf8(bytes).map_err(|_| ConfigError::Wrong {
            path: path.to_owned(),
            what: "is not UTF-8".into(),
        })?;
        Self::parse(&text, path)
    }

    /// Parses the text of a file at `path`, which only names it in errors.
    pub fn parse(text: &str, path: &Path) -> Result<Self, ConfigError> {
        let wrong = |what: String| ConfigError::Wrong {
            path: path.to_owned(),
            what,
        };
        let document: Document = strict::parse(text).map_err(wrong)?;
        document.store.validate().map_err(wrong)?;
        document.password.validate().map_err(wrong)?;
        document.attestation.validate().map_err(wrong)?;
        let issuer = document.provider.as_ref().and_then(|provider| provider.get("issuer"));
        let issuer = issuer
            .and_then(toml::Value::as_str)
            .map(|issuer| issuer.trim_end_matches('/').to_owned());
        let relying_party = document
            .relying_party
            .settle(&document.realm.name, issuer.as_deref())
            .map_err(wrong)?;
        let written = [
            (Owner::Agent, document.agent.is_some()),
            (Owner::Provider, document.provider.is_some()),
            (Owner::Mail, document.mail.is_some()),
        ];
        let own = relying_party.as_ref().and_then(|party| party.origins.first());
        let pages = issuer.or_else(|| own.cloned());
        Ok(Self {
            path: path.to_owned(),
            realm: document.realm,
            store: document.store,
            keyring: document.keyring,
            password: document.password,
            attestation: document.attestation,
            relying_party,
            pages,
            owners: written
                .into_iter()
                .filter(|(_, there)| *there)
                .map(|(owner, _)| owner)
                .collect(),
            source: Source(text.to_owned()),
        })
    }

    /// Whether this program has a section in the file.
    pub fn has(&self, owner: Owner) -> bool {
        self.owners.contains(&owner)
    }

    /// Whether letters are written at all: there is a `[mail]` section.
    pub fn writes_letters(&self) -> bool {
        self.has(Owner::Mail)
    }

    /// The section of one program, parsed as strictly as the rest; an absent section reads as an empty one.
    pub fn section<T: DeserializeOwned>(&self, owner: Owner) -> Result<T, ConfigError> {
        let name = owner.section();
        let parsed = strict::parse_table(&self.source.0, name).and_then(|there| match there {
            Some(section) => Ok(section),
            None => toml::Table::new()
                .try_into()
                .map_err(|error: toml::de::Error| error.message().to_owned()),
        });
        parsed.map_err(|what| ConfigError::Wrong {
            path: self.path.clone(),
            what: format!("[{name}]: {what}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "[realm]\nname = \"example.org\"\naliases = [\"corp\"]\n\
        [store]\nsqlite = \"/var/lib/samekey/store.db\"\n[keyring]\npath = \"/etc/samekey/keyring\"\n\
        [agent]\nsocket = \"/run/samekey/agent.sock\"\n";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Agent {
        socket: Option<String>,
    }

    #[test]
    fn reads_shared_and_own_sections() {
        let config = Config::parse(GOOD, Path::new("t.toml")).unwrap();
        assert_eq!(config.realm.name, "example.org");
        assert_eq!(config.password.memory_kib, 19_456);
        let agent: Agent = config.section(Owner::Agent).unwrap();
        assert_eq!(agent.socket.as_deref(), Some("/run/samekey/agent.sock"));
    }

    #[test]
    fn an_unknown_key_names_its_line_and_the_likely_one() {
        let error = Config::parse(&GOOD.replace("aliases", "aliasses"), Path::new("t.toml"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("line 3"), "{error}");
        assert!(error.contains("did you mean `aliases`?"), "{error}");
    }

    #[test]
    fn an_unknown_key_of_a_programs_own_section_is_an_error_too() {
        let config = Config::parse(&GOOD.replace("socket", "sockt"), Path::new("t.toml")).unwrap();
        let error = config.section::<Agent>(Owner::Agent).unwrap_err().to_string();
        assert!(
            error.contains("[agent]: line 9, column 1") && error.contains("did you mean `socket`?"),
            "{error}"
        );
    }

    #[test]
    fn weak_or_senseless_values_are_refused() {
        for (from, to) in [
            ("sqlite = \"/var/lib/samekey/store.db\"", "sqlite = \"store.db\""),
            ("sqlite = \"/var/lib/samekey/store.db\"", ""),
            ("[agent]", "[password]\nmemory-kib = 64\n[agent]"),
        ] {
            let text = GOOD.replace(from, to);
            assert!(Config::parse(&text, Path::new("t.toml")).is_err(), "{text}");
        }
    }
}
