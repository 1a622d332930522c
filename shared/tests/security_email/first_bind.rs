//! `first-bind = "email"` (Q8): who has lost every device, and has a security e-mail, shows a code from there before binding another.

use crate::scene::{ADDRESS, PASSWORD, Scene, another};
use samekey_shared::devices::{Unbinding, UnboundWhy, rows};
use samekey_shared::flows::{
    Answer, Asked, Binding, Doorway, EnrolStep, FirstFactorCheck, Keys, Means, Notice, PasswordSource, Prompt, SignIn,
    SignInRequest, Step, Visit,
};
use samekey_shared::methods::Method;
use samekey_shared::objections::{self, Objection};
use samekey_shared::source::{Door, Source};
use samekey_shared::testing::Phone;

const HIGH: &str = "level = \"high\"\ngrace = \"0s\"\nmethods = [\"passkey\", \"totp\", \"email\", \"recovery-code\"]";
const BY_EMAIL: &str = "first-bind = { new = \"password\", after-reset = \"email\" }";

fn web() -> Doorway {
    Doorway {
        door: Door::Web,
        service: "portal:sign-in".into(),
        host: None,
        source: Source::remote_host("192.0.2.7"),
    }
}

fn answer(scene: &Scene, machine: &mut SignIn, answer: Answer) -> Step {
    let (realm, doorway) = (&scene.test.realm, &web());
    machine
        .answer(&Visit { realm, doorway }, answer, &mut |_, _| Ok(()))
        .unwrap()
}

/// Up to the step after the right password.
fn password(scene: &Scene) -> (SignIn, Step) {
    let request = SignInRequest {
        login: "ann",
        first: FirstFactorCheck::Ask(PasswordSource::Store),
        prior: None,
        asked: Asked::default(),
        means: Means {
            keys: Keys::Browser,
            binding: Binding::Page,
            ..Means::default()
        },
        browser: None,
    };
    let (realm, doorway) = (&scene.test.realm, &web());
    let (mut machine, _) = SignIn::start(&Visit { realm, doorway }, request, &mut |_, _| Ok(())).unwrap();
    let step = answer(scene, &mut machine, Answer::Password(PASSWORD.into()));
    (machine, step)
}

/// Ann had an app and has an address; an administrator has unbound all but the address.
fn reset(settings: &str) -> Scene {
    let scene = Scene::with(HIGH, settings);
    scene.test.bind_phone(scene.ann).unwrap();
    scene.bind(scene.ann, ADDRESS).unwrap();
    unbind(&scene, |method| method != Method::Email);
    scene.letters();
    scene
}

fn unbind(scene: &Scene, gone: impl Fn(Method) -> bool) {
    let end = Unbinding {
        at: scene.now(),
        by: "root".into(),
        why: UnboundWhy::Administrator,
    };
    let store = &scene.test.realm.store;
    for device in store.read(|tx| rows::bound(tx, scene.ann)).unwrap().devices {
        if gone(device.kind.method()) {
            store.write(|tx| rows::unbind(tx, scene.ann, device.id, &end)).unwrap();
        }
    }
}

fn asks_a_ticket(step: &Step) -> bool {
    matches!(step, Step::Ask(Prompt::Enrol(prompt)) if prompt.step == EnrolStep::Ticket)
}

fn chooses(step: &Step) -> Vec<Method> {
    match step {
        Step::Ask(Prompt::Enrol(prompt)) => match &prompt.step {
            EnrolStep::Choose { methods, .. } => methods.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_code_from_the_letter_lets_bind_and_proves_no_more_than_that() {
    let scene = reset(BY_EMAIL);
    let (mut machine, step) = password(&scene);
    let Step::Ask(Prompt::Code {
        method, others, sent, ..
    }) = step
    else {
        panic!("{step:?}");
    };
    assert_eq!((method, others), (Method::Email, vec![]));
    assert_eq!(sent.unwrap().to, "a…@m….example");
    let code = scene.code();
    let step = answer(&scene, &mut machine, Answer::Code(another(&code).as_str().into()));
    assert!(
        matches!(
            &step,
            Step::Ask(Prompt::Code {
                notice: Some(Notice::CodeWrong),
                ..
            })
        ),
        "{step:?}"
    );
    let step = answer(&scene, &mut machine, Answer::Code(code.as_str().into()));
    assert_eq!(
        chooses(&step),
        [Method::Passkey, Method::Totp],
        "it lets bind, and lets nobody in by itself"
    );
    let _ = answer(&scene, &mut machine, Answer::Bind(Method::Totp));
    let (realm, doorway) = (&scene.test.realm, &web());
    let shown = machine.to_scan(&Visit { realm, doorway }).unwrap();
    let phone = Phone::with_key(shown.key.expose()).unwrap();
    let step = answer(&scene, &mut machine, Answer::Code(phone.code_at(scene.now())));
    assert!(
        matches!(&step, Step::Ask(Prompt::Enrol(prompt)) if prompt.step == EnrolStep::Keep),
        "{step:?}"
    );
    assert_eq!(scene.count("device-bound"), 3, "app, address, app");
}

#[test]
fn the_code_of_another_sign_in_is_worth_nothing_and_neither_is_a_late_one() {
    let scene = reset(BY_EMAIL);
    let (_first, _) = password(&scene);
    let code = scene.code();
    scene.test.clock.advance(61);
    let (mut machine, _) = password(&scene);
    let step = answer(&scene, &mut machine, Answer::Code(code.as_str().into()));
    assert!(
        matches!(&step, Step::Ask(Prompt::Code { notice: Some(_), .. })),
        "{step:?}"
    );
    let own = scene.code();
    scene.test.clock.advance(601);
    let step = answer(&scene, &mut machine, Answer::Code(own.as_str().into()));
    assert!(!matches!(&step, Step::Ask(Prompt::Enrol(_))), "{step:?}");
    assert_eq!(scene.count("device-bound"), 2);
}

#[test]
fn without_an_address_by_another_rule_or_after_an_objection_it_is_a_ticket() {
    let scene = reset(BY_EMAIL);
    unbind(&scene, |_| true);
    scene.letters();
    assert!(asks_a_ticket(&password(&scene).1), "no address");

    let scene = reset("first-bind = { new = \"password\", after-reset = \"ticket\" }");
    assert!(asks_a_ticket(&password(&scene).1), "the policy wants a ticket");
    assert!(scene.letters().is_empty());

    let scene = reset(BY_EMAIL);
    let now = scene.now();
    let objection = Objection {
        account: scene.ann,
        about: "device-bound".into(),
        happened_at: now,
    };
    scene
        .test
        .realm
        .store
        .write(|tx| objections::hold(tx, &objection, now))
        .unwrap();
    assert!(asks_a_ticket(&password(&scene).1), "it was not them");
    assert!(scene.letters().is_empty());
}

/// Where something else is bound, that is shown: an address is in nobody's place there.
#[test]
fn who_has_a_device_shows_the_device() {
    let scene = Scene::with(HIGH, BY_EMAIL);
    let (phone, _) = scene.test.bind_phone(scene.ann).unwrap();
    scene.bind(scene.ann, ADDRESS).unwrap();
    scene.letters();
    scene.test.clock.advance(30);
    let (mut machine, step) = password(&scene);
    assert!(
        matches!(
            &step,
            Step::Ask(Prompt::Code {
                method: Method::Totp,
                ..
            })
        ),
        "{step:?}"
    );
    let step = answer(&scene, &mut machine, Answer::Code(phone.code_at(scene.now())));
    assert!(!matches!(&step, Step::Refused(_)), "{step:?}");
    assert!(
        scene
            .letters()
            .iter()
            .all(|letter| !matches!(letter.kind, samekey_shared::outbox::LetterKind::Code { .. }))
    );
}
