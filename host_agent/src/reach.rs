//! What can be reached from where the person of one login is.

use crate::journal;
use crate::presence::Presence;
use samekey_agent::keys::LocalKeys;
use samekey_shared::flows::{Binding, FromAfar, Keys, Means, Refusal, RefusalCode};
use samekey_wire::Start;
use std::sync::Arc;

/// What this login can reach.
#[derive(Debug, Clone)]
pub struct Reach {
    keys: Result<(Arc<dyn LocalKeys>, String), &'static str>,
    approval: Option<FromAfar>,
    binding: Binding,
}

impl Reach {
    /// The keys of this machine, `host`, for a person who is here.
    pub fn of(presence: Presence, keys: Option<&Arc<dyn LocalKeys>>, host: &str) -> Self {
        let keys = match (presence, keys) {
            (Presence::Doubtful(doubt), _) => Err(doubt),
            (Presence::Here, Some(keys)) if keys.is_ready() => Ok((Arc::clone(keys), host.to_owned())),
            (Presence::Here, _) => Err("samekey-key is not installed, or others could change it"),
        };
        Self {
            keys,
            approval: None,
            binding: Binding::Elsewhere,
        }
    }

    /// The same with a browser elsewhere, where there is a page that approves.
    pub fn and_approval(self, approval: Option<FromAfar>) -> Self {
        Self { approval, ..self }
    }

    /// The same with a place to bind a device in.
    pub fn and_binding(self, binding: Binding) -> Self {
        Self { binding, ..self }
    }

    /// The same for the machine.
    pub fn means(&self) -> Means {
        Means {
            keys: match &self.keys {
                Ok((_, host)) => Keys::Local { host: host.clone() },
                Err(_) => Keys::None,
            },
            approval: self.approval.clone(),
            binding: self.binding,
        }
    }

    /// The keys, where they can be reached.
    pub fn keys(&self) -> Option<&dyn LocalKeys> {
        self.keys.as_ref().ok().map(|(keys, _)| keys.as_ref())
    }

    /// Says in the log why no key was offered to somebody who could have used one.
    pub fn note(&self, refusal: &Refusal, start: &Start) {
        if let (RefusalCode::NotAtThisDoor, Err(doubt)) = (refusal.code, &self.keys) {
            journal::note(&format!("no security key is asked for at {}: {doubt}", start.service));
        }
    }
}
