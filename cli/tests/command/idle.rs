//! `account idle`: who was not here for long is listed, and disabled only when that is asked.

use super::place::Place;
use samekey_shared::accounts::{NewAccount, rows};
use samekey_shared::audit::{self, Actor, Event, EventKind};
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::ids::AccountId;
use samekey_shared::realm::Realm;
use samekey_shared::roles::Role;
use serde_json::{Value, json};
use std::sync::Arc;

const DAY: i64 = 86_400;

/// Accounts made 800 days ago, but one; who signed in since, and how many days ago.
const PEOPLE: [(&str, Role, i64, Option<i64>); 5] = [
    ("away", Role::User, 800, None),
    ("back", Role::User, 800, Some(10)),
    ("gone", Role::User, 800, Some(790)),
    ("sealed", Role::Owner, 800, None),
    ("young", Role::User, 1, None),
];

fn people(place: &Place) {
    let config = Config::load(&place.config()).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let now = realm.clock.now();
    for (name, role, made, seen) in PEOPLE {
        let new = NewAccount {
            id: AccountId::draw(realm.entropy.as_ref()).unwrap(),
            name: name.parse().unwrap(),
            display_name: None,
            email: None,
            flags: std::collections::BTreeSet::new(),
            role,
            created_at: now - made * DAY,
        };
        realm.store.write(|tx| rows::insert(tx, &new)).unwrap();
        let Some(seen) = seen else { continue };
        let event = Event::new(EventKind::SignInGranted, Actor::Account(name.to_owned())).about(name);
        realm
            .store
            .write(|tx| audit::append(tx, &event, now - seen * DAY))
            .unwrap();
    }
}

fn run(place: &Place, words: &[&str], exit: i32) -> Value {
    let ended = place.run(&[&["account", "idle", "--json"], words].concat(), "");
    assert_eq!(ended.exit, exit, "{ended:?}");
    serde_json::from_str(&ended.out).unwrap()
}

fn names(told: &Value, disabled: bool) -> Vec<&str> {
    let idle = told["idle"].as_array().unwrap().iter();
    idle.filter(|one| one["disabled"] == disabled)
        .map(|one| one["name"].as_str().unwrap())
        .collect()
}

#[test]
fn the_idle_are_listed_and_those_who_administer_are_never_disabled() {
    let place = Place::made();
    people(&place);
    // 730 days by default.
    assert_eq!(names(&run(&place, &[], 0), false), ["away", "gone", "sealed"]);
    assert_eq!(
        names(&run(&place, &["--for", "5d"], 0), false),
        ["away", "back", "gone", "sealed"]
    );
    assert_eq!(names(&run(&place, &["--for", "795d"], 0), false), ["away", "sealed"]);

    let told = run(&place, &["--disable"], 0);
    assert_eq!(
        (names(&told, true), names(&told, false)),
        (vec!["away", "gone"], vec!["sealed"])
    );
    assert_eq!((&told["disabled"], &told["changed"]), (&json!(2), &json!(true)));
    let again = run(&place, &["--disable"], 0);
    assert_eq!(
        (names(&again, false), &again["changed"]),
        (vec!["sealed"], &json!(false))
    );

    let shown = place.run(&["account", "show", "gone", "--json"], "");
    let shown: Value = serde_json::from_str(&shown.out).unwrap();
    assert_eq!(shown["account"]["state"], "disabled");
    let trail = place.run(&["audit", "tail", "-n", "1", "--json"], "");
    let trail: Value = serde_json::from_str(&trail.out).unwrap();
    assert_eq!(trail["events"][0]["kind"], "account-disabled");
    assert_eq!(trail["events"][0]["detail"]["why"], "idle");
    assert_eq!(place.run(&["account", "unlock", "gone"], "").exit, 0);
}

#[test]
fn a_policy_without_a_span_wants_one_named() {
    let place = Place::made();
    let applied = place.run(
        &["policy", "apply", "-"],
        "version = 1\n[settings]\nidle-disable = \"0s\"\n",
    );
    assert_eq!(applied.exit, 0, "{applied:?}");
    assert_eq!(run(&place, &[], 2)["error"]["code"], "usage");
    assert_eq!(run(&place, &["--for", "90d"], 0)["idle"], json!([]));
}
