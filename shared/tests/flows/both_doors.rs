//! Sign-in as such: codes, locks, names, grace, exemptions, broken clocks.

use super::scene::*;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::clock::{Clock, UnixTime};
use samekey_shared::flows::{Answer, Basis, Doorway, Notice, Prompt, RefusalCode, Step, Visit};
use samekey_shared::methods::{Level, Method};
use samekey_shared::source::{Door, Source};
use samekey_shared::store::StoreError;
use samekey_shared::testing::{BEGINNING, TestRealm};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

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
    let last = scene.app().last_used.unwrap();
    assert_eq!((last.at, last.door), (scene.test.clock.now(), Door::Web));
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
fn a_rule_about_a_group_of_the_host_meets_its_members_at_both_doors() {
    let test = TestRealm::new().unwrap();
    let rule = |group: &str| {
        let rule =
            format!("[[rule]]\nname = \"g\"\nwhen = {{ groups = [\"{group}\"] }}\nrequire = {{ deny = true }}\n");
        test.policy(&format!("{}{rule}", STRICT.replace("store", "nss")))
            .unwrap();
    };
    // A system user, so that the host knows a group of theirs, who also has an account here.
    test.account("daemon", PASSWORD).unwrap();
    for (group, met) in [("daemon", true), ("no-such-group", false)] {
        rule(group);
        let (_, step) = start(&test.realm, &shell("192.0.2.7"), at_shell("daemon"));
        assert_eq!(refused(step) == RefusalCode::DeniedByRule, met, "{group}");
        let (mut sign_in, _) = start(&test.realm, &web(), on_web("daemon"));
        let (realm, doorway) = (&test.realm, &web());
        let visit = Visit { realm, doorway };
        let answer = Answer::Password(PASSWORD.into());
        let step = sign_in.answer(&visit, answer, &mut |_, _| Ok(())).unwrap();
        assert_eq!(refused(step) == RefusalCode::DeniedByRule, met, "{group}");
    }
}

/// A clock on which a second passes between any two looks.
#[derive(Debug)]
struct Ticking(AtomicI64);

impl Clock for Ticking {
    fn now(&self) -> UnixTime {
        self.0.fetch_add(1, Ordering::SeqCst)
    }
}

#[test]
fn a_second_that_passes_during_the_check_costs_nobody_their_code() {
    let mut scene = scene();
    let (ssh, code) = (shell("192.0.2.7"), scene.code());
    let ticking = Arc::new(Ticking(AtomicI64::new(scene.test.clock.now())));
    Arc::get_mut(&mut scene.test.realm).unwrap().clock = ticking;
    let (mut sign_in, _) = scene.start(&ssh, at_shell("ann"));
    let _ = granted(scene.answer(&ssh, &mut sign_in, code));
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
