//! The e-mailed code at a sign-in: for an emergency, beside another device, and never more than medium (Q4, R12, R63).

use crate::scene::{ADDRESS, PASSWORD, Scene, another};
use samekey_shared::flows::{
    Answer, Asked, Doorway, FirstFactorCheck, Means, Notice, PasswordSource, Prompt, RefusalCode, SignIn,
    SignInRequest, Step, Visit,
};
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::source::{Door, Source};

const MEDIUM: &str = "level = \"medium\"\ngrace = \"0s\"\nmethods = [\"totp\", \"email\", \"recovery-code\"]";

fn web() -> Doorway {
    Doorway {
        door: Door::Web,
        service: "portal:sign-in".into(),
        host: None,
        source: Source::remote_host("192.0.2.7"),
    }
}

fn begin(scene: &Scene, doorway: &Doorway) -> (SignIn, Step) {
    let shell = doorway.door == Door::Shell;
    let first = if shell {
        FirstFactorCheck::Done(FirstFactor::Password)
    } else {
        FirstFactorCheck::Ask(PasswordSource::Store)
    };
    let request = SignInRequest {
        login: "ann",
        first,
        prior: None,
        asked: Asked::default(),
        means: Means::default(),
        browser: None,
    };
    let realm = &scene.test.realm;
    let visit = Visit { realm, doorway };
    let (mut machine, step) = SignIn::start(&visit, request, &mut |_, _| Ok(())).unwrap();
    if shell {
        return (machine, step);
    }
    let step = answer(scene, doorway, &mut machine, Answer::Password(PASSWORD.into()));
    (machine, step)
}

fn answer(scene: &Scene, doorway: &Doorway, machine: &mut SignIn, answer: Answer) -> Step {
    let realm = &scene.test.realm;
    machine
        .answer(&Visit { realm, doorway }, answer, &mut |_, _| Ok(()))
        .unwrap()
}

/// What is asked, and what could be chosen instead.
fn asked(step: &Step) -> (Method, Vec<Method>, Option<Notice>) {
    match step {
        Step::Ask(Prompt::Code {
            method, others, notice, ..
        }) => (*method, others.clone(), *notice),
        other => panic!("no code is asked: {other:?}"),
    }
}

/// Asks for a code by e-mail; one is sent.
fn by_mail(scene: &Scene, doorway: &Doorway, machine: &mut SignIn) {
    let step = answer(scene, doorway, machine, Answer::Choose(Method::Email));
    assert_eq!(asked(&step).2, Some(Notice::CodeSent));
}

/// Ann with app and security e-mail, and a letter box that is empty.
fn ann(settings: &str, default: &str) -> Scene {
    let scene = Scene::with(default, settings);
    scene.profile(scene.ann, "ann@work.example");
    scene.test.bind_phone(scene.ann).unwrap();
    scene.bind(scene.ann, ADDRESS).unwrap();
    scene.letters();
    scene
}

#[test]
fn in_an_emergency_a_code_lets_in_at_medium_and_every_address_hears_of_it() {
    let (scene, door) = (ann("", MEDIUM), web());
    let (mut machine, step) = begin(&scene, &door);
    assert_eq!(
        asked(&step),
        (Method::Totp, vec![Method::RecoveryCode, Method::Email], None),
        "last, never first"
    );
    assert!(scene.letters().is_empty(), "nothing is sent before it is asked for");
    let step = answer(&scene, &door, &mut machine, Answer::Choose(Method::Email));
    let Step::Ask(Prompt::Code { sent: Some(sent), .. }) = &step else {
        panic!("{step:?}");
    };
    assert_eq!(sent.to, "a…@m….example");
    assert_eq!(asked(&step).2, Some(Notice::CodeSent));
    let letters = scene.letters();
    assert_eq!(letters.len(), 1, "to the bound address alone (R61): {letters:?}");
    assert_eq!(letters[0].to, ADDRESS);
    let samekey_shared::outbox::LetterKind::Code { code, .. } = &letters[0].kind else {
        panic!("{letters:?}");
    };
    // Asked for again at once: none is sent.
    let step = answer(&scene, &door, &mut machine, Answer::Choose(Method::Email));
    assert_eq!(asked(&step).2, Some(Notice::CodeNotYet));
    assert!(scene.letters().is_empty());
    let step = answer(&scene, &door, &mut machine, Answer::Code(code.as_str().into()));
    let Step::Granted(grant) = step else { panic!("{step:?}") };
    assert_eq!(
        (grant.level, grant.acr()),
        (Level::Medium, Some("urn:samekey:acr:medium"))
    );
    assert_eq!(grant.amr(), ["pwd", "email"], "not mfa");
    let letters = scene.letters();
    assert!(
        letters
            .iter()
            .all(|body| body.kind.word() == "emergency-sign-in" && body.not_me.is_some())
    );
    assert_eq!(letters.len(), 2);
    assert_eq!(scene.count("email-code-sent"), 2, "one of the binding");
    // The same code again, in this sign-in's copy and in another.
    let (mut other, _) = begin(&scene, &door);
    by_mail(&scene, &door, &mut other);
    scene.letters();
    let step = answer(&scene, &door, &mut other, Answer::Code(code.as_str().into()));
    assert_eq!(asked(&step).2, Some(Notice::CodeWrong));
}

#[test]
fn it_is_offered_only_where_it_proves_enough_and_the_setting_says_so() {
    let high = MEDIUM.replace("medium", "high");
    for (settings, default, offered) in [
        ("", MEDIUM, true),
        ("email = \"second-factor\"", MEDIUM, true),
        ("email = \"sensitive-only\"", MEDIUM, false),
        ("email = \"off\"", MEDIUM, false),
        ("", high.as_str(), false),
        ("email = \"second-factor\"", high.as_str(), false),
    ] {
        let scene = if settings.contains("off") {
            let scene = Scene::with(default, settings);
            scene.test.bind_phone(scene.ann).unwrap();
            scene
        } else {
            ann(settings, default)
        };
        let (mut machine, step) = begin(&scene, &web());
        let (method, others, _) = asked(&step);
        assert_eq!(
            (method, others.contains(&Method::Email)),
            (Method::Totp, offered),
            "{settings} {default}"
        );
        if !offered {
            let step = answer(&scene, &web(), &mut machine, Answer::Choose(Method::Email));
            assert_eq!(asked(&step).2, Some(Notice::NotOffered));
            assert!(scene.letters().is_empty());
        }
    }
}

#[test]
fn an_address_alone_is_no_device_for_an_emergency() {
    for (settings, default, wanted) in [
        ("", MEDIUM, None),
        ("email = \"second-factor\"", MEDIUM, Some(Method::Email)),
    ] {
        let scene = Scene::with(default, settings);
        scene.bind(scene.ann, ADDRESS).unwrap();
        scene.letters();
        let (_, step) = begin(&scene, &web());
        match (wanted, step) {
            (Some(method), step) => {
                assert_eq!(asked(&step).0, method);
                assert_eq!(scene.kinds(), ["code"]);
            }
            (None, Step::Refused(refusal)) => assert_eq!(refusal.code, RefusalCode::EnrollmentRequired),
            (None, other) => panic!("{other:?}"),
        }
    }
}

/// R97 puts last what was used last; R12 is stronger.
#[test]
fn it_comes_last_also_when_it_was_used_last() {
    let (scene, door) = (ann("email = \"second-factor\"", MEDIUM), web());
    let (mut machine, _) = begin(&scene, &door);
    by_mail(&scene, &door, &mut machine);
    let code = scene.code();
    let step = answer(&scene, &door, &mut machine, Answer::Code(code.as_str().into()));
    assert!(matches!(step, Step::Granted(_)));
    assert!(scene.kinds().is_empty(), "as a second factor it is nothing unusual");
    let (_, step) = begin(&scene, &door);
    assert_eq!(asked(&step).0, Method::Totp);
}

/// A terminal's login may be one of a thousand that a robot makes with a right key: none of them begins with a letter.
#[test]
fn at_a_terminal_it_is_one_way_among_others() {
    let scene = ann("", MEDIUM);
    let door = Doorway {
        door: Door::Shell,
        service: "pam:sshd".into(),
        host: Some("host1".into()),
        source: Source::remote_host("192.0.2.7"),
    };
    let (mut machine, step) = begin(&scene, &door);
    assert_eq!(asked(&step).0, Method::Totp);
    assert!(scene.letters().is_empty());
    by_mail(&scene, &door, &mut machine);
    let code = scene.code();
    let step = answer(&scene, &door, &mut machine, Answer::Code(code.as_str().into()));
    assert!(matches!(step, Step::Granted(_)), "{step:?}");
}

#[test]
fn wrong_codes_count_against_the_name_and_lock_with_one_letter_a_day() {
    let (scene, door) = (
        ann("lockout = { attempts = 3, window = \"15m\", for = \"15m\" }", MEDIUM),
        web(),
    );
    for day in 0..2 {
        for lock in 0..2 {
            let (mut machine, _) = begin(&scene, &door);
            by_mail(&scene, &door, &mut machine);
            let code = scene.code();
            let mut last = None;
            for _ in 0..3 {
                last = Some(answer(
                    &scene,
                    &door,
                    &mut machine,
                    Answer::Code(another(&code).as_str().into()),
                ));
            }
            let Some(Step::Refused(refusal)) = last else {
                panic!("{last:?}")
            };
            assert!(
                matches!(refusal.code, RefusalCode::TooManyAttempts { .. }),
                "{:?}",
                refusal.code
            );
            let told = scene.kinds();
            let wanted: &[&str] = if lock == 0 { &["locked-out", "locked-out"] } else { &[] };
            assert_eq!(told, wanted, "day {day}, lock {lock}");
            // While it is locked nothing is sent.
            scene.test.clock.advance(901);
        }
        scene.test.clock.advance(86_400);
    }
}

#[test]
fn a_recovery_code_is_told_of_with_what_is_left() {
    let scene = Scene::with(MEDIUM, "");
    scene.profile(scene.ann, ADDRESS);
    let (_, drawn) = scene.test.bind_phone(scene.ann).unwrap();
    scene.letters();
    let paper = drawn.unwrap().shown();
    let door = web();
    let (mut machine, _) = begin(&scene, &door);
    let step = answer(&scene, &door, &mut machine, Answer::Choose(Method::RecoveryCode));
    assert_eq!(asked(&step).0, Method::RecoveryCode);
    let step = answer(&scene, &door, &mut machine, Answer::Code(paper[0].clone()));
    assert!(matches!(step, Step::Granted(_)), "{step:?}");
    let letters = scene.letters();
    let left: Vec<u32> = letters
        .iter()
        .filter_map(|body| match body.kind {
            samekey_shared::outbox::LetterKind::RecoveryCodeUsed { left } => Some(left),
            _ => None,
        })
        .collect();
    assert_eq!(left, [9]);
}
