//! The thread that sends.

use super::config::MailConfig;
use super::transport::Trouble;
use super::{letter, message, transport};
use crate::app::Rounds;
use crate::config::Issuer;
use samekey_shared::flows::FlowError;
use samekey_shared::outbox::{self, Claimed};
use samekey_shared::realm::Realm;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Between two looks for letters that are due.
const LOOK: Duration = Duration::from_secs(1);
/// Between two looks for accounts whose time to enrol runs out.
const DEADLINES: Duration = Duration::from_secs(3600);

/// The thread; it ends with this value, and the letter in hand with it.
#[derive(Debug)]
pub struct Sender {
    _thread: Rounds,
}

impl Sender {
    /// Begins to send.
    pub fn start(realm: Arc<Realm>, config: MailConfig, issuer: Issuer) -> std::io::Result<Self> {
        let mut looked: Option<Instant> = None;
        let round = move || {
            if looked.is_none_or(|at| at.elapsed() >= DEADLINES) {
                looked = Some(Instant::now());
                if let Err(error) = outbox::remind(&realm) {
                    tracing::error!(%error, "nobody was reminded of a deadline; the next look tries again");
                }
            }
            match once(&realm, &config, &issuer) {
                Ok(true) => Duration::ZERO,
                Ok(false) => LOOK,
                Err(error) => {
                    tracing::error!(%error, "letters wait; the next look tries again");
                    LOOK
                }
            }
        };
        Ok(Self {
            _thread: Rounds::start("letters", round)?,
        })
    }
}

/// Sends the letter that is due the longest; false if none is.
pub fn once(realm: &Realm, config: &MailConfig, issuer: &Issuer) -> Result<bool, FlowError> {
    if !outbox::is_due(realm)? {
        return Ok(false);
    }
    let Some(held) = outbox::claim(realm)? else {
        return Ok(false);
    };
    match try_to_send(realm, config, issuer, &held) {
        Ok(()) => {
            tracing::debug!(letter = %held.id, "sent");
            if !outbox::sent(realm, &held)? {
                tracing::warn!(letter = %held.id, "sent, but another had claimed it meanwhile");
            }
        }
        Err(Trouble::Passing(why)) => {
            tracing::warn!(letter = %held.id, tries = held.tries, why, "not sent yet");
            outbox::put_off(realm, &held, &why)?;
        }
        Err(Trouble::Lasting(why)) => {
            tracing::error!(letter = %held.id, tries = held.tries, why, "given up");
            outbox::given_up(realm, &held, &why)?;
        }
    }
    Ok(true)
}

fn try_to_send(realm: &Realm, config: &MailConfig, issuer: &Issuer, held: &Claimed) -> Result<(), Trouble> {
    let passing = |why: String| Trouble::Passing(why);
    let contact = realm
        .store
        .read(|tx| realm.policy(tx).map(|policy| policy.settings().contact.clone()))
        .map_err(|error| passing(error.to_string()))?;
    let now = realm.clock.now();
    let place = letter::Place {
        realm: &realm.names.realm,
        issuer,
        contact,
        now,
    };
    let written = letter::written(&held.body, &place).map_err(passing)?;
    let message = message::message(config, held.id, &held.body.to, &written, now).map_err(Trouble::Lasting)?;
    transport::send(config, held.id, &message)
}
