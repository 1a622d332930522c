//! A passkey or security key: asked with a challenge of its own, checked, spent and written down in one unit of work,
//! together with what it opens.

use super::super::circumstances::{Circumstances, HostView, Subject};
use super::second_factor::Outcome;
use super::{Alone, MOST_STUMBLES, MOST_TRIES, Purpose, SignIn, Stage};
use crate::audit::{self, EventKind};
use crate::challenges::{self, NewChallenge, Spent};
use crate::devices::fido::{self, Credential};
use crate::devices::{DeviceError, DeviceKind};
use crate::flows::{
    Allowed, Answer, FlowError, KeyAsk, KeyPrompt, KeyTrouble, Keys, Notice, OnGrant, Prompt, RefusalCode, Step,
    UserVerification, Visit,
};
use crate::ids::ChallengeId;
use crate::methods::fido::{Assertion, KeyChecked, KeyError, LocalBinding, Scene, Terms, accept};
use crate::methods::{FirstFactor, Method, MethodError};
use crate::policy::Decision;
use crate::store::Tx;
use std::collections::BTreeSet;

/// A question that waits for its answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pending {
    pub(super) method: Method,
    pub(super) challenge: ChallengeId,
}

impl SignIn {
    /// Asks for a key, with a fresh challenge; the one asked before is void from the same moment.
    pub(super) fn ask_key(
        &mut self,
        visit: &Visit<'_>,
        method: Method,
        notice: Option<Notice>,
    ) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let asked = visit.realm.store.write(|tx| {
            if let Stage::Key { challenge, .. } = self.stage {
                challenges::withdraw(tx, challenge)?;
            }
            self.question(tx, visit, &host)
        })?;
        let Some(ask) = asked else {
            return self.refuse(visit, RefusalCode::NotAtThisDoor);
        };
        self.stage = Stage::Key {
            method,
            challenge: ask.challenge_id,
        };
        Ok(Step::Ask(Prompt::Key(Box::new(KeyPrompt {
            method,
            ask,
            others: self.others(method),
            notice,
            tries_left: MOST_TRIES - self.tries,
        }))))
    }

    /// What the key is to sign; `None` where nothing that is bound can be asked here.
    fn question(&self, tx: &mut Tx<'_>, visit: &Visit<'_>, host: &HostView) -> Result<Option<KeyAsk>, FlowError> {
        let facts = self.circumstances(tx, visit, host)?;
        let (Some(party), true) = (&visit.realm.relying_party, self.means.keys != Keys::None) else {
            return Ok(None);
        };
        let keys: Vec<&Credential> = match (self.alone, &facts.subject) {
            (Alone::Anybody, _) => Vec::new(),
            (Alone::Named, Subject::Open(_)) => facts
                .keys
                .iter()
                .filter(|key| key.kind == DeviceKind::Passkey)
                .collect(),
            (Alone::No, Subject::Open(_)) => self.askable_keys(&facts).collect(),
            _ => return Ok(None),
        };
        if keys.is_empty() && self.alone != Alone::Anybody {
            return Ok(None);
        }
        let new = NewChallenge {
            purpose: self.challenge_purpose(),
            account: facts.subject.account().map(|account| account.id),
            binding: &self.request.to_string(),
            state: None,
            lives: challenges::LIVES,
        };
        let challenge = challenges::issue(tx, visit.realm.entropy.as_ref(), &new, facts.now)?;
        Ok(Some(KeyAsk {
            challenge_id: challenge.id,
            challenge: challenge.bytes.to_vec(),
            rp_id: party.id.clone(),
            allow: keys.into_iter().map(Allowed::from).collect(),
            user_verification: self.verification(),
            local: self.local_binding(visit, &facts),
        }))
    }

    /// After a password a touch is the second factor. A passkey alone is two only if it checks its person (Q9); where a
    /// shell's first factor is not known, it is at least asked to.
    fn verification(&self) -> UserVerification {
        match self.first {
            _ if self.alone != Alone::No => UserVerification::Required,
            FirstFactor::Passkey => UserVerification::Required,
            FirstFactor::None | FirstFactor::Unreadable => UserVerification::Preferred,
            FirstFactor::Password | FirstFactor::PublicKey(_) => UserVerification::Discouraged,
        }
    }

    fn challenge_purpose(&self) -> challenges::Purpose {
        match (&self.means.keys, self.purpose) {
            (Keys::Local { .. }, _) => challenges::Purpose::Local,
            (_, Purpose::StepUp) => challenges::Purpose::StepUp,
            (_, Purpose::SignIn) => challenges::Purpose::SignIn,
        }
    }

    fn local_binding(&self, visit: &Visit<'_>, facts: &Circumstances) -> Option<LocalBinding> {
        let Keys::Local { host } = &self.means.keys else {
            return None;
        };
        Some(LocalBinding {
            host: host.clone(),
            service: visit.doorway.service.clone(),
            user: facts.subject.login().map(ToString::to_string).unwrap_or_default(),
        })
    }

    /// Takes an answer while a key is asked for.
    pub(super) fn take_key(
        &mut self,
        visit: &Visit<'_>,
        pending: Pending,
        answer: Answer,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let ours = matches!(self.means.keys, Keys::Local { .. });
        match answer {
            Answer::Key(assertion) => self.check_key(visit, pending, &assertion, false, on_grant),
            Answer::KeyWithPin(assertion) => self.check_key(visit, pending, &assertion, ours, on_grant),
            Answer::KeyRefused(error) => self.refused_by_door(visit, pending, error),
            Answer::KeyFailed(trouble) => self.stumbled(visit, pending, trouble),
            Answer::Choose(wanted) => self.choose(visit, pending.method, wanted),
            _ => self.refuse(visit, RefusalCode::OutOfTurn),
        }
    }

    fn check_key(
        &mut self,
        visit: &Visit<'_>,
        pending: Pending,
        assertion: &Assertion,
        pin: bool,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        if self.alone != Alone::No {
            self.suppose(visit, assertion)?;
        }
        let host = self.host(visit);
        let outcome = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let checked = match self.spend(tx, pending, &facts)? {
                Some(spent) => self.judge(tx, visit, &facts, &spent, assertion, pin)?,
                None => KeyChecked::Refused(KeyError::ChallengeSpent, None),
            };
            match checked {
                KeyChecked::Refused(error, credential) => {
                    self.written_down(tx, visit, &facts, pending, error, credential.as_deref())
                }
                KeyChecked::Accepted(evidence, credential) => {
                    self.retire_replaced(tx, visit, &facts, &credential)?;
                    let mut all = self.evidence();
                    all.push(evidence);
                    match self.alone {
                        Alone::No => self.opened(tx, visit, &facts, &all, on_grant),
                        Alone::Anybody | Alone::Named => self.opened_alone(tx, visit, &facts, &all, on_grant),
                    }
                }
            }
        })?;
        if self.alone != Alone::No && !matches!(outcome, Outcome::Granted(_)) {
            self.forget_supposed();
        }
        self.onward(visit, pending.method, outcome, on_grant)
    }

    fn spend(&self, tx: &mut Tx<'_>, pending: Pending, facts: &Circumstances) -> Result<Option<Spent>, FlowError> {
        let (purpose, binding) = (self.challenge_purpose(), self.request.to_string());
        Ok(challenges::spend(tx, pending.challenge, purpose, &binding, facts.now)?)
    }

    /// The assertion against everything that it has to be bound to: challenge, place, account, and what the policy takes.
    fn judge(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        spent: &Spent,
        assertion: &Assertion,
        pin: bool,
    ) -> Result<KeyChecked, FlowError> {
        let refused = |error| Ok(KeyChecked::Refused(error, None));
        let Some(party) = &visit.realm.relying_party else {
            return refused(KeyError::WrongRpId);
        };
        let account = match (self.alone, &facts.subject) {
            (Alone::Anybody, _) => None,
            (_, Subject::Open(account)) if spent.account == Some(account.id) => Some(account.id),
            _ => return refused(KeyError::OtherAccount),
        };
        let named = |key: &Credential| key.credential_id == assertion.credential_id;
        let own = facts.keys.iter().find(|key| named(key));
        if let (Alone::No, Some(own)) = (self.alone, own)
            && !self.askable_keys(facts).any(named)
        {
            return Ok(KeyChecked::Refused(KeyError::NotThisKind, Some(Box::new(own.clone()))));
        }
        let (local, origins) = (self.local_binding(visit, facts), party.all_origins());
        let terms = Terms {
            rp_id: &party.id,
            challenge: &spent.bytes,
            scene: match &local {
                Some(binding) => Scene::Local(binding),
                None => Scene::Web { origins: &origins },
            },
            methods: &self.accepted(facts),
            user_verification: self.verification() == UserVerification::Required,
            pin,
        };
        accept(tx, account, assertion, &terms, facts.now).map_err(|error| match error {
            MethodError::Store(error) => error.into(),
            other => FlowError::Method(other.to_string()),
        })
    }

    /// The keys whose answers are taken: see [`Self::askable`].
    fn askable_keys<'a>(&self, facts: &'a Circumstances) -> impl Iterator<Item = &'a Credential> + use<'a> {
        let fitting = matches!(facts.decision, Decision::Challenge { .. });
        let any = if fitting { BTreeSet::new() } else { self.askable(facts) };
        let fits: BTreeSet<_> = facts.fitting_keys().filter(|_| fitting).map(|key| key.device).collect();
        facts
            .keys
            .iter()
            .filter(move |key| fits.contains(&key.device) || any.contains(&key.kind.method()))
    }

    fn accepted(&self, facts: &Circumstances) -> BTreeSet<Method> {
        if self.alone == Alone::No {
            return self.askable(facts);
        }
        let passkey = |method: &&Method| **method == Method::Passkey;
        facts.requirement.methods.iter().filter(passkey).copied().collect()
    }

    /// An upgraded key has signed once: the old one goes (R75, Q18).
    fn retire_replaced(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        credential: &Credential,
    ) -> Result<(), FlowError> {
        let gone = fido::settle_replacement(tx, credential, facts.now).map_err(|error| match error {
            DeviceError::Store(error) => error.into(),
            other => FlowError::Method(other.to_string()),
        })?;
        if let Some(old) = gone {
            let event = self.event(visit, EventKind::DeviceUnbound, facts).method(old.kind);
            let event = event
                .detail("device", old.id)
                .detail("name", old.name)
                .detail("replaced_by", credential.device);
            audit::append(tx, &event, facts.now)?;
        }
        Ok(())
    }

    /// A refused assertion leaves a line. It is not counted against the name: a signature cannot be guessed (S10).
    fn written_down(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        pending: Pending,
        error: KeyError,
        credential: Option<&Credential>,
    ) -> Result<Outcome, FlowError> {
        let method = credential.map_or(pending.method, |credential| credential.kind.method());
        let event = self
            .event(visit, EventKind::KeyRefused, facts)
            .result(error.reason())
            .method(method);
        let event = match credential {
            Some(credential) => event.detail("device", credential.device),
            None => event,
        };
        audit::append(tx, &event, facts.now)?;
        Ok(Outcome::Again(Notice::KeyRefused(error)))
    }

    fn refused_by_door(&mut self, visit: &Visit<'_>, pending: Pending, error: KeyError) -> Result<Step, FlowError> {
        let host = self.host(visit);
        let outcome = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            self.spend(tx, pending, &facts)?;
            self.written_down(tx, visit, &facts, pending, error, None)
        })?;
        self.after(visit, pending.method, outcome)
    }

    /// No assertion came. That is no guess, so it costs no try; but neither does a machine ask for ever.
    fn stumbled(&mut self, visit: &Visit<'_>, pending: Pending, trouble: KeyTrouble) -> Result<Step, FlowError> {
        self.stumbles += 1;
        if self.stumbles >= MOST_STUMBLES {
            return self.refuse(visit, RefusalCode::KeyFailed(trouble));
        }
        self.ask_key(visit, pending.method, Some(Notice::KeyFailed(trouble)))
    }
}
