//! What a change of the policy does to people: who gets in nowhere any more, who has to bind a device first.
//!
//! Each account is put before both policies at the doors where people sign in, from the machine itself, from elsewhere
//! and from the networks that a policy names. `policy diff` tells the same door by door.

use super::Policy;
use super::decide::{Proven, State, decide};
use super::decision::Decision;
use super::facts::SourceFact;
use super::people::People;
use super::requirement::{Kind, ReportOnly, weigh};
use super::warnings::KnownAccount;
use crate::clock::UnixTime;
use crate::methods::Level;

/// Doors by which people come in; all others are behind one of them.
pub(super) const DOORS: [&str; 3] = ["portal:sign-in", "pam:sshd", "pam:login"];

/// So many places are looked at for who has to bind something; a lock-out is made sure of from every named network.
const PLACES: usize = 8;

/// Accounts by name, each in one list only.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Effect {
    /// How many accounts were looked at.
    pub looked_at: usize,
    /// They got in somewhere, or could have after binding a device, and can nowhere any more.
    pub locked_out: Vec<String>,
    /// What they have bound let them in and no longer does: they must bind something else.
    pub enrol_again: Vec<String>,
    /// They have nothing bound, got in without, and must bind a device at the next sign-in.
    pub enrol_first: Vec<String>,
    /// They have one kind of device and must bind a second at the next sign-in.
    pub second_kind: Vec<String>,
}

impl Effect {
    /// The effect of `after` taking the place of `before`.
    pub fn of(before: &Policy, after: &Policy, people: &People, now: UnixTime) -> Self {
        let places = places(&[before, after]);
        let mut effect = Self {
            looked_at: people.len(),
            ..Self::default()
        };
        for (was, is) in people.under(before).iter().zip(&people.under(after)) {
            let list = match one(&View(before, was, now), &View(after, is, now), &places) {
                Some(Change::LockedOut) => &mut effect.locked_out,
                Some(Change::EnrolAgain) => &mut effect.enrol_again,
                Some(Change::EnrolFirst) => &mut effect.enrol_first,
                Some(Change::SecondKind) => &mut effect.second_kind,
                None => continue,
            };
            list.push(is.user.clone());
        }
        effect
    }

    /// Whether nobody is touched.
    pub fn is_empty(&self) -> bool {
        self.lists().iter().all(|(_, names)| names.is_empty())
    }

    /// Every list with its stable word.
    pub fn lists(&self) -> [(&'static str, &[String]); 4] {
        [
            ("locked-out", &self.locked_out),
            ("enrol-again", &self.enrol_again),
            ("enrol-first", &self.enrol_first),
            ("second-kind", &self.second_kind),
        ]
    }
}

/// Where people may come from, as far as these policies tell places apart.
pub(super) fn places(policies: &[&Policy]) -> Vec<SourceFact> {
    let elsewhere = SourceFact::Addr([203, 0, 113, 1].into());
    let mut places = vec![SourceFact::Local, elsewhere];
    let blocks = policies.iter().flat_map(|policy| {
        let document = policy.document();
        let named = document.networks.values().flat_map(|blocks| blocks.iter());
        named.map(|block| SourceFact::Addr(block.first())).collect::<Vec<_>>()
    });
    for place in blocks {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    LockedOut,
    EnrolAgain,
    EnrolFirst,
    SecondKind,
}

/// How a door looks to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Way {
    In,
    SecondKind,
    Enrol,
    Out,
}

/// A policy, one account as that policy sees it, and the moment.
struct View<'a>(&'a Policy, &'a KnownAccount, UnixTime);

impl View<'_> {
    /// What becomes of an ordinary sign-in of theirs, answered with the best that they have.
    fn way(&self, door: &str, place: SourceFact) -> Way {
        let Self(policy, account, now) = *self;
        let asked = weigh(policy.document(), &account.facts(door, place, now), ReportOnly::Logged);
        let state = State::fresh(&account.bound, account.since, now).at(door);
        let Decision::Challenge { methods } = decide(&asked, &state) else {
            return match decide(&asked, &state) {
                Decision::MustBind { .. } => Way::Enrol,
                Decision::Deny { .. } => Way::Out,
                _ => Way::In,
            };
        };
        let proven = methods.first().map(|method| Proven {
            level: Level::Hardware,
            method: Some(*method),
            at: now,
        });
        let proven: Vec<Proven> = proven.into_iter().collect();
        let shown = State {
            proven: &proven,
            ..state
        };
        match decide(&asked, &shown) {
            Decision::MustBind { .. } => Way::SecondKind,
            _ => Way::In,
        }
    }
}

fn one(before: &View<'_>, after: &View<'_>, places: &[SourceFact]) -> Option<Change> {
    let everywhere = |places: &[SourceFact]| {
        let pairs = places.iter().flat_map(|place| DOORS.map(|door| (door, *place)));
        pairs.collect::<Vec<_>>()
    };
    let few = everywhere(places.get(..PLACES).unwrap_or(places));
    let ways: Vec<(Way, Way)> = few
        .iter()
        .map(|(door, place)| (before.way(door, *place), after.way(door, *place)))
        .collect();
    let out = |view: &View<'_>| {
        everywhere(places)
            .iter()
            .all(|(door, place)| view.way(door, *place) == Way::Out)
    };
    if ways.iter().all(|(_, is)| *is == Way::Out) && out(after) {
        return (!out(before)).then_some(Change::LockedOut);
    }
    let becomes = |wanted: Way| {
        ways.iter()
            .any(|(was, is)| *is == wanted && *was != wanted && *was != Way::Out)
    };
    let has = Kind::count(&after.1.bound) > 0;
    match (becomes(Way::Enrol), becomes(Way::SecondKind)) {
        (true, _) if has => Some(Change::EnrolAgain),
        (true, _) => Some(Change::EnrolFirst),
        (false, true) => Some(Change::SecondKind),
        (false, false) => None,
    }
}
