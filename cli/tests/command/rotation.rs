//! A rotation that is killed at any point leaves a store whose every secret still opens.

use super::place::{self, Place};
use serde_json::Value;
use std::process::Stdio;

const PEOPLE: usize = 12;
const ROUNDS: u32 = 25;

fn answer(place: &Place, words: &[&str], input: &str) -> Value {
    let ended = place.run(words, input);
    assert_eq!(ended.exit, 0, "{words:?}: {}", ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

fn bound(place: &Place, name: &str) {
    answer(place, &["account", "add", name, "--json"], "");
    let drawn = answer(
        place,
        &["device", "bind", "totp", "--user", name, "--draw", "--json"],
        "",
    );
    let key = drawn["key"].as_str().unwrap();
    let code = place::code(key);
    let words = [
        "device",
        "bind",
        "totp",
        "--user",
        name,
        "--secret-file",
        "-",
        "--code",
        &code,
        "--json",
    ];
    answer(place, &words, key);
}

#[test]
fn killed_at_any_point_everything_still_opens() {
    let place = Place::made();
    for number in 0..PEOPLE {
        bound(&place, &format!("person{number}"));
    }
    let mut killed = 0;
    for round in 0..ROUNDS {
        let mut command = place.command(&["keyring", "rotate"]);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A different point in each round; which one does not matter, so nothing is measured.
        for _ in 0..round * 400 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        killed += u32::from(child.wait().unwrap().code().is_none());
        let report = answer(&place, &["keyring", "rotate", "--reseal-only", "--json"], "");
        assert_eq!(report["seen"], PEOPLE, "round {round}: {report}");
        assert_eq!(
            report["unreadable"],
            Value::Array(Vec::new()),
            "round {round}: {report}"
        );
    }
    assert!(killed > 0, "no round was cut short: the test shows nothing");
    let report = answer(&place, &["keyring", "rotate", "--drop-retired", "--json"], "");
    assert_eq!(report["moved"], PEOPLE, "{report}");
    assert_eq!(answer(&place, &["audit", "verify", "--json"], "")["whole"], true);
}
