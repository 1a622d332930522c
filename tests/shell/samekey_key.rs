//! The real `samekey-key` at a software key behind a hidraw file: what it finds, signs and says when something is wrong.

use crate::support::boxed::{self, boxed};
use crate::support::soft_key::{Settings, SoftKey, until};
use samekey_agent::keys::{Asker, HungUp, LocalKeys, Program};
use samekey_demo::Machine;
use samekey_shared::methods::fido::{
    Assertion, Expected, ExpectedRegistration, KeyError, LocalBinding, Registered, Scene, assertion::check,
    check_registration, local_client_data, local_creation_client_data,
};
use samekey_soft_key::order::Touch;
use samekey_wire::key::{Assert, Asserted, Event, Look, Octets, Pin, Register, Request, Trouble, Verification, Wanted};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::atomic::{AtomicU32, Ordering};

const RP: &str = "example.org";
const CHALLENGE: [u8; 32] = [7; 32];
const PIN: &str = "0815 ab";

use Verification::{Discouraged, Preferred, Required};

fn binding() -> LocalBinding {
    LocalBinding {
        host: "web1".into(),
        service: "pam:sudo".into(),
        user: "ann".into(),
    }
}

/// The program as a package installs it.
fn program() -> Program {
    // Puts it in its place.
    drop(Machine::install(&boxed::target()).unwrap());
    Program::new("/usr/libexec/samekey/samekey-key".into(), |error| panic!("{error}"))
}

/// Somebody who waits, counts the touches that are asked for, and does something at each.
struct Waiting<'a> {
    line: UnixStream,
    touches: u32,
    at_touch: &'a (dyn Fn() + Sync),
}

impl<'a> Waiting<'a> {
    fn new(at_touch: &'a (dyn Fn() + Sync)) -> (Self, UnixStream) {
        let (line, other) = UnixStream::pair().unwrap();
        let touches = 0;
        (
            Self {
                line,
                touches,
                at_touch,
            },
            other,
        )
    }
}

impl Asker for Waiting<'_> {
    fn line(&self) -> Option<BorrowedFd<'_>> {
        Some(self.line.as_fd())
    }

    fn touch(&mut self, model: &str) -> Result<(), HungUp> {
        assert!(!model.is_empty());
        self.touches += 1;
        (self.at_touch)();
        Ok(())
    }
}

fn ask(program: &Program, request: &Request) -> (Event, u32) {
    ask_and(program, request, &|| {})
}

fn ask_and(program: &Program, request: &Request, at_touch: &(dyn Fn() + Sync)) -> (Event, u32) {
    let (mut waiting, _other) = Waiting::new(at_touch);
    let event = program.ask(request, &mut waiting).unwrap();
    (event, waiting.touches)
}

fn pin(text: Option<&str>) -> Option<Pin> {
    text.and_then(|text| Pin::new(text.to_owned()))
}

fn register(user_verification: Verification, typed: Option<&str>, exclude: Vec<Octets>) -> Request {
    Request::Register(Box::new(Register {
        rp_id: RP.into(),
        client_data: Octets(local_creation_client_data(&CHALLENGE, &binding())),
        user_handle: Octets(vec![1; 16]),
        user_name: "ann".into(),
        exclude,
        discoverable: false,
        user_verification,
        pin: pin(typed),
        within_ms: 30_000,
    }))
}

fn assert_within(ids: &[&[u8]], user_verification: Verification, typed: Option<&str>, within_ms: u64) -> Request {
    let wanted = |id: &&[u8]| Wanted {
        id: Octets::from(*id),
        app_id: None,
    };
    Request::Assert(Box::new(Assert {
        rp_id: RP.into(),
        client_data: Octets(local_client_data(&CHALLENGE, &binding())),
        credentials: ids.iter().map(wanted).collect(),
        user_verification,
        pin: pin(typed),
        within_ms,
    }))
}

fn assert_with(id: &[u8], user_verification: Verification, typed: Option<&str>) -> Request {
    assert_within(&[id], user_verification, typed, 30_000)
}

/// A credential made on the only key that is plugged in, checked by the verifier that checks all.
fn made(program: &Program, user_verification: Verification, typed: Option<&str>) -> Registered {
    let (event, _) = ask(program, &register(user_verification, typed, Vec::new()));
    let Event::Registered(made) = event else {
        panic!("{event:?}");
    };
    let binding = binding();
    let expected = ExpectedRegistration {
        rp_id: RP,
        challenge: &CHALLENGE,
        scene: Scene::Local(&binding),
        user_verification: typed.is_some(),
    };
    let client_data = local_creation_client_data(&CHALLENGE, &binding);
    check_registration(&made.attestation_object.0, &client_data, &expected).unwrap()
}

fn assertion(signed: Asserted) -> Assertion {
    Assertion {
        credential_id: signed.credential_id.0,
        authenticator_data: signed.authenticator_data.0,
        client_data: local_client_data(&CHALLENGE, &binding()),
        signature: signed.signature.0,
        user_handle: signed.user_handle.map(|handle| handle.0),
        app_id: signed.app_id,
    }
}

/// Whether the person was verified, by the verifier that checks all.
fn verified(event: Event, credential: &Registered) -> bool {
    let Event::Asserted(signed) = event else {
        panic!("{event:?}");
    };
    let (binding, other) = (
        binding(),
        LocalBinding {
            service: "pam:su".into(),
            ..binding()
        },
    );
    let expected = |scene| Expected {
        rp_id: RP,
        app_id: None,
        challenge: &CHALLENGE,
        scene,
        user_verification: false,
        backup_eligible: false,
    };
    let assertion = assertion(*signed);
    let origins = ["https://example.org".to_owned()];
    // Show 3: what was signed for one door, and for one service of it, is nothing at another.
    let web = check(
        &assertion,
        &credential.public_key,
        &expected(Scene::Web { origins: &origins }),
    );
    assert_eq!(web, Err(KeyError::WrongType));
    let elsewhere = check(&assertion, &credential.public_key, &expected(Scene::Local(&other)));
    assert_eq!(elsewhere, Err(KeyError::WrongOrigin));
    let seen = check(&assertion, &credential.public_key, &expected(Scene::Local(&binding))).unwrap();
    seen.user_verified
}

fn trouble(code: Trouble) -> Event {
    Event::trouble(code)
}

/// Counts what follows a value that a thread has set.
fn in_the_meantime<T: Send>(doing: impl FnOnce() -> T + Send, meanwhile: impl FnOnce()) -> T {
    std::thread::scope(|scope| {
        let done = scope.spawn(doing);
        meanwhile();
        done.join().unwrap()
    })
}

boxed! {
    fn a_touch_signs_and_the_cue_comes_while_the_key_waits() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        key.touch(Touch::Wait);
        let request = assert_with(&credential.credential_id, Discouraged, None);
        let (event, touches) = ask_and(&program, &request, &|| key.tap());
        assert!(!verified(event, &credential));
        assert_eq!(touches, 1);
        let asked = key.told().requests;
        let silent = asked.iter().filter(|request| request.up == Some(false)).count();
        assert!(silent >= 1, "the key is found by a look that asks for no touch: {asked:?}");
        assert!(asked.iter().all(|request| request.command != "get-assertion" || request.listed.is_some_and(|listed| listed > 0)));
    }

    fn the_pin_verifies_and_is_asked_for_only_where_it_must() {
        let (program, key) = (program(), SoftKey::with_pin(PIN));
        let credential = made(&program, Required, Some(PIN));
        let id = credential.credential_id.as_slice();
        assert!(!verified(ask(&program, &assert_with(id, Discouraged, None)).0, &credential));
        assert_eq!(ask(&program, &assert_with(id, Preferred, None)).0, Event::PinNeeded { tries: 8 });
        assert_eq!(ask(&program, &assert_with(id, Required, None)).0, Event::PinNeeded { tries: 8 });
        assert!(verified(ask(&program, &assert_with(id, Required, Some(PIN))).0, &credential));
        let wrong = ask(&program, &assert_with(id, Required, Some("0000"))).0;
        assert_eq!(wrong, Event::Trouble { code: Trouble::PinWrong, tries: Some(7) });
        assert!(verified(ask(&program, &assert_with(id, Required, Some(PIN))).0, &credential));
        assert_eq!(key.told().pin_tries, 8);
        assert!(credential.user_verified);
    }

    fn the_last_two_tries_are_never_spent() {
        let (program, key) = (program(), SoftKey::with_pin(PIN));
        let credential = made(&program, Required, Some(PIN));
        let id = credential.credential_id.as_slice();
        for left in [2, 1] {
            key.pin_tries(left);
            for typed in [None, Some(PIN), Some("0000")] {
                let (event, touches) = ask(&program, &assert_with(id, Required, typed));
                let few = Event::Trouble { code: Trouble::PinFewTries, tries: Some(u32::from(left)) };
                assert_eq!((event, touches), (few, 0));
            }
            assert_eq!(key.told().pin_tries, left, "none was spent");
        }
        key.pin_tries(0);
        assert_eq!(ask(&program, &assert_with(id, Required, Some(PIN))).0, trouble(Trouble::PinBlocked));
        // A touch needs no PIN, and a blocked one blocks nothing else.
        assert!(!verified(ask(&program, &assert_with(id, Discouraged, None)).0, &credential));
    }

    fn a_finger_verifies_without_a_pin() {
        let program = program();
        let key = SoftKey::with(Settings { built_in_verification: true, ..Settings::default() });
        let credential = made(&program, Discouraged, None);
        let id = credential.credential_id.as_slice();
        assert!(verified(ask(&program, &assert_with(id, Required, None)).0, &credential));
        assert!(verified(ask(&program, &assert_with(id, Preferred, None)).0, &credential));
        key.finger(false);
        let (event, _) = ask(&program, &assert_with(id, Required, None));
        assert!(matches!(event, Event::Trouble { .. }), "{event:?}");
    }

    fn without_a_key_or_with_the_wrong_one_it_says_so() {
        let program = program();
        let request = assert_with(&[9; 16], Discouraged, None);
        assert_eq!(ask(&program, &request).0, trouble(Trouble::NoKey));
        assert_eq!(ask(&program, &Request::Look(Look { within_ms: 30_000 })).0, trouble(Trouble::NoKey));
        let key = SoftKey::start();
        let (event, touches) = ask(&program, &request);
        assert_eq!((event, touches), (trouble(Trouble::WrongKey), 0), "found out without a touch");
        assert_eq!(key.told().asked, 0);
        match ask(&program, &Request::Look(Look { within_ms: 30_000 })).0 {
            Event::Keys { keys } => assert!(keys.len() == 1 && !keys[0].pin && keys[0].aaguid.0.len() == 16),
            other => panic!("{other:?}"),
        }
    }

    fn among_several_keys_only_the_right_one_blinks() {
        let program = program();
        let right = SoftKey::start();
        let credential = made(&program, Discouraged, None);
        let id = credential.credential_id.as_slice();
        let mute = SoftKey::start();
        mute.mute(true);
        let wrong = SoftKey::with_pin(PIN);
        assert!(!verified(ask(&program, &assert_with(id, Discouraged, None)).0, &credential));
        assert_eq!((wrong.told().asked, mute.told().asked), (0, 0));
        right.unplug();
        assert!(matches!(ask(&program, &assert_with(id, Discouraged, None)).0, Event::Trouble { .. }));
        assert_eq!(ask(&program, &register(Discouraged, None, Vec::new())).0, trouble(Trouble::SeveralKeys));
    }

    fn a_key_that_holds_a_credential_is_not_bound_again() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        let asked = key.told().asked;
        let again = register(Discouraged, None, vec![Octets(credential.credential_id)]);
        assert_eq!(ask(&program, &again).0, trouble(Trouble::AlreadyBound));
        assert_eq!(key.told().asked, asked, "found out without a touch");
        let protection = key.told().requests.iter().filter_map(|request| request.protection).max();
        assert!(protection.is_none_or(|level| level <= 2), "{protection:?}");
    }

    fn what_the_person_or_the_key_does_wrong_has_its_name() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        let id = credential.credential_id.as_slice();
        let request = || assert_with(id, Discouraged, None);
        key.touch(Touch::Deny);
        assert_eq!(ask(&program, &request()).0, trouble(Trouble::Denied));
        key.touch(Touch::TimeOut);
        assert_eq!(ask(&program, &request()).0, trouble(Trouble::NotTouched));
        key.touch(Touch::Wait);
        let (event, _) = in_the_meantime(|| ask(&program, &request()), || {
            key.until_it_waits();
            key.unplug();
        });
        assert_eq!(event, trouble(Trouble::Unplugged));
        key.plug();
        key.touch(Touch::Auto);
        assert!(!verified(ask(&program, &request()).0, &credential), "as good as before");
    }

    fn untouched_and_mute_keys_end_at_the_deadline_and_stop_blinking() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        let id = credential.credential_id.as_slice();
        key.touch(Touch::Never);
        assert_eq!(ask(&program, &assert_within(&[id], Discouraged, None, 2_000)).0, trouble(Trouble::NotTouched));
        until("the key to stop blinking", || !key.told().waits);
        key.touch(Touch::Auto);
        key.mute(true);
        assert_eq!(ask(&program, &assert_within(&[id], Discouraged, None, 2_000)).0, trouble(Trouble::Mute));
        key.mute(false);
        assert!(!verified(ask(&program, &assert_with(id, Discouraged, None)).0, &credential));
    }

    fn whoever_hangs_up_leaves_no_blinking_key_behind() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        key.touch(Touch::Wait);
        let request = assert_with(&credential.credential_id, Discouraged, None);
        let (mut waiting, other) = Waiting::new(&|| {});
        let ended = in_the_meantime(|| program.ask(&request, &mut waiting), || {
            key.until_it_waits();
            drop(other);
        });
        assert_eq!(ended, Err(HungUp));
        until("the key to stop blinking", || !key.told().waits);
    }

    fn two_at_one_key_take_turns() {
        let (program, key) = (program(), SoftKey::start());
        let credential = made(&program, Discouraged, None);
        key.touch(Touch::Wait);
        let done = AtomicU32::new(0);
        let request = || assert_with(&credential.credential_id, Discouraged, None);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    assert!(!verified(ask(&program, &request()).0, &credential));
                    done.fetch_add(1, Ordering::SeqCst);
                });
            }
            for turn in 1..=2 {
                key.until_it_waits();
                key.tap();
                until("a turn to end", || done.load(Ordering::SeqCst) == turn);
            }
        });
        assert_eq!(key.told().touches, 3, "one to make it, and one each");
    }

    fn a_key_that_may_not_be_opened_is_told_from_none() {
        let program = program();
        let _key = SoftKey::with(Settings { group: Some(0), ..Settings::default() });
        let look = serde_json::json!({ "v": 1, "body": { "look": { "within_ms": 20_000 } } });
        // With nobody's rights, as the agent has where the udev rule is missing.
        let mut child = std::process::Command::new("setpriv")
            .args(["--reuid=65534", "--regid=65534", "--clear-groups", "/usr/libexec/samekey/samekey-key"])
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        std::io::Write::write_all(&mut stdin, format!("{look}\n").as_bytes()).unwrap();
        let mut said = String::new();
        std::io::Read::read_to_string(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        assert!(child.wait().unwrap().success(), "{said}");
        assert!(said.contains("no-access"), "{said}");
        drop(stdin);
        assert!(matches!(ask(&program, &Request::Look(Look { within_ms: 20_000 })).0, Event::Keys { .. }), "root may");
    }
}
