//! The unit of work that binds: protection looked at again, ticket spent, device, recovery codes and trail written, all or
//! nothing.

use super::super::super::bind::{self, BindError};
use super::super::super::circumstances::{Circumstances, Subject};
use super::super::SignIn;
use super::kept::Kept;
use super::protection::Protection;
use super::{At, MOST_WRONG};
use crate::audit::{self, Actor, EventKind};
use crate::devices::fido;
use crate::devices::totp::Pending;
use crate::devices::{Device, DeviceError, Limits};
use crate::flows::{Authority, BindTrouble, Created, FlowError, Notice, OnGrant, RefusalCode, Step, Visit};
use crate::ids::AccountId;
use crate::methods::{self, Evidence, Method};
use crate::outbox::{self, Letter, LetterKind, Thing};
use crate::secrets::SecretText;
use crate::store::Tx;
use crate::tickets;

/// A device that was written, and what binding it has proven.
type Written = (Device, Option<Evidence>);

impl SignIn {
    /// Takes a code of the app: a right one binds it, is burnt with it, and is the evidence (R55).
    pub(super) fn bind_app(
        &mut self,
        visit: &Visit<'_>,
        typed: &SecretText,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let Some(pending) = self.pending() else {
            return self.refuse(visit, RefusalCode::OutOfTurn);
        };
        let now = visit.realm.clock.now();
        let proven = match pending.prove(typed.expose(), now) {
            Ok(proven) => proven,
            Err(pending) => return self.not_proven(visit, &pending),
        };
        let keyring = visit.realm.keyring()?;
        let entropy = visit.realm.entropy.as_ref();
        self.bind_with(visit, At::App, on_grant, |tx, account, limits| {
            let (device, evidence) = methods::totp::bind(tx, &keyring, entropy, account, &proven, limits, now)?;
            Ok((device, Some(evidence)))
        })
    }

    /// A wrong code is counted; a right one of another time is not, and the next one is asked too (Q19).
    fn not_proven(&mut self, visit: &Visit<'_>, pending: &Pending) -> Result<Step, FlowError> {
        let enrolment = self.enrolment_mut();
        enrolment.pending = Kept::of_bytes(&pending.to_sealable());
        if pending.clock_is_off() {
            return Ok(self.ask_enrol(At::App, Some(Notice::Binding(BindTrouble::ClockOff))));
        }
        enrolment.wrong += 1;
        if enrolment.wrong >= MOST_WRONG {
            return self.refuse(visit, RefusalCode::CodeWrong);
        }
        Ok(self.ask_enrol(At::App, Some(Notice::CodeWrong)))
    }

    /// Takes a credential that the door had made and verified. It proves nothing yet: it signs when it is asked next.
    pub(super) fn bind_key(
        &mut self,
        visit: &Visit<'_>,
        method: Method,
        created: &Created,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let at = At::Key(method);
        if !self
            .enrolment_mut()
            .methods
            .contains(&created.credential.kind().method())
        {
            return Ok(self.ask_enrol(at, Some(Notice::Binding(BindTrouble::KindNotAccepted))));
        }
        let entropy = visit.realm.entropy.as_ref();
        let now = visit.realm.clock.now();
        self.bind_with(visit, at, on_grant, |tx, account, limits| {
            let (name, new) = (&created.name, &created.credential);
            let device = fido::insert(tx, entropy, account, name, new, limits, None, now)?;
            Ok((device, None))
        })
    }

    fn bind_with(
        &mut self,
        visit: &Visit<'_>,
        at: At,
        on_grant: OnGrant<'_>,
        mut insert: impl FnMut(&mut Tx<'_>, AccountId, Limits) -> Result<Written, DeviceError> + Send,
    ) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let found = visit.realm.store.read(|tx| self.circumstances(tx, visit, &host))?;
        let Subject::Open(account) = &found.subject else {
            return self.refuse(visit, RefusalCode::AccountClosed);
        };
        let actor = Actor::Account(account.name.to_string());
        let authority = Authority::new(actor, visit.doorway.door)
            .service(&visit.doorway.service)
            .from(&visit.doorway.source)
            .request(self.request);
        let mut proven = None;
        let bound = bind::with_recovery(visit.realm, &authority, account.id, &account.name, |tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let (device, evidence) = self.bind_in(tx, visit, &facts, account.id, &mut insert)?;
            proven = evidence;
            Ok(device)
        });
        match bound {
            Ok((_, drawn)) => {
                let codes = drawn.map(|drawn| drawn.shown()).unwrap_or_default();
                self.is_bound(visit, proven.as_ref(), codes, on_grant)
            }
            Err(BindError::Device(DeviceError::NameTaken(_))) => {
                Ok(self.ask_enrol(at, Some(Notice::Binding(BindTrouble::NameTaken))))
            }
            Err(BindError::Device(DeviceError::CredentialTaken)) => {
                Ok(self.ask_enrol(at, Some(Notice::Binding(BindTrouble::BoundAlready))))
            }
            // Somebody bound one meanwhile, or what protected this is over: what is asked now follows from that.
            Err(BindError::Device(DeviceError::LimitReached { .. }) | BindError::Unprotected) => {
                let enrolment = self.enrolment_mut();
                enrolment.pending = None;
                enrolment.ticket = None;
                self.decide(visit, on_grant)
            }
            Err(BindError::Flow(error)) => Err(error),
            Err(other) => Err(FlowError::Method(other.to_string())),
        }
    }

    /// Everything that is true exactly when the device is bound.
    fn bind_in(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        account: AccountId,
        insert: &mut impl FnMut(&mut Tx<'_>, AccountId, Limits) -> Result<Written, DeviceError>,
    ) -> Result<Written, BindError> {
        let ticket = match self.protection(tx, visit, facts)? {
            Protection::Given => None,
            Protection::ByTicket(ticket) => Some(ticket),
            _ => return Err(BindError::Unprotected),
        };
        let limits = bind::limits(visit.realm, tx)?;
        let (device, evidence) = insert(tx, account, limits)?;
        if let Some(ticket) = ticket
            && !tickets::spend(tx, ticket, account, device.id, facts.now)?
        {
            return Err(BindError::Unprotected);
        }
        let event = self.event(visit, EventKind::DeviceBound, facts).method(device.kind);
        let event = event.detail("device", device.id).detail("name", device.name.as_str());
        let event = match ticket {
            Some(ticket) => event.detail("ticket", ticket),
            None => event,
        };
        audit::append(tx, &event, facts.now)?;
        let letter = Letter {
            account,
            kind: LetterKind::DeviceBound {
                device: Thing::from(&device),
            },
            source: Some(&visit.doorway.source),
        };
        outbox::write(tx, visit.realm, &letter, facts.now)?;
        Ok((device, evidence))
    }

    /// It is bound: shows the codes where some were drawn, and goes on.
    fn is_bound(
        &mut self,
        visit: &Visit<'_>,
        proven: Option<&Evidence>,
        codes: Vec<SecretText>,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        self.proofs.extend(proven.map(Evidence::record));
        let enrolment = self.enrolment_mut();
        enrolment.bound = enrolment.bound.saturating_add(1);
        enrolment.pending = None;
        enrolment.ticket = None;
        enrolment.brought = None;
        enrolment.codes = codes.into_iter().map(Kept::new).collect();
        if let Some(offer) = enrolment.why.take().and_then(super::offer::Offer::of) {
            enrolment.settled.push(offer);
        }
        if enrolment.codes.is_empty() {
            return self.decide(visit, on_grant);
        }
        Ok(self.ask_enrol(At::Keep, None))
    }
}
