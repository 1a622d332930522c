//! Every flow, driven by scripted answers and a clock moved by hand, over a real store.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::audit::{self, Actor};
use samekey_shared::clock::Clock;
use samekey_shared::config::Config;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{self, DeviceKind, DeviceName, NameRule};
use samekey_shared::flows::bind::{Answered, Authority, Bind};
use samekey_shared::flows::step_up;
use samekey_shared::flows::unbind::{LastDevice, Unbind, UnbindError};
use samekey_shared::flows::{
    Answer, Asked, Basis, Doorway, FirstFactorCheck, Grant, Notice, PasswordSource, Prior, Prompt, RefusalCode, SignIn,
    SignInRequest, Step, SystemVerdict, Visit,
};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::{FirstFactor, Level, Method};
use samekey_shared::realm::Realm;
use samekey_shared::source::{Door, Source};
use samekey_shared::store::StoreError;
use samekey_shared::testing::{BEGINNING, Phone, TestRealm};
use std::sync::Arc;

const PASSWORD: &str = "correct horse battery";

const STRICT: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n";

struct Scene {
    test: TestRealm,
    ann: AccountId,
    phone: Phone,
    paper: Vec<String>,
}

fn scene() -> Scene {
    let test = TestRealm::new().unwrap();
    test.policy(STRICT).unwrap();
    let ann = test.account("ann", PASSWORD).unwrap();
    let (phone, drawn) = test.bind_phone(ann).unwrap();
    let paper = drawn
        .unwrap()
        .shown()
        .iter()
        .map(|code| code.expose().clone())
        .collect();
    // The step that proved the app is spent: the next one is the first that signs in.
    test.clock.advance(30);
    Scene {
        test,
        ann,
        phone,
        paper,
    }
}

fn shell(source: &str) -> Doorway {
    let source = Source::remote_host(source);
    Doorway {
        door: Door::Shell,
        service: "pam:sshd".into(),
        host: Some("host1".into()),
        source,
    }
}

fn web() -> Doorway {
    Doorway {
        door: Door::Web,
        service: "oidc:wiki".into(),
        host: None,
        source: Source::remote_host("192.0.2.7"),
    }
}

fn at_shell(login: &str) -> SignInRequest<'_> {
    let first = FirstFactorCheck::Done(FirstFactor::Password);
    SignInRequest {
        login,
        first,
        prior: None,
        asked: Asked::default(),
    }
}

fn on_web(login: &str) -> SignInRequest<'_> {
    let first = FirstFactorCheck::Ask(PasswordSource::Store);
    SignInRequest {
        login,
        first,
        prior: None,
        asked: Asked::default(),
    }
}

fn start(realm: &Realm, doorway: &Doorway, request: SignInRequest<'_>) -> (SignIn, Step) {
    SignIn::start(&Visit { realm, doorway }, request, &mut |_, _| Ok(())).unwrap()
}

impl Scene {
    fn start(&self, doorway: &Doorway, request: SignInRequest<'_>) -> (SignIn, Step) {
        start(&self.test.realm, doorway, request)
    }

    fn answer(&self, doorway: &Doorway, sign_in: &mut SignIn, answer: Answer) -> Step {
        sign_in
            .answer(
                &Visit {
                    realm: &self.test.realm,
                    doorway,
                },
                answer,
                &mut |_, _| Ok(()),
            )
            .unwrap()
    }

    fn code(&self) -> Answer {
        Answer::Code(self.phone.code_at(self.test.clock.now()))
    }

    fn count(&self, kinds: &[&str]) -> usize {
        let page = self.test.realm.store.read(|tx| audit::tail(tx, 100)).unwrap();
        page.iter()
            .filter(|record| kinds.contains(&record.kind.as_str()))
            .count()
    }

    fn app(&self) -> devices::Device {
        let bound = self
            .test
            .realm
            .store
            .read(|tx| devices::rows::bound(tx, self.ann))
            .unwrap()
            .devices;
        bound.into_iter().find(|one| one.kind == DeviceKind::Totp).unwrap()
    }
}

fn granted(step: Step) -> Grant {
    match step {
        Step::Granted(grant) => *grant,
        other => panic!("not granted: {other:?}"),
    }
}

fn refused(step: Step) -> RefusalCode {
    match step {
        Step::Refused(refusal) => refusal.code,
        other => panic!("not refused: {other:?}"),
    }
}

fn notice(step: Step) -> Option<Notice> {
    match step {
        Step::Ask(Prompt::Code { notice, .. } | Prompt::Password { notice }) => notice,
        other => panic!("nothing asked: {other:?}"),
    }
}

#[test]
fn a_code_opens_the_shell_once_and_is_dead_on_the_web() {
    let scene = scene();
    let code = scene.phone.code_at(scene.test.clock.now());
    let ssh = shell("192.0.2.7");
    let (mut sign_in, step) = scene.start(&ssh, at_shell("ann"));
    let Step::Ask(Prompt::Code {
        method,
        others,
        tries_left,
        ..
    }) = step
    else {
        panic!("{step:?}")
    };
    assert_eq!(
        (method, others, tries_left),
        (Method::Totp, vec![Method::RecoveryCode], 3)
    );
    let grant = granted(scene.answer(&ssh, &mut sign_in, Answer::Code(code.clone())));
    assert_eq!(
        (grant.account, grant.basis, grant.level),
        (Some(scene.ann), Basis::Proven, Level::High)
    );

    let web = web();
    let (mut sign_in, step) = scene.start(&web, on_web("ann"));
    assert!(matches!(step, Step::Ask(Prompt::Password { notice: None })), "{step:?}");
    let step = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
    assert!(matches!(step, Step::Ask(Prompt::Code { .. })), "{step:?}");
    assert_eq!(
        notice(scene.answer(&web, &mut sign_in, Answer::Code(code))),
        Some(Notice::CodeReplayed)
    );
    scene.test.clock.advance(30);
    let grant = granted(scene.answer(&web, &mut sign_in, scene.code()));
    assert_eq!(grant.acr(), Some("urn:samekey:acr:mfa"));
    assert_eq!(grant.amr(), ["pwd", "otp", "mfa"]);
    assert_eq!(scene.count(&["sign-in-granted", "code-replayed"]), 3);
}

#[test]
fn three_wrong_codes_end_the_conversation_and_five_lock_strangers_but_not_the_console() {
    let scene = scene();
    let ssh = shell("192.0.2.7");
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    for _ in 0..2 {
        assert_eq!(
            notice(scene.answer(&ssh, &mut sign_in, Answer::Code("000000".into()))),
            Some(Notice::CodeWrong)
        );
    }
    assert_eq!(
        refused(scene.answer(&ssh, &mut sign_in, Answer::Code("000000".into()))),
        RefusalCode::CodeWrong
    );
    assert_eq!(
        refused(scene.answer(&ssh, &mut sign_in, scene.code())),
        RefusalCode::OutOfTurn
    );
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    let _ = scene.answer(&ssh, &mut sign_in, Answer::Code("000000".into()));
    let step = scene.answer(&ssh, &mut sign_in, Answer::Code("000000".into()));
    assert!(matches!(refused(step), RefusalCode::TooManyAttempts { .. }));
    // The lock holds at the other door too.
    let (_, step) = scene.start(&web(), on_web("ann"));
    assert!(matches!(refused(step), RefusalCode::TooManyAttempts { .. }));
    let console = Doorway {
        source: Source::Local { by: None },
        service: "pam:login".into(),
        ..shell("")
    };
    let (mut sign_in, _) = scene.start(&console, at_shell("ann"));
    assert_eq!(
        granted(scene.answer(&console, &mut sign_in, scene.code())).basis,
        Basis::Proven
    );
}

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
}

#[test]
fn the_last_recovery_code_still_opens_when_nothing_else_is_bound() {
    let scene = scene();
    let administrator = Authority {
        actor: Actor::Operator { uid: 0 },
        door: Door::Command,
    };
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
fn unknown_closed_and_unreadable_names_go_through_the_same_motions() {
    let scene = scene();
    let shut = scene.test.account("shut", PASSWORD).unwrap();
    scene
        .test
        .realm
        .store
        .write(|tx| rows::set_state(tx, shut, AccountState::Locked))
        .unwrap();
    for name in ["nobody-here", "shut", "a:b", "\u{430}nn", ""] {
        let ssh = shell("198.51.100.3");
        let (mut sign_in, step) = scene.start(&ssh, at_shell(name));
        let Step::Ask(Prompt::Code { method, others, .. }) = step else {
            panic!("{name}: {step:?}")
        };
        assert_eq!(
            (method, others),
            (Method::Totp, vec![Method::RecoveryCode]),
            "{name}: as for everybody"
        );
        assert_eq!(
            notice(scene.answer(&ssh, &mut sign_in, scene.code())),
            Some(Notice::CodeWrong),
            "{name}"
        );
        let web = web();
        let (mut sign_in, step) = scene.start(&web, on_web(name));
        assert_eq!(notice(step), None, "{name}");
        let step = scene.answer(&web, &mut sign_in, Answer::Password(PASSWORD.into()));
        assert_eq!(notice(step), Some(Notice::PasswordWrong), "{name}");
    }
}

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
fn what_the_door_wants_true_is_true_exactly_with_the_grant() {
    let scene = scene();
    let ssh = shell("192.0.2.7");
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    let visit = Visit {
        realm: &scene.test.realm,
        doorway: &ssh,
    };
    let failed = sign_in.answer(&visit, scene.code(), &mut |_, _| {
        Err(StoreError::Unavailable("injected".into()))
    });
    assert!(failed.is_err());
    // Nothing of it happened: the code is not spent.
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    let _ = granted(scene.answer(&ssh, &mut sign_in, scene.code()));
}

#[test]
fn grace_lets_in_with_a_nag_and_ends() {
    let test = TestRealm::new().unwrap();
    test.policy(&STRICT.replace("0s", "14d")).unwrap();
    test.account("new", PASSWORD).unwrap();
    let ssh = shell("192.0.2.7");
    let (_, step) = start(&test.realm, &ssh, at_shell("new"));
    assert_eq!(
        granted(step).basis,
        Basis::Grace {
            until: BEGINNING + 14 * 86_400
        }
    );
    test.clock.advance(14 * 86_400);
    let (_, step) = start(&test.realm, &ssh, at_shell("new"));
    assert_eq!(refused(step), RefusalCode::EnrollmentRequired);
}

#[test]
fn a_policy_of_none_is_an_exemption_and_deny_is_a_refusal() {
    let scene = scene();
    let rule = "[[rule]]\nname = \"no-ssh\"\nwhen = { services = [\"pam:sshd\"] }\nrequire = { deny = true }\n\
        [[exception]]\nname = \"cron\"\nwhen = { services = [\"pam:cron\"], users = [\"ann\"] }\n\
        allow = { level = \"none\" }\nreason = \"r\"\napproved-by = \"b\"\nautomation = true\n";
    scene.test.policy(&format!("{STRICT}{rule}")).unwrap();
    let (_, step) = scene.start(&shell("192.0.2.7"), at_shell("ann"));
    assert_eq!(refused(step), RefusalCode::DeniedByRule);
    let cron = Doorway {
        service: "pam:cron".into(),
        ..shell("192.0.2.7")
    };
    let (_, step) = scene.start(&cron, at_shell("ann"));
    let grant = granted(step);
    assert_eq!((grant.basis, grant.evidence.len()), (Basis::Exempt, 0));
    // Never for an account that an administrator closed.
    scene
        .test
        .realm
        .store
        .write(|tx| rows::set_state(tx, scene.ann, AccountState::Disabled))
        .unwrap();
    let (_, step) = scene.start(&cron, at_shell("ann"));
    assert_eq!(refused(step), RefusalCode::AccountClosed);
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
fn a_clock_that_cannot_be_right_lets_nobody_in() {
    let scene = scene();
    scene.test.clock.set(0);
    let (_, step) = scene.start(&shell("192.0.2.7"), at_shell("ann"));
    assert_eq!(refused(step), RefusalCode::ClockUnsynchronised);
}

#[test]
fn fake_answers_are_neither_counted_nor_right() {
    let scene = scene();
    let ssh = shell("192.0.2.7");
    for _ in 0..20 {
        let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
        // Asked as often as anybody who is wrong.
        for _ in 0..2 {
            let again = scene.answer(&ssh, &mut sign_in, Answer::Fake);
            assert!(
                matches!(
                    again,
                    Step::Ask(Prompt::Code {
                        notice: Some(Notice::CodeWrong),
                        ..
                    })
                ),
                "{again:?}"
            );
        }
        assert_eq!(
            refused(scene.answer(&ssh, &mut sign_in, Answer::Fake)),
            RefusalCode::FakeAnswer
        );
    }
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    let _ = granted(scene.answer(&ssh, &mut sign_in, scene.code()));
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
    let authority = Authority {
        actor: Actor::Account("bob".into()),
        door: Door::Web,
    };
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
    let own = Authority {
        actor: Actor::Account("ann".into()),
        door: Door::Web,
    };
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
            first_at: grant.first_at.unwrap(),
            evidence: grant.evidence.clone(),
        };
        let visit = Visit {
            realm: &scene.test.realm,
            doorway: &devices,
        };
        step_up::start(&visit, "ann", PasswordSource::Store, session, &mut |_, _| Ok(())).unwrap()
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
fn a_user_of_the_host_gets_an_account_when_grace_or_binding_needs_one() {
    let test = TestRealm::new().unwrap();
    test.policy(&STRICT.replace("0s", "14d")).unwrap();
    let ssh = shell("192.0.2.7");
    let find = |name: &str| {
        let login = name.parse().unwrap();
        test.realm.store.read(|tx| rows::find(tx, &login)).unwrap()
    };
    assert!(find("daemon").is_none());
    let (_, step) = start(&test.realm, &ssh, at_shell("daemon"));
    assert_eq!(
        granted(step).basis,
        Basis::Grace {
            until: BEGINNING + 14 * 86_400
        }
    );
    assert!(find("daemon").is_some());
    // The web never makes an account out of a name alone.
    let (_, step) = start(&test.realm, &web(), on_web("bin"));
    assert_eq!(notice(step), None);
    assert!(find("bin").is_none());
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

#[test]
fn a_policy_without_skew_takes_the_present_code_only() {
    let scene = scene();
    let ssh = shell("192.0.2.7");
    let before = scene.phone.code_at(scene.test.clock.now());
    scene.test.clock.advance(30);
    scene
        .test
        .policy(&format!("{STRICT}[settings]\ntotp = {{ skew = 0 }}\n"))
        .unwrap();
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    assert_eq!(
        notice(scene.answer(&ssh, &mut sign_in, Answer::Code(before.clone()))),
        Some(Notice::CodeWrong)
    );
    scene.test.policy(STRICT).unwrap();
    let _ = granted(scene.answer(&ssh, &mut sign_in, Answer::Code(before)));
}
