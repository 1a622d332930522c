//! A small world of generated policies and situations, in which many rules match. Policies are written as text and
//! parsed, so the laws hold for what an administrator can write.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use samekey_shared::policy::{Facts, FirstFactorKind, KeyFact, Policy, Requirement, SourceFact, requirement};
use std::collections::BTreeSet;
use std::fmt::Write;

pub const NOW: i64 = 1_777_593_600;
pub const NETWORKS: &str = "[networks]\noffice = [\"10.0.0.0/8\"]\nbastion = [\"198.51.100.7/32\"]\n";
pub const METHODS: [&str; 5] = ["passkey", "security-key", "totp", "email", "recovery-code"];
pub const USERS: [&str; 3] = ["alice", "bob", "backup"];
pub const GROUPS: [&str; 3] = ["staff", "wheel", "db-admin"];
pub const SERVICES: [&str; 4] = ["pam:sshd", "pam:sudo", "oidc:payroll", "portal:devices"];

pub const PRINTS: [&str; 3] = [
    "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA",
    "SHA256:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "SHA256:BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBA",
];

/// A rule or an exception before it is text.
#[derive(Debug, Clone)]
pub struct Sentence {
    pub when: Vec<String>,
    pub terms: Vec<String>,
    pub hard: bool,
    pub report_only: bool,
    pub expires: &'static str,
}

pub fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

/// One key of `when`, from a small world so that many match.
pub fn condition() -> impl Strategy<Value = String> {
    let twin = |key: &'static str, words: Vec<&'static str>| {
        let most = words.len();
        (any::<bool>(), subsequence(words, 1..=most)).prop_map(move |(except, words)| {
            let prefix = if except { "except-" } else { "" };
            format!("{prefix}{key} = {}", quoted(&words))
        })
    };
    prop_oneof![
        twin("users", vec!["alice", "bob", "back*"]),
        twin("groups", vec!["staff", "wheel", "*-admin"]),
        twin("flags", vec!["mfa-required", "x*"]),
        twin("services", vec!["pam:*", "pam:sudo", "oidc:payroll", "portal:*"]),
        twin("hosts", vec!["db*", "WEB1"]),
        twin("source", vec!["office", "bastion", "local", "203.0.113.0/24"]),
        subsequence(vec!["none", "password", "publickey", "passkey"], 1..=3)
            .prop_map(|kinds| format!("first-factor = {}", quoted(&kinds))),
        twin("key", vec![PRINTS[0], PRINTS[1]]),
        twin("key-type", vec!["sk-*", "ssh-ed25519"]),
        any::<bool>().prop_map(|enrolled| format!("key-enrolled = {enrolled}")),
        any::<bool>().prop_map(|abnormal| format!("abnormal = {abnormal}")),
    ]
}

/// Conditions with each key once.
pub fn when(most: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(condition(), 0..=most).prop_map(|conditions| {
        let mut seen = BTreeSet::new();
        let key = |text: &str| text.split(' ').next().map(str::to_owned);
        conditions.into_iter().filter(|text| seen.insert(key(text))).collect()
    })
}

pub fn terms(levels: Vec<&'static str>) -> impl Strategy<Value = Vec<String>> {
    let span =
        |key: &'static str| select(vec!["0s", "5m", "1h", "7d"]).prop_map(move |span| format!("{key} = \"{span}\""));
    let one = prop_oneof![
        3 => select(levels).prop_map(|level| format!("level = \"{level}\"")),
        // A FIDO key is always among them, so that no rule is out of its own level's reach.
        3 => subsequence(METHODS[1..].to_vec(), 0..=4).prop_map(|mut methods| {
            methods.push("passkey");
            format!("methods = {}", quoted(&methods))
        }),
        1 => span("remember"),
        1 => span("recheck"),
        1 => span("max-age"),
        1 => span("session").prop_filter("a session lasts", |text| !text.contains("\"0s\"")),
        1 => span("idle").prop_filter("a session idles", |text| !text.contains("\"0s\"")),
        1 => span("grace"),
        1 => select(vec!["2026-04-01", "2026-06-01"]).prop_map(|day| format!("deadline = {day}")),
        1 => select(vec!["off", "warn", "require"]).prop_map(|word| format!("two-types = \"{word}\"")),
    ];
    proptest::collection::vec(one, 1..=4).prop_map(|terms| {
        let mut seen = BTreeSet::new();
        let key = |text: &str| text.split(' ').next().map(str::to_owned);
        terms.into_iter().filter(|text| seen.insert(key(text))).collect()
    })
}

pub const LEVELS: [&str; 6] = ["none", "single", "medium", "high", "highest", "hardware"];

pub fn rule() -> impl Strategy<Value = Sentence> {
    let deny = proptest::bool::weighted(0.1);
    (
        when(3),
        terms(LEVELS.to_vec()),
        proptest::bool::weighted(0.2),
        proptest::bool::weighted(0.15),
        deny,
    )
        .prop_map(|(when, mut terms, hard, report_only, deny)| {
            if deny {
                terms.push("deny = true".to_owned());
            }
            Sentence {
                when,
                terms,
                hard,
                report_only,
                expires: "",
            }
        })
}

pub fn hard_rule() -> impl Strategy<Value = Sentence> {
    rule().prop_map(|rule| Sentence {
        hard: true,
        report_only: false,
        ..rule
    })
}

pub fn exception() -> impl Strategy<Value = Sentence> {
    let who = prop_oneof![
        subsequence(USERS.to_vec(), 1..=3).prop_map(|users| format!("users = {}", quoted(&users))),
        subsequence(GROUPS.to_vec(), 1..=3).prop_map(|groups| format!("groups = {}", quoted(&groups))),
    ];
    let lift = any::<bool>();
    let end = select(vec!["2026-06-01", "2026-06-01", "2026-03-31"]);
    (who, when(2), terms(LEVELS.to_vec()), lift, end).prop_map(|(who, conditions, mut terms, lift, expires)| {
        let mut when = vec![who];
        when.extend(
            conditions
                .into_iter()
                .filter(|text| !text.starts_with("users") && !text.starts_with("groups")),
        );
        if lift {
            terms.push("deny = false".to_owned());
        }
        Sentence {
            when,
            terms,
            hard: false,
            report_only: false,
            expires,
        }
    })
}

/// A policy before it is text.
#[derive(Debug, Clone)]
pub struct Draft {
    pub default: Vec<String>,
    pub rules: Vec<Sentence>,
    pub exceptions: Vec<Sentence>,
}

pub fn draft() -> impl Strategy<Value = Draft> {
    let rules = proptest::collection::vec(prop_oneof![4 => rule(), 1 => hard_rule()], 0..5);
    let exceptions = proptest::collection::vec(exception(), 0..4);
    (terms(vec!["single", "medium", "high"]), rules, exceptions).prop_map(|(mut default, rules, exceptions)| {
        // A default that demands two kinds and accepts one does not load.
        let one_kind = |text: &String| text.starts_with("methods") && !text.contains("totp") && !text.contains("email");
        if default.iter().any(one_kind) {
            default.retain(|text| !text.contains("\"require\""));
        }
        Draft {
            default,
            rules,
            exceptions,
        }
    })
}

impl Draft {
    /// Names follow content, so that a sentence keeps its name wherever it stands.
    pub fn text(&self) -> String {
        let mut out = format!("version = 1\n{NETWORKS}[default]\n{}\n", self.default.join("\n"));
        let mut names = std::collections::BTreeMap::new();
        let mut name = |sentence: &Sentence| {
            let count = names.entry(format!("{sentence:?}")).or_insert(0);
            *count += 1;
            let digest = format!("{sentence:?}")
                .bytes()
                .fold(5381_u64, |h, b| h.wrapping_mul(33) ^ u64::from(b));
            format!("s{digest:x}.{count}")
        };
        for rule in &self.rules {
            let (when, terms) = (rule.when.join(", "), rule.terms.join(", "));
            let (hard, report_only) = (rule.hard, rule.report_only);
            let _ = write!(
                out,
                "[[rule]]\nname = \"{}\"\nhard = {hard}\nreport-only = {report_only}\nwhen = {{ {when} }}\nrequire = {{ {terms} }}\n",
                name(rule)
            );
        }
        for exception in &self.exceptions {
            let (when, terms) = (exception.when.join(", "), exception.terms.join(", "));
            let _ = write!(
                out,
                "[[exception]]\nname = \"{}\"\nwhen = {{ {when} }}\nallow = {{ {terms} }}\nreason = \"r\"\n\
                 approved-by = \"a\"\nexpires = {}\n",
                name(exception),
                exception.expires
            );
        }
        out
    }

    pub fn policy(&self) -> Policy {
        let text = self.text();
        Policy::parse(&text).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
    }
}

/// Facts that own their texts.
#[derive(Debug, Clone)]
pub struct Situation {
    pub user: &'static str,
    pub groups: Option<BTreeSet<String>>,
    pub flags: Option<BTreeSet<String>>,
    pub service: &'static str,
    pub host: Option<&'static str>,
    pub source: SourceFact,
    pub first_factor: Option<FirstFactorKind>,
    pub key: KeyFact<'static>,
    pub abnormal: Option<bool>,
}

impl Situation {
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            user: self.user,
            groups: self.groups.as_ref(),
            flags: self.flags.as_ref(),
            service: self.service,
            host: self.host,
            source: self.source,
            first_factor: self.first_factor,
            key: self.key,
            abnormal: self.abnormal,
            now: NOW,
        }
    }

    pub fn asked(&self, policy: &Policy) -> Requirement {
        requirement(policy, &self.facts())
    }
}

pub fn names(words: &[&'static str]) -> impl Strategy<Value = BTreeSet<String>> + use<> {
    subsequence(words.to_vec(), 0..=words.len()).prop_map(|words| words.into_iter().map(str::to_owned).collect())
}

pub fn source() -> impl Strategy<Value = SourceFact> {
    select(vec!["local", "10.1.2.3", "198.51.100.7", "203.0.113.9", "2001:db8::1"])
        .prop_map(|text| text.parse().unwrap())
}

pub fn first_factor() -> impl Strategy<Value = FirstFactorKind> {
    select(vec![
        FirstFactorKind::None,
        FirstFactorKind::Password,
        FirstFactorKind::PublicKey,
        FirstFactorKind::Passkey,
    ])
}

/// No key, or one of a few.
pub fn key() -> impl Strategy<Value = KeyFact<'static>> {
    let types = select(vec!["ssh-ed25519", "sk-ssh-ed25519@openssh.com", "ssh-rsa"]);
    let shown =
        (types, select(PRINTS.to_vec()), any::<bool>()).prop_map(|(key_type, fingerprint, enrolled)| KeyFact::Shown {
            key_type,
            fingerprint,
            enrolled: Some(enrolled),
        });
    prop_oneof![1 => Just(KeyFact::None), 3 => shown]
}

/// Everything is known.
pub fn known() -> impl Strategy<Value = Situation> {
    let account = (select(USERS.to_vec()), names(&GROUPS), names(&["mfa-required", "xa"]));
    let place = (select(SERVICES.to_vec()), select(vec!["db1", "web1", "mail"]), source());
    (account, place, first_factor(), key(), any::<bool>()).prop_map(
        |((user, groups, flags), (service, host, source), first, key, abnormal)| Situation {
            user,
            groups: Some(groups),
            flags: Some(flags),
            service,
            host: Some(host),
            source,
            first_factor: Some(first),
            key,
            abnormal: Some(abnormal),
        },
    )
}

/// The same with some facts not known: bit by bit.
pub fn forgetting(situation: &Situation, forget: u8) -> Situation {
    let mut less = situation.clone();
    let forgets = |bit: u8| forget & (1 << bit) != 0;
    if forgets(0) {
        less.groups = None;
    }
    if forgets(1) {
        less.flags = None;
    }
    if forgets(2) {
        less.host = None;
    }
    if forgets(3) {
        less.source = SourceFact::Unknown;
    }
    if forgets(4) {
        less.first_factor = None;
    }
    if forgets(5) {
        less.abnormal = None;
    }
    if forgets(6) {
        less.key = KeyFact::Unknown;
    }
    less
}

/// A situation of which some facts may be missing.
pub fn situation() -> impl Strategy<Value = Situation> {
    (known(), select(vec![0, 0, 0, 1, 8, 16, 32, 64, 127])).prop_map(|(known, forget)| forgetting(&known, forget))
}
