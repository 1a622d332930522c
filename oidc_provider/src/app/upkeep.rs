//! Background work: follows key rotations, prepares the next keys, forgets what has ended.

use super::App;
use super::state::StartError;
use crate::oidc::{device, dpop, par};
use crate::{clients, grants, keys, sessions};
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::flows::FlowError;
use samekey_shared::source::Door;
use std::time::Duration;

/// Seconds between two looks for rotated keys. A `next` key is published long before it signs, so a few seconds of an
/// older active key do no harm.
const LOOK: Duration = Duration::from_secs(10);
/// Looks between two checkpoints: more often would make the first login after each of them sync more.
const CHECKPOINT_EVERY: u32 = 6;
/// Looks between two sweeps.
const SWEEP_EVERY: u32 = 60;

/// Runs until the program ends.
pub async fn upkeep(app: App) {
    let mut looks: u32 = 0;
    loop {
        let app = app.clone();
        let done = tokio::task::spawn_blocking(move || once(&app, looks)).await;
        if done.is_err() {
            tracing::error!("the background work was cut off");
        }
        looks = looks.wrapping_add(1);
        tokio::time::sleep(LOOK).await;
    }
}

fn once(app: &App, looks: u32) {
    if looks.is_multiple_of(SWEEP_EVERY) {
        if let Err(error) = tend_keys(app) {
            tracing::error!(%error, "the signing keys were neither prepared nor rotated");
        }
        if let Err(error) = sweep(app) {
            tracing::error!(%error, "ended sessions and codes were not swept");
        }
    }
    if let Err(error) = app.figures.own_tokens.tell(&app.realm.store, app.realm.clock.now()) {
        tracing::warn!(%error, "clients' own tokens were not told to the trail; the next look tries again");
    }
    samekey_shared::accounts::password::give_back();
    let due = looks.is_multiple_of(CHECKPOINT_EVERY);
    if let Some(Err(error)) = due.then(|| app.realm.store.checkpoint()) {
        tracing::warn!(%error, "the store's log was not carried over; the next look tries again");
    }
    if let Err(error) = app.follow_rotation() {
        tracing::error!(%error, "the signing keys cannot be read again; the ones read before go on");
    }
}

/// Publishes the next keys, forgets the old, and turns those that have signed for as long as `signing-key-days` says.
pub fn tend_keys(app: &App) -> Result<(), StartError> {
    let realm = &app.realm;
    let (keyring, entropy, now) = (realm.keyring()?, realm.entropy.as_ref(), realm.clock.now());
    keys::prepare_next(&realm.store, &keyring, entropy, now)?;
    keys::forget(&realm.store, now)?;
    let Some(days) = app.config.signing_key_days else {
        return Ok(());
    };
    let event = Event::new(EventKind::SigningKeyRotated, Actor::Samekey)
        .at(Door::Web, "provider:schedule")
        .detail("days", days);
    let turned = keys::rotate_due(&realm.store, &keyring, entropy, now, days, &mut |tx| {
        audit::append(tx, &event, now).map(drop)
    })?;
    if turned {
        tracing::info!(days, "signing keys rotated on schedule");
    }
    Ok(())
}

fn sweep(app: &App) -> Result<(), FlowError> {
    let now = app.realm.clock.now();
    app.realm.store.write(|tx| {
        app.realm.sweep(tx)?;
        clients::sweep(tx, now)?;
        sessions::sweep(tx, now)?;
        par::sweep(tx, now)?;
        dpop::sweep(tx, now)?;
        device::sweep(tx, now)?;
        grants::sweep(tx, now)?;
        Ok(())
    })
}
