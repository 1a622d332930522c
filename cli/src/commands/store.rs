//! `samekey store`: the store checked, copied while it is in use, and put back from a copy.

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table};
use crate::terminal;
use samekey_shared::audit::EventKind;
use samekey_shared::config::Config;
use samekey_shared::realm;
use samekey_shared::store::{Component, Overwrite, Store, StoreError, StoreLocation};
use serde_json::json;
use std::path::{Path, PathBuf};

/// `samekey store …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Read the whole store and compare its schema with this program's: exit 0 sound, 1 not
    Check,
    /// Write a consistent copy to a new file (mode 0600) while logins go on; it needs the keyring of its day
    Backup {
        /// The file to make
        file: PathBuf,
    },
    /// Put a copy in the place of the store; stop agent and provider first
    ///
    /// What happened since the copy was made is undone: devices bound since are gone, and codes used since could be
    /// used again until their time is over. The store that is replaced is kept beside it.
    Restore {
        /// The copy
        file: PathBuf,
        /// Do not ask for a typed YES
        #[arg(long)]
        yes: bool,
        /// Replace also a store that knows events which the copy does not know
        #[arg(long)]
        force: bool,
    },
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Check => check(&installation::load(config)?),
        Verb::Backup { file } => backup(&installation::load(config)?, file),
        Verb::Restore { file, yes, force } => restore(config, file, *yes, *force),
    }
}

fn location(config: &Config) -> StoreLocation {
    match (&config.store.sqlite, &config.store.postgres) {
        (Some(path), _) => StoreLocation::Sqlite(path.clone()),
        (None, server) => StoreLocation::Postgres(server.clone().unwrap_or_default()),
    }
}

fn check(config: &Config) -> Result<Answer, Failure> {
    // Not through the realm: that would bring an old schema up to date before anybody could see that it is old.
    let store = Store::open(&location(config))?;
    let components: Vec<Component> = realm::components()
        .iter()
        .copied()
        .chain([samekey_provider::SCHEMA])
        .collect();
    let health = store.check(&components)?;
    let mut table = Table::new(&["PART", "SCHEMA"]);
    for (part, version) in &health.versions {
        table.row([part.clone(), version.to_string()]);
    }
    let versions: serde_json::Map<_, _> = health
        .versions
        .iter()
        .map(|(part, version)| (part.clone(), json!(version)))
        .collect();
    let sound = health.faults.is_empty();
    let answer = Answer::data(
        json!({ "sound": sound, "faults": health.faults, "schema": versions }),
        table.draw(),
    );
    let answer = health
        .faults
        .iter()
        .fold(answer, |answer, fault| answer.remark(format!("FAULT: {fault}")));
    Ok(if sound {
        answer.remark("The store is sound.")
    } else {
        answer.exit(Exit::Failed)
    })
}

fn backup(config: &Config, file: &Path) -> Result<Answer, Failure> {
    if file.symlink_metadata().is_ok() {
        let told = format!("{} exists and is not overwritten", file.display());
        return Err(Failure::new(Exit::Conflict, "conflict", told));
    }
    Store::open(&location(config))?.backup(file)?;
    let remark = format!(
        "Copied to {}. Keep the keyring apart from it: together they open every secret.",
        file.display()
    );
    Ok(Answer::change(true, json!({ "file": file }), remark))
}

fn restore(path: &Path, file: &Path, yes: bool, force: bool) -> Result<Answer, Failure> {
    let config = installation::load(path)?;
    let StoreLocation::Sqlite(store) = location(&config) else {
        return Err(Failure::usage("a PostgreSQL store is restored with `pg_restore`"));
    };
    if let Err(error) = std::fs::metadata(file) {
        return Err(Failure::file(file, &error));
    }
    terminal::confirm(yes, "Type YES to put the copy in the place of the store: ")?;
    let overwrite = if force { Overwrite::Any } else { Overwrite::OlderOnly };
    let kept = Store::restore(file, &store, overwrite).map_err(refused)?;
    let installation = Installation::open(path)?;
    let event = installation::event(EventKind::StoreRestored).detail("from", file.display());
    installation.realm.store.write(|tx| installation.record(tx, &event))?;
    let remark = match &kept {
        Some(kept) => format!("Restored. The store before is kept as {}.", kept.display()),
        None => "Restored.".to_owned(),
    };
    Ok(Answer::change(true, json!({ "store": store, "kept": kept }), remark))
}

/// A refusal of a restore is one of a check, not of the machine.
fn refused(error: StoreError) -> Failure {
    match error {
        StoreError::Refused(why) => Failure::new(Exit::Refused, "restore_refused", why),
        other => other.into(),
    }
}
