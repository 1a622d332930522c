//! `samekey-key` at a key that behaves, and at keys that do not: each errand ends, and with the right word.

use crate::support::boxed::boxed;
use crate::support::soft_key::{Settings, SoftKey, built, until};
use samekey_shared::methods::fido::{
    Assertion, Expected, ExpectedRegistration, LocalBinding, Registered, Scene, assertion, check_registration,
    local_client_data, local_creation_client_data,
};
use samekey_soft_key::order::Touch;
use samekey_wire::Reader;
use samekey_wire::key::{Assert, Asserted, Event, Look, Octets, Pin, Register, Request, Trouble, Verification, Wanted};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

const RP: &str = "example.org";
const PIN: &str = "0815 ab";
const CHALLENGE: [u8; 32] = [9; 32];
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
    stdin: Option<ChildStdin>,
    events: Reader<ChildStdout>,
}

fn errand(request: &Request) -> Errand {
    errand_of(0, request)
}

/// The same for a user of this number.
fn errand_of(user: u32, request: &Request) -> Errand {
    let mut command = Command::new(built("samekey-key"));
    command.env_clear().uid(user).gid(user);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut stdin, stdout) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    samekey_wire::write(&mut stdin, request).unwrap();
    Errand {
        child,
        stdin: Some(stdin),
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

    fn asserted(self) -> Box<Asserted> {
        match self.ends() {
            Event::Asserted(asserted) => asserted,
            other => panic!("{other:?}"),
        }
    }

    fn is_trouble(self, code: Trouble, tries: Option<u32>) {
        assert_eq!(self.ends(), Event::Trouble { code, tries });
    }
}

fn register(exclude: &[Vec<u8>], pin: Option<&str>) -> Request {
    Request::Register(Box::new(Register {
        rp_id: RP.to_owned(),
        client_data: Octets(local_creation_client_data(&CHALLENGE, &binding())),
        user_handle: Octets(vec![7; 16]),
        user_name: "ann".to_owned(),
        exclude: exclude.iter().cloned().map(Octets).collect(),
        discoverable: false,
        user_verification: Verification::Discouraged,
        pin: pin.and_then(|pin| Pin::new(pin.to_owned())),
        within_ms: LONG,
    }))
}

/// A credential made by the program, and checked as the agent checks it.
fn made(pin: Option<&str>) -> Registered {
    let Event::Registered(made) = errand(&register(&[], pin)).ends() else {
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

/// Checked as `shared` checks it at both doors; whether the person was verified.
fn is_good(credential: &Registered, asserted: Asserted) -> bool {
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
    let seen = assertion::check(&assertion, &credential.public_key, &expected).unwrap();
    assert!(seen.sign_count > credential.sign_count);
    seen.user_verified
}

boxed! {
    fn what_a_key_makes_and_signs_passes_our_verifier() {
        errand(&Request::Look(Look { within_ms: LONG })).is_trouble(Trouble::NoKey, None);
        let key = SoftKey::start();
        let made = made(None);
        let told = key.told().requests;
        let creation = told.iter().find(|request| request.command == "make-credential").unwrap();
        assert_eq!(creation.protection, Some(2), "level 3 would end sign-ins by touch");
        assert!(!is_good(&made, *by_touch(&made).asserted()));
        let told = key.told();
        assert_eq!((told.asked, told.touches), (2, 2));
        let looks = told.requests.iter().filter(|request| request.command == "get-assertion");
        let ups: Vec<Option<bool>> = looks.map(|request| request.up).collect();
        assert_eq!(ups[0], Some(false), "a silent look comes first: {ups:?}");
        errand(&register(&[made.credential_id], None)).is_trouble(Trouble::AlreadyBound, None);
    }

    fn the_pin_is_asked_for_and_its_last_tries_stay_the_owners() {
        let key = SoftKey::with_pin(PIN);
        let made = made(Some(PIN));
        let without = || errand(&assert(&made.credential_id, Verification::Required, None, LONG));
        assert_eq!(without().ends(), Event::PinNeeded { tries: 8 });
        assert!(is_good(&made, *by_pin(&made, PIN).asserted()));
        by_pin(&made, "wrong").is_trouble(Trouble::PinWrong, Some(7));
        assert_eq!(without().ends(), Event::PinNeeded { tries: 7 });
        key.pin_tries(2);
        by_pin(&made, PIN).is_trouble(Trouble::PinFewTries, Some(2));
        without().is_trouble(Trouble::PinFewTries, Some(2));
        assert_eq!(key.told().pin_tries, 2, "not tried");
        key.pin_tries(0);
        by_pin(&made, PIN).is_trouble(Trouble::PinBlocked, None);
        assert!(!is_good(&made, *by_touch(&made).asserted()), "touch goes on working");
    }

    fn three_wrong_pins_lock_the_key_until_it_is_pulled_out() {
        let key = SoftKey::with_pin(PIN);
        let made = made(Some(PIN));
        for left in [7, 6] {
            by_pin(&made, "wrong").is_trouble(Trouble::PinWrong, Some(left));
        }
        by_pin(&made, "wrong").is_trouble(Trouble::Locked, None);
        by_pin(&made, PIN).is_trouble(Trouble::Locked, None);
        key.unplug();
        key.plug();
        assert!(is_good(&made, *by_pin(&made, PIN).asserted()));
    }

    fn a_sensor_knows_its_finger_and_a_stranger_is_sent_to_the_pin() {
        let settings = Settings { pin: Some(PIN.to_owned()), built_in_verification: true, ..Settings::default() };
        let key = SoftKey::with(settings);
        let made = made(Some(PIN));
        let by_sensor = || errand(&assert(&made.credential_id, Verification::Required, None, LONG));
        assert!(is_good(&made, *by_sensor().asserted()));
        key.finger(false);
        assert!(matches!(by_sensor().ends(), Event::PinNeeded { .. } | Event::Trouble { code: Trouble::NotRecognised, .. }));
        assert!(is_good(&made, *by_pin(&made, PIN).asserted()));
    }

    fn a_touch_refused_or_too_late_is_told_apart() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Deny);
        by_touch(&made).is_trouble(Trouble::Denied, None);
        key.touch(Touch::TimeOut);
        by_touch(&made).is_trouble(Trouble::NotTouched, None);
        key.touch(Touch::Auto);
        assert!(!is_good(&made, *by_touch(&made).asserted()));
    }

    fn a_key_that_nobody_touches_stops_blinking_at_the_deadline() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Never);
        errand(&assert(&made.credential_id, Verification::Discouraged, None, 1_000)).is_trouble(Trouble::NotTouched, None);
        until("the key to stop blinking", || !key.told().waits);
        key.touch(Touch::Auto);
        assert!(!is_good(&made, *by_touch(&made).asserted()), "and it serves the next one");
    }

    fn a_key_stops_blinking_when_nobody_waits_any_longer() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Wait);
        let mut waits = by_touch(&made);
        assert_eq!(waits.next(), Event::Touch { model: "Samekey soft key".to_owned() });
        assert!(key.told().waits);
        drop(waits.stdin.take());
        waits.is_trouble(Trouble::Cancelled, None);
        until("the key to stop blinking", || !key.told().waits);
        let tapped = by_touch(&made);
        key.until_it_waits();
        key.tap();
        assert!(!is_good(&made, *tapped.asserted()));
    }

    fn a_mute_key_keeps_nobody_longer_than_the_deadline() {
        let key = SoftKey::start();
        let made = made(None);
        key.mute(true);
        errand(&assert(&made.credential_id, Verification::Discouraged, None, 500)).is_trouble(Trouble::Mute, None);
        errand(&Request::Look(Look { within_ms: 500 })).is_trouble(Trouble::Mute, None);
        key.mute(false);
        assert!(!is_good(&made, *by_touch(&made).asserted()));
    }

    fn a_key_that_falls_silent_while_it_blinks_is_left_at_the_deadline() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Wait);
        let mut waits = errand(&assert(&made.credential_id, Verification::Discouraged, None, 2_000));
        assert!(matches!(waits.next(), Event::Touch { .. }));
        key.mute(true);
        key.tap();
        waits.is_trouble(Trouble::NotTouched, None);
    }

    fn a_key_pulled_out_while_it_blinks_is_told_at_once() {
        let key = SoftKey::start();
        let made = made(None);
        key.touch(Touch::Wait);
        let mut waits = by_touch(&made);
        assert!(matches!(waits.next(), Event::Touch { .. }));
        key.unplug();
        waits.is_trouble(Trouble::Unplugged, None);
        by_touch(&made).is_trouble(Trouble::NoKey, None);
    }

    fn of_two_keys_only_the_one_with_the_credential_blinks() {
        let other = SoftKey::start();
        let made = made(None);
        let one = SoftKey::start();
        assert!(!is_good(&made, *by_touch(&made).asserted()));
        assert_eq!((other.told().asked, one.told().asked), (2, 0));
        one.mute(true);
        assert!(!is_good(&made, *by_touch(&made).asserted()), "whatever the other one does");
        one.mute(false);
        errand(&register(&[], None)).is_trouble(Trouble::SeveralKeys, None);
        other.unplug();
        by_touch(&made).is_trouble(Trouble::WrongKey, None);
        assert_eq!(one.told().asked, 0);
    }

    fn a_key_that_this_user_may_not_open_is_told_from_none() {
        let key = SoftKey::with(Settings { group: Some(4711), ..Settings::default() });
        let look = Request::Look(Look { within_ms: LONG });
        errand_of(65_534, &look).is_trouble(Trouble::NoAccess, None);
        assert!(matches!(errand_of(4711, &look).ends(), Event::Keys { keys } if keys.len() == 1));
        drop(key);
    }
}
