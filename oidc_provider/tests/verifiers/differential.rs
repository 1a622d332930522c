//! Some hundred assertions, right and wrong in one thing or several, put before both verifiers. The fuzz target
//! `assertion` asks the same of many more.

use crate::agreement::{Agreement, Both, key};
use crate::recipe::Made;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use std::cell::Cell;

#[test]
fn both_verifiers_agree() {
    let both = Both::new().unwrap();
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    // The same cases in every run.
    let config = Config {
        failure_persistence: None,
        ..Config::with_cases(600)
    };
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(config, rng);
    // Mostly zeros: each is the right choice, so that assertions are wrong in a few things only.
    let choice = prop_oneof![6 => Just(0u8), 1 => any::<u8>()];
    let outcome = runner.run(&proptest::collection::vec(choice, 0..60), |bytes| {
        let made = Made::from(&bytes, key).unwrap();
        match both.ask(&made).map_err(TestCaseError::fail)? {
            Agreement::Accepted => accepted.set(accepted.get() + 1),
            Agreement::Refused | Agreement::WeAlone(_) | Agreement::TheyAlone(_) => refused.set(refused.get() + 1),
        }
        Ok(())
    });
    outcome.unwrap();
    assert!(
        accepted.get() > 20 && refused.get() > 200,
        "{} accepted, {} refused",
        accepted.get(),
        refused.get()
    );
}

const FRAMES: &str = "they do not look at frames of other sites when somebody signs in";
const PADDING: &str = "they decode the challenge; the specification compares its text, which has no padding";
const ADDRESSES: &str = "they compare addresses; we compare origins as they are written";
const FOLLOWS: &str = "they pass over what follows the authenticator data";
const CREDENTIAL: &str = "they take an assertion with a new credential in it";
const MEMBERS: &str = "they refuse members, which decide nothing, for their contents";

/// Every rule of a difference, by an assertion that shows it: were one of the verifiers to change, its rule would go.
#[test]
fn the_differences_are_these() {
    let both = Both::new().unwrap();
    // The places of the choices: authenticator data from 6, client data from 10.
    let shown: [(usize, &[u8], &str); 9] = [
        (13, &[2], FRAMES),
        (11, &[1], PADDING),
        (12, &[1], ADDRESSES),
        (12, &[2], ADDRESSES),
        (12, &[3], ADDRESSES),
        (9, &[1], FOLLOWS),
        (7, &[0x40, 0, 2], CREDENTIAL),
        (13, &[12], MEMBERS),
        (13, &[11], MEMBERS),
    ];
    for (place, choices, rule) in shown {
        let bytes = [&vec![0; place], choices].concat();
        let said = both.ask(&Made::from(&bytes, key).unwrap()).unwrap();
        assert_eq!(said.rule(), Some(rule), "{said:?} at {place} {choices:?}");
    }
}

#[test]
fn the_right_assertion_is_accepted_by_both() {
    let both = Both::new().unwrap();
    for bytes in [&[][..], &[3]] {
        let made = Made::from(bytes, key).unwrap();
        assert!(matches!(both.ask(&made), Ok(Agreement::Accepted)));
    }
}
