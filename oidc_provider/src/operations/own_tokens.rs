//! How many tokens of their own clients had: those that no row stands for, added up here and told to the trail at every look
//! of the background work, one line for each client. Nothing that a token can do rests on it.

use crate::clients::ClientId;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::source::Door;
use samekey_shared::store::{Store, StoreError};
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// See the module.
#[derive(Debug, Default)]
pub struct OwnTokens(Mutex<BTreeMap<ClientId, u64>>);

impl OwnTokens {
    fn locked(&self) -> MutexGuard<'_, BTreeMap<ClientId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more.
    pub fn count(&self, client: &ClientId) {
        let mut counted = self.locked();
        match counted.get_mut(client) {
            Some(number) => *number += 1,
            None => {
                counted.insert(client.clone(), 1);
            }
        }
    }

    /// Tells the trail, and begins anew. What could not be told is told with the next.
    pub fn tell(&self, store: &Store, now: UnixTime) -> Result<(), StoreError> {
        let counted = std::mem::take(&mut *self.locked());
        if counted.is_empty() {
            return Ok(());
        }
        let told = store.write(|tx| {
            for (client, number) in &counted {
                let event = Event::new(EventKind::TokenIssued, Actor::Client(client.to_string()))
                    .at(Door::Web, format!("oidc:{client}"))
                    .detail("grant_type", "client_credentials")
                    .detail("number", number);
                audit::append(tx, &event, now)?;
            }
            Ok(())
        });
        if told.is_err() {
            let mut since = self.locked();
            for (client, number) in counted {
                *since.entry(client).or_default() += number;
            }
        }
        told
    }
}
