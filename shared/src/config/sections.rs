//! The sections that more than one program reads.

use serde::Deserialize;
use std::path::PathBuf;

/// `[realm]`: who we are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RealmSection {
    /// The realm: `user` and `user@<name>` are the same account (R90).
    pub name: String,
    /// Further names that may follow the `@` (R96).
    #[serde(default)]
    pub aliases: Vec<String>,
}

/// `[store]`: exactly one engine.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct StoreSection {
    /// Absolute path of the SQLite file.
    pub sqlite: Option<PathBuf>,
    /// Connection string of a PostgreSQL server, for several machines over one store.
    pub postgres: Option<String>,
}

impl StoreSection {
    pub(super) fn validate(&self) -> Result<(), String> {
        match (&self.sqlite, &self.postgres) {
            (Some(path), None) if path.is_absolute() => Ok(()),
            (Some(path), None) => Err(format!("[store] sqlite: {} is not an absolute path", path.display())),
            (None, Some(_)) => Ok(()),
            _ => Err("[store]: give either `sqlite` (a path) or `postgres` (a connection string)".into()),
        }
    }
}

/// `[keyring]`: where the master keys are.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct KeyringSection {
    /// The keyring file; `samekey init` makes it.
    pub path: PathBuf,
}

/// `[password]`: the cost of one Argon2id guess. A password stored under a lower cost is hashed anew at sign-in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct PasswordSection {
    /// Memory in KiB.
    pub memory_kib: u32,
    /// Passes over that memory.
    pub passes: u32,
    /// Lanes.
    pub lanes: u32,
}

impl Default for PasswordSection {
    /// OWASP's advice of 2024 for Argon2id.
    fn default() -> Self {
        Self {
            memory_kib: 19_456,
            passes: 2,
            lanes: 1,
        }
    }
}

impl PasswordSection {
    /// OWASP's weakest advised setting bounds it below; above it a sign-in would starve the machine.
    pub(super) fn validate(&self) -> Result<(), String> {
        if !(7168..=2_097_152).contains(&self.memory_kib) {
            return Err("[password] memory-kib: from 7168 (7 MiB) to 2097152 (2 GiB)".into());
        }
        if !(1..=64).contains(&self.passes) || !(1..=16).contains(&self.lanes) {
            return Err("[password]: passes from 1 to 64, lanes from 1 to 16".into());
        }
        if u64::from(self.memory_kib) * u64::from(self.passes) < 35_840 {
            return Err("[password]: memory-kib times passes must be 35840 or more (OWASP's least)".into());
        }
        Ok(())
    }
}
