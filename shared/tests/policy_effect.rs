//! Whom a change of the policy locks out, and who has to bind something, on a store with people in it.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use samekey_shared::accounts::{self, AccountState, NewAccount};
use samekey_shared::ids::{AccountId, DeviceId};
use samekey_shared::params;
use samekey_shared::policy::{Effect, People, Policy};
use samekey_shared::roles::Role;
use samekey_shared::store::Store;
use samekey_shared::testing::TestRealm;

/// 2026-05-01 00:00 UTC
const NOW: i64 = 1_777_593_600;
const DAY: i64 = 86_400;

struct Town(TestRealm);

impl Town {
    fn new() -> Self {
        Self(TestRealm::new().unwrap())
    }

    fn store(&self) -> &Store {
        &self.0.realm.store
    }

    /// An account of that age with devices of these kinds, in these groups of the store.
    fn person(&self, name: &str, days: i64, kinds: &[&str], groups: &[&str]) -> AccountId {
        let id = AccountId::draw(self.0.realm.entropy.as_ref()).unwrap();
        let new = NewAccount {
            id,
            name: name.parse().unwrap(),
            display_name: None,
            email: None,
            flags: std::collections::BTreeSet::new(),
            role: Role::User,
            created_at: NOW - days * DAY,
        };
        self.store()
            .write(|tx| {
                accounts::rows::insert(tx, &new)?;
                for kind in kinds {
                    tx.execute(
                        "INSERT INTO devices (id, account, kind, name, name_key, created_at) VALUES ($1, $2, $3, $4, $4, $5)",
                        params![DeviceId::draw(self.0.realm.entropy.as_ref()).unwrap(), id, *kind, *kind, new.created_at],
                    )?;
                }
                groups.iter().try_for_each(|group| accounts::rows::add_group(tx, id, group))
            })
            .unwrap();
        id
    }

    fn effect(&self, before: &str, after: &str) -> Effect {
        let policy = |text: &str| Policy::parse(&format!("version = 1\n[groups]\nsource = \"store\"\n{text}")).unwrap();
        let (before, after) = (policy(before), policy(after));
        let people = People::read(self.store(), &[&before, &after]).unwrap();
        Effect::of(&before, &after, &people, NOW)
    }

    /// App, key, both, nothing for long, nothing since yesterday.
    fn usual() -> Self {
        let town = Self::new();
        town.person("app", 100, &["totp"], &["ops"]);
        town.person("both", 100, &["totp", "passkey"], &["ops"]);
        town.person("key", 100, &["security-key"], &[]);
        town.person("late", 100, &[], &[]);
        town.person("new", 1, &[], &[]);
        town
    }
}

const HIGH: &str = "[default]\nlevel = \"high\"\ngrace = \"365d\"\n";

#[test]
fn each_person_stands_in_the_list_that_fits() {
    let town = Town::usual();
    assert!(town.effect(HIGH, HIGH).is_empty());
    let keys_only = town.effect(HIGH, "[default]\nlevel = \"highest\"\ngrace = \"365d\"\n");
    assert_eq!(
        (keys_only.looked_at, keys_only.enrol_again),
        (5, vec!["app".to_owned()])
    );
    assert!(keys_only.locked_out.is_empty() && keys_only.enrol_first.is_empty());

    let at_once = town.effect(HIGH, "[default]\nlevel = \"high\"\ngrace = \"14d\"\n");
    assert_eq!(at_once.enrol_first, ["late"]);
    assert!(at_once.enrol_again.is_empty());

    let second = town.effect(
        HIGH,
        "[default]\nlevel = \"high\"\ngrace = \"14d\"\ntwo-types = \"require\"\n",
    );
    assert_eq!(second.second_kind, ["app", "key"]);

    let shut = "[[rule]]\nname = \"shut\"\nwhen = { groups = [\"ops\"] }\nrequire = { deny = true }\n";
    let denied = town.effect(HIGH, &format!("{HIGH}{shut}"));
    assert_eq!(denied.locked_out, ["app", "both"]);
    // Who was out before is not locked out by the change.
    assert!(
        town.effect(&format!("{HIGH}{shut}"), &format!("{HIGH}{shut}"))
            .is_empty()
    );
}

#[test]
fn a_place_from_which_somebody_still_gets_in_is_no_lock_out() {
    let town = Town::usual();
    let networks: Vec<String> = (0..20).map(|n| format!("n{n} = [\"10.{n}.0.0/16\"]")).collect();
    let networks = networks.join("\n") + "\n";
    let from = |place: &str| {
        format!(
            "[networks]\n{networks}{HIGH}[[rule]]\nname = \"mask\"\nwhen = {{ except-source = [\"{place}\"] }}\nrequire = {{ deny = true }}\n"
        )
    };
    // The last of many networks counts as much as the first.
    for place in ["n0", "n19", "local"] {
        assert!(town.effect(HIGH, &from(place)).locked_out.is_empty(), "{place}");
    }
    let nowhere = "[[rule]]\nname = \"mask\"\nwhen = { source = [\"0.0.0.0/0\", \"::/0\", \"local\"] }\nrequire = { deny = true }\n";
    assert_eq!(town.effect(HIGH, &format!("{HIGH}{nowhere}")).locked_out.len(), 5);
}

#[test]
fn locked_accounts_are_not_looked_at_and_a_page_is_no_limit() {
    let town = Town::new();
    let first = town.person("person-0000", 10, &["totp"], &[]);
    for n in 1..1005 {
        town.person(&format!("person-{n:04}"), 10, &["totp"], &[]);
    }
    town.store()
        .write(|tx| accounts::rows::set_state(tx, first, AccountState::Locked))
        .unwrap();
    let effect = town.effect(HIGH, "[default]\nlevel = \"highest\"\n");
    assert_eq!((effect.looked_at, effect.enrol_again.len()), (1004, 1004));
    assert!(effect.enrol_again.is_sorted());
}
