//! What is offered to somebody who may enter: a device while the grace period runs, a second kind after the first, one
//! more by ticket. Each once, and each can be put off.

use super::super::super::circumstances::{Circumstances, Subject};
use super::super::{Purpose, SignIn};
use super::At;
use crate::devices;
use crate::flows::{Basis, Binding, FlowError, OnGrant, Step, Visit, Why};
use crate::methods::Method;
use crate::policy::{SelfService, TwoTypes};
use crate::store::Tx;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What is offered before a grant, once each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Offer {
    Grace,
    SecondKind,
    Ticket,
}

impl Offer {
    pub(super) fn of(why: Why) -> Option<Self> {
        match why {
            Why::Required => None,
            Why::Grace { .. } => Some(Self::Grace),
            Why::SecondKind { .. } => Some(Self::SecondKind),
            Why::Ticket => Some(Self::Ticket),
        }
    }
}

impl SignIn {
    /// Whether something is offered before this grant; a question if so.
    pub(in super::super) fn offer(&mut self, visit: &Visit<'_>, basis: Basis) -> Result<Option<Step>, FlowError> {
        if self.means.binding != Binding::Page {
            return Ok(None);
        }
        let host = self.host(visit);
        let offered = visit.realm.store.read(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            self.offered_before(tx, visit, &facts, basis)
        })?;
        let Some((why, methods)) = offered else { return Ok(None) };
        if why == Why::Ticket
            && let Some(account) = self.enrolling_anywhere(visit)?
        {
            let ticket = visit.realm.store.read(|tx| self.brought(tx, visit, account))?;
            self.enrolment_mut().ticket = ticket;
        }
        self.choose_binding(visit, why, methods, None).map(Some)
    }

    /// What is offered to somebody who may enter, and why.
    fn offered_before(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        basis: Basis,
    ) -> Result<Option<(Why, Vec<Method>)>, FlowError> {
        let Subject::Open(account) = &facts.subject else {
            return Ok(None);
        };
        if self.means.binding != Binding::Page || self.purpose != Purpose::SignIn {
            return Ok(None);
        }
        let settled = |offer| {
            self.enrolment
                .iter()
                .any(|enrolment| enrolment.settled.contains(&offer))
        };
        let strong: BTreeSet<Method> = (facts.requirement.methods.iter().copied())
            .filter(|method| method.is_fido() || method.level() >= facts.requirement.level)
            .collect();
        let brought = self
            .enrolment
            .as_ref()
            .is_some_and(|enrolment| enrolment.brought.is_some());
        let bound = self.enrolment.as_ref().map_or(0, |enrolment| enrolment.bound);
        let (why, kinds) = match basis {
            Basis::Grace { until } if self.asked_here && !settled(Offer::Grace) => (Why::Grace { until }, strong),
            Basis::Proven if brought => (Why::Ticket, facts.requirement.methods.clone()),
            Basis::Proven if bound > 0 && !settled(Offer::SecondKind) => {
                if facts.policy.settings().self_service == SelfService::None {
                    return Ok(None);
                }
                let required = facts.requirement.two_types == TwoTypes::Require;
                (Why::SecondKind { required }, facts.requirement.methods.clone())
            }
            _ => return Ok(None),
        };
        let has = devices::rows::bound(tx, account.id)?.methods();
        let mut methods = self.bindable(visit, &kinds);
        methods.retain(|method| match why {
            Why::SecondKind { .. } => !of_that_kind(&has, *method),
            _ => *method != Method::Totp || !has.contains(method),
        });
        Ok((!methods.is_empty()).then_some((why, methods)))
    }

    /// Whether a right answer is not yet the end: it is kept, and the machine goes on.
    pub(in super::super) fn goes_on(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
    ) -> Result<bool, FlowError> {
        Ok(self.offered_before(tx, visit, facts, Basis::Proven)?.is_some())
    }

    /// "Later": goes on without, where that is allowed; the same question again where it is not.
    pub(super) fn put_off(&mut self, visit: &Visit<'_>, on_grant: OnGrant<'_>) -> Result<Step, FlowError> {
        let why = self.enrolment_mut().why.unwrap_or(Why::Required);
        match Offer::of(why).filter(|_| why.can_wait()) {
            Some(offer) => {
                let enrolment = self.enrolment_mut();
                enrolment.settled.push(offer);
                enrolment.pending = None;
                self.decide(visit, on_grant)
            }
            None => Ok(self.ask_enrol(At::Choose, None)),
        }
    }
}

/// Passkeys and security keys are one kind (R83).
fn of_that_kind(has: &BTreeSet<Method>, method: Method) -> bool {
    has.iter()
        .any(|one| *one == method || (one.is_fido() && method.is_fido()))
}
