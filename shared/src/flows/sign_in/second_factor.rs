//! The code: checked, spent and counted in one unit of work, together with what it opens.

use super::super::circumstances::{Circumstances, HostView, Subject};
use super::{MOST_TRIES, SignIn, email};
use crate::attempts::{self, Gate};
use crate::audit::{self, EventKind};
use crate::clock::UnixTime;
use crate::devices::totp::Window;
use crate::flows::{Basis, Binding, FlowError, Grant, Notice, OnGrant, RefusalCode, Step, Visit};
use crate::methods::recovery_code::{self, Prepared};
use crate::methods::{self, Checked, Method};
use crate::policy::Decision;
use crate::secrets::{Keyring, SecretText};
use crate::store::Tx;

/// What the unit of work about one answer came to.
pub(super) enum Outcome {
    Granted(Box<Grant>),
    /// Right and spent, and something comes before the grant: a binding.
    Onward(Vec<methods::Evidence>),
    Again(Notice),
    Shut(RefusalCode),
}

impl SignIn {
    /// Takes a typed code of the method that was asked.
    pub(super) fn check_code(
        &mut self,
        visit: &Visit<'_>,
        method: Method,
        typed: &SecretText,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let keyring = visit.realm.keyring()?;
        let paper = match method {
            Method::RecoveryCode => self.match_paper(visit, &host, &keyring, typed)?,
            _ => None,
        };
        let outcome = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            if let Some(shut) = shut(tx, visit, &facts)? {
                return Ok(Outcome::Shut(shut));
            }
            // The moment that the decision is about: proven a second after it, a right code would not count.
            let now = facts.now;
            let checked = match &facts.subject {
                Subject::Open(account) if self.askable(&facts).contains(&method) => match (&method, &paper) {
                    (Method::Totp, _) => {
                        let window = Window::of(facts.policy.settings().totp.skew);
                        methods::totp::check(tx, &keyring, account.id, typed.expose(), window, now)
                    }
                    (Method::RecoveryCode, Some(found)) => recovery_code::spend(tx, found, now),
                    (Method::Email, _) => match self.check_email(tx, &keyring, account.id, typed.expose(), now)? {
                        email::Answered::Checked(checked) => Ok(checked),
                        email::Answered::Over => return Ok(Outcome::Again(Notice::CodeExpired)),
                    },
                    _ => Ok(Checked::Wrong),
                }
                .map_err(|error| FlowError::Method(error.to_string()))?,
                _ => Checked::Wrong,
            };
            match checked {
                Checked::Accepted(evidence) => {
                    if method == Method::RecoveryCode {
                        audit::append(tx, &self.event(visit, EventKind::RecoveryCodeUsed, &facts), now)?;
                    }
                    let mut all = self.evidence();
                    all.push(evidence.clone());
                    let opened = self.opened(tx, visit, &facts, &all, on_grant)?;
                    Self::tell(tx, visit, &facts, &evidence)?;
                    Ok(opened)
                }
                Checked::Wrong => self.counted(tx, visit, &facts, method, Notice::CodeWrong),
                Checked::Replayed => self.counted(tx, visit, &facts, method, Notice::CodeReplayed),
            }
        })?;
        self.onward(visit, method, outcome, on_grant)
    }

    /// The step that follows a right answer that is not the end, or any other.
    pub(super) fn onward(
        &mut self,
        visit: &Visit<'_>,
        method: Method,
        outcome: Outcome,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        match outcome {
            Outcome::Onward(evidence) => {
                self.proofs = evidence.iter().map(methods::Evidence::record).collect();
                self.decide(visit, on_grant)
            }
            other => self.after(visit, method, other),
        }
    }

    /// The step that follows what the unit of work came to.
    pub(super) fn after(&mut self, visit: &Visit<'_>, method: Method, outcome: Outcome) -> Result<Step, FlowError> {
        self.tries += 1;
        let spent = self.tries >= MOST_TRIES;
        Ok(match outcome {
            Outcome::Granted(grant) => self.let_in(*grant),
            Outcome::Shut(code) => self.close(code),
            // Taken by `onward` wherever an answer can be right.
            Outcome::Onward(_) => self.close(RefusalCode::OutOfTurn),
            Outcome::Again(Notice::CodeReplayed) if spent => self.close(RefusalCode::CodeReplayed),
            Outcome::Again(Notice::KeyRefused(error)) if spent => self.close(RefusalCode::KeyRefused(error)),
            Outcome::Again(_) if spent => self.close(RefusalCode::CodeWrong),
            Outcome::Again(notice) => return self.ask(visit, method, Some(notice)),
        })
    }

    /// Offers another method, or the same once more: a key's question is then a fresh one. Passkeys and security keys
    /// are asked together.
    pub(super) fn choose(&mut self, visit: &Visit<'_>, current: Method, wanted: Method) -> Result<Step, FlowError> {
        let together = |offered: &Method| *offered == wanted || (offered.is_fido() && wanted.is_fido());
        match self.offered.iter().copied().find(together) {
            Some(offered) => self.ask(visit, offered, None),
            None => self.ask(visit, current, Some(Notice::NotOffered)),
        }
    }

    /// Compares a typed recovery code. One Argon2, outside the unit of work: it would hold up every other login for as
    /// long as it takes. One at a time per name, so that parallel guesses are counted one by one.
    fn match_paper(
        &self,
        visit: &Visit<'_>,
        host: &HostView,
        keyring: &Keyring,
        typed: &SecretText,
    ) -> Result<Option<Prepared>, FlowError> {
        let _turn = visit.realm.turns.take(&self.typed.to_lowercase());
        let account = visit.realm.store.read(|tx| {
            let facts = self.circumstances(tx, visit, host)?;
            Ok::<_, FlowError>(match (&facts.subject, shut(tx, visit, &facts)?) {
                (Subject::Open(account), None) => Some(account.id),
                _ => None,
            })
        })?;
        let Some(account) = account else { return Ok(None) };
        let realm = visit.realm;
        recovery_code::prepare(&realm.store, keyring, &realm.password_cost, account, typed.expose())
            .map(Some)
            .map_err(|error| FlowError::Method(error.to_string()))
    }

    /// A right answer: decides again with it, and lets in if that is what it takes.
    pub(super) fn opened(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        evidence: &[methods::Evidence],
        on_grant: OnGrant<'_>,
    ) -> Result<Outcome, FlowError> {
        let decision = facts.decision_with(evidence);
        let to_bind = self.means.binding != Binding::Elsewhere && matches!(decision, Decision::MustBind { .. });
        if to_bind || (matches!(decision, Decision::Allow { .. }) && self.goes_on(tx, visit, facts)?) {
            return Ok(Outcome::Onward(evidence.to_vec()));
        }
        if !matches!(decision, Decision::Allow { .. }) {
            // The answer is spent, and still the policy asks for more: a second kind of device, or what nobody can prove.
            let code = match decision {
                Decision::MustBind { .. } => RefusalCode::EnrollmentRequired,
                _ => RefusalCode::NoMethodReachesLevel,
            };
            let event = self.event(visit, EventKind::SignInRefused, facts).result(code.code());
            audit::append(tx, &event, visit.realm.clock.now())?;
            return Ok(Outcome::Shut(code));
        }
        Ok(
            match self.granted(tx, visit, facts, Basis::Proven, evidence, on_grant)? {
                Ok(grant) => Outcome::Granted(Box::new(grant)),
                Err(code) => Outcome::Shut(code),
            },
        )
    }

    /// A wrong or used code: counted and written down.
    fn counted(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        method: Method,
        notice: Notice,
    ) -> Result<Outcome, FlowError> {
        let now = visit.realm.clock.now();
        let (kind, code) = match notice {
            Notice::CodeReplayed => (EventKind::CodeReplayed, RefusalCode::CodeReplayed),
            _ => (EventKind::CodeRefused, RefusalCode::CodeWrong),
        };
        audit::append(
            tx,
            &self.event(visit, kind, facts).result(code.code()).method(method),
            now,
        )?;
        let Some(login) = facts.subject.login() else {
            return Ok(Outcome::Again(notice));
        };
        let gate = attempts::failed(tx, &facts.policy.settings().lockout, login, &visit.doorway.source, now)?;
        if let Gate::Locked { until } = gate {
            audit::append(
                tx,
                &self.event(visit, EventKind::LockedOut, facts).detail("until", until),
                now,
            )?;
            Self::tell_lock(tx, visit, facts, until)?;
            return Ok(Outcome::Shut(RefusalCode::TooManyAttempts { until }));
        }
        Ok(Outcome::Again(notice))
    }
}

/// Whether too many failures came from here already.
pub(super) fn shut(
    tx: &mut Tx<'_>,
    visit: &Visit<'_>,
    facts: &Circumstances,
) -> Result<Option<RefusalCode>, FlowError> {
    Ok(match gate(tx, visit, facts, visit.realm.clock.now())? {
        Gate::Locked { until } => Some(RefusalCode::TooManyAttempts { until }),
        Gate::Open { .. } => None,
    })
}

/// Whether answers are taken from here.
pub(super) fn gate(
    tx: &mut Tx<'_>,
    visit: &Visit<'_>,
    facts: &Circumstances,
    now: UnixTime,
) -> Result<Gate, FlowError> {
    Ok(match facts.subject.login() {
        Some(login) => attempts::gate(tx, &facts.policy.settings().lockout, login, &visit.doorway.source, now)?,
        None => Gate::Open { left: 1 },
    })
}
