//! Policies before ten thousand accounts: whom a change touches is told by name, none is left out.

use super::place::Place;
use samekey_shared::accounts::{NewAccount, rows};
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::ids::AccountId;
use samekey_shared::realm::Realm;
use samekey_shared::roles::Role;
use serde_json::Value;
use std::sync::Arc;

const CROWD: usize = 10_000;

/// Every hundredth carries the flag.
fn crowd(place: &Place) {
    let config = Config::load(&place.config()).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let now = realm.clock.now();
    realm
        .store
        .write(|tx| {
            (0..CROWD).try_for_each(|n| {
                let flags = (n % 100 == 0).then(|| "mfa-required".to_owned()).into_iter().collect();
                let new = NewAccount {
                    id: AccountId::draw(realm.entropy.as_ref()).unwrap(),
                    name: format!("person-{n:05}").parse().unwrap(),
                    display_name: None,
                    email: None,
                    flags,
                    role: Role::User,
                    created_at: now,
                };
                rows::insert(tx, &new)
            })
        })
        .unwrap();
}

#[test]
fn a_change_names_each_of_those_it_touches_among_ten_thousand() {
    let place = Place::made();
    crowd(&place);
    let before = "version = 1\npreset = \"per-user\"\n[groups]\nsource = \"store\"\n[default]\ngrace = \"30d\"\n";
    let applied = place.run(&["policy", "apply", "-"], before);
    assert_eq!(applied.exit, 0, "{applied:?}");
    let after = before.replace("30d", "0s");
    let told = place.run(&["policy", "diff", "-", "--service", "pam:sshd", "--json"], &after);
    let told: Value = serde_json::from_str(&told.out).unwrap();
    assert_eq!(told["accounts_looked_at"], CROWD);
    let touched = told["accounts"].as_array().unwrap();
    assert_eq!(touched.len(), CROWD / 100);
    assert_eq!(
        (&touched[0], &touched[99]),
        (&Value::from("person-00000"), &Value::from("person-09900"))
    );
    let dry = place.run(&["policy", "apply", "-", "--dry-run", "--json"], &after);
    let dry: Value = serde_json::from_str(&dry.out).unwrap();
    assert_eq!(dry["effect"]["enrol_first"]["count"], CROWD / 100);
    assert_eq!(dry["effect"]["enrol_first"]["accounts"][99], "person-09900");
}
