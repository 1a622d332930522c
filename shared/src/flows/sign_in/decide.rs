//! From the policy's decision to the next step.

use super::super::circumstances::{self, Circumstances, HostView, Standing, Subject};
use super::second_factor::gate;
use super::{Purpose, SignIn, SignInRequest, Stage, record};
use crate::accounts::{LoginName, rows};
use crate::approvals::Cancelling;
use crate::attempts::{self, Gate};
use crate::audit::{self, EventKind};
use crate::devices::{self, LastUse};
use crate::flows::{
    Basis, Binding, FlowError, Grant, Keys, Notice, OnGrant, Prompt, Refusal, RefusalCode, SessionSpan, Step, Visit,
};
use crate::methods::{self, Evidence, Level, Method};
use crate::policy::{Decision, DenyCode, EmailUse};
use crate::source::Door;
use crate::store::Tx;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What the facts come to, before anything is asked or written.
enum Verdict {
    Grant(Basis),
    Ask(Vec<Method>),
    /// One of these has to be bound first.
    Enrol(BTreeSet<Method>),
    /// A user of this host whose account has to begin before the policy can be asked about them.
    Adopt(LoginName),
    Refuse(RefusalCode),
}

struct Looked {
    verdict: Verdict,
    gate: Gate,
    offers_to_remember: i64,
    outlived: bool,
    announcement: Option<String>,
}

impl SignIn {
    /// Decides with what has been proven so far.
    pub(super) fn decide(&mut self, visit: &Visit<'_>, on_grant: OnGrant<'_>) -> Result<Step, FlowError> {
        let mut looked = self.look(visit)?;
        if let Looked {
            verdict: Verdict::Adopt(login),
            ..
        } = &looked
        {
            circumstances::adopt(visit, login)?;
            looked = self.look(visit)?;
        }
        if looked.outlived {
            return self.begin_anew(visit);
        }
        self.offers_to_remember = looked.offers_to_remember;
        self.announcement = looked.announcement.take();
        match (looked.verdict, looked.gate) {
            (Verdict::Refuse(code), _) => self.refuse(visit, code),
            (Verdict::Ask(methods), gate) => {
                // A signature cannot be guessed: a lock leaves keys open (S10).
                let open = |method: &Method| matches!(gate, Gate::Open { .. }) || method.is_fido();
                self.offered = methods.into_iter().filter(open).collect();
                match (self.offered.first().copied(), gate) {
                    (Some(first), _) => self.ask(visit, first, None),
                    // The lock itself stands in the trail; a line for each further try would let a stranger fill the
                    // disk.
                    (None, Gate::Locked { until }) => Ok(self.close(RefusalCode::TooManyAttempts { until })),
                    (None, Gate::Open { .. }) => self.refuse(visit, RefusalCode::NotAtThisDoor),
                }
            }
            (Verdict::Enrol(_), Gate::Locked { until }) => Ok(self.close(RefusalCode::TooManyAttempts { until })),
            (Verdict::Enrol(methods), Gate::Open { .. }) => self.enrol(visit, &methods),
            (Verdict::Grant(basis), _) => match self.offer(visit, basis)? {
                Some(step) => Ok(step),
                None => self.grant(visit, on_grant),
            },
            (Verdict::Adopt(_), _) => self.refuse(visit, RefusalCode::EnrollmentRequired),
        }
    }

    /// Whether what was shown before grants at once, on a proof.
    pub(in crate::flows) fn suffices(visit: &Visit<'_>, request: SignInRequest<'_>) -> Result<bool, FlowError> {
        let mut machine = Self::new(visit, request, Purpose::StepUp, visit.realm.clock.now())?;
        Ok(machine.first_at.is_some() && matches!(machine.look(visit)?.verdict, Verdict::Grant(Basis::Proven)))
    }

    /// One read, where the name service has no say; asked first, it would cost a read of its own to know that.
    fn look(&mut self, visit: &Visit<'_>) -> Result<Looked, FlowError> {
        if self.host.is_none() {
            let unasked = HostView::unasked(visit, &self.typed);
            let looked = visit.realm.store.look(|tx| {
                let facts = self.circumstances(tx, visit, &unasked)?;
                let enough = !facts.miss_the_host(visit.doorway.door);
                enough.then(|| self.looked(tx, visit, &facts)).transpose()
            })?;
            if let Some(looked) = looked {
                self.host = Some(Arc::new(unasked));
                return Ok(looked);
            }
        }
        let host = self.host(visit);
        visit.realm.store.look(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            self.looked(tx, visit, &facts)
        })
    }

    fn looked(&self, tx: &mut Tx<'_>, visit: &Visit<'_>, facts: &Circumstances) -> Result<Looked, FlowError> {
        Ok(Looked {
            gate: gate(tx, visit, facts, visit.realm.clock.now())?,
            verdict: self.verdict(visit, facts),
            offers_to_remember: self.would_remember(facts),
            outlived: self.outlived(facts),
            announcement: facts.policy.settings().announcement.clone(),
        })
    }

    /// The facts as they stand for this machine.
    pub(super) fn circumstances(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        host: &HostView,
    ) -> Result<Circumstances, FlowError> {
        let evidence = self.evidence();
        let standing = Standing {
            first: &self.first,
            evidence: &evidence,
            asked: &self.asked,
            now: visit.realm.clock.now(),
            browser: self.browser.as_ref(),
            in_session: self.purpose == Purpose::StepUp,
            spares: self.may_be_spared(),
        };
        Circumstances::gather(tx, visit, host, &standing)
    }

    /// What this host knows of the typed name, asked once while the machine stays in memory: a directory may be slow.
    pub(super) fn host(&mut self, visit: &Visit<'_>) -> Arc<HostView> {
        let typed = &self.typed;
        Arc::clone(self.host.get_or_insert_with(|| Arc::new(HostView::of(visit, typed))))
    }

    pub(super) fn evidence(&self) -> Vec<Evidence> {
        self.proofs.iter().copied().map(methods::recall).collect()
    }

    fn verdict(&self, visit: &Visit<'_>, facts: &Circumstances) -> Verdict {
        // What everybody has after binding an app: `?` at a terminal, and the links on a page, tell nothing either.
        let decoy = || Verdict::Ask(vec![Method::Totp, Method::RecoveryCode]);
        let asks = matches!(facts.decision, Decision::Challenge { .. } | Decision::MustBind { .. })
            || matches!(facts.decision, Decision::AllowAndNag { .. });
        match &facts.subject {
            // Closed accounts and names that nobody has look like any other until the code turns out wrong.
            Subject::Closed(_) if !asks => return Verdict::Refuse(RefusalCode::AccountClosed),
            Subject::Closed(_) | Subject::Unknown(_) | Subject::Unreadable if asks => return decoy(),
            Subject::HostOnly(login) if asks => return Verdict::Adopt(login.clone()),
            _ => {}
        }
        if let Some(code) = facts.misses_essential(&self.asked) {
            return Verdict::Refuse(code);
        }
        match &facts.decision {
            Decision::Allow { .. } => Verdict::Grant(self.basis(facts)),
            Decision::AllowAndNag { until, .. } => Verdict::Grant(Basis::Grace { until: *until }),
            Decision::Challenge { methods } => Verdict::Ask(self.offers(visit, facts, methods)),
            Decision::MustBind { methods } => Verdict::Enrol(methods.clone()),
            Decision::Deny {
                code: DenyCode::NoMethodReachesLevel,
            } => Verdict::Refuse(RefusalCode::NoMethodReachesLevel),
            Decision::Deny {
                code: DenyCode::DeniedByRule,
            } => Verdict::Refuse(RefusalCode::DeniedByRule),
        }
    }

    /// Of the methods that would do, those that this door can take: keys first, then the app, then paper; e-mail last (R12).
    /// Where keys can only approve from far, what is typed is less trouble and comes before them.
    /// One entry stands for passkeys and security keys: they are asked together.
    /// What was used last comes first of all (R4).
    pub(super) fn offers(&self, visit: &Visit<'_>, facts: &Circumstances, methods: &BTreeSet<Method>) -> Vec<Method> {
        let key = [Method::Passkey, Method::SecurityKey]
            .into_iter()
            .find(|method| methods.contains(method));
        let (here, afar) = if self.takes_keys(visit) {
            (key, None)
        } else {
            (None, key.filter(|_| self.takes_approvals(visit)))
        };
        let typed = |method: Method| methods.contains(&method).then_some(method);
        let order = [here, typed(Method::Totp), afar, typed(Method::RecoveryCode)];
        let mut offers: Vec<Method> = order.into_iter().flatten().collect();
        self.last_used_first(&mut offers, facts.latest);
        // For an emergency somebody has to ask: nobody's login begins with a letter.
        let first = offers.is_empty() && facts.policy.settings().email == EmailUse::Emergency;
        offers.extend(typed(Method::Email).filter(|_| visit.realm.mail && !first));
        offers
    }

    /// The methods whose answers are taken: what would do; and where nothing that is bound would, what shows before a
    /// binding that its owner asks for it. E-mail shows that only where the policy has it protect the first binding.
    pub(super) fn askable(&self, facts: &Circumstances) -> BTreeSet<Method> {
        match &facts.decision {
            Decision::Challenge { methods } => methods.clone(),
            Decision::MustBind { .. } if self.means.binding != Binding::Elsewhere => {
                let shows = |method: &Method| *method != Method::Email && facts.can_be_asked(*method);
                let bound = facts.bound.iter().copied().filter(shows);
                let email = self.is_protected_by_email().then_some(Method::Email);
                bound.chain(email).collect()
            }
            _ => BTreeSet::new(),
        }
    }

    /// Whether a key can answer at this door.
    fn takes_keys(&self, visit: &Visit<'_>) -> bool {
        self.means.keys != Keys::None && visit.realm.relying_party.is_some()
    }

    /// At a shell the first factor is another module's claim: without a proof of our own we were not asked, and say so.
    /// On the web a checked password is a proof of our own.
    fn basis(&self, facts: &Circumstances) -> Basis {
        if let Some(trusted) = super::trusted::basis(&facts.decision) {
            return trusted;
        }
        let ours = self.first_at.is_some() || !self.proofs.is_empty() || facts.is_proven_by_key();
        if ours && facts.requirement.level > Level::None {
            Basis::Proven
        } else {
            Basis::Exempt
        }
    }

    /// Lets in without a further code, in one unit of work.
    fn grant(&mut self, visit: &Visit<'_>, on_grant: OnGrant<'_>) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let evidence = self.evidence();
        let outcome = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            match self.verdict(visit, &facts) {
                Verdict::Grant(basis) => self.granted(tx, visit, &facts, basis, &evidence, on_grant).map(Some),
                // The policy or the account changed since we looked.
                Verdict::Ask(_) | Verdict::Enrol(_) | Verdict::Adopt(_) | Verdict::Refuse(_) => Ok(None),
            }
        })?;
        match outcome {
            Some(Ok(grant)) => Ok(self.let_in(grant)),
            Some(Err(code)) => self.refuse(visit, code),
            None => self.refuse(visit, RefusalCode::OutOfTurn),
        }
    }

    /// Writes down that somebody is let in, together with what the door wants true at the same moment.
    pub(super) fn granted(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        basis: Basis,
        evidence: &[Evidence],
        on_grant: OnGrant<'_>,
    ) -> Result<Result<Grant, RefusalCode>, FlowError> {
        let now = visit.realm.clock.now();
        let Some(login) = facts.subject.login() else {
            return Ok(Err(RefusalCode::OutOfTurn));
        };
        if visit.doorway.door == Door::Web && !super::completion::spend(tx, self.request, now)? {
            return Ok(Err(RefusalCode::AlreadyCompleted));
        }
        if !self.uses_earlier(tx, facts, basis)? {
            return Ok(Err(RefusalCode::OutOfTurn));
        }
        let all = facts.with_key(evidence);
        let (asked, evidence) = (evidence, all.as_slice());
        let grant = Grant {
            request: self.request,
            account: facts.subject.account().map(|account| account.id),
            login: login.clone(),
            basis,
            level: methods::proven_level(&self.first, evidence),
            first: self.first.clone(),
            evidence: evidence.to_vec(),
            first_at: self.first_at,
            auth_time: evidence
                .iter()
                .map(Evidence::at)
                .chain(self.first_at)
                .min()
                .unwrap_or(now),
            remember: self.remembers(facts, basis, evidence),
            session: SessionSpan {
                lasts: facts.requirement.session,
                idle: facts.requirement.idle,
            },
            abnormal: facts.abnormal,
        };
        // A key opens during a lock, but does not lift it: the guesses of others stay counted.
        let by_key = evidence.iter().any(|one| one.key().is_some());
        let locked = by_key && matches!(gate(tx, visit, facts, now)?, Gate::Locked { .. });
        if basis == Basis::Proven && !locked {
            attempts::succeeded(tx, login, &visit.doorway.source, now)?;
        }
        // What sshd saw says nothing about who objected; a key that we asked does.
        if asked.iter().any(|one| one.key().is_some()) {
            self.settle_objection(tx, visit, facts, asked)?;
        }
        if let Some(account) = facts
            .subject
            .account()
            .filter(|account| account.first_sign_in_at.is_none())
        {
            rows::note_sign_in(tx, account.id, now)?;
        }
        for device in evidence
            .iter()
            .filter(|one| one.at() == now)
            .filter_map(Evidence::device)
        {
            let last = LastUse {
                at: now,
                door: visit.doorway.door,
                service: Some(visit.doorway.service.clone()),
                source: visit.doorway.source.to_string(),
            };
            devices::rows::touch_last_used(tx, device, &last)?;
        }
        let kind = match basis {
            Basis::Proven if self.purpose == Purpose::StepUp => EventKind::StepUpGranted,
            Basis::Proven | Basis::Trusted { .. } => EventKind::SignInGranted,
            Basis::Exempt | Basis::Grace { .. } => EventKind::SignInExempt,
        };
        let event = self.event(visit, kind, facts).level(grant.level);
        let event = self.note_trust(tx, visit, facts, &grant, event)?;
        audit::append(tx, &record::proven(event, evidence), now)?;
        on_grant(tx, &grant)?;
        Ok(Ok(grant))
    }

    pub(super) fn let_in(&mut self, grant: Grant) -> Step {
        self.stage = Stage::Closed;
        Step::Granted(Box::new(grant))
    }

    /// Asks for this method. Every question after the password is asked here.
    pub(super) fn ask(&mut self, visit: &Visit<'_>, method: Method, notice: Option<Notice>) -> Result<Step, FlowError> {
        if method.is_fido() && self.takes_keys(visit) {
            self.ask_key(visit, method, notice)
        } else if method.is_fido() {
            self.ask_approval(visit, method, notice)
        } else if method == Method::Email {
            self.ask_email(visit, notice)
        } else {
            Ok(self.ask_code(method, notice))
        }
    }

    pub(super) fn ask_code(&mut self, method: Method, notice: Option<Notice>) -> Step {
        self.stage = Stage::Code(method);
        Step::Ask(Prompt::Code {
            method,
            others: self.others(method),
            notice,
            tries_left: super::MOST_TRIES - self.tries,
            sent: None,
        })
    }

    /// What else is offered.
    pub(super) fn others(&self, method: Method) -> Vec<Method> {
        self.offered.iter().copied().filter(|other| *other != method).collect()
    }

    /// Ends without letting in, with a line in the audit trail.
    pub(super) fn refuse(&mut self, visit: &Visit<'_>, code: RefusalCode) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let now = visit.realm.clock.now();
        visit.realm.store.write(|tx| {
            self.leave_approval(tx, visit, Cancelling::GaveUp)?;
            let facts = self.circumstances(tx, visit, &host)?;
            let event = self.event(visit, EventKind::SignInRefused, &facts).result(code.code());
            audit::append(tx, &event, now)?;
            Ok::<_, FlowError>(())
        })?;
        Ok(self.close(code))
    }

    /// Ends without letting in and without a line: for what strangers could use to fill the trail.
    pub(super) fn close(&mut self, code: RefusalCode) -> Step {
        self.stage = Stage::Closed;
        Step::Refused(Refusal {
            request: self.request,
            code,
        })
    }
}
