//! Letters on their way: a mail server that is down, slow, busy or unwilling; nothing is lost, nothing is sent twice.

use crate::post_office::{Manner, PostOffice, config};
use crate::scene::{STRICT, Scene};
use samekey_shared::outbox::{self, AdministratorAct, Letter, LetterKind, Thing};
use samekey_shared::params;
use samekey_shared::texts::Language;

fn write(scene: &Scene, kind: LetterKind) {
    let realm = &scene.test.realm;
    let letter = Letter {
        account: scene.ann,
        kind,
        source: None,
    };
    realm
        .store
        .write(|tx| outbox::write(tx, realm, &letter, scene.now()))
        .unwrap();
}

/// Ann has an address; one letter about her waits.
fn waiting() -> Scene {
    let scene = Scene::with_letters(STRICT);
    let realm = &scene.test.realm;
    realm
        .store
        .write(|tx| tx.execute("UPDATE accounts SET email = $1", params!["ann@mail.example"]))
        .unwrap();
    write(&scene, LetterKind::EmergencySignIn);
    scene
}

fn left(scene: &Scene) -> i64 {
    scene.test.realm.store.read(outbox::state).unwrap().waiting
}

#[test]
fn a_server_that_is_down_or_busy_gets_the_letter_later_and_once() {
    let scene = waiting();
    // Nobody listens there.
    let closed = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    assert!(scene.send_one(&config(closed)));
    assert_eq!(left(&scene), 1);
    assert!(!scene.send_one(&config(closed)), "not again at once");
    let office = PostOffice::open(&[Manner::Later, Manner::Closed]);
    for pause in [5, 15] {
        scene.test.clock.advance(pause);
        assert!(scene.send_one(&office.config()));
        assert_eq!((left(&scene), office.taken.lock().unwrap().len()), (1, 0));
    }
    scene.test.clock.advance(30);
    assert!(scene.send_one(&office.config()));
    assert!(!scene.send_one(&office.config()));
    assert_eq!((left(&scene), office.taken.lock().unwrap().len()), (0, 1));
    assert_eq!(scene.events("letter-given-up"), 0);
}

#[test]
fn an_address_that_does_not_exist_is_given_up_at_once_with_a_line_in_the_trail() {
    let scene = waiting();
    let office = PostOffice::open(&[Manner::Never]);
    assert!(scene.send_one(&office.config()));
    assert_eq!((left(&scene), scene.events("letter-given-up")), (0, 1));
}

/// Whether the server has it nobody can know: it is tried again under the same name, by which doubles are told.
#[test]
fn a_server_that_hangs_up_too_early_is_tried_again_under_the_same_name() {
    let scene = waiting();
    let office = PostOffice::open(&[Manner::HangUp]);
    assert!(scene.send_one(&office.config()));
    assert_eq!(left(&scene), 1);
    scene.test.clock.advance(5);
    assert!(scene.send_one(&office.config()));
    let taken = office.taken.lock().unwrap();
    let name = |letter: &String| {
        letter
            .lines()
            .find(|line| line.starts_with("Message-ID: "))
            .map(str::to_owned)
    };
    assert_eq!(taken.len(), 2);
    assert!(name(&taken[0]).is_some() && name(&taken[0]) == name(&taken[1]));
    assert_eq!(left(&scene), 0);
}

#[test]
fn a_server_that_says_nothing_holds_up_nobody_else_and_loses_nothing() {
    let scene = waiting();
    write(&scene, LetterKind::RecoveryCodesMade);
    let office = PostOffice::open(&[Manner::Silence]);
    let (first, second) = (office.config(), office.config());
    std::thread::scope(|threads| {
        let hangs = threads.spawn(|| scene.send_one(&first));
        // Another sender takes the other letter meanwhile; the one that hangs is not taken from its holder.
        while left(&scene) == 2 {
            let claimed = scene
                .test
                .realm
                .store
                .read(|tx| tx.query("SELECT id FROM outbox WHERE claim IS NOT NULL", &[]));
            if claimed.unwrap().len() == 1 {
                scene.send_one(&second);
            }
            std::thread::yield_now();
        }
        assert!(hangs.join().unwrap());
    });
    assert_eq!(left(&scene), 1);
    scene.test.clock.advance(5);
    assert!(scene.send_one(&office.config()));
    assert_eq!((left(&scene), office.taken.lock().unwrap().len()), (0, 2));
}

/// Names of people and browsers are text: no header, no markup, no picture comes of them.
#[test]
fn what_strangers_named_stays_text() {
    let scene = waiting();
    scene.letters();
    let evil = "x\r\nBcc: eve@evil.example\r\n\r\n<img src=\"https://evil.example/p\">";
    write(&scene, LetterKind::NewPlace { place: evil.into() });
    write(
        &scene,
        LetterKind::Administrator {
            act: AdministratorAct::Changed,
            by: evil.into(),
            what: Some(evil.into()),
        },
    );
    write(
        &scene,
        LetterKind::SomebodyObjected {
            login: evil.into(),
            about: "code".into(),
        },
    );
    let letters = scene.letters();
    assert_eq!(letters.len(), 3);
    for letter in letters {
        let headers = letter.split("\r\n\r\n").next().unwrap();
        assert!(!headers.lines().any(|line| line.starts_with("Bcc")), "{headers}");
        assert!(headers.contains("Auto-Submitted: auto-generated") && headers.contains("To: ann@mail.example"));
        assert!(letter.contains("multipart/alternative"));
        let html = letter.split("text/html").nth(1).unwrap();
        assert!(!html.contains("<img"), "{html}");
    }
}

#[test]
fn every_letter_is_written_in_both_languages() {
    let device = |name: &str| Thing {
        kind: samekey_shared::devices::DeviceKind::Passkey,
        name: name.into(),
    };
    let until = 1_777_600_000;
    let mut kinds = vec![
        LetterKind::DeviceBound { device: device("one") },
        LetterKind::DeviceUnbound { device: device("one") },
        LetterKind::DeviceReplaced {
            old: device("one"),
            new: device("two"),
        },
        LetterKind::RecoveryCodesMade,
        LetterKind::RecoveryCodeUsed { left: 1 },
        LetterKind::EmergencySignIn,
        LetterKind::NewPlace { place: "host1".into() },
        LetterKind::LockedOut { until: Some(until) },
        LetterKind::LockedOut { until: None },
        LetterKind::Deadline { at: until + 5 * 86_400 },
        LetterKind::Code {
            code: "123456".into(),
            until,
        },
        LetterKind::Objected,
        LetterKind::Test,
    ];
    kinds.extend(AdministratorAct::ALL.map(|act| LetterKind::Administrator {
        act,
        by: "root".into(),
        what: Some("one".into()),
    }));
    for language in Language::ALL {
        let scene = waiting();
        let realm = &scene.test.realm;
        realm
            .store
            .write(|tx| outbox::speaks(tx, scene.ann, *language))
            .unwrap();
        scene.letters();
        for kind in &kinds {
            write(&scene, kind.clone());
        }
        let letters = scene.letters();
        assert_eq!(letters.len(), kinds.len());
        for letter in &letters {
            assert!(!letter.contains("mail-") && !letter.contains("{ $"), "{letter}");
        }
    }
}
