//! The page of past holes is complete and true: every rule once and in order, where it was seen, what stands against it, and tests that
//! are there. Whether they ran, `.ci/proven` holds against the log of the run.

use super::requirements::{is_test, quoted};
use crate::support::boxed::tree;

const PAGE: &str = "docs/reference/past-holes.md";

#[test]
fn every_rule_stands_there_with_its_defence_and_a_test() {
    let page = std::fs::read_to_string(tree().join(PAGE)).unwrap();
    let rows = page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| rule"));
    let mut number = 0;
    for line in rows {
        number += 1;
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [rule, what, seen, defence, proof] = cells[..] else {
            panic!("not five cells: {line}")
        };
        assert_eq!(rule, number.to_string());
        assert!(
            what.len() > 20 && seen.len() > 1 && defence.len() > 10,
            "rule {rule} says too little"
        );
        for place in quoted(defence)
            .iter()
            .filter(|place| place.contains('/') && !place.contains(' '))
        {
            assert!(tree().join(place).exists(), "rule {rule}: there is no {place}");
        }
        let named = quoted(proof);
        assert!(!named.is_empty(), "rule {rule} names no test");
        for test in named {
            let (file, name) = test.split_once("::").unwrap_or((&test, ""));
            let text = std::fs::read_to_string(tree().join(file))
                .unwrap_or_else(|error| panic!("rule {rule}: {file}: {error}"));
            assert!(is_test(&text, name), "rule {rule}: {file} has no test {name}");
        }
    }
    assert_eq!(number, 47);
}
