//! `samekey url` (R95): addresses to send around, for all and for one.

use super::place::Place;
use serde_json::{Value, json};

#[test]
fn addresses_are_told_for_all_and_for_one() {
    let place = Place::made();
    let told = |words: &[&str]| {
        let ended = place.run(&[&["url", "--json"], words].concat(), "");
        assert_eq!(ended.exit, 0, "{ended:?}");
        serde_json::from_str::<Value>(&ended.out).unwrap()
    };
    let before = place.run(&["url"], "");
    assert_eq!(before.exit, 1, "{before:?}");
    assert!(before.err.contains("has no pages"), "{before:?}");
    let config = std::fs::read_to_string(place.config()).unwrap();
    let pages = "\n[provider]\nissuer = \"https://id.example.org\"\n";
    std::fs::write(place.config(), format!("{config}{pages}")).unwrap();
    assert_eq!(told(&[])["general"], "https://id.example.org/login");
    let ann = told(&["--user", "ann"]);
    assert_eq!(ann["general"], "https://id.example.org/login?username=ann");
    let realm = ann["dedicated"][0].as_str().unwrap();
    assert!(
        realm.starts_with("https://id.example.org/d/") && realm.ends_with("/login?username=ann"),
        "{realm}"
    );
    assert_eq!(ann["user"], json!("ann"));
    let drawn = place.run(&["url", "--qr"], "");
    assert!(drawn.out.lines().count() > 10, "{drawn:?}");
    for odd in ["a b", "../x", "ann&x=1", ""] {
        assert_eq!(place.run(&["url", "--user", odd], "").exit, 2, "{odd:?}");
    }
}
