//! A rescue: somebody without their device is let in by what they know, for a while, because somebody answers for it
//! (policy exception with reason, approver and end; PCI DSS 8.5.1).

use super::document::with_exception;
use super::settings::parsed;
use super::{AdministrationError, Desk};
use crate::accounts::LoginName;
use crate::audit::EventKind;
use crate::clock::UnixTime;
use crate::methods::Level;
use crate::policy::{self, Facts, FirstFactorKind, KeyFact, Policy, SourceFact, show_moment};
use crate::roles::Action;

/// Seconds that a rescue may last at most.
pub const LONGEST: i64 = 86_400;

/// Seconds that it lasts at least.
const SHORTEST: i64 = 300;

/// What exceptions of rescues are called, followed by the user name.
const PREFIX: &str = "rescue-";

/// A rescue to be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rescue {
    /// Seconds that it lasts.
    pub lasts: i64,
    /// Why.
    pub reason: String,
}

impl Desk<'_> {
    /// Lets somebody in by the first factor alone until the moment that is returned. Rescues that are over go with it.
    pub fn rescue(&self, name: &LoginName, rescue: &Rescue) -> Result<UnixTime, AdministrationError> {
        let reason = rescue.reason.trim();
        if !(1..=200).contains(&reason.chars().count()) || reason.chars().any(char::is_control) {
            return Err(AdministrationError::Reason);
        }
        if !(SHORTEST..=LONGEST).contains(&rescue.lasts) {
            return Err(AdministrationError::Span);
        }
        let now = self.realm.clock.now();
        let until = now + rescue.lasts;
        let before = self.realm.store.read(|tx| {
            self.account(tx, Action::Rescue, name)?;
            Ok::<_, AdministrationError>(self.realm.policy(tx)?)
        })?;
        let gone = over(&before, name, now);
        let quoted = |text: &str| toml::Value::String(text.to_owned()).to_string();
        let block = format!(
            "[[exception]]\nname = \"{PREFIX}{name}\"\nwhen = {{ users = [\"{name}\"], except-services = [\"admin:*\", \
             \"portal:devices\"] }}\nallow = {{ level = \"single\" }}\nreason = {}\napproved-by = {}\nexpires = {}\n",
            quoted(reason),
            quoted(&self.administrator.shown()),
            show_moment(until)
        );
        let after = parsed(&with_exception(before.text(), &gone, &block))?;
        if !before.document().same_but_exceptions(after.document(), &gone) {
            return Err(AdministrationError::Document);
        }
        if weighs(&after, name, now) > Level::Single {
            return Err(AdministrationError::HardRule);
        }
        let told = |kind: EventKind| {
            let event = self.administrator.event(kind).about(name);
            event.detail("until", show_moment(until)).detail("reason", reason)
        };
        let events = [told(EventKind::PolicyApplied), told(EventKind::RescueGranted)];
        self.apply(Action::Rescue, Some(name), (&before, &after), &events)?;
        Ok(until)
    }
}

/// Rescues that are over, and an earlier one of the same person.
fn over(policy: &Policy, name: &LoginName, now: UnixTime) -> Vec<String> {
    let own = format!("{PREFIX}{name}");
    let exceptions = policy
        .document()
        .exceptions
        .iter()
        .filter(|one| one.name.starts_with(PREFIX));
    let gone = exceptions.filter(|one| *one.name == *own || one.expires.is_some_and(|end| end <= now));
    gone.map(|one| one.name.to_string()).collect()
}

/// What is asked of this person now, at the doors that people use.
fn weighs(policy: &Policy, name: &LoginName, now: UnixTime) -> Level {
    let asked = |service: &str| {
        let facts = Facts {
            user: name.as_str(),
            groups: None,
            flags: None,
            service,
            host: None,
            source: SourceFact::Unknown,
            first_factor: Some(FirstFactorKind::Password),
            key: KeyFact::None,
            abnormal: Some(false),
            now,
        };
        policy::requirement(policy, &facts).level
    };
    asked("portal:sign-in").min(asked("pam:sshd"))
}
