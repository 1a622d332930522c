//! `samekey keyring`: a new key that seals from now on, and every sealed value moved to it.
//!
//! ```text
//!  1. the file gets the new key, atomically   ─ killed here: everything still opens with the keys kept
//!  2. values are sealed anew, batch by batch  ─ killed here: `--reseal-only` goes on
//!  3. --drop-retired: keys no value names go  ─ only after a whole pass that could read everything
//! ```

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_provider::keys;
use samekey_shared::audit::EventKind;
use samekey_shared::secrets::keyring::{KeyId, KeyringError};
use samekey_shared::secrets::reseal::{self, Report, ResealError, SealedColumn};
use samekey_shared::secrets::{Keyring, Place};
use samekey_shared::{devices, outbox};
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

/// `samekey keyring …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Make a new sealing key and seal everything in the store with it; sign-ins go on meanwhile
    Rotate(Rotate),
}

/// How to rotate.
#[derive(Debug, clap::Args)]
pub struct Rotate {
    /// Make no new key: finish what an interrupted rotation began
    #[arg(long)]
    reseal_only: bool,
    /// Drop the keys that nothing uses any more; backups sealed with them become unreadable
    #[arg(long)]
    drop_retired: bool,
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let Verb::Rotate(rotate) = verb;
    let installation = Installation::open(config)?;
    let realm = &installation.realm;
    let path = realm.keyring_path().to_owned();
    let keyring = if rotate.reseal_only {
        Keyring::load(&path)?
    } else {
        let keyring = Keyring::rotate(&path, realm.entropy.as_ref(), installation.now())?;
        let event = installation::event(EventKind::KeyringRotated).detail("active", keyring.active_id());
        realm.store.write(|tx| installation.record(tx, &event))?;
        keyring
    };
    let report = reseal::all(&realm.store, &keyring, realm.entropy.as_ref(), &sealed_columns())?;
    let dropped = if rotate.drop_retired {
        drop_retired(&path, &keyring, &report)?
    } else {
        BTreeSet::new()
    };
    Ok(tell(&keyring, &report, &dropped, !rotate.reseal_only))
}

/// Every sealed column there is. A test seals through every domain and looks for the old key afterwards.
fn sealed_columns() -> Vec<SealedColumn> {
    let domains = [devices::rows::SEALED, outbox::SEALED, keys::SEALED];
    domains.into_iter().flatten().copied().collect()
}

fn drop_retired(path: &Path, keyring: &Keyring, report: &Report) -> Result<BTreeSet<KeyId>, Failure> {
    if !report.unreadable.is_empty() {
        return Err(
            Failure::new(Exit::Refused, "sealed_values_unreadable", unreadable(report))
                .hint("No key was dropped: put back a keyring or store that opens them first."),
        );
    }
    let active = keyring.active_id();
    let unused: BTreeSet<KeyId> = keyring
        .key_ids()
        .into_iter()
        .filter(|id| *id != active && !report.in_use.contains(id))
        .collect();
    if !unused.is_empty() {
        Keyring::drop_retired(path, &unused)?;
    }
    Ok(unused)
}

fn unreadable(report: &Report) -> String {
    let places: Vec<String> = report.unreadable.iter().take(10).map(Place::to_string).collect();
    format!(
        "{} sealed values open with no key: {}",
        report.unreadable.len(),
        places.join(", ")
    )
}

fn tell(keyring: &Keyring, report: &Report, dropped: &BTreeSet<KeyId>, rotated: bool) -> Answer {
    let texts = |ids: &BTreeSet<KeyId>| ids.iter().map(KeyId::to_string).collect::<Vec<_>>();
    let data = json!({
        "active": keyring.active_id().to_string(),
        "seen": report.seen,
        "moved": report.moved,
        "unreadable": report.unreadable.iter().map(Place::to_string).collect::<Vec<_>>(),
        "dropped": texts(dropped),
    });
    let changed = rotated || report.moved > 0 || !dropped.is_empty();
    let remark = format!(
        "Key {} seals from now on; {} of {} sealed values were moved to it, {} keys dropped.",
        keyring.active_id(),
        report.moved,
        report.seen,
        dropped.len()
    );
    let answer = Answer::change(changed, data, remark);
    if report.unreadable.is_empty() {
        answer
    } else {
        answer.remark(unreadable(report)).exit(Exit::Failed)
    }
}

impl From<KeyringError> for Failure {
    fn from(error: KeyringError) -> Self {
        Self::new(Exit::Unavailable, "keyring_unusable", error.to_string())
    }
}

impl From<ResealError> for Failure {
    fn from(error: ResealError) -> Self {
        match error {
            ResealError::Store(error) => Self::from(error).hint("`samekey keyring rotate --reseal-only` goes on."),
            ResealError::Seal(_) => Self::new(Exit::Unavailable, "keyring_unusable", error.to_string()),
        }
    }
}
