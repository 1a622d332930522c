//! The decision table: who asks where, times what they have and have shown, as one reviewed file.
//!
//! `policy/table.txt` is compared exactly. When a decision changes, this test fails and writes what it found to
//! `policy/table.new.txt` next to it; whoever agrees with every line of the difference moves the new file over the old:
//!
//! ```text
//! diff shared/tests/policy/table.txt shared/tests/policy/table.new.txt
//! mv shared/tests/policy/table.new.txt shared/tests/policy/table.txt
//! ```
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    Facts, Field, FirstFactorKind, KeyFact, Policy, Proven, Requirement, State, decide, requirement,
};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// 2026-05-01 00:00 UTC
const NOW: i64 = 1_777_593_600;
const DAY: i64 = 86_400;

struct Who {
    name: &'static str,
    user: &'static str,
    groups: Option<&'static str>,
    flags: &'static str,
    service: &'static str,
    source: &'static str,
    first_factor: Option<FirstFactorKind>,
    abnormal: Option<bool>,
    now: i64,
}

/// An ordinary password sign-in from the office.
const ORDINARY: Who = Who {
    name: "ordinary sign-in",
    user: "erin",
    groups: Some("staff"),
    flags: "",
    service: "pam:sshd",
    source: "10.1.2.3",
    first_factor: Some(FirstFactorKind::Password),
    abnormal: Some(false),
    now: NOW,
};

const KEY: Option<FirstFactorKind> = Some(FirstFactorKind::PublicKey);

#[rustfmt::skip]
const WHO: [Who; 22] = [
    ORDINARY,
    Who { name: "ordinary, on the web", service: "portal:sign-in", ..ORDINARY },
    Who { name: "groups not known", groups: None, ..ORDINARY },
    Who { name: "unusual", abnormal: Some(true), ..ORDINARY },
    Who { name: "not known whether unusual", abnormal: None, ..ORDINARY },
    Who { name: "sudo", service: "pam:sudo", source: "local", ..ORDINARY },
    Who { name: "console, deadline near", service: "pam:login", source: "local", ..ORDINARY },
    Who { name: "administrator", groups: Some("staff wheel"), ..ORDINARY },
    Who { name: "administrator, sudo", groups: Some("wheel"), service: "pam:sudo", source: "local", ..ORDINARY },
    Who { name: "root at the console", user: "root", service: "pam:login", source: "local", ..ORDINARY },
    Who { name: "root from outside", user: "root", source: "203.0.113.9", ..ORDINARY },
    Who { name: "root from who knows where", user: "root", source: "unknown", ..ORDINARY },
    Who { name: "payroll from outside", service: "oidc:payroll", source: "203.0.113.9", ..ORDINARY },
    Who { name: "vault", service: "oidc:vault", ..ORDINARY },
    Who { name: "carol at the vault", user: "carol", service: "oidc:vault", ..ORDINARY },
    Who { name: "carol at the launch", user: "carol", service: "oidc:launch", ..ORDINARY },
    Who { name: "backup robot", user: "backup", source: "198.51.100.7", first_factor: KEY, ..ORDINARY },
    Who { name: "backup robot, source unknown", user: "backup", source: "unknown", first_factor: KEY, ..ORDINARY },
    Who { name: "alice, in March", user: "alice", groups: Some("wheel"), now: NOW - 31 * DAY - 1, ..ORDINARY },
    Who { name: "alice, from 31 March on", user: "alice", groups: Some("wheel"), now: NOW - 31 * DAY, ..ORDINARY },
    Who { name: "dave on the web", user: "dave", service: "oidc:wiki", ..ORDINARY },
    Who { name: "paper codes only", flags: "paper", ..ORDINARY },
];

struct Has {
    name: &'static str,
    bound: &'static [Method],
    proven: &'static [(Level, Option<Method>, i64)],
    remembered: Option<i64>,
    required_days: i64,
}

const TOTP: Has = Has {
    name: "totp",
    bound: &[Method::Totp],
    proven: &[],
    remembered: None,
    required_days: 100,
};

const PROVEN: Level = Level::High;

#[rustfmt::skip]
const HAS: [Has; 16] = [
    Has { name: "nothing, since yesterday", bound: &[], required_days: 1, ..TOTP },
    Has { name: "nothing, since long", bound: &[], ..TOTP },
    Has { name: "nothing, since tomorrow", bound: &[], required_days: -1, ..TOTP },
    TOTP,
    Has { name: "e-mail", bound: &[Method::Email], required_days: 1, ..TOTP },
    Has { name: "recovery codes", bound: &[Method::RecoveryCode], required_days: 1, ..TOTP },
    Has { name: "totp and codes", bound: &[Method::Totp, Method::RecoveryCode], ..TOTP },
    Has { name: "passkey and totp", bound: &[Method::Passkey, Method::Totp], ..TOTP },
    Has { name: "totp, password shown", proven: &[(Level::Single, None, 0)], ..TOTP },
    Has { name: "totp, shown now", proven: &[(PROVEN, Some(Method::Totp), 0)], ..TOTP },
    Has { name: "totp, shown 5 min ago", proven: &[(PROVEN, Some(Method::Totp), 300)], ..TOTP },
    Has { name: "totp, shown 5 min 1 s ago", proven: &[(PROVEN, Some(Method::Totp), 301)], ..TOTP },
    Has { name: "totp, shown in the future", proven: &[(PROVEN, Some(Method::Totp), -1)], ..TOTP },
    Has { name: "passkey, shown now", bound: &[Method::Passkey],
          proven: &[(Level::Highest, Some(Method::Passkey), 0)], ..TOTP },
    Has { name: "totp, remembered 6 days", remembered: Some(6 * DAY), ..TOTP },
    Has { name: "totp, remembered 7 days", remembered: Some(7 * DAY), ..TOTP },
];

fn words(text: &str) -> BTreeSet<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// What is asked of them, fields with their deciders.
fn asked(policy: &Policy, who: &Who) -> Requirement {
    let (groups, flags) = (who.groups.map(words), words(who.flags));
    let facts = Facts {
        user: who.user,
        groups: groups.as_ref(),
        flags: Some(&flags),
        service: who.service,
        host: Some("web1"),
        source: who.source.parse().unwrap(),
        first_factor: who.first_factor,
        key: KeyFact::of_kind(who.first_factor),
        abnormal: who.abnormal,
        now: who.now,
    };
    requirement(policy, &facts)
}

fn summary(asked: &Requirement) -> String {
    let methods: Vec<&str> = asked.methods.iter().map(|method| method.as_str()).collect();
    let age = asked.max_age.map_or("-".to_owned(), |seconds| format!("{seconds} s"));
    let grace = asked
        .grace
        .map_or("-".to_owned(), |seconds| format!("{} d", seconds / DAY));
    format!(
        "{} by {}; {}; max-age {age}; remember {} d; grace {grace}; two types {}",
        asked.level,
        asked.decided_by(Field::Level).join(", "),
        methods.join(", "),
        asked.remember / DAY,
        asked.two_types
    )
}

fn decision(asked: &Requirement, who: &Who, has: &Has) -> String {
    let bound = has.bound.iter().copied().collect();
    let proven: Vec<Proven> = has
        .proven
        .iter()
        .map(|(level, method, age)| Proven {
            level: *level,
            method: *method,
            at: who.now - age,
        })
        .collect();
    let state = State {
        proven: &proven,
        remembered_at: has.remembered.map(|age| who.now - age),
        ..State::fresh(&bound, Some(who.now - has.required_days * DAY), who.now)
    };
    decide(asked, &state).to_string()
}

fn table() -> String {
    let policy = Policy::parse(include_str!("policy/table.toml")).unwrap();
    let mut out =
        "# What policy/table.toml decides. Made by policy_table.rs, which tells how to change it.\n".to_owned();
    for who in &WHO {
        let asked = asked(&policy, who);
        let _ = writeln!(out, "{:<29} | {:<26} | {}", who.name, "IS ASKED", summary(&asked));
        for has in &HAS {
            let _ = writeln!(
                out,
                "{:<29} | {:<26} | {}",
                who.name,
                has.name,
                decision(&asked, who, has)
            );
        }
    }
    out
}

#[test]
fn every_decision_is_as_reviewed() {
    let found = table();
    assert!(found.lines().count() > 300);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy");
    let reviewed = std::fs::read_to_string(folder.join("table.txt")).unwrap_or_default();
    let new = folder.join("table.new.txt");
    if found == reviewed {
        // A stale proposal would be mistaken for a fresh one.
        let _ = std::fs::remove_file(new);
        return;
    }
    std::fs::write(&new, &found).unwrap();
    let changed = |(old, new): &(&str, &str)| old != new;
    let lines: Vec<String> = reviewed
        .lines()
        .zip(found.lines())
        .filter(changed)
        .map(|(old, new)| format!("- {old}\n+ {new}"))
        .collect();
    panic!(
        "decisions changed; see policy/table.new.txt and the head of this test:\n{}",
        lines.join("\n")
    );
}
