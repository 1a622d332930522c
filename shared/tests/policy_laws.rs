//! The laws of the policy, each over generated policies: order, strictness, ignorance, ends, hardness, one answer for
//! shells and web. Policies are written as text and parsed, so the laws hold for what an administrator can write.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{TestRng, TestRunner};
use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    Decision, Facts, FirstFactorKind, Policy, Proven, Requirement, SourceFact, State, decide, explain, requirement,
};
use std::cell::Cell;
use std::collections::BTreeSet;
use std::fmt::Write;

const NOW: i64 = 1_777_593_600;
const NETWORKS: &str = "[networks]\noffice = [\"10.0.0.0/8\"]\nbastion = [\"198.51.100.7/32\"]\n";
const METHODS: [&str; 5] = ["passkey", "security-key", "totp", "email", "recovery-code"];
const USERS: [&str; 3] = ["alice", "bob", "backup"];
const GROUPS: [&str; 3] = ["staff", "wheel", "db-admin"];
const SERVICES: [&str; 4] = ["pam:sshd", "pam:sudo", "oidc:payroll", "portal:devices"];

/// A rule or an exception before it is text.
#[derive(Debug, Clone)]
struct Sentence {
    when: Vec<String>,
    terms: Vec<String>,
    hard: bool,
    report_only: bool,
    expires: &'static str,
}

fn quoted(words: &[&str]) -> String {
    let words: Vec<String> = words.iter().map(|word| format!("\"{word}\"")).collect();
    format!("[{}]", words.join(", "))
}

/// One key of `when`, from a small world so that many match.
fn condition() -> impl Strategy<Value = String> {
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
        any::<bool>().prop_map(|abnormal| format!("abnormal = {abnormal}")),
    ]
}

/// Conditions with each key once.
fn when(most: usize) -> impl Strategy<Value = Vec<String>> {
    proptest::collection::vec(condition(), 0..=most).prop_map(|conditions| {
        let mut seen = BTreeSet::new();
        let key = |text: &str| text.split(' ').next().map(str::to_owned);
        conditions.into_iter().filter(|text| seen.insert(key(text))).collect()
    })
}

fn terms(levels: Vec<&'static str>) -> impl Strategy<Value = Vec<String>> {
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

const LEVELS: [&str; 6] = ["none", "single", "medium", "high", "highest", "hardware"];

fn rule() -> impl Strategy<Value = Sentence> {
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

fn hard_rule() -> impl Strategy<Value = Sentence> {
    rule().prop_map(|rule| Sentence {
        hard: true,
        report_only: false,
        ..rule
    })
}

fn exception() -> impl Strategy<Value = Sentence> {
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
struct Draft {
    default: Vec<String>,
    rules: Vec<Sentence>,
    exceptions: Vec<Sentence>,
}

fn draft() -> impl Strategy<Value = Draft> {
    let rules = proptest::collection::vec(prop_oneof![4 => rule(), 1 => hard_rule()], 0..5);
    let exceptions = proptest::collection::vec(exception(), 0..4);
    (terms(vec!["single", "medium", "high"]), rules, exceptions).prop_map(|(default, rules, exceptions)| Draft {
        default,
        rules,
        exceptions,
    })
}

impl Draft {
    /// Names follow content, so that a sentence keeps its name wherever it stands.
    fn text(&self) -> String {
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

    fn policy(&self) -> Policy {
        let text = self.text();
        Policy::parse(&text).unwrap_or_else(|faults| panic!("{faults:#?}\n{text}"))
    }
}

/// Facts that own their texts.
#[derive(Debug, Clone)]
struct Situation {
    user: &'static str,
    groups: Option<BTreeSet<String>>,
    flags: Option<BTreeSet<String>>,
    service: &'static str,
    host: Option<&'static str>,
    source: SourceFact,
    first_factor: Option<FirstFactorKind>,
    abnormal: Option<bool>,
}

impl Situation {
    fn facts(&self) -> Facts<'_> {
        Facts {
            user: self.user,
            groups: self.groups.as_ref(),
            flags: self.flags.as_ref(),
            service: self.service,
            host: self.host,
            source: self.source,
            first_factor: self.first_factor,
            abnormal: self.abnormal,
            now: NOW,
        }
    }

    fn asked(&self, policy: &Policy) -> Requirement {
        requirement(policy, &self.facts())
    }
}

fn names(words: &[&'static str]) -> impl Strategy<Value = BTreeSet<String>> + use<> {
    subsequence(words.to_vec(), 0..=words.len()).prop_map(|words| words.into_iter().map(str::to_owned).collect())
}

fn source() -> impl Strategy<Value = SourceFact> {
    select(vec!["local", "10.1.2.3", "198.51.100.7", "203.0.113.9", "2001:db8::1"])
        .prop_map(|text| text.parse().unwrap())
}

fn first_factor() -> impl Strategy<Value = FirstFactorKind> {
    select(vec![
        FirstFactorKind::None,
        FirstFactorKind::Password,
        FirstFactorKind::PublicKey,
        FirstFactorKind::Passkey,
    ])
}

/// Everything is known.
fn known() -> impl Strategy<Value = Situation> {
    let account = (select(USERS.to_vec()), names(&GROUPS), names(&["mfa-required", "xa"]));
    let place = (select(SERVICES.to_vec()), select(vec!["db1", "web1", "mail"]), source());
    (account, place, first_factor(), any::<bool>()).prop_map(
        |((user, groups, flags), (service, host, source), first, abnormal)| Situation {
            user,
            groups: Some(groups),
            flags: Some(flags),
            service,
            host: Some(host),
            source,
            first_factor: Some(first),
            abnormal: Some(abnormal),
        },
    )
}

/// The same with some facts not known: bit by bit.
fn forgetting(situation: &Situation, forget: u8) -> Situation {
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
    less
}

/// A situation of which some facts may be missing.
fn situation() -> impl Strategy<Value = Situation> {
    (known(), select(vec![0, 0, 0, 1, 8, 16, 32, 63])).prop_map(|(known, forget)| forgetting(&known, forget))
}

/// The same cases in every run: a law that fails must fail for whoever repeats it.
fn runner() -> TestRunner {
    let config = ProptestConfig {
        cases: 256,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    let algorithm = config.rng_algorithm;
    TestRunner::new_with_rng(config, TestRng::deterministic_rng(algorithm))
}

/// Runs a law and demands that it met its case in at least one of `one_in` runs: a law over nothing proves nothing.
fn law<S: Strategy>(strategy: S, one_in: u32, holds: impl Fn(S::Value) -> Result<bool, TestCaseError>) {
    let (runs, meant) = (Cell::new(0_u32), Cell::new(0_u32));
    let outcome = runner().run(&strategy, |value| {
        let met = holds(value)?;
        runs.set(runs.get() + 1);
        meant.set(meant.get() + u32::from(met));
        Ok(())
    });
    if let Err(fault) = outcome {
        panic!("{fault}");
    }
    assert!(
        meant.get() * one_in >= runs.get(),
        "only {} of {} runs met the case",
        meant.get(),
        runs.get()
    );
}

fn hits(policy: &Policy, situation: &Situation) -> usize {
    let nothing = BTreeSet::new();
    let told = explain(policy, &situation.facts(), &State::fresh(&nothing, None, NOW));
    told.weighed.iter().filter(|weighed| weighed.hit).count()
}

#[test]
fn order_is_irrelevant() {
    law((draft(), situation(), any::<u64>()), 3, |(draft, situation, seed)| {
        let mut turned = draft.clone();
        turned.rules.reverse();
        turned.exceptions.reverse();
        if let Some(n) = turned.rules.len().checked_sub(1).filter(|n| *n > 0) {
            turned.rules.rotate_left(usize::try_from(seed % 7).unwrap_or(0) % n);
        }
        let (policy, turned) = (draft.policy(), turned.policy());
        // Deciding names included.
        prop_assert_eq!(situation.asked(&policy), situation.asked(&turned));
        Ok(hits(&policy, &situation) > 1)
    });
}

#[test]
fn a_rule_never_loosens() {
    law((draft(), rule(), situation()), 3, |(draft, rule, situation)| {
        let before = situation.asked(&draft.policy());
        let mut more = draft;
        more.rules.push(rule);
        let after = situation.asked(&more.policy());
        prop_assert!(after.is_at_least(&before), "{:?}\n{:?}", before, after);
        Ok(after != before)
    });
}

#[test]
fn an_exception_never_tightens() {
    law(
        (draft(), exception(), situation()),
        12,
        |(draft, exception, situation)| {
            let before = situation.asked(&draft.policy());
            let mut more = draft;
            more.exceptions.push(exception);
            let after = situation.asked(&more.policy());
            prop_assert!(before.is_at_least(&after), "{:?}\n{:?}", before, after);
            Ok(after != before)
        },
    );
}

#[test]
fn an_exception_changes_nothing_for_anybody_else() {
    law(
        (draft(), exception(), situation()),
        3,
        |(draft, mut exception, situation)| {
            let before = situation.asked(&draft.policy());
            exception
                .when
                .retain(|text| !text.starts_with("users") && !text.starts_with("groups"));
            exception.when.push("users = [\"somebody-else\"]".to_owned());
            let mut more = draft;
            more.exceptions.push(exception);
            prop_assert_eq!(situation.asked(&more.policy()), before);
            Ok(true)
        },
    );
}

#[test]
fn an_unknown_fact_is_never_easier_than_any_known_one() {
    law((draft(), known(), 1_u8..64), 5, |(draft, known, forget)| {
        let policy = draft.policy();
        let (with, without) = (known.asked(&policy), forgetting(&known, forget).asked(&policy));
        prop_assert!(without.is_at_least(&with), "known {:?}\nunknown {:?}", with, without);
        Ok(with != without)
    });
}

#[test]
fn what_has_ended_is_as_if_absent() {
    law((draft(), situation()), 3, |(draft, situation)| {
        let mut without = draft.clone();
        without.exceptions.retain(|exception| exception.expires > "2026-05-01");
        let ended = without.exceptions.len() < draft.exceptions.len();
        prop_assert_eq!(situation.asked(&draft.policy()), situation.asked(&without.policy()));
        Ok(ended)
    });
}

#[test]
fn hard_rules_cannot_be_excepted() {
    let exceptions = proptest::collection::vec(exception(), 1..4);
    law(
        (draft(), hard_rule(), exceptions, situation()),
        4,
        |(draft, hard, exceptions, situation)| {
            // The hard rule alone, over the loosest default that can be written.
            let alone = Draft {
                default: vec![
                    "level = \"none\"".into(),
                    "remember = \"3650d\"".into(),
                    "recheck = \"3650d\"".into(),
                ],
                rules: vec![hard.clone()],
                exceptions: Vec::new(),
            };
            let floor = situation.asked(&alone.policy());
            let mut all = draft;
            all.rules.push(hard.clone());
            all.exceptions.extend(exceptions);
            let asked = situation.asked(&all.policy());
            prop_assert!(asked.level >= floor.level);
            prop_assert!(asked.methods.is_subset(&floor.methods));
            prop_assert!(asked.remember <= floor.remember && asked.recheck <= floor.recheck);
            prop_assert!(asked.two_types >= floor.two_types && asked.deny >= floor.deny);
            if let Some(most) = floor.max_age {
                prop_assert!(asked.max_age.is_some_and(|age| age <= most));
            }
            let just = Policy::parse("version = 1\n[default]\nlevel = \"none\"\n").unwrap();
            Ok(floor.level > situation.asked(&just).level || floor.deny || floor.methods.len() < 5)
        },
    );
}

#[test]
fn shells_and_web_get_one_answer_where_no_service_is_named() {
    law((draft(), situation()), 3, |(mut draft, situation)| {
        for sentence in draft.rules.iter_mut().chain(&mut draft.exceptions) {
            sentence.when.retain(|text| !text.contains("services"));
        }
        let policy = draft.policy();
        let at = |service: &'static str| {
            Situation {
                service,
                ..situation.clone()
            }
            .asked(&policy)
        };
        let shell = at("pam:sshd");
        for service in SERVICES {
            prop_assert_eq!(&at(service), &shell);
        }
        Ok(hits(&policy, &situation) > 0)
    });
}

#[test]
fn saying_it_twice_says_it_once() {
    law((draft(), situation()), 3, |(draft, situation)| {
        let mut twice = draft.clone();
        twice.rules.extend(draft.rules.clone());
        twice.exceptions.extend(draft.exceptions.clone());
        let (once, twice) = (situation.asked(&draft.policy()), situation.asked(&twice.policy()));
        prop_assert!(once.is_at_least(&twice) && twice.is_at_least(&once));
        Ok(hits(&draft.policy(), &situation) > 0)
    });
}

/// What an account has and has shown, in texts of its own.
fn states() -> impl Strategy<Value = (BTreeSet<Method>, Vec<Proven>, [Option<i64>; 3])> {
    let proven = (
        select(Level::ALL.to_vec()),
        proptest::option::of(select(Method::ALL.to_vec())),
        -10_i64..1000,
    )
        .prop_map(|(level, method, age)| Proven {
            level,
            method,
            at: NOW - age,
        });
    let moment = || proptest::option::of((-1000_i64..1_000_000).prop_map(|age| NOW - age));
    let bound = subsequence(Method::ALL.to_vec(), 0..=5).prop_map(|methods| methods.into_iter().collect());
    (
        bound,
        proptest::collection::vec(proven, 0..3),
        [moment(), moment(), moment()],
    )
}

#[test]
fn a_stricter_requirement_lets_nobody_through_whom_a_looser_one_stops() {
    law(
        (draft(), rule(), situation(), states()),
        12,
        |(draft, mut rule, situation, states)| {
            rule.report_only = false;
            let looser = situation.asked(&draft.policy());
            let mut more = draft;
            more.rules.push(rule);
            let stricter = situation.asked(&more.policy());
            let (bound, proven, [remembered_at, rechecked_at, required_since]) = &states;
            let state = State {
                bound,
                proven,
                remembered_at: *remembered_at,
                rechecked_at: *rechecked_at,
                required_since: *required_since,
                now: NOW,
            };
            let through = |asked: &Requirement| {
                matches!(
                    decide(asked, &state),
                    Decision::Allow { .. } | Decision::AllowAndNag { .. }
                )
            };
            prop_assert!(
                !through(&stricter) || through(&looser),
                "{:?}\n{:?}\n{:?}",
                looser,
                stricter,
                state
            );
            Ok(through(&looser) != through(&stricter) || (through(&stricter) && looser != stricter))
        },
    );
}

#[test]
fn no_challenge_is_empty_and_every_one_can_be_met() {
    law(
        (draft(), situation(), states()),
        5,
        |(draft, situation, (bound, proven, [_, _, required_since]))| {
            let asked = situation.asked(&draft.policy());
            let state = State {
                proven: &proven,
                ..State::fresh(&bound, required_since, NOW)
            };
            match decide(&asked, &state) {
                Decision::Challenge { methods } => {
                    prop_assert!(!methods.is_empty());
                    prop_assert!(methods.is_subset(&bound) && methods.is_subset(&asked.methods));
                    // Whoever meets it is let through.
                    let method = methods.iter().next().copied();
                    let now = [Proven {
                        level: Level::Hardware,
                        method,
                        at: NOW,
                    }];
                    let after = State { proven: &now, ..state };
                    let let_through = matches!(decide(&asked, &after), Decision::Allow { .. });
                    prop_assert!(let_through);
                    Ok(true)
                }
                Decision::MustBind { methods } => {
                    prop_assert!(!methods.is_empty() && !methods.contains(&Method::RecoveryCode));
                    Ok(true)
                }
                _ => Ok(false),
            }
        },
    );
}

#[test]
fn no_text_makes_the_parser_panic_and_what_loads_reads_back() {
    let reference = include_str!("policy/reference.toml");
    let cuts = (
        0..reference.len(),
        0..40_usize,
        select(vec!["", "\"", "[", "]]", "= ", "{", "\n", "é", "\u{0}", "0s", "-1"]),
    );
    law((cuts, any::<bool>()), 1, |((at, length, put), _)| {
        let boundary = |n: usize| {
            (n..=reference.len())
                .find(|n| reference.is_char_boundary(*n))
                .unwrap_or(0)
        };
        let (from, to) = (boundary(at), boundary((at + length).min(reference.len())));
        let text = format!("{}{put}{}", &reference[..from], &reference[to..]);
        match Policy::parse(&text) {
            Ok(policy) => prop_assert!(Policy::parse(&policy.effective()).is_ok(), "{}", policy.effective()),
            Err(faults) => prop_assert!(!faults.is_empty() && faults.iter().all(|fault| fault.line > 0)),
        }
        Ok(true)
    });
}
