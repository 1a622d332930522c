//! The outbox: written with what it tells, sent by one, not lost, not for ever.

use crate::scene::{ADDRESS, Scene};
use samekey_shared::flows::FlowError;
use samekey_shared::ids::AccountId;
use samekey_shared::outbox::{self, LEASE, Letter, LetterKind};
use samekey_shared::params;
use samekey_shared::store::StoreError;
use samekey_shared::testing::TestRealm;
use samekey_shared::texts::Language;
use std::collections::BTreeSet;
use std::sync::Barrier;

fn place(account: AccountId) -> Letter<'static> {
    Letter {
        account,
        kind: LetterKind::NewPlace {
            place: "Firefox on Linux".into(),
        },
        source: None,
    }
}

fn write(scene: &Scene, letter: &Letter<'_>) {
    let realm = &scene.test.realm;
    realm
        .store
        .write(|tx| outbox::write(tx, realm, letter, scene.now()))
        .unwrap();
}

/// NIST SP 800-63B-4, 4.6; R60: both addresses are told, and one that is both once.
#[test]
fn every_address_of_an_account_is_told_once() {
    let scene = Scene::new();
    write(&scene, &place(scene.ann));
    assert!(scene.letters().is_empty(), "no address, no letter");
    scene.profile(scene.ann, "ann@work.example");
    scene.bind(scene.ann, ADDRESS).unwrap();
    scene.letters();
    write(&scene, &place(scene.ann));
    let to: BTreeSet<String> = scene.letters().into_iter().map(|body| body.to).collect();
    assert_eq!(to, [ADDRESS.to_owned(), "ann@work.example".to_owned()].into());
    scene.profile(scene.ann, "ANN@Mail.example");
    write(&scene, &place(scene.ann));
    assert_eq!(scene.letters().len(), 1);
    // What is no address in a profile is passed over.
    scene.profile(scene.ann, "see the wiki");
    write(&scene, &place(scene.ann));
    assert_eq!(scene.letters().len(), 1);
}

#[test]
fn a_letter_is_there_exactly_if_what_it_tells_is() {
    let scene = Scene::new();
    scene.profile(scene.ann, ADDRESS);
    let realm = &scene.test.realm;
    let undone = realm.store.write(|tx| {
        outbox::write(tx, realm, &place(scene.ann), scene.now())?;
        Err::<(), _>(FlowError::Store(StoreError::Inconsistent("undone".into())))
    });
    assert!(undone.is_err() && scene.letters().is_empty());
    // Without [mail] there is none at all.
    let silent = TestRealm::new().unwrap();
    let ann = silent.account("ann", "").unwrap();
    let realm = &silent.realm;
    realm
        .store
        .write(|tx| {
            tx.execute("UPDATE accounts SET email = $1", params![ADDRESS])?;
            outbox::write(tx, realm, &place(ann), 1)
        })
        .unwrap();
    assert_eq!(realm.store.read(outbox::state).unwrap().waiting, 0);
}

#[test]
fn what_a_letter_says_lies_sealed() {
    let scene = Scene::new();
    scene.send(scene.ann, "s", ADDRESS).unwrap();
    let realm = &scene.test.realm;
    let rows = realm.store.read(|tx| tx.query("SELECT body FROM outbox", &[])).unwrap();
    let body = rows[0].bytes(0).unwrap().to_vec();
    let code = scene.code();
    let holds = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(!holds(&code) && !holds(ADDRESS) && !holds("ann"));
    let left = realm.store.read(|tx| tx.query("SELECT id FROM outbox", &[])).unwrap();
    assert!(left.is_empty(), "gone after sending");
    let codes = realm
        .store
        .read(|tx| tx.query("SELECT hash FROM email_codes", &[]))
        .unwrap();
    assert_eq!(
        codes[0].bytes(0).unwrap().len(),
        32,
        "a keyed hash is all that is kept of a code"
    );
}

#[test]
fn two_senders_never_hold_one_letter() {
    let scene = Scene::new();
    scene.profile(scene.ann, ADDRESS);
    for _ in 0..24 {
        write(&scene, &place(scene.ann));
    }
    let (realm, together) = (&scene.test.realm, Barrier::new(4));
    let held: Vec<_> = std::thread::scope(|threads| {
        let senders: Vec<_> = (0..4)
            .map(|_| {
                threads.spawn(|| {
                    together.wait();
                    std::iter::from_fn(|| outbox::claim(realm).unwrap())
                        .map(|held| held.id)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        senders.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let different: BTreeSet<_> = held.iter().collect();
    assert_eq!((held.len(), different.len()), (24, 24));
}

#[test]
fn what_a_killed_sender_held_comes_back() {
    let scene = Scene::new();
    scene.profile(scene.ann, ADDRESS);
    write(&scene, &place(scene.ann));
    let realm = &scene.test.realm;
    let killed = outbox::claim(realm).unwrap().unwrap();
    assert!(outbox::claim(realm).unwrap().is_none());
    scene.test.clock.advance(LEASE);
    let second = outbox::claim(realm).unwrap().unwrap();
    assert_eq!(
        (second.id, second.tries),
        (killed.id, 2),
        "the same letter, with the same Message-ID"
    );
    // Should the first be alive after all, it has no say any more.
    outbox::put_off(realm, &killed, "late").unwrap();
    outbox::given_up(realm, &killed, "late").unwrap();
    assert!(!outbox::sent(realm, &killed).unwrap());
    assert!(outbox::sent(realm, &second).unwrap());
    assert_eq!(scene.count("letter-given-up"), 0);
    // A lease that a clock set back has left far in the future ends too.
    write(&scene, &place(scene.ann));
    scene.test.clock.advance(7 * 86_400);
    outbox::claim(realm).unwrap();
    scene.test.clock.advance(-6 * 86_400);
    assert!(outbox::claim(realm).unwrap().is_none(), "too old by then");
}

#[test]
fn a_letter_is_tried_ever_more_rarely_and_not_for_ever() {
    let scene = Scene::new();
    scene.profile(scene.ann, ADDRESS);
    write(&scene, &place(scene.ann));
    let (realm, began) = (&scene.test.realm, scene.now());
    let mut pauses = Vec::new();
    while let Some(held) = outbox::claim(realm).unwrap() {
        outbox::put_off(realm, &held, "421 try\r\nagain later\u{1b}[31m").unwrap();
        let waiting = realm.store.read(|tx| outbox::waiting(tx, 10)).unwrap();
        let Some(one) = waiting.first() else { break };
        assert_eq!(
            one.trouble.as_deref(),
            Some("421 try  again later [31m"),
            "one harmless line"
        );
        pauses.push(one.due_at - scene.now());
        scene.test.clock.set(one.due_at);
    }
    assert_eq!(pauses[..8], [5, 15, 30, 60, 300, 900, 1800, 3600]);
    assert!(pauses.is_sorted() && scene.now() - began <= 3 * 86_400);
    assert_eq!((scene.count("letter-given-up"), scene.letters().len()), (1, 0));
    // A code is not worth sending when it is void.
    scene.send(scene.ann, "s", ADDRESS).unwrap();
    scene.test.clock.advance(600);
    assert!(scene.letters().is_empty());
    assert_eq!(scene.count("letter-given-up"), 2);
}

#[test]
fn letters_speak_the_language_of_their_reader() {
    let scene = Scene::new();
    scene.profile(scene.ann, ADDRESS);
    let realm = &scene.test.realm;
    write(&scene, &place(scene.ann));
    assert_eq!(scene.letters()[0].language, "en");
    for _ in 0..2 {
        realm
            .store
            .write(|tx| outbox::speaks(tx, scene.ann, Language::SimplifiedChinese))
            .unwrap();
    }
    write(&scene, &place(scene.ann));
    assert_eq!(scene.letters()[0].language, "zh-CN");
}

/// R3: fourteen days before, three days before, on the last day; each once, and to nobody who has a device.
#[test]
fn a_coming_deadline_is_told_three_times() {
    let scene = Scene::with("level = \"high\"\ngrace = \"30d\"", "");
    scene.profile(scene.ann, ADDRESS);
    let bob = scene.test.account("bob", "").unwrap();
    scene.profile(bob, "bob@mail.example");
    scene.test.bind_phone(bob).unwrap();
    scene.letters();
    let realm = &scene.test.realm;
    let mut told = Vec::new();
    for day in 0..40 {
        for _ in 0..2 {
            outbox::remind(realm).unwrap();
        }
        for body in scene.letters() {
            assert!(matches!(body.kind, LetterKind::Deadline { .. }) && body.to == ADDRESS);
            told.push(day);
        }
        scene.test.clock.advance(86_400);
    }
    assert_eq!(told, [16, 27, 29]);
}
