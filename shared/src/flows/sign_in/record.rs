//! The lines that a sign-in leaves in the audit trail.

use super::super::circumstances::Circumstances;
use super::super::first::first_kind;
use super::SignIn;
use crate::audit::{Actor, Event, EventKind};
use crate::flows::Visit;
use crate::methods::{Evidence, FirstFactor};
use crate::policy::{Field, FirstFactorKind};

impl SignIn {
    /// An event of this sign-in with everything that the facts tell about it.
    pub(super) fn event(&self, visit: &Visit<'_>, kind: EventKind, facts: &Circumstances) -> Event {
        let login = facts.subject.login();
        let granted = matches!(
            kind,
            EventKind::SignInGranted
                | EventKind::SignInExempt
                | EventKind::StepUpGranted
                | EventKind::RecoveryCodeUsed
                | EventKind::DeviceBound
        );
        let actor = match login {
            Some(login) if granted => Actor::Account(login.to_string()),
            _ => Actor::Stranger,
        };
        let mut event = Event::new(kind, actor)
            .request(self.request)
            .at(visit.doorway.door, &visit.doorway.service)
            .from(&visit.doorway.source)
            .decided(
                facts.policy.hash(),
                facts.requirement.decided_by(Field::Level).join(","),
            )
            .detail(
                "first_factor",
                first_kind(&self.first).map_or("unknown", FirstFactorKind::as_str),
            );
        if let FirstFactor::PublicKey(key) = &self.first {
            event = event.detail("key", &key.fingerprint).detail("key_type", &key.key_type);
            if let Some(enrolled) = &facts.enrolled {
                event = event.detail("key_device", enrolled.device);
            }
        }
        if let Some(login) = login {
            event = event.about(login);
        }
        if let Some(host) = &visit.doorway.host {
            event = event.host(host);
        }
        event
    }
}

/// The event with the second factors that were proven: `totp`, or `totp,recovery-code`; of a key also which it was, and
/// whether it checked its person.
pub(super) fn proven(event: Event, evidence: &[Evidence]) -> Event {
    let words: Vec<&str> = evidence.iter().map(|one| one.method().as_str()).collect();
    let event = event.method(words.join(","));
    match evidence.iter().rev().find_map(|one| one.device().zip(one.key())) {
        Some((device, key)) => event
            .detail("device", device)
            .detail("user_verified", key.user_verified),
        None => event,
    }
}
