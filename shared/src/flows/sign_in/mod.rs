//! State machine: first factor known or asked, second factor asked, verified, decided.

mod approval;
mod completion;
mod decide;
mod email;
mod enrol;
mod first_factor;
mod key;
mod passkey;
mod record;
mod second_factor;
mod trusted;

use super::circumstances::HostView;
use super::{Answer, ApprovalPrompt, FlowError, Means, Notice, OnGrant, RefusalCode, Step, SystemVerdict, Visit};
use crate::clock::UnixTime;
use crate::ids::{ChallengeId, RequestId};
use crate::methods::{Evidence, EvidenceRecord, FirstFactor, Level, Method};
use crate::trust::Browser;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub(crate) use completion::SCHEMA;
pub use email::SentCode;

/// Wrong answers that one machine takes; the throttle counts across machines.
const MOST_TRIES: u8 = 3;

/// How often a key may fail to answer in one machine.
const MOST_STUMBLES: u8 = 10;

/// Seconds that one sign-in may take from its start to its end.
const LIFETIME: i64 = 15 * 60;

/// 2026-01-01: a clock before the product existed is a clock that lost its battery. Codes checked against it would be
/// codes that somebody could have seen long ago (S9).
const EARLIEST_PLAUSIBLE: UnixTime = 1_767_225_600;

/// Who asks to be let in, and what for.
#[derive(Debug)]
pub struct SignInRequest<'a> {
    /// The name as typed.
    pub login: &'a str,
    /// Who checks the first factor.
    pub first: FirstFactorCheck,
    /// What this person has proven earlier in the same browser session.
    pub prior: Option<Prior>,
    /// What the caller asks beyond the policy.
    pub asked: Asked,
    /// What the door can do.
    pub means: Means,
    /// What the browser shows of earlier sign-ins; `None` where there is no browser.
    pub browser: Option<Browser>,
}

/// Who checks the first factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirstFactorCheck {
    /// The PAM stack does, before or after us, and this is what it told.
    Done(FirstFactor),
    /// This machine does.
    Ask(PasswordSource),
}

/// What a browser session has shown before, as its row in the store tells.
#[derive(Debug, Clone)]
pub struct Prior {
    /// What it began with: a password, or a passkey alone.
    pub first: FirstFactor,
    /// When that was right.
    pub first_at: UnixTime,
    /// The second factors.
    pub evidence: Vec<Evidence>,
}

/// Where passwords are checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PasswordSource {
    /// Against the hash in the store.
    Store,
    /// By the host's own PAM stack; the door answers with [`Answer::SystemPassword`].
    System,
}

/// What a web app asks beyond the policy; the default asks nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// At least this level.
    pub level: Option<Level>,
    /// Whether to refuse rather than go on below that level.
    pub essential: bool,
    /// Everything must have been proven within so many seconds (OpenID Connect `max_age`).
    pub max_age: Option<i64>,
    /// Everything must be proven anew (`prompt=login`).
    pub fresh: bool,
}

/// What the proof is for: the same checks, another line in the trail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Purpose {
    SignIn,
    StepUp,
}

/// What the machine waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Stage {
    Password,
    Code(Method),
    Key { method: Method, challenge: ChallengeId },
    Approval,
    Enrol(enrol::At),
    Closed,
}

/// Whether a passkey is to be the whole proof, and whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Alone {
    /// No: it is a second factor.
    No,
    /// Anybody's: the key tells.
    Anybody,
    /// The person's who is signed in already.
    Named,
}

/// One sign-in in progress. It can be sealed into a cookie between two answers, and into nothing that others can write.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SignIn {
    request: RequestId,
    purpose: Purpose,
    started_at: UnixTime,
    typed: String,
    passwords: Option<PasswordSource>,
    first: FirstFactor,
    first_at: Option<UnixTime>,
    proofs: Vec<EvidenceRecord>,
    asked: Asked,
    means: Means,
    stage: Stage,
    alone: Alone,
    offered: Vec<Method>,
    tries: u8,
    /// How often a key did not answer at all: no guess, and yet not for ever.
    stumbles: u8,
    /// What the browser shows of earlier sign-ins.
    browser: Option<Browser>,
    /// For how long the policy would remember this browser after the proof that is asked now; 0 where it would not.
    offers_to_remember: i64,
    /// Whether the person ticked that it should.
    remember: bool,
    /// What the operator announces to whoever is asked something (R106). A page reads it anew.
    #[serde(skip)]
    announcement: Option<String>,
    /// Where an e-mailed code went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    sent: Option<SentCode>,
    /// Whether this very machine asked the password: who comes with a session is not told the same again.
    #[serde(default)]
    asked_here: bool,
    /// What is bound on the way in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    enrolment: Option<Box<enrol::Enrolment>>,
    /// The approval that is waited for. Only a terminal waits, and its machine stays in memory.
    #[serde(skip)]
    approval: Option<Box<ApprovalPrompt>>,
    #[serde(skip)]
    host: Option<Arc<HostView>>,
}

impl SignIn {
    /// Begins: decides at once where nothing needs to be asked.
    pub fn start(
        visit: &Visit<'_>,
        request: SignInRequest<'_>,
        on_grant: OnGrant<'_>,
    ) -> Result<(Self, Step), FlowError> {
        Self::begin(visit, request, Purpose::SignIn, on_grant)
    }

    pub(super) fn begin(
        visit: &Visit<'_>,
        request: SignInRequest<'_>,
        purpose: Purpose,
        on_grant: OnGrant<'_>,
    ) -> Result<(Self, Step), FlowError> {
        let now = visit.realm.clock.now();
        let mut sign_in = Self::new(visit, request, purpose, now)?;
        if now < EARLIEST_PLAUSIBLE {
            let step = sign_in.close(RefusalCode::ClockUnsynchronised);
            return Ok((sign_in, step));
        }
        let step = if sign_in.passwords.is_none() || sign_in.first_at.is_some() {
            sign_in.decide(visit, on_grant)?
        } else {
            sign_in.ask_password(visit)?
        };
        Ok((sign_in, step))
    }

    fn new(visit: &Visit<'_>, request: SignInRequest<'_>, purpose: Purpose, now: UnixTime) -> Result<Self, FlowError> {
        let (first, passwords) = match request.first {
            FirstFactorCheck::Done(claim) => (claim, None),
            FirstFactorCheck::Ask(source) => (FirstFactor::None, Some(source)),
        };
        let mut sign_in = Self {
            request: RequestId::draw(visit.realm.entropy.as_ref())?,
            purpose,
            started_at: now,
            typed: request.login.chars().take(256).collect(),
            passwords,
            first,
            first_at: None,
            proofs: Vec::new(),
            asked: request.asked,
            means: request.means,
            stage: Stage::Closed,
            alone: Alone::No,
            offered: Vec::new(),
            tries: 0,
            stumbles: 0,
            browser: request.browser,
            offers_to_remember: 0,
            remember: false,
            announcement: None,
            sent: None,
            asked_here: false,
            enrolment: None,
            approval: None,
            host: None,
        };
        if let Some(prior) = &request.prior {
            sign_in.take_over(prior, now);
        }
        Ok(sign_in)
    }

    /// What of an earlier proof still counts. A second factor without its first is worth nothing: both are asked anew.
    fn take_over(&mut self, prior: &Prior, now: UnixTime) {
        let most = self.asked.max_age.unwrap_or(i64::MAX);
        // A proof from the future was made by a clock that has since been set back: worth nothing (S9).
        let counts = |at: UnixTime| (0..=most).contains(&now.saturating_sub(at));
        if self.asked.fresh || self.passwords.is_none() || !counts(prior.first_at) {
            return;
        }
        self.first = prior.first.clone();
        self.first_at = Some(prior.first_at);
        self.proofs = prior
            .evidence
            .iter()
            .filter(|one| counts(one.at()))
            .map(Evidence::record)
            .collect();
    }

    /// Joins log, audit and pages.
    pub fn request(&self) -> RequestId {
        self.request
    }

    /// The name as it was typed (cut at 256 characters); only for showing it again.
    pub fn typed(&self) -> &str {
        &self.typed
    }

    /// sshd answered for the person. Neither counted nor written down: it makes one up for every bot that tries root.
    /// Asked again as often as anybody, so that nobody learns from the prompts which names sshd would let in.
    fn stand_in(&mut self, stage: Stage) -> Step {
        self.tries += 1;
        match stage {
            Stage::Code(method) if self.tries < MOST_TRIES => self.ask_code(method, Some(Notice::CodeWrong)),
            _ => self.close(RefusalCode::FakeAnswer),
        }
    }

    /// Takes an answer to what was asked last.
    pub fn answer(&mut self, visit: &Visit<'_>, answer: Answer, on_grant: OnGrant<'_>) -> Result<Step, FlowError> {
        let now = visit.realm.clock.now();
        if !(0..=LIFETIME).contains(&(now - self.started_at)) {
            return self.refuse(visit, RefusalCode::Expired);
        }
        match (self.stage, answer) {
            (Stage::Closed, _) => Ok(self.close(RefusalCode::OutOfTurn)),
            (_, Answer::GiveUp) => self.refuse(visit, RefusalCode::GaveUp),
            // Opened for somebody who has shown a first factor, and yet sshd answers for them: ended and written down.
            (Stage::Enrol(at), answer) => self.take_enrol(visit, at, answer, on_grant),
            (Stage::Approval, Answer::Fake) => self.refuse(visit, RefusalCode::FakeAnswer),
            (stage, Answer::Fake) => Ok(self.stand_in(stage)),
            (Stage::Password, Answer::Password(typed)) if self.passwords == Some(PasswordSource::Store) => {
                self.check_password(visit, &typed, on_grant)
            }
            (Stage::Password, Answer::SystemPassword(verdict)) if self.passwords == Some(PasswordSource::System) => {
                self.after_password(visit, verdict == SystemVerdict::Right, on_grant)
            }
            (Stage::Code(method), Answer::Code(typed)) => self.check_code(visit, method, &typed, on_grant),
            (Stage::Key { method, challenge }, answer) => {
                let pending = key::Pending { method, challenge };
                self.take_key(visit, pending, answer, on_grant)
            }
            (Stage::Code(current), Answer::Choose(wanted)) => self.choose(visit, current, wanted),
            (Stage::Approval, Answer::Approved) => self.collect(visit, on_grant),
            (Stage::Approval, Answer::Choose(wanted)) => self.leave_for(visit, wanted),
            _ => self.refuse(visit, RefusalCode::OutOfTurn),
        }
    }
}
