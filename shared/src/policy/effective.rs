//! `policy show --effective`: the policy with everything that its preset and the shipped defaults add, as a file that
//! reads back to the same policy.

use super::Policy;
use super::document::{Document, Exception, Rule};
use super::moments::{show_duration, show_moment};
use super::selectors::{Condition, Wanted, When};
use super::settings::Settings;
use super::terms::Terms;
use super::test_case::TestCase;
use crate::methods::Method;
use std::collections::BTreeSet;
use std::fmt::Display;

impl Policy {
    /// The whole policy as a file of its own, without preset.
    pub fn effective(&self) -> String {
        let document = self.document();
        let mut out = String::new();
        if let Some(preset) = document.preset {
            out += &format!("# With everything that the preset \"{preset}\" says.\n");
        }
        out += &format!(
            "version = 1\n\n[groups]\nsource = {}\n\n[networks]\n",
            quoted(document.groups)
        );
        for (name, blocks) in &document.networks {
            out += &format!("{name} = {}\n", list(blocks.iter()));
        }
        out += "\n[default]\n";
        for (key, value) in terms(&base(document)) {
            out += &format!("{key} = {value}\n");
        }
        out.extend(document.rules.iter().map(|rule| show_rule(rule, document)));
        out.extend(document.exceptions.iter().map(show_exception));
        out.extend(document.tests.iter().map(show_test));
        out + &show_settings(&document.settings)
    }
}

/// A text in TOML's quotes.
fn quoted(text: impl Display) -> String {
    toml::Value::String(text.to_string()).to_string()
}

fn list<T: Display>(items: impl Iterator<Item = T>) -> String {
    format!("[{}]", items.map(quoted).collect::<Vec<_>>().join(", "))
}

fn methods(set: &BTreeSet<Method>) -> String {
    list(set.iter())
}

fn span(seconds: i64) -> String {
    quoted(show_duration(seconds))
}

fn inline(pairs: Vec<(String, String)>) -> String {
    let pairs: Vec<String> = pairs
        .into_iter()
        .map(|(key, value)| format!("{key} = {value}"))
        .collect();
    format!("{{ {} }}", pairs.join(", "))
}

/// What holds before any rule, spelled out.
fn base(document: &Document) -> Terms {
    let base = &document.base;
    Terms {
        level: Some(base.level),
        methods: Some(base.methods.clone()),
        remember: Some(base.remember),
        recheck: Some(base.recheck),
        max_age: base.max_age,
        session: Some(base.session),
        idle: Some(base.idle),
        grace: base.grace,
        deadline: base.deadline,
        two_types: Some(base.two_types),
        deny: Some(base.deny),
    }
}

fn terms(terms: &Terms) -> Vec<(String, String)> {
    let pairs = [
        ("level", terms.level.map(quoted)),
        ("methods", terms.methods.as_ref().map(methods)),
        ("remember", terms.remember.map(span)),
        ("recheck", terms.recheck.map(span)),
        ("max-age", terms.max_age.map(span)),
        ("session", terms.session.map(span)),
        ("idle", terms.idle.map(span)),
        ("grace", terms.grace.map(span)),
        ("deadline", terms.deadline.map(show_moment)),
        ("two-types", terms.two_types.map(quoted)),
        ("deny", terms.deny.map(|deny| deny.to_string())),
    ];
    let named = pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)));
    named.collect()
}

fn condition(condition: &Condition) -> (String, String) {
    let value = match &condition.wanted {
        Wanted::Source(terms) => list(terms.iter()),
        Wanted::FirstFactor(kinds) => list(kinds.iter()),
        Wanted::Abnormal(wanted) => wanted.to_string(),
        named => list(named.globs().iter()),
    };
    (condition.key(), value)
}

fn when(when: &When) -> String {
    if when.0.is_empty() {
        return String::new();
    }
    format!("when = {}\n", inline(when.0.iter().map(condition).collect()))
}

fn show_rule(rule: &Rule, document: &Document) -> String {
    let preset = document.preset.filter(|_| rule.from_preset);
    let origin = preset.map_or(String::new(), |preset| format!("# preset {preset}\n"));
    let mut out = format!("\n{origin}[[rule]]\nname = {}\n", quoted(&rule.name));
    for (key, set) in [("hard", rule.hard), ("report-only", rule.report_only)] {
        if set {
            out += &format!("{key} = true\n");
        }
    }
    out + &when(&rule.when) + &format!("require = {}\n", inline(terms(&rule.require)))
}

fn show_exception(exception: &Exception) -> String {
    let mut out = format!(
        "\n[[exception]]\nname = {}\n{}",
        quoted(&exception.name),
        when(&exception.when)
    );
    out += &format!("allow = {}\n", inline(terms(&exception.allow)));
    out += &format!("reason = {}\n", quoted(&exception.reason));
    out += &format!("approved-by = {}\n", quoted(&exception.approved_by));
    if let Some(end) = exception.expires {
        out += &format!("expires = {}\n", show_moment(end));
    }
    if exception.automation {
        out += "automation = true\n";
    }
    out
}

fn show_test(test: &TestCase) -> String {
    let names = |set: &Option<BTreeSet<String>>| match set {
        None => Some(quoted("unknown")),
        Some(set) => (!set.is_empty()).then(|| list(set.iter())),
    };
    let expect = &test.expect;
    let pairs = [
        ("user", Some(quoted(&test.user))),
        ("groups", names(&test.groups)),
        ("flags", names(&test.flags)),
        ("service", Some(quoted(&test.service))),
        ("source", Some(quoted(test.source))),
        ("host", test.host.as_ref().map(quoted)),
        ("first-factor", test.first_factor.map(quoted)),
        ("abnormal", test.abnormal.map(|abnormal| abnormal.to_string())),
        ("have", (!test.have.is_empty()).then(|| methods(&test.have))),
        ("at", test.at.map(show_moment)),
        ("since", test.since.map(show_moment)),
        ("expect-level", expect.level.map(quoted)),
        ("expect-decision", expect.decision.map(quoted)),
        ("expect-methods", expect.methods.as_ref().map(methods)),
        ("expect-max-age", expect.max_age.map(span)),
        ("expect-remember", expect.remember.map(span)),
    ];
    let lines = pairs
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}\n", value?)));
    "\n[[test]]\n".to_owned() + &lines.collect::<String>()
}

fn show_settings(settings: &Settings) -> String {
    let pair = |key: &str, value: String| (key.to_owned(), value);
    let bind = &settings.first_bind;
    let mut first_bind = vec![
        pair("new", quoted(bind.new)),
        pair("after-reset", quoted(bind.after_reset)),
    ];
    if !bind.networks.is_empty() {
        first_bind.push(pair("networks", list(bind.networks.iter())));
    }
    let (email, totp, lockout) = (&settings.email_code, &settings.totp, &settings.lockout);
    let email_code = vec![
        pair("digits", email.digits.to_string()),
        pair("ttl", span(email.ttl)),
        pair("resend", span(email.resend)),
        pair("tries", email.tries.to_string()),
    ];
    let totp = vec![
        pair("digits", totp.digits.to_string()),
        pair("period", totp.period.to_string()),
        pair("skew", totp.skew.to_string()),
        pair("learn-drift", totp.learn_drift.to_string()),
    ];
    let lockout = vec![
        pair("attempts", lockout.attempts.to_string()),
        pair("window", span(lockout.window)),
        pair("for", span(lockout.lock_for)),
        pair("hard-stop", lockout.hard_stop.to_string()),
    ];
    let pairs = [
        ("passkey-sign-in", Some(settings.passkey_sign_in.to_string())),
        ("self-service", Some(quoted(settings.self_service))),
        ("email", Some(quoted(settings.email))),
        ("first-bind", Some(inline(first_bind))),
        ("fido-per-user", Some(settings.fido_per_user.to_string())),
        ("totp-per-user", Some(settings.totp_per_user.to_string())),
        ("users-per-email", Some(settings.users_per_email.to_string())),
        ("device-name", Some(quoted(settings.device_name))),
        ("unbind-confirmation", Some(quoted(&settings.unbind_confirmation))),
        ("email-code", Some(inline(email_code))),
        ("totp", Some(inline(totp))),
        ("recovery-codes", Some(settings.recovery_codes.to_string())),
        ("lockout", Some(inline(lockout))),
        ("checkup", Some(span(settings.checkup))),
        ("session", Some(span(settings.session))),
        ("idle", Some(span(settings.idle))),
        ("enroll-in-terminal", Some(settings.enroll_in_terminal.to_string())),
        ("contact", settings.contact.as_ref().map(quoted)),
        ("announcement", settings.announcement.as_ref().map(quoted)),
    ];
    let lines = pairs
        .into_iter()
        .filter_map(|(key, value)| Some(format!("{key} = {}\n", value?)));
    "\n[settings]\n".to_owned() + &lines.collect::<String>()
}
