//! What only pages do: passwords, sealed states, sessions, sensitive operations.

use super::scene::*;
use samekey_shared::accounts::rows;
use samekey_shared::config::Config;
use samekey_shared::flows::step_up;
use samekey_shared::flows::{
    Answer, Asked, Basis, Doorway, FirstFactorCheck, Means, Notice, PasswordSource, Prior, Prompt, RefusalCode, SignIn,
    SignInRequest, Step, SystemVerdict, Visit,
};
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::realm::Realm;
use samekey_shared::testing::TestRealm;
use std::sync::Arc;

#[test]
fn nothing_skips_a_step() {
    let scene = scene();
    let web = web();
    let verdict = Answer::SystemPassword(SystemVerdict::Right);
    for answer in [scene.code(), Answer::Choose(Method::Totp), verdict] {
        let (mut sign_in, _) = scene.start(&web, on_web("ann"));
        assert_eq!(
            refused(scene.answer(&web, &mut sign_in, answer)),
            RefusalCode::OutOfTurn
        );
    }
    let (mut sign_in, _) = scene.start(&web, on_web("ann"));
    let _ = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    let step = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    assert_eq!(refused(step), RefusalCode::OutOfTurn);
}

#[test]
fn a_sealed_sign_in_completes_once() {
    let scene = scene();
    let web = web();
    let (mut sign_in, _) = scene.start(&web, on_web("ann"));
    let _ = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    let cookie = serde_json::to_string(&sign_in).unwrap();
    let _ = granted(scene.answer(&web, &mut sign_in, scene.code()));
    scene.test.clock.advance(30);
    let mut again: SignIn = serde_json::from_str(&cookie).unwrap();
    assert_eq!(
        refused(scene.answer(&web, &mut again, scene.code())),
        RefusalCode::AlreadyCompleted
    );
}

#[test]
fn a_session_signs_in_silently_until_more_or_fresher_is_asked() {
    let scene = scene();
    let web = web();
    let (mut sign_in, _) = scene.start(&web, on_web("ann"));
    let _ = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    let grant = granted(scene.answer(&web, &mut sign_in, scene.code()));
    let prior = || {
        Some(Prior {
            first: FirstFactor::Password,
            first_at: grant.first_at.unwrap(),
            evidence: grant.evidence.clone(),
        })
    };
    scene.test.clock.advance(600);
    let ask = |asked: Asked| {
        scene
            .start(
                &web,
                SignInRequest {
                    prior: prior(),
                    asked,
                    ..on_web("ann")
                },
            )
            .1
    };
    let again = granted(ask(Asked::default()));
    assert_eq!((again.auth_time, again.level), (grant.auth_time, Level::High));
    let short = Asked {
        max_age: Some(60),
        ..Asked::default()
    };
    assert!(matches!(ask(short), Step::Ask(Prompt::Password { .. })));
    let fresh = Asked {
        fresh: true,
        ..Asked::default()
    };
    assert!(matches!(ask(fresh), Step::Ask(Prompt::Password { .. })));
    let hardware = Asked {
        level: Some(Level::Highest),
        essential: true,
        ..Asked::default()
    };
    assert_eq!(refused(ask(hardware)), RefusalCode::LevelUnreachable);
    let wished = Asked {
        level: Some(Level::Highest),
        ..Asked::default()
    };
    assert_eq!(granted(ask(wished)).level, Level::High);
    // A clock set back makes proofs from the future: worth nothing.
    scene.test.clock.advance(-1200);
    assert!(matches!(ask(Asked::default()), Step::Ask(Prompt::Password { .. })));
}

#[test]
fn a_password_is_hashed_anew_when_the_cost_was_raised() {
    let test = TestRealm::new().unwrap();
    test.policy(&STRICT.replace("\"high\"", "\"single\"")).unwrap();
    let ann = test.account("ann", PASSWORD).unwrap();
    let stored = |realm: &Realm| realm.store.read(|tx| rows::password_of(tx, ann)).unwrap().unwrap();
    let before = stored(&test.realm);
    let raised = std::fs::read_to_string(&test.config.path)
        .unwrap()
        .replace("passes = 5", "passes = 6");
    let config = Config::parse(&raised, &test.config.path).unwrap();
    let realm = Realm::open(&config, test.clock.clone(), Arc::clone(&test.realm.entropy)).unwrap();
    let web = web();
    let (mut sign_in, _) = start(&realm, &web, on_web("ann"));
    let visit = Visit {
        realm: &realm,
        doorway: &web,
    };
    let grant = granted(
        sign_in
            .answer(&visit, Answer::Password(PASSWORD.into()), &mut |_, _| Ok(()))
            .unwrap(),
    );
    assert_eq!((grant.level, grant.amr()), (Level::Single, vec!["pwd"]));
    assert_ne!(before.as_str(), stored(&realm).as_str());
}

#[test]
fn a_sensitive_operation_asks_again_when_its_rule_wants_it_fresher() {
    let scene = scene();
    let rule =
        "[[rule]]\nname = \"fresh\"\nwhen = { services = [\"portal:devices\"] }\nrequire = { max-age = \"5m\" }\n";
    scene.test.policy(&format!("{STRICT}{rule}")).unwrap();
    let web = web();
    let (mut sign_in, _) = scene.start(&web, on_web("ann"));
    let _ = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    let grant = granted(scene.answer(&web, &mut sign_in, scene.code()));
    let devices = Doorway {
        service: "portal:devices".into(),
        ..web
    };
    let begin = || {
        let session = Prior {
            first: FirstFactor::Password,
            first_at: grant.first_at.unwrap(),
            evidence: grant.evidence.clone(),
        };
        let visit = Visit {
            realm: &scene.test.realm,
            doorway: &devices,
        };
        step_up::start(
            &visit,
            "ann",
            PasswordSource::Store,
            session,
            Asked::default(),
            Means::default(),
            &mut |_, _| Ok(()),
        )
        .unwrap()
    };
    assert_eq!(granted(begin().1).basis, Basis::Proven);
    scene.test.clock.advance(301);
    let (mut step_up, step) = begin();
    assert_eq!(notice(step), None);
    let fresh = granted(scene.answer(&devices, &mut step_up, scene.code()));
    assert_eq!(fresh.evidence.len(), 2);
    assert_eq!(scene.count(&["step-up-granted"]), 2);
}

#[test]
fn a_password_checked_by_the_system_goes_on_to_the_code() {
    let scene = scene();
    let web = web();
    let system = || SignInRequest {
        first: FirstFactorCheck::Ask(PasswordSource::System),
        ..on_web("ann")
    };
    let (mut sign_in, _) = scene.start(&web, system());
    let step = scene.answer(&web, &mut sign_in, Answer::SystemPassword(SystemVerdict::Wrong));
    assert_eq!(notice(step), Some(Notice::PasswordWrong));
    let step = scene.answer(&web, &mut sign_in, Answer::SystemPassword(SystemVerdict::Right));
    assert!(matches!(step, Step::Ask(Prompt::Code { .. })), "{step:?}");
    assert_eq!(
        granted(scene.answer(&web, &mut sign_in, scene.code())).amr(),
        ["pwd", "otp", "mfa"]
    );
    // A typed password is no answer there.
    let (mut sign_in, _) = scene.start(&web, system());
    assert_eq!(
        refused(scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()))),
        RefusalCode::OutOfTurn
    );
}
