//! Whole conversations with a key that is plugged in, scripted: signing, failing, asking its PIN, lying.

use crate::house::House;
use crate::peer::Peer;
use crate::presence::tests::{Host, console};
use crate::scripted::{Scene, Went, start};
use samekey_agent::keys::{Asker, HungUp, LocalKeys};
use samekey_shared::entropy::SeededEntropy;
use samekey_shared::flows::{Allowed, KeyAsk, UserVerification};
use samekey_shared::ids::ChallengeId;
use samekey_shared::methods::fido::{LocalBinding, local_client_data};
use samekey_shared::testing::SoftAuthenticator;
use samekey_shared::texts::Texts;
use samekey_wire::key::{Assert, Asserted, Event, Octets, Request, Trouble, Verification};
use samekey_wire::{Reason, Start, Verdict};
use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

/// What the key does next.
#[derive(Debug)]
enum Act {
    /// Waits for a touch, gets it, signs.
    Sign,
    /// Signs what it was not asked to.
    SignInstead(fn(&Assert) -> Vec<u8>),
    /// Ends so.
    End(Event),
    /// The person hangs up.
    HangUp,
}

/// Keys that do as told, and remember what was asked of them: the proof, and the PIN.
#[derive(Debug)]
struct Told {
    key: Mutex<SoftAuthenticator>,
    acts: Mutex<VecDeque<Act>>,
    asked: Mutex<Vec<(Verification, Option<String>)>>,
}

impl LocalKeys for Told {
    fn ask(&self, request: &Request, asker: &mut dyn Asker) -> Result<Event, HungUp> {
        let Request::Assert(wish) = request else {
            panic!("{request:?}");
        };
        let pin = wish.pin.as_ref().map(|pin| pin.expose().to_owned());
        self.asked.lock().unwrap().push((wish.user_verification, pin));
        let act = self
            .acts
            .lock()
            .unwrap()
            .pop_front()
            .unwrap_or(Act::End(Event::trouble(Trouble::NoKey)));
        match act {
            Act::End(event) => return Ok(event),
            Act::HangUp => return Err(HungUp),
            Act::Sign | Act::SignInstead(_) => asker.touch("soft key")?,
        }
        let client_data = match act {
            Act::SignInstead(other) => other(wish),
            _ => wish.client_data.0.clone(),
        };
        Ok(self.signed(wish, client_data))
    }

    fn is_ready(&self) -> bool {
        true
    }
}

impl Told {
    fn signed(&self, asked: &Assert, client_data: Vec<u8>) -> Event {
        let ask = KeyAsk {
            challenge_id: ChallengeId::draw(&SeededEntropy::new(1)).unwrap(),
            challenge: Vec::new(),
            rp_id: asked.rp_id.clone(),
            allow: asked
                .credentials
                .iter()
                .map(|wanted| Allowed {
                    credential_id: wanted.id.0.clone(),
                    transports: Vec::new(),
                    app_id: wanted.app_id.clone(),
                })
                .collect(),
            user_verification: match asked.pin {
                Some(_) => UserVerification::Required,
                None => UserVerification::Discouraged,
            },
            local: None,
        };
        let mut key = self.key.lock().unwrap();
        let mut draft = key.draft(&ask, "").unwrap();
        draft.client_data = client_data;
        let signed = key.sign(draft).unwrap();
        Event::Asserted(Box::new(Asserted {
            credential_id: Octets(signed.credential_id),
            authenticator_data: Octets(signed.authenticator_data),
            signature: Octets(signed.signature),
            user_handle: signed.user_handle.map(Octets),
            app_id: signed.app_id,
        }))
    }
}

/// A person with app and key, at a console's keyboard.
struct Room {
    scene: Scene,
    keys: Arc<Told>,
    _host: Host,
}

const SUDO: Peer = Peer { uid: 0, pid: Some(30) };

impl Room {
    fn new(acts: Vec<Act>) -> Self {
        let mut scene = Scene::new();
        let account = scene.account;
        let mut key = SoftAuthenticator::new();
        scene.test.bind_key(account, &mut key, "stick").unwrap();
        let keys = Arc::new(Told {
            key: Mutex::new(key),
            acts: Mutex::new(acts.into()),
            asked: Mutex::default(),
        });
        let host = console();
        scene.house = House::new(Arc::clone(&scene.test.realm), "web1".into()).with_keys(keys.clone(), host.records());
        Self {
            scene,
            keys,
            _host: host,
        }
    }

    fn sudo(&self, answers: &[&str]) -> Went {
        self.scene.play(SUDO, sudo(), answers)
    }

    fn asked(&self) -> Vec<(Verification, Option<String>)> {
        self.keys.asked.lock().unwrap().clone()
    }
}

fn sudo() -> Start {
    Start {
        service: "sudo".into(),
        tty: Some("/dev/pts/0".into()),
        rhost: None,
        ruser: Some("demo".into()),
        ssh_connection: None,
        ..start("demo")
    }
}

const KEY_PROMPT: &str = "\nSecurity key: press Enter, then touch it when it blinks (? for other ways): ";

fn granted(went: &Went) -> bool {
    went.verdict == Some(Verdict::Granted)
}

#[test]
fn enter_and_a_touch_open() {
    let room = Room::new(vec![Act::Sign]);
    let went = room.sudo(&[""]);
    assert!(granted(&went), "{went:?}");
    assert_eq!(
        went.shown,
        [KEY_PROMPT, "Touch the security key now, it is waiting (soft key)."]
    );
    assert_eq!(
        room.asked(),
        [(Verification::Discouraged, None)],
        "a password came before"
    );
    assert!(room.scene.trail().contains(&"sign-in-granted".to_owned()));
}

#[test]
fn who_is_not_here_is_not_asked_for_a_key() {
    let ssh = start("demo");
    let unseen = Peer { uid: 0, pid: None };
    let elsewhere = Start {
        ssh_connection: Some("192.0.2.7 4711 192.0.2.1 22".into()),
        ..sudo()
    };
    for (peer, start) in [(SUDO, ssh), (unseen, sudo()), (SUDO, elsewhere)] {
        let room = Room::new(vec![Act::Sign]);
        let went = room.scene.play(peer, start, &["?", "", &room.scene.code()]);
        assert!(granted(&went), "{went:?}");
        assert!(
            went.shown[0].contains("authenticator app") && !went.shown[1].contains("security key"),
            "{went:?}"
        );
        // What "passkey" on the list leads to is an approval in a browser: nobody looks for a key here.
        assert_eq!(room.asked(), []);
    }
}

#[test]
fn without_a_key_enter_is_the_next_way() {
    let room = Room::new(vec![Act::End(Event::trouble(Trouble::NoKey))]);
    let went = room.sudo(&["", "", &room.scene.code()]);
    assert!(granted(&went), "{went:?}");
    assert_eq!(
        went.shown[1],
        "\nNo security key is plugged in. Plug yours in and try again.\
         \nPress Enter to use another way (authenticator app), or type k to try the key again (? for all ways): "
    );
    assert!(
        went.shown[2].contains("Verification code (authenticator app)"),
        "{went:?}"
    );
}

#[test]
fn every_trouble_has_its_sentence_and_leaves_the_other_ways() {
    for trouble in Trouble::ALL {
        let room = Room::new(vec![Act::End(Event::trouble(trouble)), Act::Sign]);
        let went = room.sudo(&["", "k"]);
        assert!(granted(&went), "{trouble:?}: {went:?}");
        let sentence = samekey_agent::keys::sentence(Texts::ENGLISH, trouble, None);
        assert!(went.shown[1].contains(&sentence), "{trouble:?}: {went:?}");
        assert!(went.shown[1].contains("authenticator app"), "{trouble:?}: {went:?}");
    }
}

#[test]
fn the_pin_is_typed_at_our_own_prompt_and_its_tries_are_told() {
    let room = Room::new(vec![
        Act::End(Event::PinNeeded { tries: 8 }),
        Act::End(Event::Trouble {
            code: Trouble::PinWrong,
            tries: Some(7),
        }),
        Act::Sign,
    ]);
    let went = room.sudo(&["", "0000", "1234"]);
    assert!(granted(&went), "{went:?}");
    assert_eq!(
        went.shown[1],
        "\nPIN of the security key (8 tries left), or Enter for other ways: "
    );
    assert_eq!(
        went.shown[2],
        "\nThat PIN is not right.\nPIN of the security key (7 tries left), or Enter for other ways: "
    );
    let pins: Vec<Option<String>> = room.asked().into_iter().map(|(_, pin)| pin).collect();
    assert_eq!(pins, [None, Some("0000".into()), Some("1234".into())]);
}

#[test]
fn an_empty_pin_is_no_lesser_proof() {
    let room = Room::new(vec![Act::End(Event::PinNeeded { tries: 8 }), Act::Sign]);
    let went = room.sudo(&["", "", "1", &room.scene.code()]);
    assert!(granted(&went), "by the app: {went:?}");
    assert!(went.shown[2].contains("Other methods"), "{went:?}");
    assert_eq!(room.asked().len(), 1, "the key was not asked again without it");
    // What no key can have as its PIN is not sent to it either.
    let room = Room::new(vec![Act::End(Event::PinNeeded { tries: 8 }), Act::Sign]);
    let long = "1".repeat(64);
    let _ = room.sudo(&["", &long, &long, &long]);
    assert_eq!(room.asked().len(), 1);
}

#[test]
fn a_wrong_pin_with_two_tries_left_is_the_last() {
    let room = Room::new(vec![
        Act::End(Event::PinNeeded { tries: 3 }),
        Act::End(Event::Trouble {
            code: Trouble::PinWrong,
            tries: Some(2),
        }),
        Act::Sign,
    ]);
    let went = room.sudo(&["", "0000", "", &room.scene.code()]);
    assert!(granted(&went), "by the app: {went:?}");
    assert!(
        went.shown[2].contains("That PIN is not right. 2 tries are left."),
        "{went:?}"
    );
    assert_eq!(room.asked().len(), 2);
}

#[test]
fn what_was_signed_for_another_place_opens_nothing() {
    let other_service = |_: &Assert| {
        let binding = LocalBinding {
            host: "web1".into(),
            service: "pam:su".into(),
            user: "demo".into(),
        };
        local_client_data(&[7; 32], &binding)
    };
    let for_the_web = |asked: &Assert| {
        let text = String::from_utf8(asked.client_data.0.clone()).unwrap();
        text.replace("samekey.local.get", "webauthn.get").into_bytes()
    };
    let nothing = |_: &Assert| Vec::new();
    for lie in [other_service as fn(&Assert) -> Vec<u8>, for_the_web, nothing] {
        let room = Room::new(vec![
            Act::SignInstead(lie),
            Act::SignInstead(lie),
            Act::SignInstead(lie),
        ]);
        let went = room.sudo(&["", "", ""]);
        assert!(matches!(went.verdict, Some(Verdict::Refused { .. })), "{went:?}");
        assert!(
            room.scene.trail().contains(&"key-refused".to_owned()),
            "{:?}",
            room.scene.trail()
        );
    }
}

#[test]
fn whatever_the_program_says_only_a_right_signature_opens() {
    let nonsense = Event::Asserted(Box::new(Asserted {
        credential_id: Octets(vec![1]),
        authenticator_data: Octets(vec![0; 37]),
        signature: Octets(vec![0; 70]),
        user_handle: None,
        app_id: false,
    }));
    let keys = Event::Keys { keys: Vec::new() };
    let touch = Event::Touch { model: "x".into() };
    for lie in [nonsense, keys, touch, Event::trouble(Trouble::Internal)] {
        let acts = (0..20).map(|_| Act::End(lie.clone())).collect();
        let room = Room::new(acts);
        let went = room.sudo(&["", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k", "k"]);
        assert!(
            !granted(&went) && went.verdict != Some(Verdict::Exempt),
            "{lie:?}: {went:?}"
        );
    }
}

#[test]
fn whoever_hangs_up_while_the_key_waits_is_written_down() {
    let room = Room::new(vec![Act::HangUp]);
    let went = room.sudo(&[""]);
    assert_eq!(went.verdict, None);
    assert!(room.scene.trail().contains(&"sign-in-refused".to_owned()));
}

#[test]
fn the_list_and_typing_beside_it_have_an_end() {
    let room = Room::new(Vec::new());
    let went = room.sudo(&["123456", "?", "", "?", "1", &room.scene.code()]);
    assert!(went.shown[1].contains("it is touched"), "{went:?}");
    assert!(granted(&went), "{went:?}");
    let went = room.sudo(&["x"; 50]);
    assert_eq!(
        went.verdict,
        Some(Verdict::Refused {
            reason: Reason::Cancelled
        })
    );
}
