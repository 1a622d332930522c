//! `[attestation]`: whom we believe when a key's maker vouches for it.

use crate::methods::fido::attestation::Aaguid;
use serde::{Deserialize, Deserializer, de::Error as _};
use std::path::PathBuf;

/// `[attestation]`: without it, no key counts as attested hardware.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct AttestationSection {
    /// A file of root certificates in PEM; they vouch for any model.
    pub roots: Option<PathBuf>,
    /// The payload of FIDO's metadata BLOB, in JSON, its signature checked by whoever put it there.
    pub metadata: Option<PathBuf>,
    /// The AAGUIDs that count; all that the roots vouch for where the list is empty.
    #[serde(deserialize_with = "aaguids")]
    pub models: Vec<Aaguid>,
    /// Whether keys that do not count are refused altogether.
    pub required: bool,
}

impl AttestationSection {
    pub(super) fn validate(&self) -> Result<(), String> {
        let files = [&self.roots, &self.metadata];
        if let Some(path) = files.into_iter().flatten().find(|path| !path.is_absolute()) {
            return Err(format!("[attestation]: {} is not an absolute path", path.display()));
        }
        let nothing_to_believe = self.roots.is_none() && self.metadata.is_none();
        if nothing_to_believe && (self.required || !self.models.is_empty()) {
            return Err("[attestation]: give `roots` or `metadata`, or no key will ever count".into());
        }
        Ok(())
    }
}

fn aaguids<'de, D: Deserializer<'de>>(document: D) -> Result<Vec<Aaguid>, D::Error> {
    let texts = Vec::<String>::deserialize(document)?;
    let read = |text: String| {
        text.parse()
            .map_err(|error| D::Error::custom(format!("{text}: {error}")))
    };
    texts.into_iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use std::path::Path;

    fn section(text: &str) -> Result<Config, String> {
        let head = "[realm]\nname = \"example.org\"\n[store]\nsqlite = \"/s.db\"\n[keyring]\npath = \"/k\"\n";
        Config::parse(&format!("{head}{text}"), Path::new("t.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn absent_it_trusts_nobody() {
        let config = section("").unwrap();
        assert!(config.attestation.roots.is_none() && !config.attestation.required);
    }

    #[test]
    fn reads_files_and_models() {
        let config = section(
            "[attestation]\nroots = \"/r.pem\"\nmodels = [\"2fc0579f-8113-47ea-b116-bb5a8db9202a\"]\nrequired = true",
        )
        .unwrap();
        assert_eq!(config.attestation.models.len(), 1);
        assert!(config.attestation.required);
    }

    #[test]
    fn what_could_never_be_meant_is_refused() {
        for (text, complaint) in [
            ("[attestation]\nrequired = true", "give `roots` or `metadata`"),
            (
                "[attestation]\nmodels = [\"2fc0579f-8113-47ea-b116-bb5a8db9202a\"]",
                "give `roots` or `metadata`",
            ),
            ("[attestation]\nroots = \"r.pem\"", "not an absolute path"),
            (
                "[attestation]\nroots = \"/r.pem\"\nmodels = [\"yubikey\"]",
                "an AAGUID is written like",
            ),
            ("[attestation]\nroot = \"/r.pem\"", "did you mean `roots`?"),
        ] {
            let error = section(text).unwrap_err();
            assert!(error.contains(complaint), "{error}");
        }
    }
}
