//! What is well-formed and yet wrong: faults that keep a policy from loading, and warnings.

use super::decide::reach;
use super::document::{Document, Exception, Rule};
use super::lattice::Way;
use super::requirement::{Kind, Requirement};
use super::settings::{EmailUse, FirstBind, SelfService, Settings};
use super::terms::TwoTypes;
use crate::methods::Level;

/// Faults of one exception, each with the key to point at. `named` tells which keys the file has.
pub(super) fn of_exception(exception: &Exception, named: impl Fn(&str) -> bool) -> Vec<(&'static str, String)> {
    let mut faults = Vec::new();
    let name = &exception.name;
    for key in ["reason", "approved-by"] {
        if !named(key) {
            faults.push((key, format!("exception \"{name}\" has no `{key}`")));
        }
    }
    if !named("expires") && !exception.automation {
        let fault =
            format!("exception \"{name}\" has no end: `expires = 2027-01-31`, or `automation = true` for a machine");
        faults.push(("expires", fault));
    }
    if !exception.when.names_somebody() {
        let fault = format!(
            "exception \"{name}\" is for everybody: name users, groups or flags. What shall hold for all belongs into \
             [default], with rules for those who need more"
        );
        faults.push(("when", fault));
    }
    if exception.allow.deny == Some(true) {
        faults.push(("allow", format!("exception \"{name}\" denies: only a rule can")));
    }
    let has = |key: &str| {
        exception
            .when
            .0
            .iter()
            .any(|condition| !condition.except && condition.wanted.key() == key)
    };
    if exception.automation && !(has("users") && has("services")) {
        let fault = format!("exception \"{name}\" is for automation: name its `users` and `services` (Q14)");
        faults.push(("when", fault));
    }
    if exception.automation && has("key") && !has("source") {
        let fault = format!(
            "exception \"{name}\" lists a key for automation: name its `source` too, or the key opens from wherever \
             somebody takes it"
        );
        faults.push(("when", fault));
    }
    faults
}

/// Why no method could satisfy this requirement, if none could.
pub(super) fn unreachable_level(asked: &Requirement) -> Option<String> {
    let reached = asked.methods.iter().map(|method| reach(*method)).max();
    let out_of_reach = asked.level > Level::Single && !asked.deny && reached.is_none_or(|best| best < asked.level);
    out_of_reach.then(|| {
        let words: Vec<&str> = asked.methods.iter().map(|method| method.as_str()).collect();
        let accepted = if words.is_empty() {
            "nothing".to_owned()
        } else {
            words.join(", ")
        };
        format!(
            "no method reaches its level: it asks for {} and accepts {accepted}",
            asked.level
        )
    })
}

/// As `unreachable_level`, for whom this rule alone meets.
pub(super) fn rule_out_of_reach(base: &Requirement, rule: &Rule) -> Option<String> {
    let mut asked = base.clone();
    asked.settle(&[(&rule.name, &rule.require)], Way::Strictest);
    unreachable_level(&asked)
}

/// A second kind of device is demanded, people may not bind, and administrators hand out no tickets.
pub(super) fn second_type_out_of_reach(document: &Document) -> Option<String> {
    let demanded = document.base.two_types == TwoTypes::Require
        || document
            .rules
            .iter()
            .any(|rule| rule.require.two_types == Some(TwoTypes::Require));
    let settings = &document.settings;
    let tickets = [settings.first_bind.new, settings.first_bind.after_reset].contains(&FirstBind::Ticket);
    (demanded && settings.self_service == SelfService::None && !tickets).then(|| {
        "`two-types = \"require\"` cannot be met: self-service is \"none\" and first-bind hands out no tickets"
            .to_owned()
    })
}

/// Whether a second kind of device is demanded where the accepted methods are all of one kind: nobody could bind one.
pub(super) fn one_kind_only(asked: &Requirement) -> Option<&'static str> {
    let demanded = asked.two_types == TwoTypes::Require && asked.level > Level::Single && !asked.deny;
    (demanded && Kind::count(&asked.methods) < 2)
        .then_some("`two-types = \"require\"` cannot be met: only one kind of device is accepted")
}

/// A first device is to be protected by a code that no setting lets anybody get.
pub(super) fn mail_without_mail(settings: &Settings) -> Option<String> {
    let wanted = [settings.first_bind.new, settings.first_bind.after_reset].contains(&FirstBind::Email);
    (wanted && settings.email == EmailUse::Off)
        .then(|| "`first-bind` by email needs `email` to be other than \"off\"".to_owned())
}
