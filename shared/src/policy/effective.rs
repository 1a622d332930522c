//! `policy show --effective`: the policy with everything that its preset and the shipped defaults add, as a file that
//! reads back to the same policy.

use super::Policy;
use super::document::{Document, Exception, Rule};
use super::moments::{show_duration, show_moment};
use super::selectors::{Condition, Wanted, When};
use super::settings::{FirstBindRule, LOGIN_NETWORKS, Settings};
use super::terms::Terms;
use super::test_case::TestCase;
use crate::methods::Method;
use std::collections::BTreeSet;
use std::fmt::Display;

impl Policy {
    /// The whole policy as a file of its own, without preset.
    pub fn effective(&self) -> String {
        let document = self.document();
        let origin = document
            .preset
            .map(|preset| format!("# With everything that the preset \"{preset}\" says.\n"));
        let networks = document
            .networks
            .iter()
            .map(|(name, blocks)| line(name, &list(blocks.iter())));
        let mut sections = vec![
            format!("{}version = 1\n", origin.unwrap_or_default()),
            "[groups]\n".to_owned() + &line("source", &quoted(document.groups)),
            "[networks]\n".to_owned() + &networks.collect::<String>(),
            "[default]\n".to_owned() + &lines(terms(&base(document))),
        ];
        // What a setting makes is said by the setting.
        let said = document.rules.iter().filter(|rule| &*rule.name != LOGIN_NETWORKS);
        sections.extend(said.map(|rule| show_rule(rule, document)));
        sections.extend(document.exceptions.iter().map(show_exception));
        sections.extend(document.tests.iter().map(show_test));
        sections.push("[settings]\n".to_owned() + &lines(setting_lines(&document.settings)));
        sections.join("\n")
    }
}

/// Keys and their values, as TOML writes the values.
type Pairs = Vec<(&'static str, String)>;

fn line(key: &str, value: &str) -> String {
    format!("{key} = {value}\n")
}

fn lines(pairs: Pairs) -> String {
    pairs.into_iter().map(|(key, value)| line(key, &value)).collect()
}

/// The pairs of which there is a value.
fn named<const N: usize>(pairs: [(&'static str, Option<String>); N]) -> Pairs {
    pairs
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?)))
        .collect()
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

fn inline<K: Display>(pairs: impl IntoIterator<Item = (K, String)>) -> String {
    let pairs = pairs.into_iter().map(|(key, value)| format!("{key} = {value}"));
    format!("{{ {} }}", pairs.collect::<Vec<_>>().join(", "))
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

fn terms(terms: &Terms) -> Pairs {
    named([
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
    ])
}

fn condition(condition: &Condition) -> (String, String) {
    let value = match &condition.wanted {
        Wanted::Source(terms) => list(terms.iter()),
        Wanted::FirstFactor(kinds) => list(kinds.iter()),
        Wanted::Key(prints) => list(prints.iter()),
        Wanted::Abnormal(wanted) | Wanted::KeyEnrolled(wanted) => wanted.to_string(),
        named => list(named.globs().iter()),
    };
    (condition.key(), value)
}

fn when(when: &When) -> Option<String> {
    (!when.0.is_empty()).then(|| inline(when.0.iter().map(condition)))
}

fn show_rule(rule: &Rule, document: &Document) -> String {
    let preset = document.preset.filter(|_| rule.from_preset);
    let origin = preset.map_or(String::new(), |preset| format!("# preset {preset}\n"));
    let switch = |on: bool| on.then(|| true.to_string());
    let pairs = named([
        ("name", Some(quoted(&rule.name))),
        ("hard", switch(rule.hard)),
        ("report-only", switch(rule.report_only)),
        ("when", when(&rule.when)),
        ("require", Some(inline(terms(&rule.require)))),
    ]);
    format!("{origin}[[rule]]\n{}", lines(pairs))
}

fn show_exception(exception: &Exception) -> String {
    let pairs = named([
        ("name", Some(quoted(&exception.name))),
        ("when", when(&exception.when)),
        ("allow", Some(inline(terms(&exception.allow)))),
        ("reason", Some(quoted(&exception.reason))),
        ("approved-by", Some(quoted(&exception.approved_by))),
        ("expires", exception.expires.map(show_moment)),
        ("automation", exception.automation.then(|| true.to_string())),
    ]);
    format!("[[exception]]\n{}", lines(pairs))
}

fn show_test(test: &TestCase) -> String {
    let names = |set: &Option<BTreeSet<String>>| match set {
        None => Some(quoted("unknown")),
        Some(set) => (!set.is_empty()).then(|| list(set.iter())),
    };
    let expect = &test.expect;
    let pairs = named([
        ("user", Some(quoted(&test.user))),
        ("groups", names(&test.groups)),
        ("flags", names(&test.flags)),
        ("service", Some(quoted(&test.service))),
        ("source", Some(quoted(test.source))),
        ("host", test.host.as_ref().map(quoted)),
        ("first-factor", test.first_factor.map(quoted)),
        (
            "key",
            test.key.as_ref().and_then(|key| key.fingerprint.as_ref().map(quoted)),
        ),
        ("key-type", test.key.as_ref().map(|key| quoted(&key.key_type))),
        (
            "key-enrolled",
            test.key
                .as_ref()
                .and_then(|key| key.enrolled.map(|enrolled| enrolled.to_string())),
        ),
        ("abnormal", test.abnormal.map(|abnormal| abnormal.to_string())),
        ("have", (!test.have.is_empty()).then(|| methods(&test.have))),
        ("at", test.at.map(show_moment)),
        ("since", test.since.map(show_moment)),
        ("expect-level", expect.level.map(quoted)),
        ("expect-decision", expect.decision.map(quoted)),
        ("expect-methods", expect.methods.as_ref().map(methods)),
        ("expect-max-age", expect.max_age.map(span)),
        ("expect-remember", expect.remember.map(span)),
    ]);
    format!("[[test]]\n{}", lines(pairs))
}

fn show_first_bind(rule: &FirstBindRule) -> String {
    inline(named([
        ("new", Some(quoted(rule.new))),
        ("after-reset", Some(quoted(rule.after_reset))),
        (
            "networks",
            (!rule.networks.is_empty()).then(|| list(rule.networks.iter())),
        ),
    ]))
}

/// Every setting that has a value, by its key, as the file has it.
pub fn setting_lines(settings: &Settings) -> Vec<(&'static str, String)> {
    let (email, totp, lockout) = (&settings.email_code, &settings.totp, &settings.lockout);
    let email_code = [
        ("digits", email.digits.to_string()),
        ("ttl", span(email.ttl)),
        ("resend", span(email.resend)),
        ("tries", email.tries.to_string()),
    ];
    let totp = [
        ("digits", totp.digits.to_string()),
        ("period", totp.period.to_string()),
        ("skew", totp.skew.to_string()),
        ("learn-drift", totp.learn_drift.to_string()),
    ];
    let lockout = [
        ("attempts", lockout.attempts.to_string()),
        ("window", span(lockout.window)),
        ("for", span(lockout.lock_for)),
        ("hard-stop", lockout.hard_stop.to_string()),
    ];
    named([
        ("passkey-sign-in", Some(settings.passkey_sign_in.to_string())),
        ("self-service", Some(quoted(settings.self_service))),
        ("email", Some(quoted(settings.email))),
        ("first-bind", Some(show_first_bind(&settings.first_bind))),
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
        (
            "login-networks",
            (!settings.login_networks.is_empty()).then(|| list(settings.login_networks.iter())),
        ),
        ("weak-passwords", Some(quoted(settings.weak_passwords))),
        ("idle-disable", Some(span(settings.idle_disable))),
        ("enroll-in-terminal", Some(settings.enroll_in_terminal.to_string())),
        ("contact", settings.contact.as_ref().map(quoted)),
        ("announcement", settings.announcement.as_ref().map(quoted)),
    ])
}
