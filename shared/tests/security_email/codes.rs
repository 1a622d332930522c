//! An address is bound by a code that is good once, there and then, for whom it was drawn.

use crate::scene::{ADDRESS, Scene, another};
use samekey_shared::devices::{DeviceKind, Unbinding, UnboundWhy, rows};
use samekey_shared::outbox::LetterKind;
use std::sync::Barrier;

#[test]
fn an_address_is_bound_by_the_code_that_was_sent_there() {
    let scene = Scene::new();
    let sent = scene
        .binding(scene.ann, "s1")
        .send(&scene.test.realm, " Ann@MAIL.example ")
        .unwrap();
    assert_eq!(
        (sent.to.as_str(), sent.minutes_left(scene.now())),
        ("A…@m….example", 10)
    );
    let letters = scene.letters();
    assert_eq!(letters.len(), 1);
    assert_eq!(letters[0].to, "Ann@mail.example");
    let LetterKind::ProveAddress { code, .. } = &letters[0].kind else {
        panic!("{letters:?}");
    };
    assert_eq!(code.len(), 6);
    assert!(letters[0].not_me.is_none(), "an address that is not bound has no say");
    let spaced = format!(" {} {} ", &code[..3], &code[3..]);
    let device = scene.finish(scene.ann, "s1", &spaced).unwrap();
    assert_eq!((device.kind, device.name.as_str()), (DeviceKind::Email, "email"));
    assert_eq!(scene.has_address(scene.ann).as_deref(), Some("Ann@mail.example"));
    assert_eq!((scene.count("email-code-sent"), scene.count("device-bound")), (1, 1));
    // M20, at the new address, with the link.
    let letters = scene.letters();
    assert_eq!(letters.len(), 1);
    assert!(matches!(&letters[0].kind, LetterKind::DeviceBound { device } if device.name == "email"));
    assert!(letters[0].not_me.is_some());
    // One for each account (Q5).
    assert_eq!(
        scene.send(scene.ann, "s1", "other@mail.example").unwrap_err().code(),
        "limit_reached"
    );
}

/// R59: bound to account, session and purpose.
#[test]
fn a_code_is_worth_nothing_anywhere_else() {
    let scene = Scene::new();
    let bob = scene.test.account("bob", "").unwrap();
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    // Another session of the same person, another person in a session of that name, and one who was sent another code.
    assert_eq!(scene.finish(scene.ann, "s2", &code).unwrap_err().code(), "code_expired");
    assert_eq!(scene.finish(bob, "s1", &code).unwrap_err().code(), "code_expired");
    scene.send(bob, "s1", ADDRESS).unwrap();
    let bobs = scene.code();
    if bobs != code {
        assert_eq!(scene.finish(bob, "s1", &code).unwrap_err().code(), "code_wrong");
    }
    assert!(scene.finish(scene.ann, "s1", &code).is_ok());
    assert!(scene.finish(bob, "s1", &bobs).is_ok());
}

#[test]
fn five_wrong_codes_void_it_and_ten_minutes_do() {
    let scene = Scene::new();
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    for _ in 0..5 {
        assert_eq!(
            scene.finish(scene.ann, "s1", &another(&code)).unwrap_err().code(),
            "code_wrong"
        );
    }
    assert_eq!(scene.finish(scene.ann, "s1", &code).unwrap_err().code(), "code_expired");
    scene.test.clock.advance(60);
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    scene.test.clock.advance(600);
    assert_eq!(scene.finish(scene.ann, "s1", &code).unwrap_err().code(), "code_expired");
    // A clock that was set back behind the code: it is not good, and another can be had at once.
    scene.test.clock.advance(-700);
    assert_eq!(scene.finish(scene.ann, "s1", &code).unwrap_err().code(), "code_expired");
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    scene.test.clock.advance(599);
    assert!(scene.finish(scene.ann, "s1", &code).is_ok());
}

#[test]
fn what_was_typed_badly_is_wrong_and_no_more() {
    let scene = Scene::new();
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    let wide: String = code
        .chars()
        .filter_map(|c| char::from_u32(c as u32 - 0x30 + 0xff10))
        .collect();
    for typed in ["", "000", wide.as_str(), &format!("{code}0"), &"9".repeat(100_000)] {
        let refused = scene.finish(scene.ann, "s1", typed).unwrap_err();
        assert_eq!(refused.code(), "code_wrong", "{typed:.20}");
    }
    for typed in [
        "",
        "ann",
        "ann@",
        "ann@localhost",
        "ann@mail.example\r\nBcc: eve@evil.example",
        "ann@bücher.example",
    ] {
        assert_eq!(
            scene.send(scene.ann, "s2", typed).unwrap_err().code(),
            "name_invalid",
            "{typed:?}"
        );
    }
    assert!(scene.letters().is_empty());
}

#[test]
fn a_minute_lies_between_two_codes_and_the_newest_counts() {
    let scene = Scene::new();
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let first = scene.code();
    scene.test.clock.advance(59);
    assert_eq!(
        scene.send(scene.ann, "s1", ADDRESS).unwrap_err().code(),
        "too_many_attempts"
    );
    scene.test.clock.advance(1);
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let second = scene.code();
    if first != second {
        let refused = scene.finish(scene.ann, "s1", &first).unwrap_err();
        assert_eq!(refused.code(), "code_replayed");
    }
    scene.test.clock.advance(60);
    scene.send(scene.ann, "s1", "other@mail.example").unwrap();
    let third = scene.code();
    assert!(scene.finish(scene.ann, "s1", &second).is_err() || second == third);
    scene.finish(scene.ann, "s1", &third).unwrap();
    assert_eq!(
        scene.has_address(scene.ann).as_deref(),
        Some("other@mail.example"),
        "the address of the newest code"
    );
}

#[test]
fn nobodys_mailbox_is_flooded() {
    let scene = Scene::new();
    for n in 0..10 {
        scene.send(scene.ann, &format!("s{n}"), "victim@mail.example").unwrap();
    }
    assert_eq!(
        scene
            .send(scene.ann, "one-more", "victim@mail.example")
            .unwrap_err()
            .code(),
        "too_many_attempts"
    );
    assert_eq!(scene.letters().len(), 10);
    scene.test.clock.advance(3600);
    assert!(scene.send(scene.ann, "one-more", "victim@mail.example").is_ok());
}

#[test]
fn of_many_offers_of_one_code_one_binds() {
    let scene = Scene::new();
    scene.send(scene.ann, "s1", ADDRESS).unwrap();
    let code = scene.code();
    let together = Barrier::new(8);
    let bound = std::thread::scope(|threads| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                threads.spawn(|| {
                    together.wait();
                    scene.finish(scene.ann, "s1", &code).is_ok()
                })
            })
            .collect();
        tries
            .into_iter()
            .filter(|_| true)
            .map(|one| one.join().unwrap())
            .filter(|won| *won)
            .count()
    });
    assert_eq!((bound, scene.count("device-bound")), (1, 1));
}

/// R62, M15, Q23: five accounts for each address, whatever its letter case, also when eight prove it at once; and nobody
/// learns it who has not read a code there.
#[test]
fn five_accounts_share_an_address_and_no_sixth_gets_in_between() {
    let scene = Scene::new();
    let people: Vec<_> = (0..8)
        .map(|n| {
            let account = scene.test.account(&format!("p{n}"), "").unwrap();
            let address = if n % 2 == 0 {
                "Team@mail.example"
            } else {
                "team@MAIL.example"
            };
            scene.send(account, "s", address).unwrap();
            (account, scene.code())
        })
        .collect();
    let together = Barrier::new(8);
    let results: Vec<&str> = std::thread::scope(|threads| {
        let tries: Vec<_> = people
            .iter()
            .map(|(account, code)| {
                threads.spawn(|| {
                    together.wait();
                    scene
                        .finish(*account, "s", code)
                        .map_or_else(|error| error.code(), |_| "ok")
                })
            })
            .collect();
        tries.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let ok = results.iter().filter(|one| **one == "ok").count();
    let full = results.iter().filter(|one| **one == "address_limit").count();
    assert_eq!((ok, full), (5, 3), "{results:?}");
    // The ninth is sent a code like anybody, and a wrong one tells nothing.
    let ninth = scene.test.account("ninth", "").unwrap();
    scene.letters();
    scene.send(ninth, "s", "team@mail.example").unwrap();
    let code = scene.code();
    assert_eq!(
        scene.finish(ninth, "s", &another(&code)).unwrap_err().code(),
        "code_wrong"
    );
    assert_eq!(scene.finish(ninth, "s", &code).unwrap_err().code(), "address_limit");
    assert_eq!(
        scene.finish(ninth, "s", &code).unwrap_err().code(),
        "code_expired",
        "it was spent all the same"
    );
    // Where one goes, another may come.
    let realm = &scene.test.realm;
    let (leaving, _) = people[results.iter().position(|one| *one == "ok").unwrap()];
    realm
        .store
        .write(|tx| {
            let device = rows::bound(tx, leaving).unwrap().devices.remove(0);
            let end = Unbinding {
                at: 1,
                by: "test".into(),
                why: UnboundWhy::Own,
            };
            rows::unbind(tx, leaving, device.id, &end)
        })
        .unwrap();
    scene.test.clock.advance(60);
    assert!(scene.bind(ninth, "team@mail.example").is_ok());
}

/// W14.
#[test]
fn an_address_set_by_an_administrator_is_confirmed_by_its_person_within_a_day() {
    let scene = Scene::new();
    let realm = &scene.test.realm;
    let ann = "ann".parse().unwrap();
    let propose = |address: &str| {
        scene.test.as_root(|desk| desk.set_email(&ann, address)).unwrap();
        let letters = scene.letters();
        assert_eq!(letters.len(), 1);
        match &letters[0].kind {
            LetterKind::ConfirmAddress { secret, .. } => secret.clone(),
            other => panic!("{other:?}"),
        }
    };
    let bob = scene.test.account("bob", "").unwrap();
    let old = propose("wrong@mail.example");
    let link = propose(ADDRESS);
    assert_eq!(scene.has_address(scene.ann), None, "not bound before it is confirmed");
    for (account, secret) in [(bob, &link), (scene.ann, &old), (scene.ann, &String::new())] {
        let refused = scene.binding(account, "s").confirm(realm, secret).unwrap_err();
        assert_eq!(refused.code(), "code_expired");
    }
    scene.test.clock.advance(24 * 3600);
    assert!(
        scene.binding(scene.ann, "s").confirm(realm, &link).is_err(),
        "a day is over"
    );
    let link = propose(ADDRESS);
    scene.test.clock.advance(24 * 3600 - 1);
    assert!(scene.binding(scene.ann, "s").confirm(realm, &link).is_ok());
    assert!(scene.binding(scene.ann, "s").confirm(realm, &link).is_err(), "once");
    assert_eq!(scene.has_address(scene.ann).as_deref(), Some(ADDRESS));
    assert_eq!(scene.count("email-proposed"), 3);
}

#[test]
fn where_it_is_off_nothing_is_bound_nor_sent() {
    let off = Scene::with("level = \"high\"", "email = \"off\"");
    assert_eq!(
        off.send(off.ann, "s", ADDRESS).unwrap_err().code(),
        "method_not_allowed"
    );
    assert!(off.letters().is_empty());
}
