//! A passkey and nothing else.

use super::scene::*;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::flows::{
    Answer, Asked, Grant, Notice, PasswordSource, Prior, Prompt, RefusalCode, Step, UserVerification, step_up,
};
use samekey_shared::methods::fido::KeyError;
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::testing::SoftAuthenticator;
use samekey_shared::testing::soft_authenticator::{Habits, UV};

fn asks(level: Level, essential: bool) -> Asked {
    Asked {
        level: Some(level),
        essential,
        ..Asked::default()
    }
}

#[test]
fn a_passkey_signs_in_without_name_and_password_and_claims_no_more_than_it_shows() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(asks(Level::Highest, true));
    let prompt = asked_key(step);
    assert!(prompt.ask.allow.is_empty() && prompt.others.is_empty());
    assert_eq!(prompt.ask.user_verification, UserVerification::Required);
    let grant = granted(scene.press(&mut turn, &prompt));
    assert_eq!((grant.login.as_str(), grant.account), ("ann", Some(scene.ann)));
    assert_eq!((&grant.first, grant.level), (&FirstFactor::Passkey, Level::Highest));
    assert_eq!((grant.acr(), grant.amr()), (Some("phr"), vec!["pop", "user", "mfa"]));
    assert!(grant.first_at.is_some());
    let line = scene.trail("sign-in-granted").pop().unwrap();
    assert_eq!(field(&line, "first_factor").as_deref(), Some("passkey"));
}

#[test]
fn a_synced_passkey_is_software_and_says_so() {
    let synced = Habits {
        synced: true,
        counts: false,
        attested: true,
        ..Habits::default()
    };
    let mut scene = scene(SoftAuthenticator::with(synced));
    for _ in 0..2 {
        let (mut turn, step) = scene.with_passkey(Asked::default());
        let prompt = asked_key(step);
        let grant = granted(scene.press(&mut turn, &prompt));
        assert_eq!((grant.level, grant.amr()), (Level::Highest, vec!["swk", "user", "mfa"]));
    }
}

#[test]
fn without_user_verification_it_is_no_sign_in() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let assertion = scene.signed(&prompt, |draft| draft.flags &= !UV);
    let step = scene.answer(&mut turn, key(assertion));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::NotVerified)));
    assert_eq!(scene.last_result("key-refused"), "user_verification_missing");
    assert!(scene.trail("sign-in-granted").is_empty());
}

#[test]
fn a_touch_only_key_that_somebody_gave_a_pin_to_is_still_no_passkey() {
    let mut scene = scene(SoftAuthenticator::touch_only());
    scene.key.habits.verifies = true;
    scene.key.habits.discoverable = true;
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let assertion = scene.signed(&prompt, |_| {});
    let step = scene.answer(&mut turn, key(assertion));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::NotThisKind)));
    // As second factor at a console its PIN is worth no more than its touch.
    let (mut turn, step) = scene.at_console(FirstFactor::None, plugged_in());
    let prompt = asked_key(step);
    let grant = granted(scene.press(&mut turn, &prompt));
    assert_eq!((grant.level, grant.amr()), (Level::Single, vec!["pop"]));
}

#[test]
fn the_key_must_tell_whose_it_is() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let assertion = scene.signed(&prompt, |draft| draft.user_handle = None);
    let prompt = asked_key(scene.answer(&mut turn, key(assertion)));
    assert_eq!(scene.last_result("key-refused"), "key_of_other_account");
    let assertion = scene.signed(&prompt, |draft| draft.user_handle = Some(vec![1; 16]));
    let step = scene.answer(&mut turn, key(assertion));
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::OtherAccount)));
    // Nobody's name stays behind on the page.
    assert_eq!(turn.machine.typed(), "");
}

#[test]
fn it_stays_open_during_a_lock_and_shut_where_the_policy_says_so() {
    let mut scene = scene(SoftAuthenticator::new());
    for _ in 0..6 {
        let (mut turn, _) = scene.after_password("ann", Asked::default());
        let _ = scene.answer(&mut turn, Answer::Choose(Method::Totp));
        let _ = scene.answer(&mut turn, Answer::Code("000000".into()));
    }
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));

    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    scene.policy(&format!("{POLICY}[settings]\npasskey-sign-in = false\n"));
    // Also where it was asked before the policy changed.
    assert_eq!(refused(scene.press(&mut turn, &prompt)), RefusalCode::PasskeySignInOff);
    assert_eq!(
        refused(scene.with_passkey(Asked::default()).1),
        RefusalCode::PasskeySignInOff
    );
}

#[test]
fn a_closed_account_is_refused_without_a_word_about_it() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let store = &scene.test.realm.store;
    store
        .write(|tx| rows::set_state(tx, scene.ann, AccountState::Locked))
        .unwrap();
    let code = refused(scene.press(&mut turn, &prompt));
    assert_eq!(
        (code, code.public()),
        (RefusalCode::AccountClosed, RefusalCode::CodeWrong)
    );
    assert_eq!(scene.last_result("sign-in-refused"), "account_closed");
    assert_eq!(turn.machine.typed(), "");
}

#[test]
fn a_wish_beyond_the_key_is_passed_over_and_a_demand_is_not() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(asks(Level::Hardware, false));
    let prompt = asked_key(step);
    assert_eq!(granted(scene.press(&mut turn, &prompt)).level, Level::Highest);
    let (mut turn, step) = scene.with_passkey(asks(Level::Hardware, true));
    let prompt = asked_key(step);
    assert_eq!(refused(scene.press(&mut turn, &prompt)), RefusalCode::LevelUnreachable);
}

#[test]
fn the_wish_is_passed_over_also_where_another_key_could_fulfil_it() {
    let mut scene = scene(SoftAuthenticator::new());
    let mut better = SoftAuthenticator::with(Habits {
        attested: true,
        ..Habits::default()
    });
    scene.test.bind_key(scene.ann, &mut better, "better").unwrap();
    let (mut turn, step) = scene.with_passkey(asks(Level::Hardware, false));
    let prompt = asked_key(step);
    assert_eq!(granted(scene.press(&mut turn, &prompt)).level, Level::Highest);
    let (mut turn, step) = scene.with_passkey(asks(Level::Hardware, true));
    let prompt = asked_key(step);
    assert_eq!(
        refused(scene.press(&mut turn, &prompt)),
        RefusalCode::NoMethodReachesLevel
    );
}

#[test]
fn rules_about_passkeys_and_about_methods_hold() {
    let mut scene = scene(SoftAuthenticator::new());
    let rule =
        "[[rule]]\nname = \"no-passkey-alone\"\nwhen = { first-factor = [\"passkey\"] }\nrequire = { deny = true }\n";
    scene.policy(&format!("{POLICY}{rule}"));
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    assert_eq!(refused(scene.press(&mut turn, &prompt)), RefusalCode::DeniedByRule);
    scene.policy(&POLICY.replace("\"passkey\", ", ""));
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let step = scene.press(&mut turn, &prompt);
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::NotThisKind)));
}

#[test]
fn a_session_begun_with_a_passkey_is_one_for_step_ups_too() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.with_passkey(Asked::default());
    let prompt = asked_key(step);
    let grant = granted(scene.press(&mut turn, &prompt));
    let session = |grant: &Grant| Prior {
        first: grant.first.clone(),
        first_at: grant.first_at.unwrap(),
        evidence: grant.evidence.clone(),
    };
    let fresh = Asked {
        max_age: Some(600),
        ..Asked::default()
    };
    let doorway = web();
    let begin = |scene: &Scene, asked: Asked| {
        let visit = scene.visit(&doorway);
        let passwords = PasswordSource::Store;
        let prior = session(&grant);
        step_up::start(&visit, "ann", passwords, prior, asked, browser(), &mut |_, _| Ok(()))
            .unwrap()
            .1
    };
    let confirmed = granted(begin(&scene, fresh.clone()));
    assert_eq!(
        (confirmed.level, confirmed.first),
        (Level::Highest, FirstFactor::Passkey)
    );
    scene.test.clock.advance(601);
    // Too old: everything anew, the password or a passkey alone.
    assert!(matches!(
        begin(&scene, fresh.clone()),
        Step::Ask(Prompt::Password { .. })
    ));
    let (machine, step) = step_up::start_with_passkey(&scene.visit(&doorway), "ann", fresh, browser()).unwrap();
    let mut turn = Turn {
        doorway: web(),
        machine,
    };
    let prompt = asked_key(step);
    assert_eq!(
        (prompt.ask.allow.len(), prompt.ask.user_verification),
        (1, UserVerification::Required)
    );
    let again = granted(scene.press(&mut turn, &prompt));
    assert_eq!((again.account, again.level), (Some(scene.ann), Level::Highest));
    assert_eq!(scene.trail("step-up-granted").len(), 2);
}

#[test]
fn a_step_up_takes_no_other_persons_passkey() {
    let mut scene = scene(SoftAuthenticator::new());
    let bob = scene.test.account("bob", PASSWORD).unwrap();
    let mut bobs = SoftAuthenticator::new();
    scene.test.bind_key(bob, &mut bobs, "bobs").unwrap();
    let (machine, step) =
        step_up::start_with_passkey(&scene.visit(&web()), "bob", Asked::default(), browser()).unwrap();
    let mut turn = Turn {
        doorway: web(),
        machine,
    };
    let mut prompt = asked_key(step);
    prompt.ask.allow.clear();
    let step = scene.press(&mut turn, &prompt);
    assert_eq!(notice(&step), Some(Notice::KeyRefused(KeyError::OtherAccount)));
}
