//! Sign-in with a passkey and nothing else: no password, and no name typed where anybody may answer.

use super::super::circumstances::{Circumstances, Subject};
use super::second_factor::Outcome;
use super::{Alone, Asked, FirstFactorCheck, Purpose, SignIn, SignInRequest};
use crate::accounts::rows;
use crate::audit::{self, EventKind};
use crate::devices::fido;
use crate::flows::{Basis, FlowError, Keys, Means, OnGrant, RefusalCode, Step, Visit};
use crate::methods::fido::Assertion;
use crate::methods::{Evidence, FirstFactor, Method};
use crate::policy::{Decision, DenyCode};
use crate::store::{StoreError, Tx};

impl SignIn {
    /// Begins without a name: asks for any passkey of this realm that the person's device finds by itself, also behind
    /// the name's own field (conditional UI). Whose it is, the credential tells; user verification is demanded. Further
    /// answers go to the [`SignIn`] that this returns.
    pub fn start_with_passkey(visit: &Visit<'_>, asked: Asked, means: Means) -> Result<(Self, Step), FlowError> {
        Self::begin_with_passkey(visit, None, asked, means)
    }

    pub(in super::super) fn begin_with_passkey(
        visit: &Visit<'_>,
        login: Option<&str>,
        asked: Asked,
        means: Means,
    ) -> Result<(Self, Step), FlowError> {
        let request = SignInRequest {
            login: login.unwrap_or_default(),
            first: FirstFactorCheck::Done(FirstFactor::None),
            prior: None,
            asked,
            means,
            browser: None,
        };
        let (alone, purpose) = match login {
            None => (Alone::Anybody, Purpose::SignIn),
            Some(_) => (Alone::Named, Purpose::StepUp),
        };
        let now = visit.realm.clock.now();
        let mut sign_in = Self::new(visit, request, purpose, now)?;
        sign_in.alone = alone;
        sign_in.offered = vec![Method::Passkey];
        if now < super::EARLIEST_PLAUSIBLE {
            let step = sign_in.close(RefusalCode::ClockUnsynchronised);
            return Ok((sign_in, step));
        }
        let allowed = visit
            .realm
            .store
            .read(|tx| Ok::<_, FlowError>(visit.realm.policy(tx)?.settings().passkey_sign_in))?;
        let reachable = sign_in.means.keys == Keys::Browser && visit.realm.relying_party.is_some();
        let step = if allowed && reachable {
            sign_in.ask_key(visit, Method::Passkey, None)?
        } else {
            sign_in.close(RefusalCode::PasskeySignInOff)
        };
        Ok((sign_in, step))
    }

    /// Supposes that the assertion is right: who it would be, who signs in with a passkey now. Everything about it is
    /// checked in the unit of work that follows; [`Self::forget_supposed`] takes it back.
    pub(super) fn suppose(&mut self, visit: &Visit<'_>, assertion: &Assertion) -> Result<(), FlowError> {
        if self.alone == Alone::Anybody {
            let name = visit.realm.store.read(|tx| {
                let Some(credential) = fido::by_credential_id(tx, &assertion.credential_id)? else {
                    return Ok(None);
                };
                Ok::<_, StoreError>(rows::by_id(tx, credential.account)?.map(|account| account.name.to_string()))
            })?;
            self.typed = name.unwrap_or_default();
            self.host = None;
        }
        self.first = FirstFactor::Passkey;
        self.first_at = Some(visit.realm.clock.now());
        Ok(())
    }

    /// Nobody has proven who they are: neither name nor first factor is known.
    pub(super) fn forget_supposed(&mut self) {
        if self.alone == Alone::Anybody {
            self.typed.clear();
            self.host = None;
        }
        self.first = FirstFactor::None;
        self.first_at = None;
    }

    /// A right assertion that is to be the whole proof: lets in, if the policy is content with it.
    pub(super) fn opened_alone(
        &self,
        tx: &mut Tx<'_>,
        visit: &Visit<'_>,
        facts: &Circumstances,
        evidence: &[Evidence],
        on_grant: OnGrant<'_>,
    ) -> Result<Outcome, FlowError> {
        let decision = match facts.decision_with(evidence) {
            allow @ Decision::Allow { .. } => allow,
            // The app wished for more than this key can prove, and did not insist.
            _ if self.asked.level.is_some() && !self.asked.essential => facts.decision_without_wish(evidence),
            other => other,
        };
        let code = match (&facts.subject, decision) {
            (Subject::Closed(_), _) => RefusalCode::AccountClosed,
            // Switched off since it was asked.
            _ if !facts.policy.settings().passkey_sign_in => RefusalCode::PasskeySignInOff,
            (Subject::Open(_), Decision::Allow { .. }) => {
                return Ok(
                    match self.granted(tx, visit, facts, Basis::Proven, evidence, on_grant)? {
                        Ok(grant) => Outcome::Granted(Box::new(grant)),
                        Err(code) => Outcome::Shut(code),
                    },
                );
            }
            (Subject::Open(_), _) if facts.misses_essential(&self.asked).is_some() => RefusalCode::LevelUnreachable,
            (
                _,
                Decision::Deny {
                    code: DenyCode::DeniedByRule,
                },
            ) => RefusalCode::DeniedByRule,
            (_, Decision::MustBind { .. }) => RefusalCode::EnrollmentRequired,
            _ => RefusalCode::NoMethodReachesLevel,
        };
        let event = self.event(visit, EventKind::SignInRefused, facts).result(code.code());
        audit::append(tx, &event, facts.now)?;
        Ok(Outcome::Shut(code))
    }
}
