//! Binding, unbinding, recovery codes.

use super::scene::*;
use samekey_shared::audit::Actor;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{self, DeviceName, NameRule};
use samekey_shared::flows::bind::{Answered, Authority, Bind};
use samekey_shared::flows::unbind::{LastDevice, Unbind, UnbindError};
use samekey_shared::flows::{Answer, Prompt, RefusalCode, Step};
use samekey_shared::methods::Method;
use samekey_shared::source::Door;

#[test]
fn a_recovery_code_signs_in_once() {
    let scene = scene();
    let ssh = shell("192.0.2.7");
    let paper = scene.paper[0].to_lowercase();
    for (round, expected) in [(1, true), (2, false)] {
        let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
        let step = scene.answer(&ssh, &mut sign_in, Answer::Choose(Method::RecoveryCode));
        assert!(
            matches!(
                step,
                Step::Ask(Prompt::Code {
                    method: Method::RecoveryCode,
                    ..
                })
            ),
            "{step:?}"
        );
        let step = scene.answer(&ssh, &mut sign_in, Answer::Code(paper.as_str().into()));
        assert_eq!(matches!(step, Step::Granted(_)), expected, "round {round}: {step:?}");
    }
    let left = scene
        .test
        .realm
        .store
        .read(|tx| devices::rows::bound(tx, scene.ann))
        .unwrap()
        .recovery_left;
    assert_eq!(left, 9);
    assert_eq!(scene.count(&["recovery-code-used"]), 1);
}

#[test]
fn the_last_recovery_code_still_opens_when_nothing_else_is_bound() {
    let scene = scene();
    let administrator = Authority::new(Actor::Operator { uid: 0 }, Door::Command);
    let unbind = Unbind::start(&scene.test.realm, scene.ann, scene.app().id, LastDevice::MayGo).unwrap();
    unbind.answer(&scene.test.realm, &administrator, "YES").unwrap();
    let ssh = shell("192.0.2.7");
    for code in &scene.paper {
        let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
        let _ = granted(scene.answer(&ssh, &mut sign_in, Answer::Code(code.as_str().into())));
    }
    let (_, step) = scene.start(&ssh, at_shell("ann"));
    assert_eq!(refused(step), RefusalCode::EnrollmentRequired);
}

#[test]
fn binding_needs_a_right_code_and_a_free_slot() {
    let scene = scene();
    let realm = &scene.test.realm;
    let pending = || {
        let name = DeviceName::parse("second", NameRule::Ascii).unwrap();
        Pending::new(realm.entropy.as_ref(), name).unwrap()
    };
    assert_eq!(
        Bind::start(realm, scene.ann, pending()).unwrap_err().code(),
        "limit_reached"
    );
    let bob = scene.test.account("bob", "").unwrap();
    let (mut bind, _) = Bind::start(realm, bob, pending()).unwrap();
    let authority = Authority::new(Actor::Account("bob".into()), Door::Web);
    for left in [4, 3, 2, 1] {
        match bind.answer(realm, &authority, "000000").unwrap() {
            Answered::Again { bind: same, tries_left } => {
                assert_eq!(tries_left, left);
                bind = *same;
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(matches!(
        bind.answer(realm, &authority, "000000").unwrap(),
        Answered::Ended
    ));
    assert!(
        realm
            .store
            .read(|tx| devices::rows::bound(tx, bob))
            .unwrap()
            .devices
            .is_empty()
    );
}

#[test]
fn unbinding_asks_for_yes_and_keeps_the_last_device() {
    let scene = scene();
    let realm = &scene.test.realm;
    let own = Authority::new(Actor::Account("ann".into()), Door::Web);
    let app = scene.app().id;
    let unbind = |last| Unbind::start(realm, scene.ann, app, last).unwrap();
    let kept = unbind(LastDevice::Keep).answer(realm, &own, "yes");
    assert!(matches!(kept, Err(UnbindError::LastDevice)), "{kept:?}");
    let unsure = unbind(LastDevice::MayGo).answer(realm, &own, "no");
    assert!(matches!(unsure, Err(UnbindError::NotConfirmed)), "{unsure:?}");
    unbind(LastDevice::MayGo).answer(realm, &own, "yes").unwrap();
    assert_eq!(
        Unbind::start(realm, scene.ann, app, LastDevice::MayGo)
            .unwrap_err()
            .code(),
        "not_found"
    );
    assert_eq!(scene.count(&["device-unbound"]), 1);
}
