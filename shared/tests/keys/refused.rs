//! Everything that is wrong with an assertion: refused with its own reason, and nothing it could open is opened.

use super::scene::*;
use samekey_shared::flows::{
    Answer, Asked, Doorway, FirstFactorCheck, KeyPrompt, Notice, RefusalCode, SignInRequest, Step, UserVerification,
    step_up,
};
use samekey_shared::methods::fido::{Assertion, KeyError};
use samekey_shared::methods::{FirstFactor, Method};
use samekey_shared::testing::soft_authenticator::{AT, BE, BS, Draft, ED, UP, web_client_data};
use samekey_shared::testing::{ORIGIN, RP_ID, SoftAuthenticator};

/// The reason in the trail, after a sign-in in which this assertion was made of what was asked.
fn reason(scene: &mut Scene, make: impl FnOnce(&mut Scene, &KeyPrompt) -> Assertion) -> String {
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    let before = scene.stored_count();
    let assertion = make(scene, &prompt);
    let step = scene.answer(&mut turn, key(assertion));
    let Some(Notice::KeyRefused(error)) = notice(&step) else {
        panic!("{step:?}")
    };
    assert_eq!(scene.stored_count(), before, "{error:?}");
    assert_ne!(asked_key(step).ask.challenge, prompt.ask.challenge);
    assert!(scene.trail("sign-in-granted").is_empty(), "{error:?}");
    assert_eq!(scene.last_result("key-refused"), error.reason());
    error.reason().to_owned()
}

fn bent(bend: impl FnOnce(&mut Draft, &KeyPrompt)) -> String {
    let mut scene = scene(SoftAuthenticator::new());
    reason(&mut scene, |scene, prompt| {
        scene.signed(prompt, |draft| bend(draft, prompt))
    })
}

#[test]
fn every_lie_in_an_assertion_has_a_reason_of_its_own() {
    assert_eq!(bent(|draft, _| draft.rp_id = "example.net".into()), "key_wrong_rp_id");
    let elsewhere = |draft: &mut Draft, prompt: &KeyPrompt| {
        draft.client_data = web_client_data("webauthn.get", &prompt.ask.challenge, "https://id.example.net");
    };
    assert_eq!(bent(elsewhere), "key_wrong_origin");
    let creation = |draft: &mut Draft, prompt: &KeyPrompt| {
        draft.client_data = web_client_data("webauthn.create", &prompt.ask.challenge, ORIGIN);
    };
    assert_eq!(bent(creation), "key_wrong_type");
    let another = |draft: &mut Draft, _: &KeyPrompt| {
        draft.client_data = web_client_data("webauthn.get", &[9; 32], ORIGIN);
    };
    assert_eq!(bent(another), "key_wrong_challenge");
    assert_eq!(bent(|draft, _| draft.flags &= !UP), "key_not_touched");
    assert_eq!(bent(|draft, _| draft.flags |= BE), "key_wrong_flags");
    assert_eq!(bent(|draft, _| draft.flags |= BS), "key_wrong_flags");
    assert_eq!(bent(|draft, _| draft.sign_count = 1), "key_counter_behind");
    assert_eq!(bent(|draft, _| draft.sign_count = 0), "key_counter_behind");
    assert_eq!(bent(|draft, _| draft.rest.push(0)), "key_trailing_data");
    assert_eq!(bent(|draft, _| draft.client_data.push(b'}')), "key_trailing_data");
    assert_eq!(bent(|draft, _| draft.client_data.truncate(40)), "key_malformed");
    let announced = |flag: u8| bent(move |draft, _| draft.flags |= flag);
    for flag in [AT, ED] {
        assert!(["key_malformed", "key_wrong_flags"].contains(&announced(flag).as_str()));
    }
    assert_eq!(
        bent(|draft, _| draft.user_handle = Some(vec![3; 16])),
        "key_of_other_account"
    );
}

#[test]
fn what_is_changed_after_signing_does_not_verify() {
    let mut scene = scene(SoftAuthenticator::new());
    let tampered = reason(&mut scene, |scene, prompt| {
        let mut assertion = scene.signed(prompt, |_| {});
        if let Some(byte) = assertion.authenticator_data.last_mut() {
            *byte += 1;
        }
        assertion
    });
    assert_eq!(tampered, "key_bad_signature");
    let truncated = reason(&mut scene, |scene, prompt| {
        let mut assertion = scene.signed(prompt, |_| {});
        assertion.authenticator_data.truncate(36);
        assertion
    });
    assert_eq!(truncated, "key_malformed");
    let other_key = reason(&mut scene, |scene, prompt| {
        let mut stranger = SoftAuthenticator::new();
        stranger.make(RP_ID, b"x").unwrap();
        let mut ask = prompt.ask.clone();
        ask.allow.clear();
        let signed = stranger.answer(&ask, ORIGIN).unwrap();
        Assertion {
            signature: signed.signature,
            ..scene.signed(prompt, |_| {})
        }
    });
    assert_eq!(other_key, "key_bad_signature");
}

#[test]
fn a_credential_of_nobody_or_of_somebody_else_opens_nothing() {
    let mut scene = scene(SoftAuthenticator::new());
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let mut bobs = SoftAuthenticator::new();
    scene.test.bind_key(bob, &mut bobs, "bobs").unwrap();
    let mut by = |mut other: SoftAuthenticator| {
        reason(&mut scene, move |_, prompt| {
            let mut ask = prompt.ask.clone();
            ask.allow.clear();
            other.answer(&ask, ORIGIN).unwrap()
        })
    };
    assert_eq!(by(bobs), "key_of_other_account");
    let mut nobodys = SoftAuthenticator::new();
    nobodys.make(RP_ID, b"x").unwrap();
    assert_eq!(by(nobodys), "key_unknown");
}

#[test]
fn an_assertion_is_refused_the_second_time_and_at_the_other_door() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let copy = turn.machine.clone();
    let prompt = asked_key(step);
    let on_web = scene.signed(&prompt, |_| {});
    let _ = granted(scene.answer(&mut turn, key(on_web.clone())));
    // The same sign-in again, from a copy of its cookie.
    turn.machine = copy;
    let step = scene.answer(&mut turn, key(on_web.clone()));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::ChallengeSpent)));
    // Another sign-in at the same door, and one at the other.
    let (mut turn, _) = scene.after_password("ann", Asked::default());
    let step = scene.answer(&mut turn, key(on_web.clone()));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongChallenge)));
    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let console = asked_key(step);
    let step = scene.answer(&mut turn, key(on_web));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongType)));

    let at_console = scene.signed(&asked_key(step), |_| {});
    let (mut other, _) = scene.after_password("ann", Asked::default());
    let step = scene.answer(&mut other, key(at_console.clone()));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongType)));
    let _ = granted(scene.answer(&mut turn, key(at_console.clone())));
    let (mut turn, _) = scene.at_console(FirstFactor::Password, plugged_in());
    let step = scene.answer(&mut turn, key(at_console));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongChallenge)));
    let late = scene.signed(&console, |_| {});
    let step = scene.answer(&mut turn, key(late));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongChallenge)));
}

/// Where an assertion can be made for, and offered to.
type Place = (&'static str, fn(&Scene) -> (Turn, Step));

fn places() -> Vec<Place> {
    fn elsewhere(scene: &Scene, change: impl FnOnce(&mut Doorway)) -> (Turn, Step) {
        let mut doorway = console();
        change(&mut doorway);
        let request = SignInRequest {
            login: "ann",
            first: FirstFactorCheck::Done(FirstFactor::Password),
            prior: None,
            asked: Asked::default(),
            means: plugged_in(),
            browser: None,
        };
        scene.start(doorway, request)
    }
    vec![
        ("web", |scene| scene.after_password("ann", Asked::default())),
        ("web, alone", |scene| scene.with_passkey(Asked::default())),
        ("web, bob", |scene| scene.after_password("bob", Asked::default())),
        ("console", |scene| scene.at_console(FirstFactor::Password, plugged_in())),
        ("console, login", |scene| {
            elsewhere(scene, |doorway| doorway.service = "pam:login".into())
        }),
        ("step-up", |scene| {
            let doorway = web();
            let (machine, step) =
                step_up::start_with_passkey(&scene.visit(&doorway), "ann", Asked::default(), browser()).unwrap();
            (Turn { doorway, machine }, step)
        }),
    ]
}

#[test]
fn no_assertion_made_for_one_place_opens_another() {
    let mut scene = scene(SoftAuthenticator::new());
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let made = scene.key.make(RP_ID, &bob.to_bytes()).unwrap();
    scene.test.bind_made(bob, &made, "bobs").unwrap();
    for (from, begin) in places() {
        for (to, offer) in places() {
            let (_, step) = begin(&scene);
            let mut prompt = asked_key(step);
            let (mut turn, _) = offer(&scene);
            // Verified in any case, so that this is never what stands in the way.
            prompt.ask.user_verification = UserVerification::Required;
            let assertion = scene.signed(&prompt, |_| {});
            let granted_before = scene.trail("sign-in-granted").len() + scene.trail("step-up-granted").len();
            let step = scene.answer(&mut turn, key(assertion));
            assert!(
                matches!(notice(&step), Some(Notice::KeyRefused(_))),
                "{from} at {to}: {step:?}"
            );
            let granted_after = scene.trail("sign-in-granted").len() + scene.trail("step-up-granted").len();
            assert_eq!(granted_before, granted_after);
        }
    }
}

#[test]
fn a_challenge_dies_after_its_minutes_and_with_the_wrong_answer() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let first = asked_key(step);
    scene.test.clock.advance(samekey_shared::challenges::LIVES);
    let second = asked_key(scene.press(&mut turn, &first));
    assert_eq!(scene.last_result("key-refused"), "key_challenge_spent");
    // A wrong answer spends it too: no second try at the same one.
    let copy = turn.machine.clone();
    let wrong = scene.signed(&second, |draft| draft.flags = 0);
    let _ = scene.answer(&mut turn, key(wrong));
    turn.machine = copy;
    let step = scene.press(&mut turn, &second);
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::ChallengeSpent)));
}

#[test]
fn of_many_threads_with_one_assertion_one_gets_in() {
    let mut scene = scene(SoftAuthenticator::new());
    let (turn, step) = scene.after_password("ann", Asked::default());
    let assertion = scene.signed(&asked_key(step), |_| {});
    let visit = scene.visit(&turn.doorway);
    let let_in = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..8)
            .map(|_| {
                let (mut machine, assertion) = (turn.machine.clone(), assertion.clone());
                scope.spawn(move || {
                    let step = machine.answer(&visit, key(assertion), &mut |_, _| Ok(())).unwrap();
                    matches!(step, Step::Granted(_))
                })
            })
            .collect();
        tries
            .into_iter()
            .map(|one| one.join().unwrap())
            .filter(|got_in| *got_in)
            .count()
    });
    assert_eq!(let_in, 1);
    assert_eq!(scene.trail("key-refused").len(), 7);
}

#[test]
fn a_refusal_of_the_doors_own_verifier_spends_the_challenge_and_is_written_down() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let (prompt, copy) = (asked_key(step), turn.machine.clone());
    let step = scene.answer(&mut turn, Answer::KeyRefused(KeyError::WrongOrigin));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::WrongOrigin)));
    assert_eq!(asked_key(step).tries_left, 2);
    assert_eq!(scene.last_result("key-refused"), "key_wrong_origin");
    turn.machine = copy;
    let step = scene.press(&mut turn, &prompt);
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::ChallengeSpent)));
}

#[test]
fn a_method_that_the_policy_no_longer_takes_is_refused() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    scene.policy(&POLICY.replace("\"passkey\", ", ""));
    let assertion = scene.signed(&prompt, |_| {});
    let refused = refused(scene.answer(&mut turn, key(assertion)));
    assert_eq!(refused, RefusalCode::NotAtThisDoor);
    assert_eq!(scene.last_result("key-refused"), "method_not_allowed");
    assert_eq!(
        Method::Passkey.as_str(),
        field(&scene.trail("key-refused")[0], "method").unwrap()
    );
}
