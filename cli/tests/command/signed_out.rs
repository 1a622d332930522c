//! Who is locked, removed or given another password is signed out of every browser, and of the applications behind it.

use super::place::Place;
use samekey_provider::SCHEMA;
use samekey_provider::sessions;
use samekey_shared::accounts::rows;
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::ids::{AccountId, SessionId};
use samekey_shared::params;
use samekey_shared::realm::Realm;
use std::sync::Arc;

fn realm(place: &Place) -> Realm {
    let config = Config::load(&place.config()).unwrap();
    let entropy = Arc::new(SystemEntropy::default());
    Realm::open_with(&config, Arc::new(SystemClock), entropy, &[SCHEMA]).unwrap()
}

fn account(realm: &Realm, name: &str) -> AccountId {
    let found = realm.store.read(|tx| rows::find(tx, &name.parse().unwrap())).unwrap();
    found.unwrap().id
}

/// A browser of this person's, signed in with a password a moment ago.
fn signed_in(realm: &Realm, person: AccountId) {
    let id = SessionId::draw(realm.entropy.as_ref()).unwrap();
    let now = realm.clock.now();
    let made = realm.store.write(|tx| {
        tx.execute(
            "INSERT INTO web_sessions (id, secret_hash, account, first_at, evidence, created_at, seen_at, expires_at) \
             VALUES ($1, $2, $3, $4, '[]', $4, $4, $5)",
            params![id, id.to_bytes().as_slice(), person, now, now + 3600],
        )
    });
    assert_eq!(made.unwrap(), 1);
    realm
        .store
        .write(|tx| sessions::note_client(tx, id, &"wiki".parse().unwrap()))
        .unwrap();
}

/// For which people notices wait that an application is told, taken away.
fn notices(realm: &Realm) -> Vec<String> {
    let found = realm
        .store
        .write(|tx| tx.query("DELETE FROM logout_notices RETURNING account", &[]));
    found
        .unwrap()
        .iter()
        .map(|row| row.text(0).unwrap().to_owned())
        .collect()
}

fn browsers(realm: &Realm, person: AccountId) -> usize {
    let all = realm.store.read(|tx| sessions::of_account(realm, tx, person));
    all.unwrap().len()
}

#[test]
fn locking_removing_and_another_password_end_every_session_of_that_person_alone() {
    let place = Place::made();
    for name in ["ann", "bob"] {
        assert_eq!(place.run(&["account", "add", name], "").exit, 0);
    }
    let realm = realm(&place);
    let (ann, bob) = (account(&realm, "ann"), account(&realm, "bob"));
    signed_in(&realm, bob);
    for (words, input) in [
        (
            vec!["account", "password", "ann", "--password-stdin"],
            "correct horse battery",
        ),
        (vec!["account", "lock", "ann"], ""),
        (vec!["account", "remove", "ann", "--yes"], ""),
    ] {
        signed_in(&realm, ann);
        signed_in(&realm, ann);
        assert_eq!(browsers(&realm, ann), 2);
        let ended = place.run(&words, input);
        assert_eq!(ended.exit, 0, "{words:?}: {ended:?}");
        assert_eq!(browsers(&realm, ann), 0, "{words:?}");
        let person = ann.to_string();
        assert_eq!(notices(&realm), [person.clone(), person], "{words:?}");
    }
    assert_eq!(browsers(&realm, bob), 1);
}
