//! The seven steps of a decision, one by one, where the table is too coarse to tell them apart.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    AllowReason, Decision, Facts, Field, KeyFact, Policy, Proven, Requirement, SourceFact, State, decide, requirement,
};
use std::collections::BTreeSet;

const NOW: i64 = 1_777_593_600;

/// What a policy of this default, and of these rules, asks of alice.
fn asked(default: &str, rules: &str) -> Requirement {
    let policy = Policy::parse(&format!("version = 1\n[default]\n{default}\n{rules}\n")).unwrap();
    let nothing = BTreeSet::new();
    let facts = Facts {
        user: "alice",
        groups: Some(&nothing),
        flags: Some(&nothing),
        service: "pam:sshd",
        host: Some("web1"),
        source: SourceFact::Local,
        first_factor: None,
        key: KeyFact::Unknown,
        abnormal: Some(false),
        now: NOW,
    };
    requirement(&policy, &facts)
}

fn bound(methods: &[Method]) -> BTreeSet<Method> {
    methods.iter().copied().collect()
}

#[test]
fn a_remembered_browser_counts_only_below_highest_without_max_age_and_from_the_past() {
    let devices = bound(&[Method::Passkey, Method::Totp]);
    let decision = |default: &str, age: i64| {
        let state = State {
            remembered_at: Some(NOW - age),
            ..State::fresh(&devices, Some(0), NOW)
        };
        decide(&asked(default, ""), &state)
    };
    let week = "remember = \"7d\"";
    let until = NOW + 7 * 86_400 - 60;
    let remembered = Decision::Allow {
        reason: AllowReason::Remembered { until },
    };
    assert_eq!(decision(week, 60), remembered);
    for (default, age) in [
        (week, -1),
        ("remember = \"0s\"", 0),
        ("remember = \"7d\"\nmax-age = \"12h\"", 60),
        ("remember = \"7d\"\nlevel = \"highest\"", 60),
        ("recheck = \"7d\"", 60),
    ] {
        let decided = decision(default, age);
        assert!(
            matches!(decided, Decision::Challenge { .. }),
            "{default} {age}: {decided}"
        );
    }
}

#[test]
fn a_shell_is_rechecked_by_its_own_span() {
    let devices = bound(&[Method::Totp]);
    let state = State {
        rechecked_at: Some(NOW - 60),
        ..State::fresh(&devices, Some(0), NOW)
    };
    let until = NOW + 3540;
    let rechecked = Decision::Allow {
        reason: AllowReason::Rechecked { until },
    };
    assert_eq!(decide(&asked("recheck = \"1h\"", ""), &state), rechecked);
    for default in ["recheck = \"60s\"", "remember = \"1h\""] {
        assert!(
            matches!(decide(&asked(default, ""), &state), Decision::Challenge { .. }),
            "{default}"
        );
    }
}

#[test]
fn a_method_that_is_not_accepted_here_proves_nothing_here() {
    let devices = bound(&[Method::Passkey, Method::Totp]);
    let proven = |method| {
        let shown = [Proven {
            level: Level::High,
            method: Some(method),
            at: NOW,
        }];
        let state = State {
            proven: &shown,
            ..State::fresh(&devices, Some(0), NOW)
        };
        decide(&asked("methods = [\"passkey\", \"security-key\"]", ""), &state)
    };
    assert!(matches!(proven(Method::Totp), Decision::Challenge { .. }));
    assert!(matches!(proven(Method::Passkey), Decision::Allow { .. }));
}

#[test]
fn a_default_that_names_no_time_to_enrol_gives_none() {
    let nothing = BTreeSet::new();
    let decision = |default: &str, rules: &str, since: Option<i64>| {
        decide(&asked(default, rules), &State::fresh(&nothing, since, NOW))
    };
    let yesterday = Some(NOW - 86_400);
    let late = "[[rule]]\nname = \"late\"\nrequire = { deadline = 2030-01-01 }";
    for (default, rules, since) in [
        ("", "", yesterday),
        ("", late, yesterday),
        ("grace = \"14d\"", "", None),
        ("grace = \"1d\"", "", yesterday),
        ("grace = \"14d\"\ndeadline = 2026-05-01", "", yesterday),
    ] {
        let decided = decision(default, rules, since);
        assert!(
            matches!(decided, Decision::MustBind { .. }),
            "{default} {rules}: {decided}"
        );
    }
    let end = samekey_shared::policy::parse_moment("2026-05-03").unwrap();
    let nag = Decision::AllowAndNag { until: end };
    assert_eq!(decision("deadline = 2026-05-03", "", yesterday), nag);
    assert_eq!(decision("deadline = 2026-05-03\ngrace = \"14d\"", "", yesterday), nag);
}

#[test]
fn they_decide_whose_value_it_is() {
    let rules = "[[rule]]\nname = \"b\"\nrequire = { level = \"highest\" }\n\
        [[rule]]\nname = \"a\"\nrequire = { level = \"highest\", remember = \"5m\" }\n\
        [[rule]]\nname = \"c\"\nrequire = { level = \"medium\", remember = \"1h\", session = \"7d\" }";
    let asked = asked("level = \"single\"\nremember = \"7d\"", rules);
    let by = |field| asked.decided_by(field).iter().map(|name| &**name).collect::<Vec<_>>();
    assert_eq!(by(Field::Level), ["a", "b"]);
    assert_eq!(by(Field::Remember), ["a"]);
    assert_eq!(by(Field::Session), ["default"]);
}

#[test]
fn a_relying_party_can_only_ask_for_more() {
    let least = asked("level = \"highest\"\nmax-age = \"5m\"", "");
    let less = least.clone().and_also("client", Some(Level::Single), Some(3600));
    assert_eq!(less, least);
    let more = least.and_also("client", Some(Level::Hardware), Some(-1));
    assert_eq!((more.level, more.max_age), (Level::Hardware, Some(0)));
    assert_eq!(&*more.decided_by(Field::MaxAge)[0], "client");
}

#[test]
fn two_kinds_are_counted_without_recovery_codes() {
    let asked = asked("two-types = \"warn\"", "");
    for (devices, lacks) in [
        (&[Method::Totp, Method::RecoveryCode][..], true),
        (&[Method::Passkey, Method::SecurityKey], true),
        (&[Method::Passkey, Method::Totp], false),
        (&[Method::Totp, Method::Email], false),
    ] {
        assert_eq!(asked.lacks_second_type(&bound(devices)), lacks, "{devices:?}");
    }
}

/// A proof of this method, as strong as any, made this long ago.
fn shown(method: Method, age: i64) -> [Proven; 1] {
    [Proven {
        level: Level::Highest,
        method: Some(method),
        at: NOW - age,
    }]
}

#[test]
fn a_demanded_second_kind_is_bound_after_the_first_was_shown_and_not_before() {
    let devices = bound(&[Method::Totp, Method::RecoveryCode]);
    let demanded = asked("two-types = \"require\"\nremember = \"7d\"", "");
    let proven = shown(Method::Totp, 0);
    let fresh = State::fresh(&devices, Some(0), NOW);
    let remembered = State {
        remembered_at: Some(NOW - 60),
        ..fresh
    };
    // Nobody who only knows the password, or sits at a remembered browser, gets to bind a device of theirs.
    for state in [fresh, remembered] {
        assert!(matches!(decide(&demanded, &state), Decision::Challenge { .. }));
    }
    let state = State {
        proven: &proven,
        ..fresh
    };
    let others = bound(&[Method::Passkey, Method::SecurityKey, Method::Email]);
    assert_eq!(decide(&demanded, &state), Decision::MustBind { methods: others });
    let warned = asked("two-types = \"warn\"", "");
    assert!(matches!(decide(&warned, &state), Decision::Allow { .. }));
    for two in [&[Method::Totp, Method::Email][..], &[Method::Totp, Method::SecurityKey]] {
        let devices = bound(two);
        let state = State {
            bound: &devices,
            ..state
        };
        assert!(matches!(decide(&demanded, &state), Decision::Allow { .. }), "{two:?}");
    }
}

#[test]
fn a_second_kind_has_its_time_and_is_not_demanded_where_it_is_bound() {
    let devices = bound(&[Method::Passkey]);
    let proven = shown(Method::Passkey, 0);
    let state = State {
        proven: &proven,
        ..State::fresh(&devices, Some(NOW - 86_400), NOW)
    };
    let allowed = |decision: Decision| matches!(decision, Decision::Allow { .. });
    let demanded = "two-types = \"require\"";
    assert!(allowed(decide(
        &asked(&format!("{demanded}\ngrace = \"14d\""), ""),
        &state
    )));
    let over = asked(&format!("{demanded}\ngrace = \"14d\"\ndeadline = 2026-05-01"), "");
    assert!(matches!(decide(&over, &state), Decision::MustBind { .. }));
    assert!(allowed(decide(&over, &state.at("portal:devices"))));
    assert!(!allowed(decide(&over, &state.at("portal:sign-in"))));
    // Where no second kind is accepted, asking for a proof first would be asking for nothing.
    let rule = "[[rule]]\nname = \"keys\"\nrequire = { methods = [\"passkey\", \"security-key\"] }";
    let hopeless = asked("grace = \"0s\"", rule);
    assert!(allowed(decide(&hopeless, &state)));
}

#[test]
fn a_checkup_asks_where_being_remembered_would_have_done() {
    let devices = bound(&[Method::Totp]);
    let week = asked("remember = \"7d\"\nrecheck = \"7d\"", "");
    let state = State {
        remembered_at: Some(NOW - 60),
        rechecked_at: Some(NOW - 60),
        ..State::fresh(&devices, Some(0), NOW)
    };
    assert!(matches!(decide(&week, &state), Decision::Allow { .. }));
    let due = State {
        checkup_due: true,
        ..state
    };
    assert!(matches!(decide(&week, &due), Decision::Challenge { .. }));
    let proven = shown(Method::Totp, 60);
    let due = State { proven: &proven, ..due };
    assert!(matches!(decide(&week, &due), Decision::Allow { .. }));
}
