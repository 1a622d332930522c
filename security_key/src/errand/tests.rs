//! Errands over scripted keys: which key, which proof, which ending.

use super::{composed, over};
use crate::fault::Fault;
use crate::outlet::Outlet;
use crate::scripted::{PIN, Scripted, wanted};
use samekey_wire::key::{Assert, Event, Look, Octets, Pin, Register, Request, Trouble, Verification};
use std::fs::File;
use std::time::{Duration, Instant};

fn run(keys: Vec<Scripted>, request: Request) -> Event {
    let nowhere = File::options().write(true).open("/dev/null").unwrap();
    over(
        keys,
        request,
        &Outlet::new(nowhere),
        Instant::now() + Duration::from_secs(60),
    )
}

fn assert(user_verification: Verification, pin: Option<&str>) -> Request {
    Request::Assert(Box::new(Assert {
        rp_id: "example.org".into(),
        client_data: Octets::from(b"signed".as_slice()),
        credentials: wanted(&["one", "two"]),
        user_verification,
        pin: pin.and_then(|pin| Pin::new(pin.into())),
        within_ms: 60_000,
    }))
}

fn register(user_verification: Verification, pin: Option<&str>, discoverable: bool) -> Request {
    Request::Register(Box::new(Register {
        rp_id: "example.org".into(),
        client_data: Octets::from(b"signed".as_slice()),
        user_handle: Octets(vec![7; 16]),
        user_name: "ann".into(),
        exclude: vec![Octets::from(b"one".as_slice())],
        discoverable,
        user_verification,
        pin: pin.and_then(|pin| Pin::new(pin.into())),
        within_ms: 60_000,
    }))
}

/// Whether the signature tells that the person was verified; an ending that is none is a failed test.
fn verified(event: Event) -> bool {
    match event {
        Event::Asserted(asserted) => {
            assert_eq!(
                asserted.signature.0, b"signed",
                "the silent look is no signature to anybody"
            );
            asserted.authenticator_data.0 == [1]
        }
        other => panic!("{other:?}"),
    }
}

use Verification::{Discouraged, Preferred, Required};

#[test]
fn a_touch_is_enough_where_nothing_more_is_asked() {
    let key = || Scripted::new("a").holding(b"two");
    assert!(!verified(run(vec![key()], assert(Discouraged, None))));
    assert!(!verified(run(vec![key().pin(8)], assert(Discouraged, None))));
    assert!(!verified(run(vec![key()], assert(Preferred, None))));
}

#[test]
fn verification_that_is_preferred_is_done_where_the_key_can() {
    let key = || Scripted::new("a").holding(b"one").pin(8);
    assert_eq!(run(vec![key()], assert(Preferred, None)), Event::PinNeeded { tries: 8 });
    assert!(verified(run(vec![key()], assert(Preferred, Some(PIN)))));
    let key = || Scripted::new("a").holding(b"one").able(|info| info.sensor = true);
    assert!(verified(run(vec![key()], assert(Preferred, None))));
    assert!(verified(run(vec![key()], assert(Required, None))));
    assert!(!verified(run(vec![key()], assert(Discouraged, None))));
}

#[test]
fn verification_that_is_required_is_never_a_touch() {
    let key = || Scripted::new("a").holding(b"one");
    assert_eq!(
        run(vec![key()], assert(Required, None)),
        Event::trouble(Trouble::CannotVerify)
    );
    assert_eq!(
        run(vec![key().pin(8)], assert(Required, None)),
        Event::PinNeeded { tries: 8 }
    );
    assert!(verified(run(vec![key().pin(8)], assert(Required, Some(PIN)))));
    // A PIN for a key that has none is no verification either.
    assert_eq!(
        run(vec![key()], assert(Required, Some(PIN))),
        Event::trouble(Trouble::CannotVerify)
    );
}

#[test]
fn a_key_that_always_verifies_does() {
    let key = || {
        Scripted::new("a")
            .holding(b"one")
            .pin(8)
            .able(|info| info.always_verifies = true)
    };
    assert_eq!(
        run(vec![key()], assert(Discouraged, None)),
        Event::PinNeeded { tries: 8 }
    );
    assert!(verified(run(vec![key()], assert(Discouraged, Some(PIN)))));
}

#[test]
fn the_last_two_tries_are_the_owners() {
    for (tries, left) in [(2, Some(2)), (1, Some(1))] {
        for pin in [None, Some(PIN), Some("0000")] {
            let key = Scripted::new("a").holding(b"one").pin(tries);
            let few = Event::Trouble {
                code: Trouble::PinFewTries,
                tries: left,
            };
            assert_eq!(run(vec![key], assert(Required, pin)), few);
        }
    }
    let key = Scripted::new("a").holding(b"one").pin(0);
    assert_eq!(
        run(vec![key], assert(Required, Some(PIN))),
        Event::trouble(Trouble::PinBlocked)
    );
}

#[test]
fn a_wrong_pin_says_how_many_tries_are_left() {
    let key = Scripted::new("a").holding(b"one").pin(8);
    let wrong = Event::Trouble {
        code: Trouble::PinWrong,
        tries: Some(7),
    };
    assert_eq!(run(vec![key], assert(Required, Some("0000"))), wrong);
}

#[test]
fn a_credential_that_hides_is_found_with_the_pin_and_only_where_the_key_is_certain() {
    let key = || Scripted::new("a").holding(b"one").hiding().pin(8);
    assert_eq!(run(vec![key()], assert(Preferred, None)), Event::PinNeeded { tries: 8 });
    assert!(verified(run(vec![key()], assert(Preferred, Some(PIN)))));
    // Whose PIN would it be?
    assert_eq!(
        run(vec![key(), Scripted::new("b")], assert(Preferred, None)),
        Event::trouble(Trouble::SeveralKeys)
    );
    assert_eq!(
        run(vec![key(), Scripted::new("b").pin(8)], assert(Required, Some(PIN))),
        Event::trouble(Trouble::SeveralKeys)
    );
    // Somebody else's key is not asked for its PIN when a touch would do.
    assert_eq!(
        run(vec![key()], assert(Discouraged, None)),
        Event::trouble(Trouble::WrongKey)
    );
}

#[test]
fn among_several_keys_the_right_one_signs() {
    let keys = vec![
        Scripted::new("a").pin(8),
        Scripted::new("b").holding(b"two"),
        Scripted::new("c"),
    ];
    assert!(!verified(run(keys, assert(Discouraged, None))));
    let none = vec![Scripted::new("a"), Scripted::new("b")];
    assert_eq!(run(none, assert(Required, None)), Event::trouble(Trouble::WrongKey));
}

#[test]
fn every_fault_of_a_key_is_an_ending_that_is_no_signature() {
    for status in 1..=u8::MAX {
        for keyed in [Scripted::new("a"), Scripted::new("a").pin(8)] {
            let key = keyed.holding(b"one").failing(Fault::Status(status));
            let ending = run(vec![key], assert(Discouraged, None));
            assert!(
                matches!(ending, Event::Trouble { .. } | Event::PinNeeded { .. }),
                "{status:#x}: {ending:?}"
            );
        }
    }
    let key = Scripted::new("a").holding(b"one").failing(Fault::Gone);
    assert_eq!(
        run(vec![key], assert(Discouraged, None)),
        Event::trouble(Trouble::Unplugged)
    );
}

#[test]
fn a_key_that_answers_touch_with_its_pin_is_asked_for_it() {
    let key = Scripted::new("a").holding(b"one").pin(5).failing(Fault::PIN_REQUIRED);
    assert_eq!(run(vec![key], assert(Discouraged, None)), Event::PinNeeded { tries: 5 });
    let key = Scripted::new("a").holding(b"one").pin(5).failing(Fault::SENSOR_BLOCKED);
    let key = key.able(|info| info.sensor = true);
    assert_eq!(run(vec![key], assert(Required, None)), Event::PinNeeded { tries: 5 });
}

#[test]
fn a_new_credential_is_made_once_and_never_beyond_level_2() {
    let made = |event| match event {
        Event::Registered(made) => made.attestation_object.0,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        made(run(vec![Scripted::new("a")], register(Discouraged, None, false))),
        [1, 0]
    );
    let plain = Scripted::new("a").able(|info| info.protects = false);
    assert_eq!(made(run(vec![plain], register(Discouraged, None, true))), [0, 1]);
    assert_eq!(
        run(
            vec![Scripted::new("a").holding(b"one")],
            register(Discouraged, None, false)
        ),
        Event::trouble(Trouble::AlreadyBound)
    );
    assert_eq!(
        run(
            vec![Scripted::new("a"), Scripted::new("b")],
            register(Discouraged, None, false)
        ),
        Event::trouble(Trouble::SeveralKeys)
    );
}

#[test]
fn a_key_with_a_pin_makes_a_credential_with_it() {
    let key = || Scripted::new("a").pin(8);
    assert_eq!(
        run(vec![key()], register(Discouraged, None, false)),
        Event::PinNeeded { tries: 8 }
    );
    let by_touch = key().able(|info| info.registers_by_touch = true);
    assert!(matches!(
        run(vec![by_touch], register(Discouraged, None, false)),
        Event::Registered(_)
    ));
    assert!(matches!(
        run(vec![key()], register(Discouraged, Some(PIN), false)),
        Event::Registered(_)
    ));
}

#[test]
fn a_look_lists_what_answers() {
    let look = || Request::Look(Look { within_ms: 60_000 });
    match run(vec![Scripted::new("a").pin(8), Scripted::new("b").panicking()], look()) {
        Event::Keys { keys } => assert!(keys.len() == 1 && keys[0].model == "a" && keys[0].pin),
        other => panic!("{other:?}"),
    }
    assert_eq!(
        run(vec![Scripted::new("b").panicking()], look()),
        Event::trouble(Trouble::Internal)
    );
}

#[test]
fn a_pin_is_composed() {
    let pin = Pin::new("u\u{308}ber".into()).unwrap();
    assert_eq!(composed(Some(&pin)).unwrap().as_str(), "\u{fc}ber");
}
