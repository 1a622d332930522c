//! `two-types` (R83) and `checkup` (W31) as the one machine obeys them at both doors.

use super::scene::*;
use samekey_shared::accounts::rows as accounts;
use samekey_shared::clock::Clock;
use samekey_shared::flows::{
    Answer, Asked, Binding, Doorway, EnrolStep, FirstFactorCheck, Keys, Means, PasswordSource, Prior, Prompt,
    RefusalCode, SignInRequest, Step,
};
use samekey_shared::methods::Method;
use samekey_shared::ssh::ShownKey;

const DAY: i64 = 86_400;

fn policy(terms: &str) -> String {
    format!("version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\n{terms}\n")
}

/// Ann has an app and nothing else, and this policy holds.
fn under(terms: &str) -> Scene {
    let scene = scene();
    scene.test.policy(&policy(terms)).unwrap();
    scene
}

fn on_page() -> SignInRequest<'static> {
    SignInRequest {
        means: Means {
            keys: Keys::Browser,
            binding: Binding::Page,
            ..Means::default()
        },
        ..on_web("ann")
    }
}

fn devices_page() -> Doorway {
    Doorway {
        service: "portal:devices".into(),
        ..web()
    }
}

#[test]
fn a_second_kind_is_bound_on_the_way_in_after_the_first_was_shown() {
    let scene = under("grace = \"0s\"\ntwo-types = \"require\"");
    let (mut machine, _) = scene.start(&web(), on_page());
    let step = scene.answer(&web(), &mut machine, Answer::Password(PASSWORD.into()));
    // The password alone leads to the app's code, not to binding.
    assert!(
        matches!(
            step,
            Step::Ask(Prompt::Code {
                method: Method::Totp,
                ..
            })
        ),
        "{step:?}"
    );
    match scene.answer(&web(), &mut machine, scene.code()) {
        Step::Ask(Prompt::Enrol(prompt)) => match prompt.step {
            EnrolStep::Choose { methods, .. } => assert_eq!(methods, [Method::Passkey, Method::SecurityKey]),
            other => panic!("{other:?}"),
        },
        other => panic!("no second kind asked: {other:?}"),
    }
}

#[test]
fn where_nothing_can_be_bound_who_has_one_kind_is_refused_in_words() {
    let scene = under("grace = \"0s\"\ntwo-types = \"require\"");
    let door = shell("192.0.2.7");
    let (mut machine, step) = scene.start(&door, at_shell("ann"));
    assert!(matches!(step, Step::Ask(Prompt::Code { .. })), "{step:?}");
    let step = scene.answer(&door, &mut machine, scene.code());
    assert_eq!(refused(step), RefusalCode::EnrollmentRequired);
    assert_eq!(scene.count(&["sign-in-granted"]), 0);
}

#[test]
fn advised_or_in_time_it_keeps_nobody_out() {
    for terms in [
        "grace = \"0s\"\ntwo-types = \"warn\"",
        "grace = \"14d\"\ntwo-types = \"require\"",
    ] {
        let scene = under(terms);
        let door = shell("192.0.2.7");
        let (mut machine, _) = scene.start(&door, at_shell("ann"));
        granted(scene.answer(&door, &mut machine, scene.code()));
    }
}

#[test]
fn ones_own_devices_stay_open_to_bind_the_second_kind_there() {
    let scene = under("grace = \"0s\"\ntwo-types = \"require\"");
    let door = devices_page();
    let (mut machine, _) = scene.start(&door, on_page());
    let _ = scene.answer(&door, &mut machine, Answer::Password(PASSWORD.into()));
    granted(scene.answer(&door, &mut machine, scene.code()));
}

#[test]
fn four_weeks_after_binding_the_device_is_tried_once_although_the_shell_was_rechecked() {
    let scene = under("grace = \"0s\"\nrecheck = \"90d\"\nmethods = [\"totp\", \"recovery-code\"]");
    let since = scene.test.clock.now();
    let first = samekey_shared::methods::FirstFactor::PublicKey(ShownKey {
        key_type: "ssh-ed25519".into(),
        fingerprint: "SHA256:abc".into(),
        on_our_terms: false,
    });
    let request = || SignInRequest {
        first: FirstFactorCheck::Done(first.clone()),
        ..at_shell("ann")
    };
    let door = shell("192.0.2.7");
    let signs_in = |asked: bool| {
        let (mut machine, step) = scene.start(&door, request());
        match step {
            Step::Ask(Prompt::Code { .. }) if asked => {
                granted(scene.answer(&door, &mut machine, scene.code()));
            }
            Step::Granted(_) if !asked => {}
            other => panic!("asked {asked}: {other:?}"),
        }
    };
    signs_in(true);
    scene.test.clock.advance(DAY);
    signs_in(false);
    let account = scene
        .test
        .realm
        .store
        .read(|tx| accounts::by_id(tx, scene.ann))
        .unwrap();
    assert!(account.is_some_and(|account| account.created_at <= since));
    scene.test.clock.advance(28 * DAY);
    signs_in(true);
    // Once: from then on being rechecked does again.
    scene.test.clock.advance(DAY);
    signs_in(false);
}

#[test]
fn a_session_that_has_shown_enough_is_led_to_bind_too() {
    let scene = under("grace = \"0s\"\ntwo-types = \"warn\"");
    let (mut machine, _) = scene.start(&web(), on_page());
    let _ = scene.answer(&web(), &mut machine, Answer::Password(PASSWORD.into()));
    let grant = granted(scene.answer(&web(), &mut machine, scene.code()));
    let again = SignInRequest {
        first: FirstFactorCheck::Ask(PasswordSource::Store),
        prior: Some(Prior {
            first: grant.first.clone(),
            first_at: grant.first_at.unwrap(),
            evidence: grant.evidence.clone(),
        }),
        asked: Asked::default(),
        ..on_page()
    };
    scene
        .test
        .policy(&policy("grace = \"0s\"\ntwo-types = \"require\""))
        .unwrap();
    let (_, step) = scene.start(&web(), again);
    assert!(matches!(step, Step::Ask(Prompt::Enrol(_))), "{step:?}");
}
