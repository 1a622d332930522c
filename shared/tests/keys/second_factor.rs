//! Keys after a first factor, at both doors.

use super::scene::*;
use samekey_shared::flows::{Answer, Asked, KeyTrouble, Means, Notice, Prompt, RefusalCode, Step, UserVerification};
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::testing::SoftAuthenticator;
use samekey_shared::testing::soft_authenticator::{Algorithm, Habits};

#[test]
fn one_key_opens_both_doors_with_one_counter_and_one_device_in_the_trail() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    assert_eq!(
        (prompt.method, &*prompt.others),
        (Method::Passkey, &[Method::Totp, Method::RecoveryCode][..])
    );
    assert_eq!(prompt.ask.user_verification, UserVerification::Discouraged);
    let grant = granted(scene.press(&mut turn, &prompt));
    assert_eq!((grant.level, grant.first), (Level::Highest, FirstFactor::Password));
    assert_eq!(scene.stored_count(), 2);

    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    let binding = prompt.ask.local.clone().unwrap();
    assert_eq!(
        (&*binding.host, &*binding.service, &*binding.user),
        ("box", "pam:sudo", "ann")
    );
    let _ = granted(scene.press(&mut turn, &prompt));
    assert_eq!(scene.stored_count(), 3);

    let lines = scene.trail("sign-in-granted");
    let devices: Vec<_> = lines.iter().map(|line| field(line, "device").unwrap()).collect();
    assert_eq!(devices, vec![scene.bound.id.to_string(); 2]);
}

#[test]
fn a_key_of_rsa_opens_both_doors() {
    let mut scene = scene(SoftAuthenticator::with(Habits {
        algorithm: Algorithm::Rs256,
        ..Habits::default()
    }));
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));
    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    let _ = granted(scene.press(&mut turn, &prompt));
    assert_eq!(scene.stored_count(), 3);
}

#[test]
fn a_door_without_means_for_keys_offers_what_else_is_bound() {
    let scene = scene(SoftAuthenticator::new());
    let (_, step) = scene.at_console(FirstFactor::Password, Means::default());
    let Step::Ask(Prompt::Code { method, others, .. }) = step else {
        panic!("{step:?}")
    };
    assert_eq!((method, &*others), (Method::Totp, &[Method::RecoveryCode][..]));
}

#[test]
fn where_only_a_key_would_do_and_none_can_be_used_the_refusal_says_so() {
    let scene = scene(SoftAuthenticator::new());
    scene.policy(&POLICY.replace("\"high\"", "\"highest\""));
    let (_, step) = scene.at_console(FirstFactor::Password, Means::default());
    assert_eq!(refused(step), RefusalCode::NotAtThisDoor);
    let (_, step) = scene.at_console(FirstFactor::Password, plugged_in());
    assert!(asked_key(step).others.is_empty());
}

#[test]
fn another_method_may_be_chosen_and_the_key_again_with_a_fresh_challenge() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let first = asked_key(step);
    let step = scene.answer(&mut turn, Answer::Choose(Method::Totp));
    let Step::Ask(Prompt::Code { method, others, .. }) = step else {
        panic!("{step:?}")
    };
    assert_eq!(
        (method, &*others),
        (Method::Totp, &[Method::Passkey, Method::RecoveryCode][..])
    );
    // The security key's button leads to the same question.
    let second = asked_key(scene.answer(&mut turn, Answer::Choose(Method::SecurityKey)));
    let third = asked_key(scene.answer(&mut turn, Answer::Choose(Method::Passkey)));
    assert_ne!(first.ask.challenge, second.ask.challenge);
    assert_ne!(second.ask.challenge, third.ask.challenge);
    assert_eq!(third.tries_left, 3);
    let _ = granted(scene.press(&mut turn, &third));
}

#[test]
fn a_challenge_that_was_taken_back_is_no_longer_answered() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let (old, mut copy) = (asked_key(step), turn.machine.clone());
    let _ = asked_key(scene.answer(&mut turn, Answer::Choose(Method::Passkey)));
    std::mem::swap(&mut turn.machine, &mut copy);
    let step = scene.press(&mut turn, &old);
    assert!(matches!(notice(&step), Some(Notice::KeyRefused(_))), "{step:?}");
    assert_eq!(scene.last_result("key-refused"), "key_challenge_spent");
}

#[test]
fn a_key_that_does_not_answer_costs_no_try_but_not_for_ever() {
    let scene = scene(SoftAuthenticator::new());
    let (mut turn, _) = scene.at_console(FirstFactor::Password, plugged_in());
    for _ in 0..9 {
        let step = scene.answer(&mut turn, Answer::KeyFailed(KeyTrouble::Absent));
        assert_eq!(notice(&step), Some(Notice::KeyFailed(KeyTrouble::Absent)));
        assert_eq!(asked_key(step).tries_left, 3);
    }
    let step = scene.answer(&mut turn, Answer::KeyFailed(KeyTrouble::TimedOut));
    assert_eq!(refused(step), RefusalCode::KeyFailed(KeyTrouble::TimedOut));
    assert_eq!(scene.last_result("sign-in-refused"), "key_timed_out");
    // The code after a key that was not there.
    let (mut turn, _) = scene.at_console(FirstFactor::Password, plugged_in());
    let _ = scene.answer(&mut turn, Answer::KeyFailed(KeyTrouble::Absent));
    let _ = scene.answer(&mut turn, Answer::Choose(Method::Totp));
    let code = scene.code();
    let _ = granted(scene.answer(&mut turn, code));
}

#[test]
fn a_lock_closes_codes_and_leaves_keys_open() {
    let mut scene = scene(SoftAuthenticator::new());
    for _ in 0..2 {
        let (mut turn, _) = scene.at_console(FirstFactor::Password, plugged_in());
        let _ = scene.answer(&mut turn, Answer::Choose(Method::Totp));
        for _ in 0..3 {
            let _ = scene.answer(&mut turn, Answer::Code("000000".into()));
        }
    }
    let (_, step) = scene.at_console(FirstFactor::Password, Means::default());
    let until = match refused(step) {
        RefusalCode::TooManyAttempts { until } => until,
        other => panic!("{other:?}"),
    };
    let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
    let prompt = asked_key(step);
    assert!(prompt.others.is_empty(), "{prompt:?}");
    let _ = granted(scene.press(&mut turn, &prompt));
    // The key did not lift the lock for others.
    let (_, step) = scene.at_console(FirstFactor::Password, Means::default());
    assert_eq!(refused(step), RefusalCode::TooManyAttempts { until });
}

#[test]
fn wrong_assertions_are_not_counted_as_guesses() {
    let mut scene = scene(SoftAuthenticator::new());
    for _ in 0..4 {
        let (mut turn, step) = scene.at_console(FirstFactor::Password, plugged_in());
        let mut prompt = asked_key(step);
        for _ in 0..2 {
            let assertion = scene.signed(&prompt, |draft| draft.flags = 0);
            prompt = asked_key(scene.answer(&mut turn, key(assertion)));
        }
        let assertion = scene.signed(&prompt, |draft| draft.flags = 0);
        let end = refused(scene.answer(&mut turn, key(assertion)));
        assert!(matches!(end, RefusalCode::KeyRefused(_)), "{end:?}");
    }
    let (mut turn, _) = scene.at_console(FirstFactor::Password, Means::default());
    let code = scene.code();
    let _ = granted(scene.answer(&mut turn, code));
}

#[test]
fn a_touch_only_key_is_a_second_factor_and_never_the_only_one() {
    let mut scene = scene(SoftAuthenticator::touch_only());
    let (mut turn, step) = scene.after_password("ann", Asked::default());
    let prompt = asked_key(step);
    assert_eq!(prompt.method, Method::SecurityKey);
    let grant = granted(scene.press(&mut turn, &prompt));
    assert_eq!((grant.acr(), grant.amr()), (Some("phr"), vec!["pwd", "pop", "mfa"]));
}

#[test]
fn at_a_shell_without_a_known_first_factor_the_key_is_asked_to_verify_and_claims_follow() {
    let mut scene = scene(SoftAuthenticator::new());
    let (mut turn, step) = scene.at_console(FirstFactor::None, plugged_in());
    let prompt = asked_key(step);
    assert_eq!(prompt.ask.user_verification, UserVerification::Preferred);
    let assertion = scene.signed(&prompt, |_| {});
    let grant = granted(scene.answer(&mut turn, Answer::KeyWithPin(Box::new(assertion))));
    assert_eq!(
        (grant.level, grant.amr()),
        (Level::Highest, vec!["pop", "user", "pin", "mfa"])
    );
    scene.key.habits.verifies = false;
    let (mut turn, step) = scene.at_console(FirstFactor::None, plugged_in());
    let grant = granted({
        let prompt = asked_key(step);
        scene.press(&mut turn, &prompt)
    });
    assert_eq!((grant.level, grant.amr()), (Level::Single, vec!["pop"]));
}

#[test]
fn hardware_is_asked_of_those_who_can_and_refused_in_words_to_those_who_cannot() {
    let hardware = |essential| Asked {
        level: Some(Level::Hardware),
        essential,
        ..Asked::default()
    };
    let attested = Habits {
        attested: true,
        ..Habits::default()
    };
    let mut plain = scene(SoftAuthenticator::new());
    let (_, step) = plain.after_password("ann", hardware(true));
    assert_eq!(refused(step), RefusalCode::LevelUnreachable);
    let (mut turn, step) = plain.after_password("ann", hardware(false));
    let prompt = asked_key(step);
    assert_eq!(granted(plain.press(&mut turn, &prompt)).level, Level::Highest);
    plain.policy(&POLICY.replace("\"high\"", "\"hardware\""));
    let (_, step) = plain.after_password("ann", Asked::default());
    assert_eq!(refused(step), RefusalCode::EnrollmentRequired);

    let mut attested = scene(SoftAuthenticator::with(attested));
    let mut other = SoftAuthenticator::new();
    attested.test.bind_key(attested.ann, &mut other, "other").unwrap();
    let (mut turn, step) = attested.after_password("ann", hardware(true));
    let prompt = asked_key(step);
    // Only the one that can.
    assert_eq!(prompt.ask.allow.len(), 1);
    let grant = granted(attested.press(&mut turn, &prompt));
    assert_eq!((grant.acr(), grant.amr()), (Some("phrh"), vec!["pwd", "hwk", "mfa"]));
}

#[test]
fn keys_of_another_relying_party_are_not_asked_for() {
    let mut elsewhere = scene(SoftAuthenticator::touch_only());
    let made = elsewhere.key.make("example.net", &elsewhere.ann.to_bytes()).unwrap();
    elsewhere.test.bind_made(elsewhere.ann, &made, "elsewhere").unwrap();
    let (_, step) = elsewhere.after_password("ann", Asked::default());
    assert_eq!(asked_key(step).ask.allow.len(), 1);
}
