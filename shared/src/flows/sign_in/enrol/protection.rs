//! What protects the binding of a device (Q8): without it, whoever knows the password would bind a device of their own.

use super::super::super::circumstances::{Circumstances, Subject};
use super::super::SignIn;
use super::first_factor_is_fresh;
use crate::devices::{self, DeviceKind, email};
use crate::flows::{FlowError, Visit};
use crate::ids::TicketId;
use crate::methods::Method;
use crate::objections;
use crate::policy::EmailUse;
use crate::store::Tx;
use crate::tickets;

/// Seconds for which a proof protects a binding (R43).
pub(super) const FRESH: i64 = 600;

/// What stands between a person and a binding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Protection {
    /// Nothing more.
    Given,
    /// This ticket, which the binding spends.
    ByTicket(TicketId),
    /// One of the devices that are bound must be shown, though none of them is enough to enter.
    Prove(Vec<Method>),
    /// The first factor, which was proven too long ago.
    FirstFactorAnew,
    /// An administrator's ticket.
    Ticket,
}

impl SignIn {
    /// What protects a binding as things stand in this unit of work:
    ///
    /// - who has a device shows it, be it one that is not accepted any more; a ticket stands in for one that is lost;
    /// - who has none, and never had, follows `first-bind`'s `new`; after an unbinding its `after-reset`.
    ///
    /// While an objection stands, only a ticket does.
    ///
    /// At a shell a public key counts as the password does: sshd vouches for it, and whoever has it enters anyway.
    pub(super) fn protection(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
    ) -> Result<Protection, FlowError> {
        let Subject::Open(account) = &facts.subject else {
            return Ok(Protection::Ticket);
        };
        let now = facts.now;
        if !first_factor_is_fresh(self, visit.doorway.door, now) {
            return Ok(match self.first_at {
                Some(_) if self.passwords.is_some() => Protection::FirstFactorAnew,
                _ => Protection::Ticket,
            });
        }
        let held = self.enrolment.as_ref().and_then(|enrolment| enrolment.ticket);
        if let Some(ticket) = held
            && tickets::is_open(tx, ticket, account.id, now)?
        {
            return Ok(Protection::ByTicket(ticket));
        }
        // "This was not me": until that is settled only an administrator's word counts, or a stranger who came in would
        // bind a device of their own.
        if objections::is_held(tx, account.id)? {
            return Ok(Protection::Ticket);
        }
        let bound = devices::rows::bound(tx, account.id)?;
        let fresh = |at: i64| (0..=FRESH).contains(&now.saturating_sub(at));
        let shown = self.evidence().into_iter().any(|one| {
            let known = |device| bound.devices.iter().any(|own| Some(own.id) == device);
            fresh(one.at()) && known(one.device())
        });
        if shown {
            return Ok(Protection::Given);
        }
        // Paper and e-mail are no devices to be robbed of, and no door asks for an SSH key: whoever has only them has none.
        let device =
            |kind: DeviceKind| !matches!(kind, DeviceKind::RecoveryCodes | DeviceKind::Email | DeviceKind::SshKey);
        if bound.devices.iter().any(|one| device(one.kind)) {
            let methods = self.offers(visit, facts, &self.askable(facts));
            return Ok(if methods.is_empty() {
                Protection::Ticket
            } else {
                Protection::Prove(methods)
            });
        }
        self.first_bind(tx, visit, facts, account.id)
    }

    fn first_bind(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        account: crate::ids::AccountId,
    ) -> Result<Protection, FlowError> {
        let ever_bound = devices::rows::ever_bound(tx, account)?;
        let rule = &facts.policy.settings().first_bind;
        if !self.first.is_shown() {
            return Ok(Protection::Ticket);
        }
        if rule.lets(ever_bound, &visit.doorway.source) {
            return Ok(Protection::Given);
        }
        let by_email = rule.asks_email(ever_bound)
            && visit.realm.mail
            && facts.policy.settings().email != EmailUse::Off
            && email::of_account(tx, account)?.is_some();
        Ok(if by_email {
            Protection::Prove(vec![Method::Email])
        } else {
            Protection::Ticket
        })
    }
}
