//! The password, where this machine asks it.

use super::super::circumstances::{self, Subject};
use super::{MOST_TRIES, PasswordSource, SignIn, Stage};
use crate::accounts::password::{self, Match, PasswordError, PasswordHash};
use crate::accounts::rows;
use crate::attempts::{self, Gate};
use crate::audit::{self, Actor, Event, EventKind};
use crate::flows::{FlowError, Notice, OnGrant, Prompt, RefusalCode, Step, Visit};
use crate::ids::AccountId;
use crate::methods::FirstFactor;
use crate::secrets::SecretText;

/// What the unit of work about a wrong password came to.
enum Counted {
    Again,
    Shut(RefusalCode),
}

impl SignIn {
    /// Asks for the password, unless too many guesses came from here.
    pub(super) fn ask_password(&mut self, visit: &Visit<'_>) -> Result<Step, FlowError> {
        if let Gate::Locked { until } = self.gate(visit)? {
            return Ok(self.close(RefusalCode::TooManyAttempts { until }));
        }
        self.stage = Stage::Password;
        Ok(Step::Ask(Prompt::Password { notice: None }))
    }

    fn gate(&self, visit: &Visit<'_>) -> Result<Gate, FlowError> {
        let Some(login) = circumstances::login(visit, &self.typed) else {
            return Ok(Gate::Open { left: 1 });
        };
        let now = visit.realm.clock.now();
        visit.realm.store.read(|tx| {
            let policy = visit.realm.policy(tx)?;
            Ok(attempts::gate(
                tx,
                &policy.settings().lockout,
                &login,
                &visit.doorway.source,
                now,
            )?)
        })
    }

    /// Checks a typed password against the store; a name that nobody has costs the same.
    pub(super) fn check_password(
        &mut self,
        visit: &Visit<'_>,
        typed: &SecretText,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let _turn = visit.realm.turns.take(&self.typed.to_lowercase());
        // Asked again after waiting for the turn: the guesses before this one have been counted by now.
        if let Gate::Locked { until } = self.gate(visit)? {
            return Ok(self.close(RefusalCode::TooManyAttempts { until }));
        }
        let host = self.host(visit);
        let stored = visit.realm.store.read(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            Ok::<_, FlowError>(match &facts.subject {
                Subject::Open(account) => rows::password_of(tx, account.id)?.map(|stored| (account.id, stored)),
                _ => None,
            })
        })?;
        let cost = &visit.realm.password_cost;
        let compared = match &stored {
            Some((_, hash)) => password::verify(hash, typed, cost),
            None => password::decoy(cost, typed),
        };
        let right = match compared {
            Ok(Match::Right { rehash }) => {
                if let (true, Some((account, before))) = (rehash, &stored) {
                    self.rehash(visit, *account, before, typed)?;
                }
                true
            }
            // Longer than any password of ours: wrong without a hash, for whatever name.
            Ok(Match::Wrong) | Err(PasswordError::TooLong) => false,
            Err(error) => return Err(FlowError::Method(error.to_string())),
        };
        self.after_password(visit, right, on_grant)
    }

    /// The cost was raised since this password was set: store it anew while we have it (OWASP).
    fn rehash(
        &self,
        visit: &Visit<'_>,
        account: AccountId,
        before: &PasswordHash,
        typed: &SecretText,
    ) -> Result<(), FlowError> {
        let realm = visit.realm;
        let after = password::hash_any(&realm.password_cost, realm.entropy.as_ref(), typed)
            .map_err(|error| FlowError::Method(error.to_string()))?;
        let event = Event::new(EventKind::PasswordRehashed, Actor::Samekey)
            .about(&self.typed)
            .request(self.request);
        realm.store.write(|tx| {
            if rows::rehash_password(tx, account, before, &after)? {
                audit::append(tx, &event, realm.clock.now())?;
            }
            Ok(())
        })
    }

    /// Goes on with a right password, counts a wrong one.
    pub(super) fn after_password(
        &mut self,
        visit: &Visit<'_>,
        right: bool,
        on_grant: OnGrant<'_>,
    ) -> Result<Step, FlowError> {
        let now = visit.realm.clock.now();
        if right {
            if self.passwords == Some(PasswordSource::System) {
                self.adopt(visit)?;
            }
            self.first = FirstFactor::Password;
            self.first_at = Some(now);
            self.asked_here = true;
            return self.decide(visit, on_grant);
        }
        let host = self.host(visit);
        let counted = visit.realm.store.write(|tx| {
            let facts = self.circumstances(tx, visit, &host)?;
            let gate = match facts.subject.login() {
                Some(login) => {
                    attempts::failed(tx, &facts.policy.settings().lockout, login, &visit.doorway.source, now)?
                }
                None => Gate::Open { left: 1 },
            };
            audit::append(
                tx,
                &self
                    .event(visit, EventKind::PasswordWrong, &facts)
                    .result("password_wrong"),
                now,
            )?;
            if let Gate::Locked { until } = gate {
                audit::append(
                    tx,
                    &self.event(visit, EventKind::LockedOut, &facts).detail("until", until),
                    now,
                )?;
                Self::tell_lock(tx, visit, &facts, until)?;
                return Ok(Counted::Shut(RefusalCode::TooManyAttempts { until }));
            }
            Ok::<_, FlowError>(Counted::Again)
        })?;
        self.tries += 1;
        match counted {
            Counted::Shut(code) => Ok(self.close(code)),
            Counted::Again if self.tries >= MOST_TRIES => Ok(self.close(RefusalCode::PasswordWrong)),
            Counted::Again => Ok(Step::Ask(Prompt::Password {
                notice: Some(Notice::PasswordWrong),
            })),
        }
    }

    /// A person whom the host knows by password but we do not yet: their account begins here, and with it the grace.
    fn adopt(&self, visit: &Visit<'_>) -> Result<(), FlowError> {
        match circumstances::login(visit, &self.typed) {
            Some(login) => circumstances::adopt(visit, &login),
            None => Ok(()),
        }
    }
}
