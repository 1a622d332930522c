//! `samekey-key` as a bare program at a key that changes under it; how the agent drives it is `shell::samekey_key`'s theme.

use crate::support::boxed::boxed;
use crate::support::soft_key::{Settings, SoftKey, built, until};
use samekey_shared::methods::fido::{
    Assertion, Expected, ExpectedRegistration, KeyError, LocalBinding, Registered, Scene, Seen, assertion,
    check_registration, local_client_data, local_creation_client_data,
};
use samekey_soft_key::order::Touch;
use samekey_wire::Reader;
use samekey_wire::key::{Assert, Asserted, Event, Octets, Pin, Register, Request, Trouble, Verification, Wanted};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const RP: &str = "example.org";
const PIN: &str = "0815 ab";
const CHALLENGE: [u8; 32] = [9; 32];
/// So many ways in which frames are spoilt.
const SEEDS: u64 = 100;
/// Long enough for whatever ends by itself.
const LONG: u64 = 60_000;

fn binding() -> LocalBinding {
    LocalBinding {
        host: "web1".to_owned(),
        service: "pam:sudo".to_owned(),
        user: "ann".to_owned(),
    }
}

/// The program on an errand.
struct Errand {
    child: Child,
    /// Closed, it would end the errand.
    _stdin: ChildStdin,
    events: Reader<ChildStdout>,
}

fn errand(request: &Request) -> Errand {
    let mut command = Command::new(built("samekey-key"));
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    samekey_wire::write(&mut stdin, request).unwrap();
    Errand {
        child,
        _stdin: stdin,
        events: Reader::new(stdout),
    }
}

impl Errand {
    fn next(&mut self) -> Event {
        self.events.receive(|_| Ok(())).unwrap()
    }

    /// The ending; the program ends with it.
    fn ends(mut self) -> Event {
        let ending = loop {
            match self.next() {
                Event::Touch { .. } => {}
                ending => break ending,
            }
        };
        until("the program to end", || self.child.try_wait().unwrap().is_some());
        ending
    }

    fn asserted(self) -> Asserted {
        match self.ends() {
            Event::Asserted(asserted) => *asserted,
            other => panic!("{other:?}"),
        }
    }

    fn troubled(self, code: Trouble, tries: Option<u32>) {
        assert_eq!(self.ends(), Event::Trouble { code, tries });
    }
}

fn register(pin: Option<&str>) -> Request {
    Request::Register(Box::new(Register {
        rp_id: RP.to_owned(),
        client_data: Octets(local_creation_client_data(&CHALLENGE, &binding())),
        user_handle: Octets(vec![7; 16]),
        user_name: "ann".to_owned(),
        exclude: Vec::new(),
        discoverable: false,
        user_verification: Verification::Discouraged,
        pin: pin.and_then(|pin| Pin::new(pin.to_owned())),
        within_ms: LONG,
    }))
}

/// A credential made by the program, and checked as the agent checks it.
fn made(pin: Option<&str>) -> Registered {
    let Event::Registered(made) = errand(&register(pin)).ends() else {
        panic!("not registered");
    };
    let client_data = local_creation_client_data(&CHALLENGE, &binding());
    let expected = ExpectedRegistration {
        rp_id: RP,
        challenge: &CHALLENGE,
        scene: Scene::Local(&binding()),
        user_verification: false,
    };
    check_registration(&made.attestation_object.0, &client_data, &expected).unwrap()
}

fn assert(credential: &[u8], user_verification: Verification, pin: Option<&str>, within_ms: u64) -> Request {
    Request::Assert(Box::new(Assert {
        rp_id: RP.to_owned(),
        client_data: Octets(local_client_data(&CHALLENGE, &binding())),
        credentials: vec![Wanted {
            id: Octets(credential.to_vec()),
            app_id: None,
        }],
        user_verification,
        pin: pin.and_then(|pin| Pin::new(pin.to_owned())),
        within_ms,
    }))
}

fn by_touch(credential: &Registered) -> Errand {
    errand(&assert(
        &credential.credential_id,
        Verification::Discouraged,
        None,
        LONG,
    ))
}

fn by_pin(credential: &Registered, pin: &str) -> Errand {
    errand(&assert(
        &credential.credential_id,
        Verification::Required,
        Some(pin),
        LONG,
    ))
}

/// Good, and whether the person was verified.
fn is_good(credential: &Registered, asserted: Asserted) -> bool {
    let seen = verified(credential, asserted).unwrap();
    assert!(seen.sign_count > credential.sign_count);
    seen.user_verified
}

/// Checked as `shared` checks it at both doors.
fn verified(credential: &Registered, asserted: Asserted) -> Result<Seen, KeyError> {
    let assertion = Assertion {
        credential_id: asserted.credential_id.0,
        authenticator_data: asserted.authenticator_data.0,
        client_data: local_client_data(&CHALLENGE, &binding()),
        signature: asserted.signature.0,
        user_handle: asserted.user_handle.map(|handle| handle.0),
        app_id: asserted.app_id,
    };
    let expected = Expected {
        rp_id: RP,
        app_id: None,
        challenge: &CHALLENGE,
        scene: Scene::Local(&binding()),
        user_verification: false,
        backup_eligible: false,
    };
    assertion::check(&assertion, &credential.public_key, &expected)
}

/// An ending is a word of ours, whatever the key said; a signature that the program passes on is judged by its verifier.
fn ends_in_a_word(credential: &Registered, errand: Errand) -> bool {
    match errand.ends() {
        Event::Asserted(asserted) => verified(credential, *asserted).is_ok(),
        Event::Trouble { .. } | Event::PinNeeded { .. } => false,
        other => panic!("asked for an assertion, it said {other:?}"),
    }
}

boxed! {
    fn a_key_whose_frames_are_garbled_ends_in_a_word_of_ours() {
        let key = SoftKey::start();
        let made = made(None);
        let mut good = 0;
        for seed in 0..SEEDS {
            key.garble(Some(seed));
            let errand = errand(&assert(&made.credential_id, Verification::Discouraged, None, 1_000));
            good += u64::from(ends_in_a_word(&made, errand));
            key.garble(None);
            // What a spoilt frame left half-done ends with the key's power.
            key.unplug();
            key.plug();
        }
        assert!(good < SEEDS / 2, "{good} of {SEEDS} were good: hardly anything was spoilt");
        assert!(ends_in_a_word(&made, by_touch(&made)), "nothing is spoilt any more");
    }

    fn three_wrong_pins_lock_the_key_until_it_is_pulled_out() {
        let key = SoftKey::with_pin(PIN);
        let made = made(Some(PIN));
        for left in [7, 6] {
            by_pin(&made, "wrong").troubled(Trouble::PinWrong, Some(left));
        }
        by_pin(&made, "wrong").troubled(Trouble::Locked, None);
        by_pin(&made, PIN).troubled(Trouble::Locked, None);
        key.unplug();
        key.plug();
        assert!(is_good(&made, by_pin(&made, PIN).asserted()));
    }

    fn a_sensor_knows_its_finger_and_a_stranger_is_sent_to_the_pin() {
        let settings = Settings { pin: Some(PIN.to_owned()), built_in_verification: true, ..Settings::default() };
        let key = SoftKey::with(settings);
        let made = made(Some(PIN));
        let by_sensor = || errand(&assert(&made.credential_id, Verification::Required, None, LONG));
        assert!(is_good(&made, by_sensor().asserted()));
        key.finger(false);
        assert!(matches!(by_sensor().ends(), Event::PinNeeded { .. } | Event::Trouble { code: Trouble::NotRecognised, .. }));
        assert!(is_good(&made, by_pin(&made, PIN).asserted()));
    }

    fn a_key_that_falls_silent_while_it_blinks_is_left_at_the_deadline() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Wait);
        let mut waits = errand(&assert(&made.credential_id, Verification::Discouraged, None, 2_000));
        assert!(matches!(waits.next(), Event::Touch { .. }));
        key.mute(true);
        key.tap();
        waits.troubled(Trouble::NotTouched, None);
    }

    fn a_key_whose_pin_was_taken_away_cannot_verify() {
        let key = SoftKey::with_pin(PIN);
        let made = made(Some(PIN));
        key.pin(None);
        errand(&assert(&made.credential_id, Verification::Required, None, LONG)).troubled(Trouble::CannotVerify, None);
        assert!(!is_good(&made, by_touch(&made).asserted()));
        key.pin(Some("4711"));
        assert!(is_good(&made, by_pin(&made, "4711").asserted()));
    }
}
