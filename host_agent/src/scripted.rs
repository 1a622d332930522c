//! Whole conversations, held in tests with a scripted module at the other end of the line, a real store and a clock
//! moved by hand.

use crate::house::House;
use crate::peer::Peer;
use samekey_shared::audit;
use samekey_shared::ids::AccountId;
use samekey_shared::testing::{Phone, TestRealm};
use samekey_wire::{Answer, Call, FromAgent, FromModule, Outage, Reader, Reason, Start, Verdict};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

pub const ROOT: Peer = Peer { uid: 0, pid: None };
const CONNECTION: &str = "192.0.2.7 4711 192.0.2.1 22";

/// A house with a person in it, whose app's present code is not spent.
pub struct Scene {
    pub test: TestRealm,
    pub house: House,
    pub phone: Phone,
    pub papers: Vec<String>,
    pub account: AccountId,
}

/// How a conversation went.
#[derive(Debug, PartialEq, Eq)]
pub struct Went {
    /// Prompts and texts, in order.
    pub shown: Vec<String>,
    /// The end; nothing if the agent hung up without one.
    pub verdict: Option<Verdict>,
}

impl Scene {
    pub fn new() -> Self {
        let test = TestRealm::new().unwrap();
        let account = test.account("demo", "").unwrap();
        let (phone, papers) = test.bind_phone(account).unwrap();
        test.clock.advance(60);
        let papers = papers
            .unwrap()
            .shown()
            .iter()
            .map(|code| code.expose().clone())
            .collect();
        let house = House::new(Arc::clone(&test.realm), "web1".into());
        Self {
            test,
            house,
            phone,
            papers,
            account,
        }
    }

    pub fn code(&self) -> String {
        self.phone.code_at(self.test.realm.clock.now()).expose().clone()
    }

    /// The code of the step after this one, which is accepted as well.
    fn next_code(&self) -> String {
        self.phone.code_at(self.test.realm.clock.now() + 30).expose().clone()
    }

    pub fn play(&self, peer: Peer, start: Start, answers: &[&str]) -> Went {
        let answers = answers.iter().map(|text| Answer::Text((*text).to_owned())).collect();
        self.play_answers(peer, start, answers)
    }

    /// Holds a conversation; hangs up at the first prompt for which there is no answer.
    pub fn play_answers(&self, peer: Peer, start: Start, answers: Vec<Answer>) -> Went {
        let (agents, modules) = UnixStream::pair().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.house.serve(&agents, peer);
                agents.shutdown(std::net::Shutdown::Both).unwrap();
            });
            let went = modules_side(&modules, start, answers);
            drop(modules);
            went
        })
    }

    pub fn trail(&self) -> Vec<String> {
        let records = self.test.realm.store.read(|tx| audit::tail(tx, 50)).unwrap();
        records.into_iter().map(|record| record.kind).collect()
    }
}

fn modules_side(mut stream: &UnixStream, start: Start, answers: Vec<Answer>) -> Went {
    let mut reader = Reader::new(stream);
    let mut answers = answers.into_iter();
    samekey_wire::write(&mut stream, &FromModule::Start(Box::new(start))).unwrap();
    let mut shown = Vec::new();
    loop {
        match reader.receive(|_| Ok(())) {
            Ok(FromAgent::Prompt { text, .. }) => {
                shown.push(text);
                match answers.next() {
                    Some(answer) => samekey_wire::write(&mut stream, &FromModule::Answer(answer)).unwrap(),
                    None => return Went { shown, verdict: None },
                }
            }
            Ok(FromAgent::Info { text } | FromAgent::Error { text }) => shown.push(text),
            Ok(FromAgent::Verdict(verdict)) => {
                return Went {
                    shown,
                    verdict: Some(verdict),
                };
            }
            Err(_) => return Went { shown, verdict: None },
        }
    }
}

pub fn start(user: &str) -> Start {
    Start {
        call: Call::Authenticate,
        service: "sshd".into(),
        user: user.into(),
        tty: Some("ssh".into()),
        rhost: Some("192.0.2.7".into()),
        ruser: None,
        uid: 0,
        silent: false,
        ssh_connection: Some(CONNECTION.into()),
        auth_info: None,
        had_password: true,
        locale: None,
    }
}

#[expect(clippy::unnecessary_wraps, reason = "compared with how a conversation went")]
fn refused(reason: Reason) -> Option<Verdict> {
    Some(Verdict::Refused { reason })
}

/// The account phase of the same connection.
pub fn account(user: &str, auth_info: &str) -> Start {
    Start {
        call: Call::Account,
        auth_info: Some(auth_info.into()),
        had_password: false,
        ..start(user)
    }
}

#[test]
fn a_right_code_opens_and_the_trail_tells_it() {
    let scene = Scene::new();
    let went = scene.play(ROOT, start("demo"), &[&scene.code()]);
    assert_eq!(went.verdict, Some(Verdict::Granted));
    assert_eq!(
        went.shown,
        ["\nVerification code (authenticator app), or ? for other methods: "]
    );
    assert!(
        scene.trail().contains(&"sign-in-granted".to_owned()),
        "{:?}",
        scene.trail()
    );
}

#[test]
fn a_used_code_is_named_as_such_and_a_fresh_one_opens() {
    let scene = Scene::new();
    let code = scene.code();
    assert_eq!(
        scene.play(ROOT, start("demo"), &[&code]).verdict,
        Some(Verdict::Granted)
    );
    let went = scene.play(ROOT, start("demo"), &[&code, &scene.next_code()]);
    assert!(
        went.shown[1].contains("used already. Wait for the next one."),
        "{:?}",
        went.shown
    );
    assert_eq!(went.verdict, Some(Verdict::Granted));
}

#[test]
fn three_wrong_codes_are_the_end() {
    let scene = Scene::new();
    let went = scene.play(ROOT, start("demo"), &["000000", "abc", "0"]);
    assert!(went.shown[1].contains("clock is set automatically"), "{:?}", went.shown);
    assert_eq!(went.verdict, refused(Reason::CodeWrong));
    assert_eq!(went.shown.len(), 4, "three prompts and the reason");
}

#[test]
fn a_question_mark_lists_what_is_bound_and_costs_no_try() {
    let scene = Scene::new();
    let paper = scene.papers[0].clone();
    let went = scene.play(ROOT, start("demo"), &["?", "7", "", "?", "1", &paper]);
    assert_eq!(went.verdict, Some(Verdict::Granted), "{:?}", went.shown);
    assert!(
        went.shown[1].contains("1  recovery code") && !went.shown[1].contains("e-mail"),
        "{:?}",
        went.shown
    );
    assert!(went.shown[2].contains("not on the list"), "{:?}", went.shown);
    assert!(went.shown[3].contains("Nothing was typed"), "{:?}", went.shown);
    assert!(went.shown[5].contains("Recovery code"), "{:?}", went.shown);
    let went = scene.play(ROOT, start("demo"), &["?", "1", &paper, &paper, &paper]);
    assert_ne!(went.verdict, Some(Verdict::Granted), "a recovery code works once");
}

#[test]
fn detours_have_an_end() {
    let scene = Scene::new();
    let went = scene.play(ROOT, start("demo"), &[""; 50]);
    assert_eq!(went.verdict, refused(Reason::Cancelled));
}

#[test]
fn whoever_does_not_exist_sees_the_same_and_never_enters() {
    let scene = Scene::new();
    let known = scene.play(ROOT, start("demo"), &["000000", "000000", "000000"]);
    for nobody in ["no-such-user-here", "Demo", "demo@elsewhere.example", "a b", "a\nb"] {
        let unknown = scene.play(ROOT, start(nobody), &["000000", "000000", "000000"]);
        assert_eq!(unknown, known, "{nobody:?}");
    }
}

#[test]
fn a_hang_up_is_written_down() {
    let scene = Scene::new();
    let went = scene.play(ROOT, start("demo"), &[]);
    assert_eq!(went.verdict, None);
    assert!(
        scene.trail().contains(&"sign-in-refused".to_owned()),
        "{:?}",
        scene.trail()
    );
}

#[test]
fn sshds_stand_in_ends_it_without_counting() {
    let scene = Scene::new();
    for _ in 0..20 {
        let went = scene.play_answers(ROOT, start("demo"), vec![Answer::Fake; 3]);
        assert_eq!(went.verdict, refused(Reason::FakeAnswer));
    }
    assert_eq!(
        scene.play(ROOT, start("demo"), &[&scene.code()]).verdict,
        Some(Verdict::Granted)
    );
}

#[test]
fn strangers_lock_themselves_out() {
    let scene = Scene::new();
    let mut verdicts = Vec::new();
    for _ in 0..3 {
        verdicts.push(scene.play(ROOT, start("demo"), &["000000", "000000", "000000"]).verdict);
    }
    assert!(verdicts.contains(&Some(Verdict::TooMany)), "{verdicts:?}");
    let console = Start {
        rhost: None,
        tty: Some("tty1".into()),
        ssh_connection: None,
        service: "login".into(),
        ..start("demo")
    };
    assert_eq!(
        scene.play(ROOT, console, &[&scene.code()]).verdict,
        Some(Verdict::Granted),
        "not the console (S10)"
    );
}

#[test]
fn another_uid_may_not_ask_about_somebody_else() {
    let scene = Scene::new();
    let stranger = Peer { uid: 54_321, pid: None };
    for call in [Call::Authenticate, Call::Account] {
        let went = scene.play(stranger, Start { call, ..start("demo") }, &[&scene.code()]);
        assert_eq!(
            went,
            Went {
                shown: Vec::new(),
                verdict: refused(Reason::PeerRefused)
            }
        );
    }
    let told = scene.trail().iter().filter(|kind| *kind == "peer-refused").count();
    assert_eq!(told, 1, "one line a minute");
}

#[test]
fn the_account_phase_knows_who_passed_on_this_connection() {
    let scene = Scene::new();
    let passed = "publickey ssh-ed25519 AAAA\nkeyboard-interactive/pam\n";
    assert_eq!(
        scene.play(ROOT, account("demo", passed), &[]).verdict,
        refused(Reason::SecondFactorMissing)
    );
    assert_eq!(
        scene.play(ROOT, start("demo"), &[&scene.code()]).verdict,
        Some(Verdict::Granted)
    );
    assert_eq!(
        scene.play(ROOT, account("demo", passed), &[]).verdict,
        Some(Verdict::Granted)
    );
    // A key alone on the same connection, another connection, and later: not.
    let key_alone = account("demo", "publickey ssh-ed25519 AAAA\n");
    assert_eq!(
        scene.play(ROOT, key_alone, &[]).verdict,
        refused(Reason::SecondFactorMissing)
    );
    let elsewhere = Start {
        ssh_connection: Some("192.0.2.7 4712 192.0.2.1 22".into()),
        ..account("demo", passed)
    };
    assert_eq!(
        scene.play(ROOT, elsewhere, &[]).verdict,
        refused(Reason::SecondFactorMissing)
    );
    scene.test.clock.advance(1000);
    assert_eq!(
        scene.play(ROOT, account("demo", passed), &[]).verdict,
        refused(Reason::SecondFactorMissing)
    );
}

#[test]
fn sudo_may_go_on_while_its_time_stamp_lasts() {
    let scene = Scene::new();
    let sudo = |call| Start {
        call,
        service: "sudo".into(),
        tty: Some("/dev/pts/3".into()),
        rhost: None,
        ruser: Some("demo".into()),
        ssh_connection: None,
        ..start("demo")
    };
    let missing = refused(Reason::SecondFactorMissing);
    assert_eq!(scene.play(ROOT, sudo(Call::Account), &[]).verdict, missing);
    assert_eq!(
        scene.play(ROOT, sudo(Call::Authenticate), &[&scene.code()]).verdict,
        Some(Verdict::Granted)
    );
    assert_eq!(
        scene.play(ROOT, sudo(Call::Account), &[]).verdict,
        Some(Verdict::Granted)
    );
    let elsewhere = Start {
        tty: Some("/dev/pts/4".into()),
        ..sudo(Call::Account)
    };
    assert_eq!(scene.play(ROOT, elsewhere, &[]).verdict, missing);
    let su = Start {
        service: "su".into(),
        ..sudo(Call::Account)
    };
    assert_eq!(scene.play(ROOT, su, &[]).verdict, missing, "su has no time stamps");
    scene.test.clock.advance(15 * 60 + 1);
    assert_eq!(scene.play(ROOT, sudo(Call::Account), &[]).verdict, missing);
}

#[test]
fn root_is_told_when_a_login_was_proven_on_which_connection_and_nobody_else_is() {
    let scene = Scene::new();
    let asks = |user: &str| Start {
        call: Call::Proof,
        ..start(user)
    };
    let missing = refused(Reason::SecondFactorMissing);
    assert_eq!(
        scene.play(ROOT, asks("demo"), &[]).verdict,
        missing,
        "nobody has logged in"
    );
    let at = scene.test.realm.clock.now();
    scene.play(ROOT, start("demo"), &[&scene.code()]);
    scene.test.clock.advance(300);
    let told = scene.play(ROOT, asks("demo"), &[]);
    assert_eq!(
        (told.verdict, told.shown),
        (Some(Verdict::Granted), vec![at.to_string()])
    );
    let others = [
        Start {
            service: "sudo".into(),
            ..asks("demo")
        },
        Start {
            user: "root".into(),
            ..asks("demo")
        },
        Start {
            ssh_connection: Some("192.0.2.7 4712 192.0.2.1 22".into()),
            ..asks("demo")
        },
        Start {
            ssh_connection: None,
            ..asks("demo")
        },
    ];
    for other in others {
        assert_eq!(scene.play(ROOT, other, &[]).verdict, missing);
    }
    let before = scene.trail();
    scene.test.clock.advance(3601);
    assert_eq!(scene.play(ROOT, asks("demo"), &[]).verdict, missing, "an hour is over");
    assert_eq!(scene.trail(), before, "a question leaves no trace");
}

#[test]
fn the_tripwire_says_why_and_writes_it_down() {
    let scene = Scene::new();
    let went = scene.play(ROOT, account("demo", "publickey ssh-ed25519 AAAA\n"), &[]);
    assert!(
        went.shown[0].starts_with("A second factor is required; your login did not pass it."),
        "{:?}",
        went.shown
    );
    assert!(
        scene.trail().contains(&"tripwire-refused".to_owned()),
        "{:?}",
        scene.trail()
    );
}

#[test]
fn what_the_policy_exempts_is_exempt_in_both_phases() {
    let scene = Scene::new();
    scene
        .test
        .policy(
            "version = 1\n[[exception]]\nname = \"robot\"\nwhen = { users = [\"demo\"], services = [\"pam:sshd\"], first-factor = [\"publickey\"] }\n\
             allow = { level = \"none\" }\nreason = \"nightly\"\napproved-by = \"ops\"\nautomation = true\n",
        )
        .unwrap();
    let key = crate::scripted_ssh::PLAIN;
    assert_eq!(
        scene.play(ROOT, account("demo", key), &[]).verdict,
        Some(Verdict::Exempt)
    );
    let asked = Start {
        auth_info: Some(key.into()),
        had_password: false,
        ..start("demo")
    };
    assert_eq!(scene.play(ROOT, asked, &[]).verdict, Some(Verdict::Exempt));
    assert_eq!(
        scene.play(ROOT, start("demo"), &[&scene.code()]).verdict,
        Some(Verdict::Granted)
    );
}

#[test]
fn a_clock_that_cannot_be_right_decides_nothing() {
    let scene = Scene::new();
    scene.test.clock.set(1_000);
    let went = scene.play(ROOT, start("demo"), &[&scene.code()]);
    assert_eq!(
        went.verdict,
        Some(Verdict::Unavailable {
            outage: Outage::ClockUnsynchronised
        })
    );
}

#[test]
fn a_service_that_cannot_exist_is_a_bad_request() {
    let scene = Scene::new();
    let went = scene.play(
        ROOT,
        Start {
            service: "../sshd".into(),
            ..start("demo")
        },
        &[&scene.code()],
    );
    assert_eq!(
        went.verdict,
        Some(Verdict::Unavailable {
            outage: Outage::BadRequest
        })
    );
}

#[test]
fn a_console_in_chinese_is_spoken_to_in_chinese_and_every_other_in_english() {
    let scene = Scene::new();
    let said_in = |locale: Option<&str>| {
        let there = Start {
            locale: locale.map(str::to_owned),
            ..start("demo")
        };
        scene.play(ROOT, there, &["000000", &scene.code()]).shown.concat()
    };
    let chinese = said_in(Some("zh_CN.UTF-8"));
    assert!(
        chinese.contains("验证码（身份验证器应用）") && chinese.contains("验证码不正确"),
        "{chinese}"
    );
    for other in [None, Some("zh_CN.GB2312"), Some("de_DE.UTF-8")] {
        scene.test.clock.advance(30);
        let english = said_in(other);
        assert!(english.is_ascii() && english.contains("Verification code"), "{english}");
    }
}
