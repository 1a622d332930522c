//! What each shipped preset demands and forbids: a reviewed table, and the sentences of the standards one by one.
//!
//! `policy/presets.txt` is compared exactly, as `policy/table.txt` is (see `policy_table.rs` for how to review a change).
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    Decision, EmailUse, Facts, FirstBind, FirstFactorKind, KeyFact, LOGIN_NETWORKS, Policy, Preset, Proven,
    Requirement, Settings, SourceFact, State, check, decide, requirement,
};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::Path;

/// 2026-05-01 00:00 UTC
const NOW: i64 = 1_777_593_600;
const MINUTE: i64 = 60;
const HOUR: i64 = 3600;
const DAY: i64 = 86_400;

/// Somebody at a door.
#[derive(Clone, Copy)]
struct At {
    name: &'static str,
    service: &'static str,
    flagged: bool,
    abnormal: Option<bool>,
}

const ORDINARY: At = At {
    name: "ssh",
    service: "pam:sshd",
    flagged: false,
    abnormal: Some(false),
};

#[rustfmt::skip]
const AT: [At; 9] = [
    ORDINARY,
    At { name: "ssh, flagged", flagged: true, ..ORDINARY },
    At { name: "ssh, unusual", abnormal: Some(true), ..ORDINARY },
    At { name: "ssh, unknown whether", abnormal: None, ..ORDINARY },
    At { name: "sign-in page", service: "portal:sign-in", ..ORDINARY },
    At { name: "web app", service: "oidc:wiki", ..ORDINARY },
    At { name: "sudo", service: "pam:sudo", ..ORDINARY },
    At { name: "own devices", service: "portal:devices", ..ORDINARY },
    At { name: "administration", service: "admin:settings-change", ..ORDINARY },
];

fn preset(name: &str, more: &str) -> Policy {
    Policy::parse(&format!(
        "version = 1\npreset = \"{name}\"\n[groups]\nsource = \"store\"\n{more}"
    ))
    .unwrap()
}

fn asked(policy: &Policy, at: At) -> Requirement {
    let (nothing, flag) = (BTreeSet::new(), BTreeSet::from(["mfa-required".to_owned()]));
    let facts = Facts {
        user: "erin",
        groups: Some(&nothing),
        flags: Some(if at.flagged { &flag } else { &nothing }),
        service: at.service,
        host: None,
        source: SourceFact::Addr([203, 0, 113, 9].into()),
        first_factor: Some(FirstFactorKind::Password),
        key: KeyFact::None,
        abnormal: at.abnormal,
        now: NOW,
    };
    requirement(policy, &facts)
}

/// What comes of it for whoever has these methods, was made so long ago, and was remembered an hour ago.
fn comes(asked: &Requirement, service: &str, has: &[Method], days: i64, remembered: bool) -> Decision {
    let bound = has.iter().copied().collect();
    let state = State {
        remembered_at: remembered.then_some(NOW - HOUR),
        ..State::fresh(&bound, Some(NOW - days * DAY), NOW).at(service)
    };
    decide(asked, &state)
}

fn span(seconds: i64) -> String {
    samekey_shared::policy::show_duration(seconds)
}

fn words(asked: &Requirement) -> String {
    let methods: Vec<&str> = asked.methods.iter().map(|method| method.as_str()).collect();
    format!(
        "{} by {}; max-age {}, remember {}, recheck {}, session {}, idle {}, grace {}, two-types {}",
        asked.level,
        methods.join(" "),
        asked.max_age.map_or("-".to_owned(), span),
        span(asked.remember),
        span(asked.recheck),
        span(asked.session),
        span(asked.idle),
        asked.grace.map_or("-".to_owned(), span),
        asked.two_types
    )
}

fn settings(settings: &Settings) -> String {
    let lock = &settings.lockout;
    format!(
        "passkey-sign-in {}, email {}, first-bind {} / {}, totp skew {}, lockout {} in {} for {} or {} in all, checkup {}, idle-disable {}",
        settings.passkey_sign_in,
        settings.email,
        settings.first_bind.new,
        settings.first_bind.after_reset,
        settings.totp.skew,
        lock.attempts,
        span(lock.window),
        span(lock.lock_for),
        lock.hard_stop,
        span(settings.checkup),
        span(settings.idle_disable)
    )
}

fn table() -> String {
    let mut text = String::new();
    for name in Preset::WORDS {
        let policy = preset(name, "");
        writeln!(text, "== {name}").unwrap();
        writeln!(text, "{:<20} | {}", "settings", settings(policy.settings())).unwrap();
        for at in AT {
            let asked = asked(&policy, at);
            writeln!(text, "{:<20} | {}", at.name, words(&asked)).unwrap();
            for (has, days, remembered) in [
                (&[][..], 1, false),
                (&[Method::Email][..], 100, false),
                (&[Method::Totp], 100, false),
                (&[Method::Totp], 100, true),
                (&[Method::Passkey], 100, false),
            ] {
                let names: Vec<&str> = has.iter().map(|method| method.as_str()).collect();
                let who = format!("{}{}", names.join(" "), if remembered { ", remembered" } else { "" });
                let decision = comes(&asked, at.service, has, days, remembered);
                writeln!(text, "{:<20} |   has {:<18} {decision}", "", format!("[{who}]")).unwrap();
            }
        }
    }
    text
}

#[test]
fn every_preset_demands_what_was_reviewed() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/policy/presets.txt");
    let (found, reviewed) = (table(), std::fs::read_to_string(&path).unwrap_or_default());
    if found != reviewed {
        let new = path.with_extension("new.txt");
        std::fs::write(&new, &found).unwrap();
        let changed: Vec<(&str, &str)> = reviewed.lines().zip(found.lines()).filter(|(a, b)| a != b).collect();
        panic!("presets changed; see {}: {changed:#?}", new.display());
    }
}

#[test]
fn effective_prints_each_preset_in_full() {
    for name in Preset::WORDS {
        let policy = preset(name, "");
        let printed = policy.effective();
        assert!(printed.starts_with(&format!("# With everything that the preset \"{name}\" says.")));
        assert!(!printed.contains("\npreset ="), "{printed}");
        for rule in &policy.document().rules {
            assert!(
                printed.contains(&format!("name = \"{}\"", rule.name)),
                "{name}: {}",
                rule.name
            );
        }
        let alone = Policy::parse(&printed).unwrap();
        for at in AT {
            assert_eq!(
                words(&asked(&alone, at)),
                words(&asked(&policy, at)),
                "{name}, {}",
                at.name
            );
        }
        assert_eq!(settings(alone.settings()), settings(policy.settings()), "{name}");
    }
}

#[test]
fn mandatory_asks_everybody_also_before_sensitive_operations() {
    let policy = preset("mandatory", "[default]\nlevel = \"none\"\nremember = \"7d\"\n");
    for at in AT {
        assert_eq!(asked(&policy, at).level, Level::High, "{}", at.name);
    }
    for service in ["pam:sudo", "pam:su", "portal:devices", "admin:overview"] {
        let asked = asked(&policy, At { service, ..ORDINARY });
        assert!(
            asked.max_age.is_some_and(|age| age <= 10 * MINUTE) && asked.remember == 0,
            "{service}"
        );
    }
    assert_eq!(asked(&policy, ORDINARY).remember, 7 * DAY);
}

#[test]
fn per_user_asks_those_who_carry_the_flag_and_nobody_else() {
    let policy = preset("per-user", "");
    let flagged = At {
        flagged: true,
        ..ORDINARY
    };
    let decision = |at: At| comes(&asked(&policy, at), at.service, &[Method::Totp], 100, false);
    assert!(matches!(decision(ORDINARY), Decision::Allow { .. }));
    assert!(matches!(decision(flagged), Decision::Challenge { .. }));
    // Nobody administers with a password alone.
    let admin = At {
        service: "admin:overview",
        ..ORDINARY
    };
    assert!(matches!(
        comes(&asked(&policy, admin), admin.service, &[], 1, false),
        Decision::MustBind { .. }
    ));
}

#[test]
fn abnormal_asks_at_unusual_sign_ins_and_may_let_people_skip_for_a_while() {
    let policy = preset("abnormal", "");
    let unusual = At {
        abnormal: Some(true),
        ..ORDINARY
    };
    let unknown = At {
        abnormal: None,
        ..ORDINARY
    };
    let of = |policy: &Policy, at: At, has: &[Method]| comes(&asked(policy, at), at.service, has, 1, true);
    assert!(matches!(of(&policy, ORDINARY, &[]), Decision::Allow { .. }));
    for at in [unusual, unknown] {
        assert!(matches!(of(&policy, at, &[Method::Totp]), Decision::Challenge { .. }));
        assert!(
            matches!(of(&policy, at, &[]), Decision::MustBind { .. }),
            "enforceVerify"
        );
    }
    let autonomous = preset("abnormal", "[default]\ngrace = \"14d\"\n");
    assert!(matches!(of(&autonomous, unusual, &[]), Decision::AllowAndNag { .. }));
    assert!(matches!(
        of(&autonomous, unusual, &[Method::Totp]),
        Decision::Challenge { .. }
    ));
}

#[test]
fn nist_aal2_is_two_factors_replay_resistant_with_an_end_and_without_e_mail() {
    let policy = preset(
        "nist-aal2",
        "[default]\nremember = \"7d\"\nsession = \"48h\"\nidle = \"12h\"\n",
    );
    for at in AT {
        let asked = asked(&policy, at);
        assert!(
            asked.level >= Level::High && asked.remember == 0 && asked.recheck == 0,
            "{}",
            at.name
        );
        assert!(asked.session <= 24 * HOUR && asked.idle <= HOUR, "{}", at.name);
        // 2.2.2: a phishing-resistant option is offered; 3.1.3.1: e-mail is none.
        assert!(asked.methods.contains(&Method::Passkey) && !asked.methods.contains(&Method::Email));
    }
    // 3.2.2
    assert!(policy.settings().lockout.hard_stop <= 100);
    assert_eq!(policy.settings().session, 24 * HOUR);
}

#[test]
fn nist_aal3_takes_nothing_but_attested_keys_and_ends_after_twelve_hours() {
    let policy = preset(
        "nist-aal3",
        "[default]\nlevel = \"high\"\n[settings]\nsession = \"24h\"\nidle = \"24h\"\n",
    );
    for at in AT {
        let asked = asked(&policy, at);
        assert_eq!(
            (asked.level, asked.session, asked.idle),
            (Level::Hardware, 12 * HOUR, 15 * MINUTE)
        );
        assert_eq!(asked.methods, [Method::Passkey, Method::SecurityKey].into());
        // A key that proved `highest` only, synced or not attested, does not do.
        let (bound, synced) = (
            [Method::Passkey].into(),
            [Proven {
                level: Level::Highest,
                method: Some(Method::Passkey),
                at: NOW,
            }],
        );
        let state = State {
            proven: &synced,
            ..State::fresh(&bound, Some(0), NOW).at(at.service)
        };
        assert!(
            matches!(decide(&asked, &state), Decision::Challenge { .. }),
            "{}",
            at.name
        );
    }
}

#[test]
fn pci_dss_locks_for_half_an_hour_and_takes_a_password_with_the_passkey() {
    let policy = preset("pci-dss", "");
    let lock = &policy.settings().lockout;
    assert!(lock.attempts <= 10 && lock.lock_for >= 30 * MINUTE, "8.3.4");
    assert!(!policy.settings().passkey_sign_in, "Q9");
    assert_eq!(policy.settings().idle_disable, 90 * DAY, "8.2.6");
    for at in AT {
        let asked = asked(&policy, at);
        assert!(
            asked.level >= Level::High && asked.remember == 0,
            "8.4.1 to 8.4.3: {}",
            at.name
        );
        assert!(asked.idle <= 15 * MINUTE, "8.2.8: {}", at.name);
        assert!(
            matches!(comes(&asked, at.service, &[], 0, false), Decision::MustBind { .. }),
            "8.5.1: {}",
            at.name
        );
    }
}

#[test]
fn asvs_asks_two_factors_at_level_two_and_resists_phishing_at_level_three() {
    for (name, level, idle, email) in [
        ("asvs-l2", Level::High, 30 * MINUTE, true),
        ("asvs-l3", Level::Highest, 15 * MINUTE, false),
    ] {
        let policy = preset(name, "[default]\nlevel = \"none\"\nremember = \"7d\"\n");
        for at in AT {
            let asked = asked(&policy, at);
            assert_eq!((asked.level, asked.remember), (level, 0), "6.3.3 {name}, {}", at.name);
            assert!(asked.idle <= idle && asked.session <= 12 * HOUR, "7.3.1, 7.3.2 {name}");
        }
        let devices = At {
            service: "portal:devices",
            ..ORDINARY
        };
        assert!(asked(&policy, devices).max_age.is_some(), "7.5.1 {name}");
        let settings = policy.settings();
        assert_eq!(settings.totp.skew, 0, "6.5.5 {name}");
        assert_eq!(settings.first_bind.after_reset, FirstBind::Ticket, "6.4.4 {name}");
        assert_eq!(settings.email != EmailUse::Off, email, "6.3.6 {name}");
    }
}

#[test]
fn settings_looser_than_the_preset_are_told() {
    let told = |name: &str, settings: &str| -> Vec<String> {
        let report = check(
            &format!("version = 1\npreset = \"{name}\"\n[settings]\n{settings}\n"),
            NOW,
            &[],
        );
        assert!(report.is_clean(), "{:#?}", report.errors);
        report.warnings.into_iter().map(|warning| warning.message).collect()
    };
    for name in Preset::WORDS {
        assert_eq!(told(name, ""), Vec::<String>::new(), "{name}");
    }
    for (name, settings, key) in [
        ("pci-dss", "lockout = { for = \"5m\" }", "lockout"),
        ("pci-dss", "passkey-sign-in = true", "passkey-sign-in"),
        ("pci-dss", "idle-disable = \"0s\"", "idle-disable"),
        ("asvs-l3", "first-bind = \"password\"", "first-bind"),
        ("asvs-l3", "email = \"emergency\"", "email"),
        ("asvs-l2", "totp = { skew = 1 }", "totp"),
    ] {
        let sentence = format!("[settings] {key} is looser than preset \"{name}\" has it");
        assert!(told(name, settings).contains(&sentence), "{sentence}");
    }
    let second = told("mandatory", "email = \"second-factor\"");
    assert!(second.iter().any(|told| told.contains("3.1.3.1")), "{second:?}");
}

#[test]
fn login_networks_shut_every_door_elsewhere_and_never_the_machine_itself() {
    let text = "version = 1\n[networks]\noffice = [\"10.0.0.0/8\"]\n[settings]\nlogin-networks = [\"office\", \"2001:db8::/32\"]\n\
        [[exception]]\nname = \"traveller\"\nwhen = { users = [\"erin\"], source = [\"198.51.100.7/32\"] }\nallow = { deny = false }\n\
        reason = \"conference\"\napproved-by = \"bob\"\nexpires = 2026-05-08\n";
    let nothing = BTreeSet::new();
    let deny = |policy: &Policy, user: &str, service: &str, source: &str| {
        let facts = Facts {
            user,
            groups: Some(&nothing),
            flags: Some(&nothing),
            service,
            host: None,
            source: source.parse().unwrap(),
            first_factor: None,
            key: KeyFact::Unknown,
            abnormal: Some(false),
            now: NOW,
        };
        requirement(policy, &facts).deny
    };
    let policy = Policy::parse(text).unwrap();
    let again = Policy::parse(&policy.effective()).unwrap();
    assert_eq!(policy.document().rules[0].when, again.document().rules[0].when);
    assert_eq!(again.document().rules.len(), 1);
    assert_eq!(&*policy.document().rules[0].name, LOGIN_NETWORKS);
    for policy in [policy, again] {
        for service in ["pam:sshd", "portal:sign-in", "oidc:wiki", "admin:overview"] {
            for inside in ["10.1.2.3", "2001:db8::1", "local"] {
                assert!(!deny(&policy, "bob", service, inside), "{service} from {inside}");
            }
            for outside in ["203.0.113.9", "::1", "127.0.0.1", "unknown"] {
                assert!(deny(&policy, "bob", service, outside), "{service} from {outside}");
            }
        }
        assert!(!deny(&policy, "erin", "pam:sshd", "198.51.100.7"));
        assert!(deny(&policy, "bob", "pam:sshd", "198.51.100.7"));
    }
}
