//! Policy files: the reference's own, every kind of fault with its line, what `explain` says, what `effective` prints.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking, its helpers too")]

use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    Decision, Facts, FirstFactorKind, KnownAccount, Policy, Preset, SourceFact, State, check, explain, requirement,
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

/// Text after `version = 1`, the line of the fault, and what its message must hold.
const FAULTS: &[(&str, usize, &str)] = &[
    (
        "defualt = 1",
        2,
        "unknown key `defualt` in the policy: did you mean `default`?",
    ),
    ("[default]\nlevle = \"high\"", 3, "did you mean `level`?"),
    ("[default]\nlevel = \"hihg\"", 3, "did you mean \"high\"?"),
    (
        "[default]\nlevel = 3",
        3,
        "`level` must be a word in quotes, not a number",
    ),
    ("[default]\nmethods = [\"topt\"]", 3, "did you mean \"totp\"?"),
    ("[default]\nmethods = \"totp\"", 3, "write [\"totp\"]"),
    ("[default]\nmethods = []", 3, "`methods` is empty"),
    ("[default]\nremember = \"7 days\"", 3, "no span of time"),
    ("[default]\nremember = 7", 3, "span of time in quotes"),
    ("[default]\ndeadline = \"soon\"", 3, "no date"),
    ("[default]\ndeadline = 2026-02-30", 3, ""),
    ("[default]\nlevel = \"high\"\nlevel = \"none\"", 4, "duplicate"),
    (
        "[default]\nlevel = \"highest\"\nmethods = [\"totp\"]",
        2,
        "no method reaches its level",
    ),
    ("[networks]\noffice = [\"10.0.0.1/8\"]", 3, "10.0.0.0/8 is the block"),
    (
        "[networks]\noffice = [\"10.0.0.0/33\"]",
        3,
        "prefix must be from 0 to 32",
    ),
    ("[networks]\noffice = []", 3, "empty"),
    ("[networks]\nlocal = [\"10.0.0.0/8\"]", 3, "cannot be called `local`"),
    ("[[rule]]\nrequire = { level = \"high\" }", 2, "has no `name`"),
    ("[[rule]]\nname = \"a\"", 2, "says nothing"),
    ("[[rule]]\nname = \"a\"\nrequire = {}", 4, "says nothing"),
    (
        "[[rule]]\nname = \"default\"\nrequire = { deny = true }",
        3,
        "cannot be a name",
    ),
    (
        "[[rule]]\nname = \"a b\"\nrequire = { deny = true }",
        3,
        "cannot be a name",
    ),
    (
        "[[rule]]\nname = \"a\"\nallow = { deny = true }",
        4,
        "unknown key `allow`",
    ),
    ("[rule]\nname = \"a\"", 2, "two brackets"),
    (
        "[[rule]]\nname = \"a\"\nrequire = { deny = true }\n[[rule]]\nname = \"a\"\nrequire = { deny = true }",
        6,
        "taken by another on line 3",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { user = [\"x\"] }\nrequire = { deny = true }",
        4,
        "did you mean `users`?",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { users = [] }\nrequire = { deny = true }",
        4,
        "`users` is empty",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { users = [\"!x\"] }\nrequire = { deny = true }",
        4,
        "no negation",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { services = [\"sshd\"] }\nrequire = { deny = true }",
        4,
        "\"pam:sshd\"",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { services = [\"pma:sshd\"] }\nrequire = { deny = true }",
        4,
        "\"pam:sshd\"",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { services = [\"portal:device\"] }\nrequire = { deny = true }",
        4,
        "\"portal:devices\"",
    ),
    (
        "[networks]\noffice = [\"10.0.0.0/8\"]\n[[rule]]\nname = \"a\"\nwhen = { except-source = [\"ofice\"] }\nrequire = { deny = true }",
        6,
        "unknown network \"ofice\": did you mean \"office\"?",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { first-factor = [\"key\"] }\nrequire = { deny = true }",
        4,
        "publickey",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { abnormal = \"yes\" }\nrequire = { deny = true }",
        4,
        "true or false",
    ),
    (
        "[[rule]]\nname = \"a\"\nrequire = { level = \"highest\", methods = [\"totp\"] }",
        4,
        "no method reaches its level",
    ),
    ("[settings]\nlockuot = {}", 3, "did you mean `lockout`?"),
    ("[settings]\nlockout = { attempts = 0 }", 3, "from 1 to 100"),
    ("[settings]\nlockout = { attempts = -1 }", 3, "from 1 to 100"),
    ("[settings]\ntotp = { learn-drift = true }", 3, "S8"),
    ("[settings]\nsession = \"5s\"", 3, "at least 1m"),
    ("[settings]\ncontact = \"a\\u001bb\"", 3, "control character"),
    ("[settings]\nfirst-bind = \"network\"", 3, "needs `networks"),
    ("[settings]\nself-service = \"no\"", 3, "none"),
    ("[groups]\nsource = \"ldap\"", 3, "nss, store, both"),
    ("preset = \"nist-aal4\"", 2, "did you mean"),
    (
        "preset = \"mandatory\"\n[[rule]]\nname = \"mandatory.everybody\"\nrequire = { deny = true }",
        4,
        "in preset mandatory",
    ),
    ("[[test]]\nuser = \"a\"\nservice = \"pam:sshd\"", 2, "expects nothing"),
    (
        "[[test]]\nuser = \"a\"\nservice = \"pam:sshd\"\nexpect-decision = \"maybe\"",
        5,
        "challenge",
    ),
    (
        "[[test]]\nuser = \"a\"\nservice = \"sshd\"\nexpect-level = \"high\"",
        4,
        "pam:sshd",
    ),
    (
        "[[test]]\nservice = \"pam:sshd\"\nexpect-level = \"high\"",
        2,
        "has no `user`",
    ),
    ("[default", 2, ""),
];

#[test]
fn every_fault_names_its_line() {
    for (text, line, message) in FAULTS {
        let faults = Policy::parse(&format!("version = 1\n{text}\n")).expect_err(text);
        let told = faults
            .iter()
            .any(|fault| fault.line == *line && fault.message.contains(message));
        assert!(told, "{text}\nshould tell {message:?} on line {line}:\n{faults:#?}");
    }
}

#[test]
fn all_faults_are_told_at_once_in_the_order_of_the_text() {
    let text = "version = 2\n[default]\nlevle = \"high\"\nremember = \"x\"\n[[rule]]\nname = \"a\"\n";
    let faults = Policy::parse(text).unwrap_err();
    let lines: Vec<usize> = faults.iter().map(|fault| fault.line).collect();
    assert_eq!(lines, [1, 3, 4, 5], "{faults:#?}");
    assert_eq!(Policy::parse("").unwrap_err()[0].message, "`version = 1` is missing");
}

#[test]
fn an_exception_needs_a_reason_an_approver_an_end_and_somebody() {
    let whole = [
        "when = { users = [\"alice\"] }",
        "reason = \"r\"",
        "approved-by = \"b\"",
        "expires = 2026-06-01",
    ];
    let file = |lines: &[&str]| {
        let head = "version = 1\n[[exception]]\nname = \"e\"\nallow = { level = \"single\" }\n";
        Policy::parse(&format!("{head}{}\n", lines.join("\n")))
    };
    file(&whole).unwrap();
    for left_out in 0..whole.len() {
        let mut lines = whole.to_vec();
        lines.remove(left_out);
        let faults = file(&lines).expect_err(whole[left_out]);
        assert_eq!((faults.len(), faults[0].line), (1, 2), "{faults:#?}");
    }
    for everybody in [
        "when = { users = [\"*\"] }",
        "when = { groups = [\"staff\", \"**\"] }",
        "when = { except-users = [\"root\"] }",
        "when = { services = [\"pam:sshd\"] }",
        "when = {}",
    ] {
        let faults = file(&[everybody, whole[1], whole[2], whole[3]]).expect_err(everybody);
        assert!(faults[0].message.contains("is for everybody"), "{faults:#?}");
    }
    let robot = "when = { users = [\"backup\"], services = [\"pam:sshd\"] }";
    file(&[robot, whole[1], whole[2], "automation = true"]).unwrap();
    file(&[whole[0], whole[1], whole[2], "automation = true"]).unwrap_err();
    let denying = file(&[whole[0], whole[1], whole[2], whole[3], "allow.deny = true"]);
    denying.unwrap_err();
}

#[test]
fn warns_of_what_its_author_should_know() {
    let text = "version = 1\n[default]\nlevel = \"high\"\nremember = \"7d\"\n\
        [[rule]]\nname = \"never\"\nwhen = { users = [\"ann\"], except-users = [\"a*\"] }\nrequire = { deny = true }\n\
        [[rule]]\nname = \"idle\"\nrequire = { level = \"medium\" }\n\
        [[exception]]\nname = \"long\"\nwhen = { users = [\"bob\"] }\nallow = { level = \"single\" }\n\
        reason = \"r\"\napproved-by = \"a\"\nexpires = 2027-05-01\n";
    let report = check(text, NOW, &[]);
    assert!(report.is_clean(), "{:#?}", report.errors);
    for (line, part) in [
        (5, "\"never\" can never apply"),
        (9, "\"idle\" changes nothing"),
        (12, "more than 90 days"),
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
    assert_eq!(errors, ["no administrator could sign in any more"]);
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
fn a_failing_embedded_test_keeps_the_policy_out() {
    let text = "version = 1\n[default]\ngrace = \"14d\"\n\n[[test]]\nuser = \"a\"\nservice = \"pam:sshd\"\n\
        expect-level = \"highest\"\nexpect-decision = \"challenge\"\nexpect-max-age = \"5m\"\n";
    let report = check(text, NOW, &[]);
    assert_eq!((report.tests_passed, report.tests_failed), (0, 1));
    assert_eq!(
        report.errors[0].to_string(),
        "line 5, column 1: [[test]] a at pam:sshd: level is high, expected highest; decision is nag, expected \
         challenge; max-age is not asked, expected 5m"
    );
}

#[test]
fn second_types_that_nobody_could_bind_are_a_fault() {
    let text = |first_bind: &str| {
        format!(
            "version = 1\n[default]\ntwo-types = \"require\"\n[settings]\nself-service = \"none\"\nfirst-bind = {{ new = \
             \"password\", after-reset = \"{first_bind}\" }}\n"
        )
    };
    Policy::parse(&text("ticket")).unwrap();
    let faults = Policy::parse(&text("password")).unwrap_err();
    assert!(faults[0].message.contains("two-types"), "{faults:#?}");
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
