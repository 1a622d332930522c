//! The page of requirements is complete and true: every id once, every file and every test that it names is there; so are
//! those of the page of standards. Whether the tests ran, `.ci/proven` holds against the log of the run.

use crate::support::boxed::tree;

const REQUIREMENTS: &str = "docs/reference/requirements.md";
const STANDARDS: &str = "docs/reference/compliance.md";

/// One line of the tables.
struct Row {
    id: String,
    places: Vec<String>,
    proof: String,
}

fn rows(page: &str) -> Vec<Row> {
    let text = std::fs::read_to_string(tree().join(page)).unwrap();
    let row = |line: &str| {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [id, what, places, proof] = cells[..] else {
            panic!("not four cells: {line}")
        };
        assert!(what.len() > 3, "{id} says nothing");
        Row {
            id: id.to_owned(),
            places: quoted(places),
            proof: proof.to_owned(),
        }
    };
    let heads = ["| id |", "| clause |", "|---"];
    let is_row = |line: &&str| line.starts_with('|') && !heads.iter().any(|head| line.starts_with(head));
    text.lines().filter(is_row).map(row).collect()
}

/// What stands between backticks.
pub(super) fn quoted(cell: &str) -> Vec<String> {
    cell.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[test]
fn every_requirement_stands_there_once_and_in_order() {
    let ids: Vec<String> = rows(REQUIREMENTS).into_iter().map(|row| row.id).collect();
    let all = [("R", 106), ("Q", 26), ("W", 36)];
    let wanted: Vec<String> = all
        .iter()
        .flat_map(|(letter, last)| (1..=*last).map(move |n| format!("{letter}{n}")))
        .collect();
    assert_eq!(ids, wanted);
}

#[test]
fn every_place_that_is_named_exists() {
    for row in rows(REQUIREMENTS) {
        for place in row.places {
            assert!(tree().join(&place).exists(), "{}: there is no {place}", row.id);
        }
    }
}

#[test]
fn every_proof_is_a_test_of_that_file_or_an_open_question() {
    let standards = rows(STANDARDS);
    assert!(standards.len() > 20, "{}", standards.len());
    for Row { id, proof, .. } in rows(REQUIREMENTS).into_iter().chain(standards) {
        if let Some(why) = proof.strip_prefix("open: ") {
            assert!(why.len() > 10, "{id} does not say what is missing");
            continue;
        }
        let named = quoted(&proof);
        assert!(!named.is_empty(), "{id} names no proof and is not open: {proof}");
        for test in named {
            let (file, name) = test.split_once("::").unwrap_or((&test, ""));
            let text =
                std::fs::read_to_string(tree().join(file)).unwrap_or_else(|error| panic!("{id}: {file}: {error}"));
            assert!(is_test(&text, name), "{id}: {file} has no test {name}");
        }
    }
}

/// Whether a function of this name stands there under a mark that makes it a test, or in a list of boxed tests.
pub(super) fn is_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    // Property tests take what they try as arguments.
    let heads = [format!("fn {name}("), format!("async fn {name}()")];
    let Some(at) = lines
        .iter()
        .position(|line| heads.iter().any(|head| line.starts_with(head.as_str())))
    else {
        return false;
    };
    let marks = lines[..at]
        .iter()
        .rev()
        .take_while(|line| line.starts_with("#[") || line.ends_with(")]"));
    let marked = marks
        .clone()
        .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test"));
    marked || lines[..at].contains(&"boxed! {")
}
