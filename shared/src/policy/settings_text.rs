//! Reads `[settings]`: each key of its kind and in a sane range.

use super::problem::{Problems, Span};
use super::reader::{Fields, Item};
use super::selectors_text::{Named, source_terms};
use super::settings::{
    DeviceNames, EmailCode, EmailUse, FirstBind, FirstBindRule, SelfService, Settings, Totp, WeakPasswords,
};
use crate::attempts::Lockout;
use toml::de::DeValue;

pub(super) const KEYS: [&str; 22] = [
    "passkey-sign-in",
    "self-service",
    "email",
    "first-bind",
    "fido-per-user",
    "totp-per-user",
    "users-per-email",
    "device-name",
    "unbind-confirmation",
    "email-code",
    "totp",
    "recovery-codes",
    "lockout",
    "checkup",
    "session",
    "idle",
    "login-networks",
    "weak-passwords",
    "idle-disable",
    "enroll-in-terminal",
    "contact",
    "announcement",
];

/// Overwrites in `settings` what the table names.
pub(super) fn read(settings: &mut Settings, item: &Item<'_>, networks: &Named, problems: &mut Problems<'_>) {
    let Some(fields) = Fields::in_value(item, "[settings]", &KEYS, problems) else {
        return;
    };
    let p = problems;
    set(&mut settings.passkey_sign_in, fields.flag("passkey-sign-in", p));
    set(
        &mut settings.self_service,
        fields.word("self-service", SelfService::WORDS, p),
    );
    set(&mut settings.email, fields.word("email", EmailUse::WORDS, p));
    set(&mut settings.fido_per_user, fields.number("fido-per-user", 0..=64, p));
    set(&mut settings.totp_per_user, fields.number("totp-per-user", 0..=16, p));
    set(
        &mut settings.users_per_email,
        fields.number("users-per-email", 1..=1000, p),
    );
    set(
        &mut settings.device_name,
        fields.word("device-name", DeviceNames::WORDS, p),
    );
    set(&mut settings.unbind_confirmation, fields.text("unbind-confirmation", p));
    set(&mut settings.recovery_codes, fields.number("recovery-codes", 1..=50, p));
    set(&mut settings.enroll_in_terminal, fields.flag("enroll-in-terminal", p));
    set(&mut settings.checkup, fields.duration("checkup", p));
    set(&mut settings.session, at_least(&fields, "session", 60, p));
    set(&mut settings.idle, at_least(&fields, "idle", 60, p));
    set(
        &mut settings.login_networks,
        source_terms(&fields, "login-networks", networks, p),
    );
    set(
        &mut settings.weak_passwords,
        fields.word("weak-passwords", WeakPasswords::WORDS, p),
    );
    set(&mut settings.idle_disable, idle_disable(&fields, p));
    settings.contact = fields.text("contact", p).or(settings.contact.take());
    settings.announcement = fields.text("announcement", p).or(settings.announcement.take());
    if let Some(item) = fields.get("first-bind") {
        first_bind(&mut settings.first_bind, item, networks, p);
    }
    if let Some(item) = fields.get("email-code") {
        email_code(&mut settings.email_code, item, p);
    }
    if let Some(item) = fields.get("totp") {
        totp(&mut settings.totp, item, p);
    }
    if let Some(item) = fields.get("lockout") {
        lockout(&mut settings.lockout, item, p);
    }
}

fn set<T>(slot: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *slot = value;
    }
}

fn at_least(fields: &Fields<'_>, key: &str, least: i64, problems: &mut Problems<'_>) -> Option<i64> {
    let seconds = fields.duration(key, problems)?;
    if seconds < least {
        let least = super::moments::show_duration(least);
        problems.add(&fields.span_of(key), format!("`{key}` must be at least {least}"));
        return None;
    }
    Some(seconds)
}

/// A day at least: somebody who is away over the weekend is not idle.
fn idle_disable(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<i64> {
    let seconds = fields.duration("idle-disable", problems)?;
    if (1..86_400).contains(&seconds) {
        let fault = "`idle-disable` must be at least 1d, or 0s for never";
        problems.add(&fields.span_of("idle-disable"), fault);
        return None;
    }
    Some(seconds)
}

/// `"password"`, or a table that says more.
fn first_bind(rule: &mut FirstBindRule, item: &Item<'_>, networks: &Named, problems: &mut Problems<'_>) {
    if let DeValue::String(word) = item.as_ref() {
        match word.parse() {
            Ok(new) => rule.new = new,
            Err(error) => problems.add(&item.span(), format!("`first-bind` must be {error}")),
        }
        return require_networks(rule, &item.span(), problems);
    }
    let Some(fields) = Fields::in_value(item, "first-bind", &["new", "after-reset", "networks"], problems) else {
        return;
    };
    set(&mut rule.new, fields.word("new", FirstBind::WORDS, problems));
    set(
        &mut rule.after_reset,
        fields.word("after-reset", FirstBind::WORDS, problems),
    );
    set(
        &mut rule.networks,
        source_terms(&fields, "networks", networks, problems),
    );
    require_networks(rule, &fields.span, problems);
}

fn require_networks(rule: &FirstBindRule, at: &Span, problems: &mut Problems<'_>) {
    let by_network = [rule.new, rule.after_reset].contains(&FirstBind::Network);
    if by_network && rule.networks.is_empty() {
        problems.add(
            at,
            "`first-bind` by network needs `networks = [\"…\"]`, the places it accepts",
        );
    }
}

fn email_code(code: &mut EmailCode, item: &Item<'_>, problems: &mut Problems<'_>) {
    let Some(fields) = Fields::in_value(item, "email-code", &["digits", "ttl", "resend", "tries"], problems) else {
        return;
    };
    set(&mut code.digits, fields.number("digits", 6..=10, problems));
    set(&mut code.ttl, at_least(&fields, "ttl", 60, problems));
    set(&mut code.resend, at_least(&fields, "resend", 10, problems));
    set(&mut code.tries, fields.number("tries", 1..=10, problems));
    if code.ttl > 86_400 {
        problems.add(
            &fields.span_of("ttl"),
            "`ttl` must be at most 24h (NIST SP 800-63B 4.2)",
        );
    }
}

fn totp(totp: &mut Totp, item: &Item<'_>, problems: &mut Problems<'_>) {
    let known = ["digits", "period", "skew", "learn-drift"];
    let Some(fields) = Fields::in_value(item, "totp", &known, problems) else {
        return;
    };
    set(&mut totp.digits, fields.number("digits", 6..=8, problems));
    set(&mut totp.period, fields.number("period", 30..=60, problems));
    set(&mut totp.skew, fields.number("skew", 0..=1, problems));
    if totp.digits == 7 {
        problems.add(&fields.span_of("digits"), "`digits` must be 6 or 8: few apps know 7");
    }
    if totp.period != 30 {
        problems.add(
            &fields.span_of("period"),
            "`period` must be 30: many apps ignore any other",
        );
    }
    if fields.flag("learn-drift", problems) == Some(true) {
        let why = "`learn-drift` must be false: learning a device's drift lets used codes in again (S8)";
        problems.add(&fields.span_of("learn-drift"), why);
    }
}

fn lockout(lockout: &mut Lockout, item: &Item<'_>, problems: &mut Problems<'_>) {
    let known = ["attempts", "window", "for", "hard-stop"];
    let Some(fields) = Fields::in_value(item, "lockout", &known, problems) else {
        return;
    };
    set(&mut lockout.attempts, fields.number("attempts", 1..=100, problems));
    set(&mut lockout.hard_stop, fields.number("hard-stop", 1..=100, problems));
    set(&mut lockout.window, at_least(&fields, "window", 60, problems));
    set(&mut lockout.lock_for, at_least(&fields, "for", 60, problems));
}
