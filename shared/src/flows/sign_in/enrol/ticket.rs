//! Tickets on the way in: asked for, looked at, counted where they are wrong; and given out where a terminal can only
//! point to a page.

use super::super::super::circumstances::Subject;
use super::super::SignIn;
use super::At;
use super::protection::Protection;
use crate::attempts::{self, Gate};
use crate::audit::{self, Actor, EventKind};
use crate::flows::{
    BindTrouble, EnrolPrompt, EnrolStep, FlowError, GoTo, Notice, Prompt, RefusalCode, Step, Visit, Why,
};
use crate::ids::{AccountId, TicketId};
use crate::methods::Method;
use crate::secrets::SecretText;
use crate::store::Tx;
use crate::tickets::{self, NewTicket, TicketError};

/// What looking at a ticket came to.
enum Looked {
    Good(TicketId),
    Wrong,
    Shut(RefusalCode),
}

impl SignIn {
    /// Asks for a ticket; what a link brought is tried first.
    pub(super) fn ask_ticket(&mut self, visit: &Visit<'_>, why: Why, methods: Vec<Method>) -> Result<Step, FlowError> {
        let enrolment = self.enrolment_mut();
        enrolment.why = Some(why);
        enrolment.methods = methods;
        match enrolment.brought.take() {
            Some(brought) => self.check_ticket(visit, brought.text()),
            None => Ok(self.ask_enrol(At::Ticket, None)),
        }
    }

    /// The ticket that a link brought, if it is a good one of this account.
    pub(super) fn brought(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        account: AccountId,
    ) -> Result<Option<TicketId>, FlowError> {
        let brought = self.enrolment.as_ref().and_then(|enrolment| enrolment.brought.as_ref());
        let Some(brought) = brought else { return Ok(None) };
        let keyring = visit.realm.keyring()?;
        let now = visit.realm.clock.now();
        Ok(tickets::find(tx, &keyring, account, brought.text().expose(), now)?)
    }

    /// Looks at what was shown. It is spent by the binding, not here: who closes the page can come again.
    pub(super) fn check_ticket(&mut self, visit: &Visit<'_>, shown: &SecretText) -> Result<Step, FlowError> {
        let keyring = visit.realm.keyring()?;
        let host = self.host(visit);
        let looked = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let now = facts.now;
            let (Subject::Open(account), Some(login)) = (&facts.subject, facts.subject.login()) else {
                return Ok(Looked::Wrong);
            };
            let lockout = &facts.policy.settings().lockout;
            if let Gate::Locked { until } = attempts::gate(tx, lockout, login, &visit.doorway.source, now)? {
                return Ok(Looked::Shut(RefusalCode::TooManyAttempts { until }));
            }
            if let Some(ticket) = tickets::find(tx, &keyring, account.id, shown.expose(), now)? {
                return Ok(Looked::Good(ticket));
            }
            let event = self.event(visit, EventKind::TicketRefused, &facts);
            audit::append(tx, &event.result(BindTrouble::TicketWrong.code()), now)?;
            Ok::<_, FlowError>(
                match attempts::failed(tx, lockout, login, &visit.doorway.source, now)? {
                    Gate::Locked { until } => Looked::Shut(RefusalCode::TooManyAttempts { until }),
                    Gate::Open { .. } => Looked::Wrong,
                },
            )
        })?;
        match looked {
            Looked::Good(ticket) => {
                let enrolment = self.enrolment_mut();
                enrolment.ticket = Some(ticket);
                let (why, methods) = (enrolment.why.unwrap_or(Why::Required), enrolment.methods.clone());
                self.choose_binding(visit, why, methods, None)
            }
            Looked::Wrong => Ok(self.ask_enrol(At::Ticket, Some(Notice::Binding(BindTrouble::TicketWrong)))),
            Looked::Shut(code) => Ok(self.close(code)),
        }
    }

    /// Nothing is bound in this terminal: says where it can be, with a ticket if this person could have bound here. Who
    /// needs an administrator's ticket does not get one from us.
    pub(super) fn go_to_page(&mut self, visit: &Visit<'_>, protection: &Protection) -> Result<Step, FlowError> {
        let (Protection::Given, Some(pages)) = (protection, &visit.realm.pages) else {
            let ticket = matches!(protection, Protection::Ticket);
            let needed = if ticket {
                RefusalCode::EnrollmentTicketRequired
            } else {
                RefusalCode::EnrollmentRequired
            };
            return self.refuse(visit, needed);
        };
        let (keyring, host) = (visit.realm.keyring()?, self.host(visit));
        let issued = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            match (&facts.subject, self.protection(tx, visit, &facts)?) {
                (Subject::Open(account), Protection::Given) => {
                    let new = NewTicket {
                        account: account.id,
                        by: &Actor::Account(account.name.to_string()),
                        lives: tickets::LIVES_BETWEEN_DOORS,
                    };
                    Self::issued(tx, visit, &keyring, &new).map(Some)
                }
                _ => Ok::<_, FlowError>(None),
            }
        })?;
        let Some(ticket) = issued else {
            return self.refuse(visit, RefusalCode::EnrollmentRequired);
        };
        self.stage = super::Stage::Enrol(At::GoTo);
        let go = GoTo {
            page: format!("{pages}{}", tickets::PAGE),
            code: ticket.code.clone(),
            expires_at: ticket.expires_at,
        };
        Ok(Step::Ask(Prompt::Enrol(Box::new(EnrolPrompt {
            step: EnrolStep::GoTo(Box::new(go)),
            notice: None,
        }))))
    }

    fn issued(
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        keyring: &crate::secrets::Keyring,
        new: &NewTicket<'_>,
    ) -> Result<tickets::Ticket, FlowError> {
        let realm = visit.realm;
        tickets::issue(tx, realm.entropy.as_ref(), keyring, new, realm.clock.now()).map_err(|error| match error {
            TicketError::Store(error) => error.into(),
            TicketError::Entropy(error) => error.into(),
            TicketError::NoAccount => FlowError::Method(error.to_string()),
        })
    }
}
