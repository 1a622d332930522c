//! Faulty policy files: every kind of fault names its line and what was likely meant.

use samekey_shared::policy::{Policy, check};

/// 2026-05-01 00:00 UTC
const NOW: i64 = 1_777_593_600;

/// Text after `version = 1`, the line of the fault, and what its message must hold.
const FAULTS: &[(&str, usize, &str)] = &[
    (
        "defualt = 1",
        2,
        "unknown key `defualt` in the policy: did you mean `default`?",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { key = [\"SHA256:*\"] }\nrequire = { deny = true }",
        4,
        "is no fingerprint",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { key-tpye = [\"sk-*\"] }\nrequire = { deny = true }",
        4,
        "did you mean `key-type`?",
    ),
    (
        "[[rule]]\nname = \"a\"\nwhen = { key-enrolled = \"yes\" }\nrequire = { deny = true }",
        4,
        "must be true or false",
    ),
    (
        "[[exception]]\nname = \"a\"\nwhen = { users = [\"b\"], services = [\"pam:sshd\"], \
         key = [\"SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA\"] }\nallow = { level = \"none\" }\n\
         reason = \"r\"\napproved-by = \"a\"\nautomation = true",
        4,
        "name its `source` too",
    ),
    (
        "[[test]]\nuser = \"b\"\nservice = \"pam:sshd\"\nkey-enrolled = true\nexpect-level = \"high\"",
        2,
        "without its `key-type`",
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
    ("[settings]\nidle-disable = \"5m\"", 3, "at least 1d, or 0s"),
    (
        "[settings]\nlogin-networks = [\"ofice\"]\n[networks]\noffice = [\"10.0.0.0/8\"]",
        3,
        "did you mean \"office\"?",
    ),
    ("[settings]\nlogin-networks = []", 3, "`login-networks` is empty"),
    (
        "[settings]\nlogin-networks = [\"10.0.0.0/8\"]\n[[rule]]\nname = \"login-networks\"\nrequire = { deny = true }",
        2,
        "rename the one on line 5",
    ),
    (
        "[settings]\nemail = \"off\"\nfirst-bind = { after-reset = \"email\" }",
        2,
        "needs `email` to be other than",
    ),
    (
        "[default]\nlevel = \"highest\"\nmethods = [\"passkey\"]\ntwo-types = \"require\"",
        2,
        "only one kind of device is accepted",
    ),
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
    let anybody_else = "when = { users = [\"backup\"], except-services = [\"pam:sshd\"] }";
    file(&[anybody_else, whole[1], whole[2], "automation = true"]).unwrap_err();
    let denying = file(&[whole[0], whole[1], whole[2], whole[3], "allow.deny = true"]);
    denying.unwrap_err();
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
