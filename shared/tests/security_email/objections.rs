//! "This was not me": the link is good once and for a week; what it holds, an older key or an administrator lets go.

use crate::scene::{ADDRESS, Scene};
use samekey_shared::methods::{EvidenceRecord, KeyProof, Method, recall};
use samekey_shared::objections;
use samekey_shared::outbox::{self, Letter, LetterKind};
use samekey_shared::testing::SoftAuthenticator;
use std::sync::Barrier;

/// A link out of a letter.
fn link(scene: &Scene) -> String {
    let realm = &scene.test.realm;
    let letter = Letter {
        account: scene.ann,
        kind: LetterKind::RecoveryCodesMade,
        source: None,
    };
    scene.profile(scene.ann, ADDRESS);
    realm
        .store
        .write(|tx| outbox::write(tx, realm, &letter, scene.now()))
        .unwrap();
    scene.letters().remove(0).not_me.unwrap()
}

#[test]
fn a_link_is_good_once_for_seven_days_and_for_nobody_who_guesses() {
    let scene = Scene::new();
    let store = &scene.test.realm.store;
    let spend = |secret: &str| {
        let found = store.write(|tx| objections::spend(tx, secret, scene.now())).unwrap();
        found.map(|objection| objection.account)
    };
    let first = link(&scene);
    for wrong in ["", &first[1..], &first.to_lowercase(), &format!("{first}x")] {
        assert_eq!(spend(wrong), None);
    }
    assert!(
        store
            .read(|tx| objections::look(tx, &first, scene.now()))
            .unwrap()
            .is_some()
    );
    let together = Barrier::new(6);
    let won = std::thread::scope(|threads| {
        let presses: Vec<_> = (0..6)
            .map(|_| {
                threads.spawn(|| {
                    together.wait();
                    spend(&first)
                })
            })
            .collect();
        presses
            .into_iter()
            .filter_map(|one| one.join().unwrap())
            .collect::<Vec<_>>()
    });
    assert_eq!(won, [scene.ann]);
    let second = link(&scene);
    scene.test.clock.advance(7 * 86_400);
    assert_eq!(spend(&second), None);
}

#[test]
fn only_a_key_of_before_or_an_administrator_lifts_the_hold() {
    let scene = Scene::new();
    let store = &scene.test.realm.store;
    let old = scene
        .test
        .bind_key(scene.ann, &mut SoftAuthenticator::new(), "old")
        .unwrap();
    scene.test.clock.advance(100);
    // What is disputed, and what an intruder bound after it.
    let secret = link(&scene);
    scene.test.clock.advance(100);
    let new = scene
        .test
        .bind_key(scene.ann, &mut SoftAuthenticator::new(), "new")
        .unwrap();
    let shown_before = scene.now();
    scene.test.clock.advance(100);
    store
        .write(|tx| {
            let objection = objections::spend(tx, &secret, scene.now())?.unwrap();
            objections::hold(tx, &objection, scene.now())
        })
        .unwrap();
    let held = || store.read(|tx| objections::is_held(tx, scene.ann)).unwrap();
    let show = |method, device, at| {
        let key = KeyProof {
            user_verified: true,
            backup_eligible: false,
            attested: false,
            pin: false,
        };
        let evidence = recall(EvidenceRecord {
            method,
            device: Some(device),
            at,
            key: Some(key).filter(|_| method == Method::Passkey),
        });
        store
            .write(|tx| objections::release_by(tx, scene.ann, std::slice::from_ref(&evidence), scene.now()))
            .unwrap()
    };
    assert!(held());
    assert!(
        !show(Method::Passkey, new.id, scene.now()),
        "bound by whoever is disputed"
    );
    assert!(!show(Method::Passkey, old.id, shown_before), "shown before the hold");
    assert!(!show(Method::Totp, old.id, scene.now()), "a code can be phished");
    assert!(held() && show(Method::Passkey, old.id, scene.now()));
    assert!(!held() && !show(Method::Passkey, old.id, scene.now()));
}
