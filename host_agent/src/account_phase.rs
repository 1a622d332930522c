//! The account phase's tripwire: a login that never passed our authentication is refused, unless the policy asks nothing
//! of it.
//!
//! The module comes here when its own mark is missing: a login by public key alone, a stack that skips us, an ssh login
//! whose account phase runs in another process than its authentication, or sudo while its time stamp lasts. A public key
//! alone would pass where it is a second factor and sshd tells of it here, which no sshd of today does (decision 20).

use crate::conversation::{self, By, Ending, nothing_more};
use crate::house::House;
use crate::journal;
use crate::line::{Line, Lost};
use crate::passages::{Passage, Trace};
use crate::peer::Trust;
use crate::reach::Reach;
use crate::sentences;
use crate::surroundings;
use samekey_shared::accounts::LoginName;
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::flows::{Basis, Doorway, RefusalCode, SignIn, Step, Visit};
use samekey_shared::methods::Method;
use samekey_wire::{Reason, Start, Verdict};

/// Decides without a question.
pub fn check(
    house: &House,
    line: &mut Line<'_>,
    start: &Start,
    doorway: &Doorway,
    trust: Trust,
    reach: &Reach,
) -> Result<Ending, Lost> {
    if let Some((passage, login)) = passed_before(house, start, trust) {
        let verdict = match passage {
            Passage::Proven => Verdict::Granted,
            Passage::Exempt => Verdict::Exempt,
        };
        return Ok(Ending {
            verdict,
            code: "ok",
            login: Some(login),
            request: None,
        });
    }
    let visit = Visit {
        realm: &house.realm,
        doorway,
    };
    match SignIn::start(
        &visit,
        conversation::request(house, start, trust, reach),
        &mut nothing_more,
    ) {
        Err(error) => Ok(Ending::failed(&error)),
        // What is bound could have been asked in the phase before, and was not.
        Ok((machine, Step::Refused(refusal))) if refusal.code == RefusalCode::NotAtThisDoor => {
            skipped(house, line, start, doorway, &machine)
        }
        Ok((_, Step::Refused(refusal))) => conversation::refused(house, line, &refusal, Method::Totp),
        // Nothing was asked here: what is proven, the key has proven that opened this login.
        Ok((_, Step::Granted(grant))) => {
            if let Basis::Grace { until } = grant.basis {
                line.tell(sentences::nag(line.t(), until, house.realm.clock.now()))?;
            }
            Ok(conversation::let_in(&grant, By::Nobody))
        }
        // A question would be due, and this phase has none.
        Ok((machine, Step::Ask(_))) => skipped(house, line, start, doorway, &machine),
    }
}

/// Whether this login passed through us a moment ago. For ssh, sshd must also say that this connection completed a method
/// that runs the PAM stack: a connection by public key alone from the same address and port, right after, has not.
fn passed_before(house: &House, start: &Start, trust: Trust) -> Option<(Passage, LoginName)> {
    let trace = Trace::of(start).filter(|_| trust == Trust::Root)?;
    if matches!(trace, Trace::Ssh { .. }) && !surroundings::ran_the_stack(start) {
        return None;
    }
    let login = LoginName::parse(&start.user, &house.realm.names).ok()?;
    let passage = house.passages.find(&trace, &login, house.realm.clock.now())?;
    Some((passage, login))
}

/// Refuses a login that skipped us, and says why.
fn skipped(
    house: &House,
    line: &mut Line<'_>,
    start: &Start,
    doorway: &Doorway,
    machine: &SignIn,
) -> Result<Ending, Lost> {
    let ending = missing(house, start, doorway, machine);
    line.complain(sentences::tripwire(line.t(), house.contact().as_deref()))?;
    Ok(ending)
}

/// Writes the refusal into the audit trail. Should that fail, it is refused all the same.
fn missing(house: &House, start: &Start, doorway: &Doorway, machine: &SignIn) -> Ending {
    let code = Reason::SecondFactorMissing.code();
    let event = Event::new(EventKind::TripwireRefused, Actor::Stranger)
        .result(code)
        .about(&start.user)
        .request(machine.request())
        .at(doorway.door, &doorway.service)
        .from(&doorway.source);
    let now = house.realm.clock.now();
    if let Err(error) = house.realm.store.write(|tx| audit::append(tx, &event, now)) {
        journal::trouble(&format!("a refusal could not be written into the audit trail: {error}"));
    }
    Ending {
        verdict: Verdict::Refused {
            reason: Reason::SecondFactorMissing,
        },
        code,
        login: None,
        request: Some(machine.request()),
    }
}
