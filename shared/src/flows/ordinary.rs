//! What the policy asks of the ordinary sign-ins of an account: what its person and an administrator must know before a
//! device goes, and what stands beside each device on their pages.

use super::FlowError;
use crate::accounts::{Account, Groups, groups};
use crate::devices::Bound;
use crate::methods::{Level, Method};
use crate::policy::{self, Decision, Facts, FirstFactorKind, KeyFact, Requirement, SourceFact, State};
use crate::realm::Realm;
use crate::source::Source;
use crate::store::Tx;
use std::collections::BTreeSet;

/// The services that everybody comes through sooner or later.
const SERVICES: [&str; 4] = ["portal:sign-in", "pam:sshd", "pam:login", "pam:sudo"];

/// What is asked at each of them.
#[derive(Debug, Clone)]
pub struct Ordinary {
    asked: Vec<Requirement>,
}

impl Ordinary {
    /// Asks the policy. A source that is not known is the strictest case, and so are groups that only a host knows.
    pub fn of(realm: &Realm, tx: &mut Tx<'_>, account: &Account, source: &Source) -> Result<Self, FlowError> {
        let policy = realm.policy(tx)?;
        let groups = groups::of(policy.group_source(), tx, Groups::Unknown, Some(account.id))?;
        let asked = |service: &'static str| {
            let facts = Facts {
                user: account.name.as_str(),
                groups: groups.known(),
                flags: Some(&account.flags),
                service,
                host: None,
                source: SourceFact::from(source),
                first_factor: Some(FirstFactorKind::Password),
                key: KeyFact::None,
                abnormal: None,
                now: realm.clock.now(),
            };
            policy::requirement(&policy, &facts)
        };
        Ok(Self {
            asked: SERVICES.into_iter().map(asked).collect(),
        })
    }

    /// Whether a second factor is asked anywhere.
    pub fn asks_second_factor(&self) -> bool {
        self.asked.iter().any(|asked| asked.level > Level::Single)
    }

    /// Whether this method is accepted anywhere (R24).
    pub fn accepts(&self, method: Method) -> bool {
        self.asked.iter().any(|asked| asked.accepts(method))
    }

    /// Whether these methods leave their person outside a door that asks for a second factor and that `before` opened.
    pub fn locks_out(&self, before: &BTreeSet<Method>, after: &BTreeSet<Method>) -> bool {
        let opens =
            |asked: &Requirement, methods: &BTreeSet<Method>| methods.iter().any(|method| asked.accepts(*method));
        self.asked
            .iter()
            .filter(|asked| asked.level > Level::Single)
            .any(|asked| opens(asked, before) && !opens(asked, after))
    }

    /// Whether one kind only is bound although another would be accepted, or a second one is demanded (M02, R83).
    pub fn lacks_second_kind(&self, bound: &BTreeSet<Method>) -> bool {
        let here = kinds(bound);
        let wished = self.asked.iter().any(|asked| asked.lacks_second_type(bound));
        let possible: BTreeSet<Method> = Method::ALL.into_iter().filter(|one| self.accepts(*one)).collect();
        here > 0 && (wished || (here == 1 && kinds(&possible) > 1))
    }

    /// The first moment at which binding can no longer be put off (M04); `None` where nothing is put off.
    pub fn due(&self, account: &Account, bound: &BTreeSet<Method>, now: crate::clock::UnixTime) -> Option<i64> {
        let state = State::fresh(bound, Some(account.created_at), now);
        let dues = self
            .asked
            .iter()
            .filter_map(|asked| match policy::decide(asked, &state) {
                Decision::AllowAndNag { until } => Some(until),
                _ => None,
            });
        dues.min()
    }
}

/// Methods of the devices to live on ([`crate::devices::DeviceKind::is_lasting`]).
pub fn lasting(bound: &Bound) -> BTreeSet<Method> {
    let devices = bound.devices.iter().filter(|one| one.kind.is_lasting());
    devices.map(|one| one.kind.method()).collect()
}

/// FIDO, authenticator app, e-mail: how many of these.
fn kinds(methods: &BTreeSet<Method>) -> usize {
    let fido = methods.iter().any(|method| method.is_fido());
    [fido, methods.contains(&Method::Totp), methods.contains(&Method::Email)]
        .into_iter()
        .filter(|has| *has)
        .count()
}
