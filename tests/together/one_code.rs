//! Show 3: of 64 people who offer one account's code at once, half at each door, one gets in; 64 accounts all do.

use super::installation::{Installation, Person};
use super::visitor::{by_shell, up_to_the_code};
use crate::support::boxed::boxed;
use samekey_shared::audit;
use samekey_shared::realm::Realm;
use std::sync::{Arc, Barrier};

const ROUNDS: usize = 50;
const AT_ONCE: usize = 64;

/// The shipped policy, but 63 refusals do not lock the account: each must be refused for its code, not for the lock.
const PATIENT: &str = "version = 1\n[default]\nlevel = \"high\"\n\
    [settings]\nlockout = { attempts = 100, window = \"15m\", for = \"15m\" }\n";

/// Everybody walks up to the code, then all give theirs at the same moment. How many got in.
fn rush(home: &Installation, people: &[(Person, String); AT_ONCE]) -> usize {
    let start = Arc::new(Barrier::new(AT_ONCE));
    std::thread::scope(|scope| {
        let visitors: Vec<_> = people
            .iter()
            .enumerate()
            .map(|(number, (person, code))| {
                let start = Arc::clone(&start);
                scope.spawn(move || {
                    if number % 2 == 0 {
                        by_shell(home, person, code.clone(), move || {
                            start.wait();
                        })
                    } else {
                        let standing = up_to_the_code(home, person);
                        start.wait();
                        standing.unwrap().give(code)
                    }
                })
            })
            .collect();
        visitors
            .into_iter()
            .map(|visitor| visitor.join().unwrap())
            .filter(|entered| *entered)
            .count()
    })
}

/// How many events of this kind the trail has about a person.
fn told(realm: &Realm, kind: &str, person: &str) -> usize {
    let records = realm.store.read(|tx| audit::about(tx, person, None, 1000)).unwrap();
    records.iter().filter(|record| record.kind == kind).count()
}

boxed! {
    fn one_code_offered_64_times_at_both_doors_opens_once() {
        let mut home = Installation::new(PATIENT);
        home.start();
        let realm = home.realm();
        for round in 0..ROUNDS {
            let person = home.person(&realm, &format!("one{round}"));
            // Read off once: all offer the same code even if the app moves on meanwhile.
            let code = person.code();
            let people = std::array::from_fn(|_| (person.clone(), code.clone()));
            assert_eq!(rush(&home, &people), 1, "round {round}\n{}", home.said());
            assert_eq!(told(&realm, "sign-in-granted", &person.name), 1, "round {round}");
            assert_eq!(told(&realm, "code-replayed", &person.name), AT_ONCE - 1, "round {round}");
        }
        assert!(audit::verify(&realm.store).unwrap().broken_at.is_none());
    }

    fn different_accounts_at_both_doors_all_come_in() {
        let mut home = Installation::new(PATIENT);
        home.start();
        let realm = home.realm();
        let people = std::array::from_fn(|number| {
            let person = home.person(&realm, &format!("each{number}"));
            let code = person.code();
            (person, code)
        });
        assert_eq!(rush(&home, &people), AT_ONCE, "{}", home.said());
        assert!(audit::verify(&realm.store).unwrap().broken_at.is_none());
    }
}
