//! `samekey signing-keys`: the keys that sign tokens for web apps.

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_provider::keys::{self, Alg, Key, KeySet, KeysError};
use samekey_shared::audit::EventKind;
use serde_json::json;
use std::path::Path;

/// `samekey signing-keys …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// List the keys: those that sign, those published to sign next, those whose tokens may still live
    List,
    /// Sign with the keys published as next from now on; those before stay published until their tokens are over
    ///
    /// A running provider does so by itself as often as `signing-key-days` in its section says.
    Rotate,
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::List => list(&installation),
        Verb::Rotate => rotate(&installation),
    }
}

fn list(installation: &Installation) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let keyring = realm.keyring()?;
    let set = KeySet::load(&realm.store, &keyring)?;
    let mut table = Table::new(&["ALGORITHM", "STATE", "SINCE", "KEY ID"]);
    for key in set.iter() {
        table.row([
            key.alg.name().to_owned(),
            key.state.name().to_owned(),
            moment(Some(key.since)),
            key.kid.clone(),
        ]);
    }
    let one =
        |key: &Key| json!({ "alg": key.alg.name(), "state": key.state.name(), "since": key.since, "kid": key.kid });
    let data = json!({ "keys": set.iter().map(one).collect::<Vec<_>>() });
    Ok(Answer::data(data, table.draw()))
}

fn rotate(installation: &Installation) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let keyring = realm.keyring()?;
    let event = installation::event(EventKind::SigningKeyRotated);
    let mut record = |tx: &mut samekey_shared::store::Tx<'_>| installation.record(tx, &event);
    keys::rotate(
        &realm.store,
        &keyring,
        realm.entropy.as_ref(),
        installation.now(),
        &mut record,
    )?;
    let set = KeySet::load(&realm.store, &keyring)?;
    let mut table = Table::new(&["ALGORITHM", "SIGNS"]);
    let mut active = serde_json::Map::new();
    for alg in Alg::ALL {
        let key = set.active(alg)?;
        table.row([alg.name().to_owned(), key.kid.clone()]);
        active.insert(alg.name().to_owned(), json!(key.kid));
    }
    let remark = "Signing keys rotated; a running provider notices by itself.";
    Ok(Answer::change(true, json!({ "active": active }), remark).text(table.draw()))
}

impl From<KeysError> for Failure {
    fn from(error: KeysError) -> Self {
        match error {
            KeysError::Store(error) => error.into(),
            other => Self::new(Exit::Unavailable, "keyring_unusable", other.to_string()),
        }
    }
}
