//! The laws of the policy, each over generated policies: order, strictness, ignorance, ends, hardness, one answer for
//! shells and web.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, its helpers too"
)]

mod world;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{TestRng, TestRunner};
use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{Decision, Policy, Proven, Requirement, State, decide, explain};
use std::cell::Cell;
use std::collections::BTreeSet;
use world::{Draft, NOW, SERVICES, Situation, draft, exception, forgetting, hard_rule, known, rule, situation};

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
    law((draft(), known(), 1_u8..128), 5, |(draft, known, forget)| {
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
                by_key: None,
                required_since: *required_since,
                checkup_due: false,
                among_devices: false,
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
                    // Whoever meets it is let through,
                    let method = methods.iter().next().copied();
                    let now = [Proven {
                        level: Level::Hardware,
                        method,
                        at: NOW,
                    }];
                    let after = State { proven: &now, ..state };
                    match decide(&asked, &after) {
                        Decision::Allow { .. } => {}
                        // Or has a second kind still to bind.
                        Decision::MustBind { methods } => {
                            prop_assert!(asked.lacks_second_type(&bound) && !methods.is_empty());
                        }
                        other => prop_assert!(false, "{other}"),
                    }
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
    let reference = include_str!("../policy/reference.toml");
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
