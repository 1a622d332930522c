//! The code by e-mail: sent when it is asked for, in the unit of work that draws it; offered last, and only where the
//! settings and the requirement let it count (Q4, R12, R63, R64).

use super::super::circumstances::{Circumstances, HostView, Subject};
use super::{SignIn, Stage};
use crate::attempts::Gate;
use crate::audit::{self, EventKind};
use crate::clock::UnixTime;
use crate::devices::email::{self, SecurityEmail};
use crate::flows::{FlowError, Notice, Prompt, RefusalCode, Step, Visit};
use crate::ids::AccountId;
use crate::methods::email_code::{self, Bond, Drawn, Found, Purpose};
use crate::methods::{Checked, Evidence, Method};
use crate::objections;
use crate::outbox::{self, Letter, LetterKind};
use crate::policy::EmailUse;
use crate::secrets::Keyring;
use crate::store::Tx;
use serde::{Deserialize, Serialize};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// Where a code went, for the page or the terminal (M14).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SentCode {
    /// The address, masked.
    pub to: String,
    /// When the code is void.
    pub until: UnixTime,
}

impl SentCode {
    /// Whole minutes for which the code is still good; at least one, until it is void.
    pub fn minutes_left(&self, now: UnixTime) -> i64 {
        (self.until.saturating_sub(now).max(0) + 59).div_euclid(60)
    }
}

/// What the unit of work about a code to be sent came to.
enum Sending {
    Sent(SentCode),
    NotYet,
    Shut(RefusalCode),
    Impossible,
}

/// A typed e-mailed code, checked.
pub(super) enum Answered {
    Checked(Checked),
    Over,
}

impl SignIn {
    /// Asks for an e-mailed code. Without a notice a code is wanted, so one is sent; with one, the page shows again.
    pub(super) fn ask_email(&mut self, visit: &Visit<'_>, notice: Option<Notice>) -> Result<Step, FlowError> {
        if notice.is_some() && self.sent.is_some() {
            return Ok(self.ask_for_sent(notice));
        }
        let host = self.host(visit);
        let keyring = visit.realm.keyring()?;
        let sending = visit.realm.store.write(|tx| self.send(tx, visit, &host, &keyring))?;
        match sending {
            Sending::Sent(sent) => {
                self.sent = Some(sent);
                Ok(self.ask_for_sent(Some(Notice::CodeSent)))
            }
            // Of this very sign-in: the page says where the code before went.
            Sending::NotYet if self.sent.is_some() => Ok(self.ask_for_sent(Some(Notice::CodeNotYet))),
            Sending::NotYet | Sending::Impossible => self.ask_rather(visit),
            Sending::Shut(code) => Ok(self.close(code)),
        }
    }

    /// Another method in the place of e-mail, or the end.
    fn ask_rather(&mut self, visit: &Visit<'_>) -> Result<Step, FlowError> {
        match self.offered.iter().copied().find(|method| *method != Method::Email) {
            Some(other) => self.ask(visit, other, Some(Notice::CodeNotYet)),
            None => self.refuse(visit, RefusalCode::TooManyCodes),
        }
    }

    fn ask_for_sent(&mut self, notice: Option<Notice>) -> Step {
        self.stage = Stage::Code(Method::Email);
        Step::Ask(Prompt::Code {
            method: Method::Email,
            others: self.others(Method::Email),
            notice,
            tries_left: super::MOST_TRIES.saturating_sub(self.tries),
            sent: self.sent.clone(),
        })
    }

    fn send(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        host: &HostView,
        keyring: &Keyring,
    ) -> Result<Sending, FlowError> {
        let facts = self.circumstances(tx, visit, host)?;
        if let Some(code) = super::second_factor::shut(tx, visit, &facts)? {
            return Ok(Sending::Shut(code));
        }
        let Subject::Open(account) = &facts.subject else {
            return Ok(Sending::Impossible);
        };
        let Some(SecurityEmail { address, .. }) = email::of_account(tx, account.id)? else {
            return Ok(Sending::Impossible);
        };
        if !visit.realm.mail || !self.askable(&facts).contains(&Method::Email) {
            return Ok(Sending::Impossible);
        }
        let (realm, now) = (visit.realm, facts.now);
        let binding = self.request.to_string();
        let bond = bond(account.id, &binding);
        let rule = &facts.policy.settings().email_code;
        let drawn = email_code::draw(tx, keyring, realm.entropy.as_ref(), &bond, &address, rule, now)
            .map_err(|error| FlowError::Method(error.to_string()))?;
        let Drawn::Code { code, until } = drawn else {
            return Ok(Sending::NotYet);
        };
        let letter = Letter {
            account: account.id,
            kind: LetterKind::Code {
                code: code.expose().clone(),
                until,
            },
            source: Some(&visit.doorway.source),
        };
        outbox::write_to(tx, realm, &address, &letter, now)?;
        let event = self
            .event(visit, EventKind::EmailCodeSent, &facts)
            .method(Method::Email);
        audit::append(tx, &event, now)?;
        Ok(Sending::Sent(SentCode {
            to: address.masked(),
            until,
        }))
    }

    /// Checks a typed code in the caller's unit, and spends it if it is right.
    pub(super) fn check_email(
        &self,
        tx: &mut Tx<'_>,
        keyring: &Keyring,
        account: AccountId,
        typed: &str,
        now: UnixTime,
    ) -> Result<Answered, FlowError> {
        let Some(SecurityEmail { device, address }) = email::of_account(tx, account)? else {
            return Ok(Answered::Over);
        };
        let binding = self.request.to_string();
        let bond = bond(account, &binding);
        let found = email_code::check(tx, keyring, &bond, (device, &address), typed, now)
            .map_err(|error| FlowError::Method(error.to_string()))?;
        Ok(match found {
            Ok(evidence) => Answered::Checked(Checked::Accepted(evidence)),
            Err(Found::Used) => Answered::Checked(Checked::Replayed),
            Err(Found::Over) => Answered::Over,
            Err(Found::Wrong { .. } | Found::Right) => Answered::Checked(Checked::Wrong),
        })
    }

    /// What a second factor brings along that its person should hear of at every address.
    pub(super) fn tell(
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        evidence: &Evidence,
    ) -> Result<(), FlowError> {
        let Subject::Open(account) = &facts.subject else {
            return Ok(());
        };
        let kind = match evidence.method() {
            Method::Email if facts.policy.settings().email == EmailUse::Emergency => LetterKind::EmergencySignIn,
            Method::RecoveryCode => LetterKind::RecoveryCodeUsed {
                left: crate::devices::rows::bound(tx, account.id)?.recovery_left,
            },
            _ => return Ok(()),
        };
        let letter = Letter {
            account: account.id,
            kind,
            source: Some(&visit.doorway.source),
        };
        outbox::write(tx, visit.realm, &letter, facts.now)
    }

    /// Tells the person that somebody, or they themselves, answered wrong too often: once a day, however often it happens.
    pub(super) fn tell_lock(
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        until: UnixTime,
    ) -> Result<(), FlowError> {
        let Subject::Open(account) = &facts.subject else {
            return Ok(());
        };
        let kind = LetterKind::LockedOut {
            until: Some(until).filter(|until| *until != Gate::NEVER),
        };
        if objections::offered_since(tx, account.id, kind.word(), facts.now - DAY)? {
            return Ok(());
        }
        let letter = Letter {
            account: account.id,
            kind,
            source: Some(&visit.doorway.source),
        };
        outbox::write(tx, visit.realm, &letter, facts.now)
    }

    /// A key that was bound before what its person disputed lifts the hold on their changes.
    pub(super) fn settle_objection(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        evidence: &[Evidence],
    ) -> Result<(), FlowError> {
        let Subject::Open(account) = &facts.subject else {
            return Ok(());
        };
        if objections::release_by(tx, account.id, evidence, facts.now)? {
            let event = self.event(visit, EventKind::ObjectionSettled, facts);
            audit::append(tx, &event, facts.now)?;
        }
        Ok(())
    }
}

fn bond(account: AccountId, binding: &str) -> Bond<'_> {
    Bond {
        account,
        purpose: Purpose::SignIn,
        binding,
    }
}
