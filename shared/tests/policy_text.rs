//! Policy files: the reference's own, what `explain` says, what `effective` prints, what `check` warns of.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    Decision, Facts, FirstFactorKind, KeyFact, KnownAccount, Policy, Preset, SourceFact, State, check, explain,
    requirement,
};
use std::collections::BTreeSet;

/// 2026-05-01 00:00 UTC
const NOW: i64 = 1_777_593_600;

const REFERENCE: &str = include_str!("policy/reference.toml");

fn facts<'a>(user: &'a str, service: &'a str, source: &str) -> Facts<'a> {
    Facts {
        user,
        groups: None,
        flags: None,
        service,
        host: None,
        source: source.parse().unwrap(),
        first_factor: None,
        key: KeyFact::Unknown,
        abnormal: None,
        now: NOW,
    }
}

fn names(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(ToString::to_string).collect()
}

#[test]
fn the_reference_loads_and_passes_its_own_test() {
    let report = check(REFERENCE, NOW, &[]);
    assert!(report.is_clean(), "{:#?}", report.errors);
    assert_eq!((report.tests_passed, report.tests_failed), (1, 0));
    let warnings: Vec<&str> = report.warnings.iter().map(|w| w.message.as_str()).collect();
    assert_eq!(
        warnings,
        [
            "[default] accepts email, which cannot reach its level: it only serves recovery",
            "who was asked within 7d is not asked again at admin:settings: add a rule with max-age",
            "exception \"alice-lost-key\" ended on 2026-03-31: remove it",
        ]
    );
}

#[test]
fn the_robot_passes_only_from_where_and_how_it_was_allowed() {
    let policy = Policy::parse(REFERENCE).unwrap();
    let nothing = BTreeSet::new();
    let robot = |source: &str, first_factor| {
        let facts = Facts {
            groups: Some(&nothing),
            first_factor,
            ..facts("backup", "pam:sshd", source)
        };
        requirement(&policy, &facts).level
    };
    let key = Some(FirstFactorKind::PublicKey);
    assert_eq!(robot("198.51.100.7", key), Level::None);
    assert_eq!(robot("::ffff:198.51.100.7", key), Level::None);
    assert_eq!(robot("198.51.100.8", key), Level::High);
    assert_eq!(robot("unknown", key), Level::High);
    assert_eq!(robot("198.51.100.7", None), Level::High);
    assert_eq!(robot("198.51.100.7", Some(FirstFactorKind::Password)), Level::High);
}

#[test]
fn explains_as_the_reference_does() {
    let policy = Policy::parse(include_str!("policy/explained.toml")).unwrap();
    let groups = names(&["wheel"]);
    let alice = Facts {
        groups: Some(&groups),
        ..facts("alice", "pam:sudo", "203.0.113.9")
    };
    let bound = [Method::Totp, Method::Email].into();
    let explanation = explain(&policy, &alice, &State::fresh(&bound, None, NOW));
    let expected = "\
alice -> pam:sudo from Addr(203.0.113.9)
  rule      admins-phishing-resistant hit
  rule      payroll-office-only    miss (services)  [report only]
  hard rule root-from-outside      miss (users)
  rule      sudo-fresh             hit
  exception alice-lost-key         miss  [expired]
  => level Highest, methods {Email, RecoveryCode, Totp, SecurityKey, Passkey}, deny false
     level decided by admins-phishing-resistant
     max-age decided by sudo-fresh
     with remember 7d, recheck 0s, max-age 5m, session 6h, idle 1h, grace 14d, two-types off
  decision enrol now: passkey, security-key";
    assert_eq!(explanation.to_string(), expected);
    assert_eq!(explanation.decision.exit_code(), 11);
}

#[test]
fn explains_what_is_not_known_and_what_would_be() {
    let policy = Policy::parse(include_str!("policy/explained.toml")).unwrap();
    let bound = [Method::Passkey].into();
    let facts = facts("root", "oidc:payroll", "unknown");
    let explanation = explain(&policy, &facts, &State::fresh(&bound, None, NOW));
    let text = explanation.to_string();
    for line in [
        "  rule      admins-phishing-resistant hit (groups unknown)",
        "  rule      payroll-office-only    hit (except-source unknown)  [report only]",
        "  hard rule root-from-outside      hit (except-source unknown)",
        "     deny decided by root-from-outside",
        "  decision deny: denied_by_rule",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\nin\n{text}");
    }
    let json = serde_json::to_value(&explanation).unwrap();
    assert_eq!(json["decision"]["decision"], "deny");
    assert_eq!(json["requirement"]["decided-by"]["deny"][0], "root-from-outside");
    assert_eq!(json["requirement"]["would-apply"][0], "payroll-office-only");
}

#[test]
fn a_report_only_rule_is_told_and_not_applied() {
    let policy = Policy::parse(include_str!("policy/explained.toml")).unwrap();
    let (groups, bound) = (BTreeSet::new(), [Method::Totp].into());
    let facts = Facts {
        groups: Some(&groups),
        ..facts("alice", "oidc:payroll", "203.0.113.9")
    };
    let explanation = explain(&policy, &facts, &State::fresh(&bound, None, NOW));
    assert!(matches!(explanation.decision, Decision::Challenge { .. }));
    assert!(matches!(explanation.would_be, Some(Decision::Deny { .. })));
    assert!(
        explanation
            .to_string()
            .ends_with("would be deny: denied_by_rule with payroll-office-only")
    );
}

#[test]
fn what_effective_prints_reads_back_to_the_same_policy() {
    let presets = Preset::ALL.map(|preset| {
        format!("version = 1\npreset = \"{preset}\"\n[settings]\ncontact = \"the \\\"desk\\\", room 4\"\n")
    });
    let texts = [
        REFERENCE,
        include_str!("policy/explained.toml"),
        Policy::shipped_default().text(),
    ]
    .map(str::to_owned)
    .into_iter()
    .chain(presets);
    for text in texts {
        let policy = Policy::parse(&text).unwrap();
        let effective = policy.effective();
        let again = Policy::parse(&effective).unwrap_or_else(|faults| panic!("{faults:#?}\n{effective}"));
        assert_eq!(again.document().settings, policy.document().settings, "{effective}");
        assert_eq!(again.document().rules.len(), policy.document().rules.len());
        assert_eq!(again.document().tests.len(), policy.document().tests.len());
        for service in [
            "pam:sshd",
            "pam:sudo",
            "portal:devices",
            "admin:settings",
            "oidc:payroll",
        ] {
            for source in ["unknown", "local", "10.1.2.3", "203.0.113.9"] {
                for user in ["alice", "root", "backup"] {
                    let facts = facts(user, service, source);
                    assert_eq!(requirement(&again, &facts), requirement(&policy, &facts), "{effective}");
                }
            }
        }
    }
}

#[test]
fn a_preset_cannot_be_lowered_by_the_file_that_builds_on_it() {
    let lower = "[default]\nlevel = \"single\"\nremember = \"30d\"\ngrace = \"90d\"\n";
    for (preset, least) in [
        ("mandatory", Level::High),
        ("nist-aal2", Level::High),
        ("nist-aal3", Level::Hardware),
        ("pci-dss", Level::High),
        ("asvs-l2", Level::High),
        ("asvs-l3", Level::Highest),
    ] {
        let policy = Policy::parse(&format!("version = 1\npreset = \"{preset}\"\n{lower}")).unwrap();
        let empty = BTreeSet::new();
        let facts = Facts {
            groups: Some(&empty),
            flags: Some(&empty),
            abnormal: Some(false),
            ..facts("alice", "pam:sshd", "10.1.2.3")
        };
        assert_eq!(requirement(&policy, &facts).level, least, "{preset}");
    }
}

#[test]
fn warns_of_what_its_author_should_know() {
    let text = "version = 1\n[default]\nlevel = \"high\"\nremember = \"7d\"\n\
        [[rule]]\nname = \"never\"\nwhen = { users = [\"ann\"], except-users = [\"a*\"] }\nrequire = { deny = true }\n\
        [[rule]]\nname = \"idle\"\nrequire = { level = \"medium\" }\n\
        [[rule]]\nname = \"keys\"\nrequire = { methods = [\"passkey\"], two-types = \"require\" }\n\
        [[exception]]\nname = \"long\"\nwhen = { users = [\"bob\"] }\nallow = { level = \"single\" }\n\
        reason = \"r\"\napproved-by = \"a\"\nexpires = 2027-05-01\n";
    let report = check(text, NOW, &[]);
    assert!(report.is_clean(), "{:#?}", report.errors);
    for (line, part) in [
        (5, "\"never\" can never apply"),
        (9, "\"idle\" changes nothing"),
        (12, "only one kind of device is accepted"),
        (15, "more than 90 days"),
        (1, "not asked again at pam:sudo"),
        (1, "not asked again at admin:settings"),
    ] {
        let told = report
            .warnings
            .iter()
            .any(|w| w.line == line && w.message.contains(part));
        assert!(told, "{part} on line {line}:\n{:#?}", report.warnings);
    }
}

#[test]
fn tells_whom_it_would_lock_out() {
    let account = |user: &str, administrator, bound: &[Method]| KnownAccount {
        user: user.into(),
        groups: Some(BTreeSet::new()),
        administrator,
        bound: bound.iter().copied().collect(),
        ..KnownAccount::default()
    };
    let accounts = [
        account("root", true, &[Method::Totp]),
        account("alice", false, &[Method::Totp, Method::RecoveryCode]),
        account("bob", false, &[Method::Passkey]),
        account("new", false, &[]),
    ];
    let strict = "version = 1\n[default]\nlevel = \"highest\"\n";
    let report = check(strict, NOW, &accounts);
    let errors: Vec<&str> = report.errors.iter().map(|e| e.message.as_str()).collect();
    assert_eq!(errors, ["no administrator could sign in any more: root"]);
    let warned = |part: &str| report.warnings.iter().any(|w| w.message.contains(part));
    assert!(
        warned("2 users would have to enrol again: root, alice"),
        "{:#?}",
        report.warnings
    );
    // One administrator with a key, or one who may still bind a first device, is enough.
    for saved in [account("ada", true, &[Method::SecurityKey]), account("ada", true, &[])] {
        let mut accounts = accounts.to_vec();
        accounts.push(saved);
        assert!(check(strict, NOW, &accounts).is_clean());
    }
    let from_nowhere = "version = 1\n[[rule]]\nname = \"shut\"\nhard = true\nrequire = { deny = true }\n";
    assert!(!check(from_nowhere, NOW, &accounts).is_clean());
}

#[test]
fn the_hash_tells_texts_and_presets_apart() {
    let hash = |text: &str| Policy::parse(text).unwrap().hash().to_owned();
    let one = hash("version = 1\n");
    assert_eq!(one.len(), 64);
    assert_ne!(one, hash("version = 1\n\n"));
    assert_eq!(one, hash("version = 1\n"));
}

#[test]
fn sources_and_unknown_facts_read_as_they_should() {
    assert_eq!("::ffff:10.0.0.1".parse(), Ok(SourceFact::Addr([10, 0, 0, 1].into())));
    assert!("office".parse::<SourceFact>().is_err());
}

/// Keys are selected by fingerprint, type and enrolment; what a key is not known to be, no exception rests on.
#[test]
fn keys_are_selected_and_their_embedded_tests_hold() {
    let text = "version = 1\n[networks]\nbastion = [\"198.51.100.7/32\"]\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
        [[rule]]\nname = \"old-keys\"\nwhen = { key-type = [\"ssh-rsa\"] }\nrequire = { deny = true }\n\
        [[rule]]\nname = \"strange-keys\"\nwhen = { services = [\"pam:sshd\"], key-enrolled = false }\nrequire = { level = \"highest\" }\n\
        [[exception]]\nname = \"robot\"\nwhen = { users = [\"backup\"], services = [\"pam:sshd\"], source = [\"bastion\"], \
        key = [\"SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA\"] }\nallow = { level = \"none\" }\n\
        reason = \"r\"\napproved-by = \"a\"\nautomation = true\n";
    let own = "key = \"SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA\"\nkey-type = \"ssh-ed25519\"\nkey-enrolled = true\n";
    let expected = |user: &str, source: &str, more: &str, level: &str| {
        format!(
            "[[test]]\nuser = \"{user}\"\nservice = \"pam:sshd\"\nsource = \"{source}\"\n{more}expect-level = \"{level}\"\n"
        )
    };
    let tests = [
        expected("backup", "198.51.100.7", own, "none"),
        expected("backup", "198.51.100.8", own, "high"),
        expected("backup", "unknown", own, "high"),
        expected("alice", "198.51.100.7", own, "high"),
        expected("backup", "198.51.100.7", "first-factor = \"password\"\n", "high"),
        expected("backup", "198.51.100.7", "first-factor = \"publickey\"\n", "highest"),
        expected(
            "alice",
            "198.51.100.7",
            "key-type = \"ssh-ed25519\"\nkey-enrolled = false\n",
            "highest",
        ),
    ];
    let whole = format!("{text}{}", tests.concat());
    let report = check(&whole, 0, &[]);
    assert!(report.is_clean(), "{:#?}", report.errors);
    assert_eq!(report.tests_passed, tests.len());
    let shown = report.policy.unwrap().effective();
    let again = check(&shown, 0, &[]);
    assert!(
        again.is_clean() && again.tests_passed == tests.len(),
        "{:#?}\n{shown}",
        again.errors
    );
}
