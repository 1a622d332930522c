//! An approval from far: opened when it is asked for; collected, and with that spent, in the unit of work that lets in.

use super::super::circumstances::{Circumstances, HostView, Subject};
use super::second_factor::Outcome;
use super::{SignIn, Stage};
use crate::approvals::{self, Busy, Cancelling, Collected, NewApproval, OpenError, Opened};
use crate::audit::{self, EventKind};
use crate::flows::{
    APPROVAL_PAGE, ApprovalPrompt, FlowError, FromAfar, Notice, OnGrant, Prompt, RefusalCode, Step, Visit,
};
use crate::methods::{Evidence, FirstFactor, Method};
use crate::store::Tx;

impl SignIn {
    /// Whether an approval can be asked for here: where there is a page that approves, and of somebody who has shown a
    /// first factor. A stranger learns nothing about who has a passkey, and can open nothing (docs/decisions, 0009).
    pub(super) fn takes_approvals(&self, visit: &Visit<'_>) -> bool {
        let realm = visit.realm;
        self.means.approval.is_some() && self.first.is_shown() && realm.pages.is_some() && realm.relying_party.is_some()
    }

    /// Asks for an approval: opens one, or shows the one that is open once more.
    pub(super) fn ask_approval(
        &mut self,
        visit: &Visit<'_>,
        method: Method,
        notice: Option<Notice>,
    ) -> Result<Step, FlowError> {
        if let (Stage::Approval, Some(prompt)) = (self.stage, &mut self.approval) {
            prompt.notice = notice;
            return Ok(Step::Ask(Prompt::Approval(prompt.clone())));
        }
        let host = self.host(visit);
        let opened = visit.realm.store.write(|tx| self.open_approval(tx, visit, &host))?;
        let (opened, page) = match (opened, &visit.realm.pages) {
            (Some(Ok(opened)), Some(pages)) => (opened, format!("{pages}{APPROVAL_PAGE}")),
            (Some(Err(busy)), _) => return self.ask_instead(visit, busy),
            _ => return self.refuse(visit, RefusalCode::NotAtThisDoor),
        };
        let prompt = Box::new(ApprovalPrompt {
            id: opened.id,
            method,
            page,
            code: opened.code,
            number: opened.number,
            expires_at: opened.expires_at,
            others: self.others(method),
            notice,
        });
        self.stage = Stage::Approval;
        self.approval = Some(prompt.clone());
        Ok(Step::Ask(Prompt::Approval(prompt)))
    }

    /// Opens one; `None` where nothing that is bound could approve.
    fn open_approval(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        host: &HostView,
    ) -> Result<Option<Result<Opened, Busy>>, FlowError> {
        let facts = self.circumstances(tx, visit, host)?;
        let (Subject::Open(account), Some(FromAfar { command, lives })) = (&facts.subject, &self.means.approval) else {
            return Ok(None);
        };
        if facts.fitting_keys().next().is_none() {
            return Ok(None);
        }
        let new = NewApproval {
            account: account.id,
            login: &account.name,
            request: self.request,
            host: visit.doorway.host.as_deref(),
            service: &visit.doorway.service,
            source: &visit.doorway.source,
            key_fingerprint: match &self.first {
                FirstFactor::PublicKey(key) => Some(&key.fingerprint),
                _ => None,
            },
            command: command.as_deref(),
            lives: *lives,
        };
        match approvals::open(tx, visit.realm.entropy.as_ref(), &new, facts.now) {
            Ok(opened) => Ok(Some(Ok(opened))),
            Err(OpenError::Busy(busy)) => Ok(Some(Err(busy))),
            Err(OpenError::Store(error)) => Err(error.into()),
            Err(OpenError::Entropy(error)) => Err(error.into()),
        }
    }

    /// Too many approvals: what else there is, or the end.
    fn ask_instead(&mut self, visit: &Visit<'_>, busy: Busy) -> Result<Step, FlowError> {
        self.offered.retain(|method| !method.is_fido());
        match self.offered.first().copied() {
            Some(other) => self.ask(visit, other, Some(Notice::TooManyApprovals)),
            None => self.refuse(visit, RefusalCode::TooManyApprovals { until: busy.until }),
        }
    }

    /// The person says that it is approved: looks, and lets in by the statement that spends it.
    pub(super) fn collect(&mut self, visit: &Visit<'_>, on_grant: OnGrant<'_>) -> Result<Step, FlowError> {
        let Some(prompt) = self.approval.clone() else {
            return self.refuse(visit, RefusalCode::OutOfTurn);
        };
        let host = self.host(visit);
        let outcome = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let Subject::Open(account) = &facts.subject else {
                // Closed while it waited.
                approvals::cancel(tx, self.request, Cancelling::GaveUp, facts.now)?;
                return self.shut(tx, visit, &facts, RefusalCode::AccountClosed);
            };
            match approvals::collect(tx, prompt.id, self.request, account.id, facts.now)? {
                Collected::Pending => Ok(Outcome::Again(Notice::NotApprovedYet)),
                Collected::Approved(evidence) if still_good(&facts, &evidence) => {
                    let mut all = self.evidence();
                    all.push(evidence);
                    self.opened(tx, visit, &facts, &all, on_grant)
                }
                Collected::Approved(_) => self.shut(tx, visit, &facts, RefusalCode::NoMethodReachesLevel),
                Collected::Denied => self.shut(tx, visit, &facts, RefusalCode::ApprovalDenied),
                Collected::WrongNumber => self.shut(tx, visit, &facts, RefusalCode::ApprovalWrongNumber),
                Collected::Expired => self.shut(tx, visit, &facts, RefusalCode::ApprovalExpired),
                Collected::Cancelled => self.shut(tx, visit, &facts, RefusalCode::ApprovalSuperseded),
            }
        })?;
        match outcome {
            Outcome::Granted(grant) => Ok(self.let_in(*grant)),
            Outcome::Shut(code) => Ok(self.close(code)),
            Outcome::Again(notice) => self.ask_approval(visit, prompt.method, Some(notice)),
            onward @ Outcome::Onward(_) => self.onward(visit, prompt.method, onward, on_grant),
        }
    }

    /// The person would rather prove it in another way.
    pub(super) fn leave_for(&mut self, visit: &Visit<'_>, wanted: Method) -> Result<Step, FlowError> {
        let asked = self.approval.as_ref().map_or(Method::Passkey, |prompt| prompt.method);
        if wanted.is_fido() || !self.offered.contains(&wanted) {
            return self.ask_approval(visit, asked, Some(Notice::NotOffered));
        }
        visit
            .realm
            .store
            .write(|tx| self.leave_approval(tx, visit, Cancelling::OtherMethod))?;
        self.ask(visit, wanted, None)
    }

    /// The end, with a line in the audit trail.
    fn shut(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        code: RefusalCode,
    ) -> Result<Outcome, FlowError> {
        let event = self.event(visit, EventKind::SignInRefused, facts).result(code.code());
        audit::append(tx, &event, facts.now)?;
        Ok(Outcome::Shut(code))
    }

    /// Whatever ends the waiting in another way than by collecting ends the approval: nobody can approve a login that
    /// is not there any more.
    pub(super) fn leave_approval(&self, tx: &mut Tx<'_>, visit: &Visit<'_>, why: Cancelling) -> Result<(), FlowError> {
        if self.stage == Stage::Approval {
            approvals::cancel(tx, self.request, why, visit.realm.clock.now())?;
        }
        Ok(())
    }
}

/// Between the yes and its collection the policy may have changed, or the key been unbound: it must hold at this moment.
fn still_good(facts: &Circumstances, evidence: &Evidence) -> bool {
    let bound = facts.keys.iter().any(|key| evidence.device() == Some(key.device));
    bound && facts.requirement.methods.contains(&evidence.method())
}
