//! What an earlier proof spares a person (R27-R29, Q12, W9): asked at one place, used and noted with the grant.

use super::super::circumstances::Circumstances;
use super::{Alone, Purpose, SignIn};
use crate::audit::Event;
use crate::clock::UnixTime;
use crate::flows::{Basis, Earlier, FlowError, Grant, Step, Visit};
use crate::ids::AccountId;
use crate::methods::{Evidence, FirstFactor, Level, Method};
use crate::outbox::{self, Letter, LetterKind};
use crate::policy::{AllowReason, Decision};
use crate::store::{StoreError, Tx};
use crate::trust::{self, Binding, Browser};

/// The basis of a decision that rests on an earlier proof.
pub(super) fn basis(decision: &Decision) -> Option<Basis> {
    let (by, until) = match decision {
        Decision::Allow {
            reason: AllowReason::Remembered { until },
        } => (Earlier::Browser, *until),
        Decision::Allow {
            reason: AllowReason::Rechecked { until },
        } => (Earlier::Shell, *until),
        _ => return None,
    };
    Some(Basis::Trusted { by, until })
}

impl SignIn {
    /// For how many seconds the policy would remember this browser after what is asked now; `None` hides the box (M01).
    pub fn offers_to_remember(&self) -> Option<i64> {
        Some(self.offers_to_remember).filter(|seconds| *seconds > 0)
    }

    /// Whether the person ticked the box. It is heard only with the answer that proves something.
    pub fn wish_to_be_remembered(&mut self, ticked: bool) {
        self.remember = ticked;
    }

    /// Whether it was ticked, for the page that comes again after a wrong answer.
    pub fn wishes_to_be_remembered(&self) -> bool {
        self.remember
    }

    /// What the operator announces to whoever is asked something (R106), for a terminal to say before its prompt.
    pub fn announcement(&self) -> Option<&str> {
        self.announcement.as_deref()
    }

    /// What the browser shows of earlier sign-ins, for a machine that was begun without a name.
    pub fn recognise(&mut self, browser: Browser) {
        self.browser = Some(browser);
    }

    /// Whether an earlier proof may spare the question at all: never for a sensitive operation, nor where an application
    /// asks for a level or an age (Q13).
    pub(super) fn may_be_spared(&self) -> bool {
        let wished = self.asked.level.is_some_and(|level| level > Level::Single);
        let plain = !wished && self.asked.max_age.is_none() && !self.asked.fresh;
        self.purpose == Purpose::SignIn && self.alone == Alone::No && plain
    }

    /// See [`Self::offers_to_remember`]; 0 for not at all.
    pub(super) fn would_remember(&self, facts: &Circumstances) -> i64 {
        let asked = &facts.requirement;
        let fits = asked.max_age.is_none() && asked.level <= Level::High && asked.level > Level::Single;
        let browser = self.browser.is_some() && self.purpose == Purpose::SignIn && self.alone == Alone::No;
        if fits && browser { asked.remember } else { 0 }
    }

    /// For how many seconds the browser is to be remembered with this grant.
    pub(super) fn remembers(&self, facts: &Circumstances, basis: Basis, evidence: &[Evidence]) -> Option<i64> {
        // A code by e-mail stands in for a device once; it is no reason not to ask for the device next time.
        let by_device = evidence.iter().all(|one| one.method() != Method::Email);
        let fresh = basis == Basis::Proven && by_device && evidence.iter().any(|one| one.at() == facts.now);
        Some(self.would_remember(facts)).filter(|seconds| self.remember && fresh && *seconds > 0)
    }

    /// Uses the earlier proof that this grant rests on; false if it was revoked since it was looked at.
    pub(super) fn uses_earlier(
        &self,
        tx: &mut Tx<'_>,
        facts: &Circumstances,
        basis: Basis,
    ) -> Result<bool, StoreError> {
        let Basis::Trusted { by, .. } = basis else {
            return Ok(true);
        };
        let account = facts.subject.account().map(|account| account.id);
        let shown = self.browser.as_ref().and_then(|browser| browser.remembered.as_ref());
        match (by, account, shown, &facts.earlier.at_shell) {
            (Earlier::Browser, Some(account), Some(shown), _) => trust::use_remembered(tx, account, shown, facts.now),
            (Earlier::Shell, Some(account), _, Some((_, binding))) => {
                trust::use_recheck(tx, account, binding, facts.now)
            }
            _ => Ok(false),
        }
    }

    /// What a grant changes for the next sign-in, and what the trail tells about it. An unusual one voids what was
    /// remembered before it (W9).
    pub(super) fn note_trust(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        grant: &Grant,
        mut event: Event,
    ) -> Result<Event, FlowError> {
        if let Basis::Trusted { by, until } = grant.basis {
            let word = match by {
                Earlier::Browser => "remembered",
                Earlier::Shell => "rechecked",
            };
            event = event.detail("spared", word).detail("until", until);
        }
        if let Some(seconds) = grant.remember {
            event = event.detail("remembers_for", seconds);
        }
        let Some(account) = grant.account else { return Ok(event) };
        if facts.abnormal == Some(true) {
            event = event.detail("abnormal", true);
            self.tell_of_new_place(tx, visit, account, facts.now)?;
            let void = trust::revoke_all(tx, account)?;
            if void > 0 {
                event = event.detail("no_longer_remembered", void);
            }
        }
        let recheck = facts.requirement.recheck;
        let proven = grant.basis == Basis::Proven && grant.evidence.iter().any(|one| one.at() == facts.now);
        if recheck > 0
            && proven
            && let Some(binding) = Binding::of(visit.doorway, &self.first, facts.policy.hash())
        {
            trust::note_recheck(tx, account, &binding, recheck, facts.now)?;
        }
        Ok(event)
    }

    /// A letter about a browser or network that the account was never seen in (W3).
    fn tell_of_new_place(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        account: AccountId,
        now: UnixTime,
    ) -> Result<(), FlowError> {
        let browser = self.browser.as_ref().map(|browser| browser.words.clone());
        let place = browser.or_else(|| visit.doorway.host.clone()).unwrap_or_default();
        let letter = Letter {
            account,
            kind: LetterKind::NewPlace { place },
            source: Some(&visit.doorway.source),
        };
        outbox::write(tx, visit.realm, &letter, now)
    }

    /// Whether the session's first factor is older than a session of this service may be (W5).
    pub(super) fn outlived(&self, facts: &Circumstances) -> bool {
        let most = facts.requirement.session;
        let old = |at| facts.now.saturating_sub(at) >= most;
        self.purpose == Purpose::SignIn && self.passwords.is_some() && self.first_at.is_some_and(old)
    }

    /// Forgets what the session has shown, and asks from the start.
    pub(super) fn begin_anew(&mut self, visit: &Visit<'_>) -> Result<Step, FlowError> {
        self.first = FirstFactor::None;
        self.first_at = None;
        self.proofs.clear();
        self.ask_password(visit)
    }

    /// Puts the method that was used last before the others. Only for whom we have seen prove a first factor ourselves: a
    /// stranger at a terminal does not learn which kind somebody uses.
    pub(super) fn last_used_first(&self, offers: &mut Vec<Method>, latest: Option<Method>) {
        let Some(latest) = latest.filter(|_| self.first_at.is_some()) else {
            return;
        };
        let same = |offer: &Method| *offer == latest || (offer.is_fido() && latest.is_fido());
        if let Some(place) = offers.iter().position(same) {
            let first = offers.remove(place);
            offers.insert(0, first);
        }
    }
}
