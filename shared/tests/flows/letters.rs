//! Every change of somebody's devices goes out as a letter, in the unit of work of the change (R45, M20).

use samekey_shared::audit::Actor;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{DeviceName, NameRule};
use samekey_shared::flows::bind::{self, Answered, Bind};
use samekey_shared::flows::unbind::{LastDevice, Unbind, UnbindError};
use samekey_shared::flows::{Authority, bind_key};
use samekey_shared::ids::AccountId;
use samekey_shared::outbox::{self, Body, LetterKind};
use samekey_shared::params;
use samekey_shared::source::{Door, Source};
use samekey_shared::testing::{Phone, SoftAuthenticator, TestRealm};
use std::sync::Arc;

/// Ann, whose profile names an address, in a realm that writes letters.
fn realm() -> (TestRealm, AccountId) {
    let mut test = TestRealm::new().unwrap();
    Arc::get_mut(&mut test.realm).unwrap().mail = true;
    let ann = test.account("ann", "").unwrap();
    let written = test.realm.store.write(|tx| {
        tx.execute(
            "UPDATE accounts SET email = $1 WHERE id = $2",
            params!["ann@example.org", ann],
        )
    });
    assert_eq!(written.unwrap(), 1);
    (test, ann)
}

fn authority() -> Authority {
    let source = Source::parse_address("192.0.2.7").unwrap();
    Authority::new(Actor::Account("ann".to_owned()), Door::Web).from(&source)
}

fn letters(test: &TestRealm) -> Vec<Body> {
    let mut found = Vec::new();
    while let Some(held) = outbox::claim(&test.realm).unwrap() {
        assert!(outbox::sent(&test.realm, &held).unwrap());
        found.push(held.body);
    }
    found
}

/// The only letter, from where the change came.
fn letter(test: &TestRealm) -> LetterKind {
    let mut all = letters(test);
    assert_eq!(all.len(), 1, "{all:?}");
    let body = all.remove(0);
    assert_eq!(
        (body.to.as_str(), body.source.as_deref()),
        ("ann@example.org", Some("192.0.2.7"))
    );
    assert!(body.not_me.is_some(), "it can be disputed");
    body.kind
}

fn pending(test: &TestRealm, name: &str) -> Pending {
    let name = DeviceName::parse(name, NameRule::Ascii).unwrap();
    Pending::new(test.realm.entropy.as_ref(), name).unwrap()
}

#[test]
fn every_change_of_a_device_goes_out_as_a_letter() {
    let (test, ann) = realm();
    let realm = &test.realm;
    let prove = |begun: (Bind, bind::Shown)| {
        let phone = Phone::with_key(begun.1.key.expose()).unwrap();
        let code = phone.code_at(realm.clock.now());
        match begun.0.answer(realm, &authority(), code.expose()).unwrap() {
            Answered::Bound { device, .. } => device,
            other => panic!("not bound: {other:?}"),
        }
    };
    let app = prove(Bind::start(realm, ann, pending(&test, "Pixel")).unwrap());
    assert!(matches!(letter(&test), LetterKind::DeviceBound { device } if device.name == "Pixel"));

    let made = SoftAuthenticator::new().make("example.org", &ann.to_bytes()).unwrap();
    let name = DeviceName::parse("laptop", NameRule::Ascii).unwrap();
    let key = bind_key::finish(realm, &authority(), ann, &name, &made, None).unwrap();
    assert!(matches!(letter(&test), LetterKind::DeviceBound { device } if device.name == "laptop"));

    let new = prove(Bind::replacing(realm, ann, pending(&test, "Galaxy"), app.id).unwrap());
    let told = letter(&test);
    assert!(
        matches!(&told, LetterKind::DeviceReplaced { old, new } if old.name == "Pixel" && new.name == "Galaxy"),
        "{}",
        told.word()
    );

    let _ = bind::renew_recovery_codes(realm, &authority(), ann).unwrap();
    assert_eq!(letter(&test), LetterKind::RecoveryCodesMade);

    let unbind = |device, typed: &str| {
        Unbind::start(realm, ann, device, LastDevice::Keep).and_then(|unbind| unbind.answer(realm, &authority(), typed))
    };
    // What does not happen is not told.
    assert!(matches!(unbind(key.device.id, "no"), Err(UnbindError::NotConfirmed)));
    assert!(letters(&test).is_empty());
    unbind(key.device.id, "YES").unwrap();
    assert!(matches!(letter(&test), LetterKind::DeviceUnbound { device } if device.name == "laptop"));
    assert!(matches!(unbind(new.id, "YES"), Err(UnbindError::LastDevice)));
    assert!(letters(&test).is_empty());
}
