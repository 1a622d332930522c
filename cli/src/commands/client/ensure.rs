//! `samekey client ensure`: apps brought to what a file says of them, all or none.

use super::document;
use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_provider::clients::{self, Ensured, Registration};
use samekey_shared::audit::EventKind;
use samekey_shared::store::Tx;
use serde_json::{Value, json};
use std::path::Path;

/// Runs it.
pub(super) fn run(installation: &Installation, file: &Path) -> Result<Answer, Failure> {
    let wanted = document::read(file)?;
    let realm = &installation.realm;
    let done = realm.store.write(|tx| {
        let each = wanted.iter().map(|app| one(installation, tx, app));
        each.collect::<Result<Vec<_>, Failure>>()
    })?;
    let mut told: Vec<Value> = Vec::new();
    let mut text = String::new();
    let (mut added, mut changed) = (0, 0);
    for (app, ensured) in wanted.iter().zip(&done) {
        let mut line = json!({ "id": app.id, "changed": !matches!(ensured, Ensured::Unchanged) });
        match ensured {
            Ensured::Added(secret) => {
                added += 1;
                if let Some(secret) = secret {
                    line["secret"] = Value::from(secret.0.expose().as_str());
                    text.extend([app.id.as_str(), " ", secret.0.expose().as_str(), "\n"]);
                }
            }
            Ensured::Changed => changed += 1,
            Ensured::Unchanged => {}
        }
        told.push(line);
    }
    let same = done.len() - added - changed;
    let secrets = if text.is_empty() {
        ""
    } else {
        " Secrets are shown this once:"
    };
    let remark = format!("{added} registered, {changed} updated, {same} as they were.{secrets}");
    let answer = Answer::change(added + changed > 0, json!({ "clients": told }), remark);
    Ok(if text.is_empty() {
        answer
    } else {
        answer.text(text.trim_end())
    })
}

fn one(installation: &Installation, tx: &mut Tx<'_>, app: &Registration) -> Result<Ensured, Failure> {
    let realm = &installation.realm;
    let ensured = clients::ensure(tx, app, realm.entropy.as_ref(), installation.now())?;
    let kind = match ensured {
        Ensured::Added(_) => EventKind::ClientAdded,
        Ensured::Changed => EventKind::ClientChanged,
        Ensured::Unchanged => return Ok(ensured),
    };
    installation.record(tx, &installation::event(kind).detail("client", &app.id))?;
    Ok(ensured)
}
