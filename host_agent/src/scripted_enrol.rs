//! Whole conversations in which a device is bound, with a module that reads what it is shown.

use crate::house::House;
use crate::peer::Peer;
use crate::scripted::{Went, start};
use samekey_shared::audit::{self, Actor};
use samekey_shared::devices::{self, DeviceKind};
use samekey_shared::flows::bind::Authority;
use samekey_shared::ids::AccountId;
use samekey_shared::source::Door;
use samekey_shared::testing::{Phone, TestRealm};
use samekey_shared::tickets::{self, NewTicket};
use samekey_wire::{Answer, FromAgent, FromModule, Reader, Reason, Start, Verdict};
use std::os::unix::net::UnixStream;
use std::sync::Arc;

const ROOT: Peer = Peer { uid: 0, pid: None };
const SAFE: &str = "auth requisite pam_unix.so\nauth [success=ok ignore=ignore default=die] pam_samekey.so\n";
const UNSAFE: &str = "auth required pam_unix.so\nauth [success=ok ignore=ignore default=die] pam_samekey.so\n";
const POLICY: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"totp\", \"recovery-code\"]\n[settings]\n";
const TERMINAL: &str = "enroll-in-terminal = true\n";

struct Newcomer {
    test: TestRealm,
    house: House,
    account: AccountId,
    _stacks: tempfile::TempDir,
}

impl Newcomer {
    fn new(stack: &str, settings: &str) -> Self {
        let test = TestRealm::new().unwrap();
        test.policy(&format!("{POLICY}{settings}")).unwrap();
        let account = test.account("demo", "").unwrap();
        let stacks = tempfile::tempdir().unwrap();
        std::fs::write(stacks.path().join("sshd"), stack).unwrap();
        let house = House::new(Arc::clone(&test.realm), "web1".into()).with_stacks(stacks.path().to_owned());
        Self {
            test,
            house,
            account,
            _stacks: stacks,
        }
    }

    /// Holds a conversation; hangs up where there is no answer to a prompt.
    fn talk(&self, start: Start, mut answer: impl FnMut(&str) -> Option<String> + Send) -> Went {
        let (agents, modules) = UnixStream::pair().unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                self.house.serve(&agents, ROOT);
                agents.shutdown(std::net::Shutdown::Both).unwrap();
            });
            let went = talked(&modules, start, &mut answer);
            drop(modules);
            went
        })
    }

    /// What the app shows that took the key of this prompt.
    fn code(&self, prompt: &str) -> String {
        let key = prompt.split("Key  ").nth(1).unwrap().lines().next().unwrap();
        let phone = Phone::with_key(key).unwrap();
        phone.code_at(self.test.realm.clock.now()).expose().clone()
    }

    fn bound(&self) -> Vec<DeviceKind> {
        let bound = self.test.realm.store.read(|tx| devices::rows::bound(tx, self.account));
        let mut kinds: Vec<DeviceKind> = bound.unwrap().devices.iter().map(|one| one.kind).collect();
        kinds.sort();
        kinds
    }

    fn kinds(&self) -> Vec<String> {
        let records = self.test.realm.store.read(|tx| audit::tail(tx, 50)).unwrap();
        records.into_iter().map(|record| record.kind).collect()
    }
}

fn talked(mut stream: &UnixStream, start: Start, answer: &mut dyn FnMut(&str) -> Option<String>) -> Went {
    let mut reader = Reader::new(stream);
    samekey_wire::write(&mut stream, &FromModule::Start(Box::new(start))).unwrap();
    let mut shown = Vec::new();
    let verdict = loop {
        match reader.receive(|_| Ok(())) {
            Ok(FromAgent::Prompt { text, .. }) => {
                let typed = answer(&text);
                shown.push(text);
                match typed {
                    Some(typed) => {
                        samekey_wire::write(&mut stream, &FromModule::Answer(Answer::Text(typed))).unwrap();
                    }
                    None => break None,
                }
            }
            Ok(FromAgent::Info { text } | FromAgent::Error { text }) => shown.push(text),
            Ok(FromAgent::Verdict(verdict)) => break Some(verdict),
            Err(_) => break None,
        }
    };
    Went { shown, verdict }
}

fn refused(reason: Reason) -> Verdict {
    Verdict::Refused { reason }
}

/// Types the code where one is asked, Enter elsewhere.
fn willing(new: &Newcomer) -> impl FnMut(&str) -> Option<String> + Send + '_ {
    |prompt| {
        Some(if prompt.contains("Key  ") {
            new.code(prompt)
        } else {
            String::new()
        })
    }
}

#[test]
fn an_app_is_bound_in_the_conversation_and_the_login_goes_on() {
    let new = Newcomer::new(SAFE, TERMINAL);
    let went = new.talk(start("demo"), willing(&new));
    assert_eq!(went.verdict, Some(Verdict::Granted), "{:?}", went.shown);
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
    assert!(went.shown[0].contains("demo") && went.shown[0].is_ascii() && went.shown[0].starts_with('\n'));
    assert!(went.shown[1].contains("each works once"), "{:?}", went.shown);
    let kinds = new.kinds();
    for kind in ["device-bound", "recovery-codes-made", "sign-in-granted"] {
        assert!(kinds.contains(&kind.to_owned()), "{kind} in {kinds:?}");
    }
}

#[test]
fn q_shows_the_qr_code_and_a_wrong_code_is_told() {
    let new = Newcomer::new(SAFE, TERMINAL);
    let mut key = String::new();
    let went = new.talk(start("demo"), |prompt| {
        if key.is_empty() {
            key = prompt.to_owned();
            return Some("q".into());
        }
        Some(match () {
            () if prompt.contains('█') => "000000".into(),
            () if prompt.contains("Key  ") => new.code(prompt),
            () => String::new(),
        })
    });
    assert!(went.shown[1].contains('█') && went.shown[2].contains("clock is set automatically"));
    assert_eq!(went.verdict, Some(Verdict::Granted), "{:?}", went.shown);
    assert_eq!(new.code(&key).len(), 6);
}

#[test]
fn leaving_and_hanging_up_bind_nothing() {
    for answer in [Some(String::new()), None] {
        let new = Newcomer::new(SAFE, TERMINAL);
        let went = new.talk(start("demo"), |_| answer.clone());
        assert_ne!(went.verdict, Some(Verdict::Granted));
        assert_eq!(new.bound(), []);
    }
    // Hung up before the codes were kept: device and codes are whole, and nobody was let in.
    let new = Newcomer::new(SAFE, TERMINAL);
    let went = new.talk(start("demo"), |prompt| {
        prompt.contains("Key  ").then(|| new.code(prompt))
    });
    assert_eq!(went.verdict, None);
    assert_eq!(new.bound(), [DeviceKind::Totp, DeviceKind::RecoveryCodes]);
    assert!(!new.kinds().contains(&"sign-in-granted".to_owned()));
}

#[test]
fn after_a_password_that_may_have_been_wrong_nothing_is_bound() {
    let new = Newcomer::new(UNSAFE, TERMINAL);
    let went = new.talk(start("demo"), willing(&new));
    assert_eq!(
        (went.verdict, new.bound()),
        (Some(refused(Reason::EnrollmentRequired)), vec![])
    );
    // sshd's word on a key is enough, whatever the stack.
    let keyed = Start {
        auth_info: Some(crate::scripted_ssh::PLAIN.into()),
        had_password: false,
        ..start("demo")
    };
    assert_eq!(new.talk(keyed, willing(&new)).verdict, Some(Verdict::Granted));
    // Without any first factor there is nothing to go on.
    let new = Newcomer::new(SAFE, TERMINAL);
    let nothing = Start {
        had_password: false,
        ..start("demo")
    };
    let went = new.talk(nothing, willing(&new));
    assert_eq!(
        (went.verdict, new.bound()),
        (Some(refused(Reason::EnrollmentRequired)), vec![])
    );
}

#[test]
fn where_terminals_may_not_bind_the_way_to_the_page_is_shown() {
    let new = Newcomer::new(SAFE, "");
    let went = new.talk(start("demo"), |_| Some(String::new()));
    assert_eq!(went.verdict, Some(refused(Reason::EnrollmentRequired)));
    assert!(
        went.shown[0].contains("https://id.example.org/bind"),
        "{:?}",
        went.shown
    );
    assert!(went.shown[0].is_ascii() && went.shown[0].len() < 512);
    assert!(new.kinds().contains(&"ticket-issued".to_owned()));
    assert_eq!(new.bound(), []);
}

#[test]
fn an_administrators_ticket_is_typed_where_one_is_asked() {
    let new = Newcomer::new(SAFE, &format!("{TERMINAL}first-bind = \"ticket\"\n"));
    let realm = &new.test.realm;
    let keyring = realm.keyring().unwrap();
    let by = Authority::new(Actor::Operator { uid: 0 }, Door::Command).actor;
    let ticket = NewTicket {
        account: new.account,
        by: &by,
        lives: tickets::LIVES,
    };
    let issued = realm
        .store
        .write(|tx| tickets::issue(tx, realm.entropy.as_ref(), &keyring, &ticket, realm.clock.now()));
    let code = issued.unwrap().code.to_string();
    let mut tries = 0;
    let went = new.talk(start("demo"), |prompt| {
        Some(if prompt.contains("enrolment code") {
            tries += 1;
            if tries == 1 {
                "BCDF-GHJK-LMNP".into()
            } else {
                code.to_lowercase()
            }
        } else if prompt.contains("Key  ") {
            new.code(prompt)
        } else {
            String::new()
        })
    });
    assert!(went.shown[1].contains("not a valid enrolment code"), "{:?}", went.shown);
    assert_eq!(went.verdict, Some(Verdict::Granted), "{:?}", went.shown);
    assert!(new.kinds().contains(&"ticket-used".to_owned()));
}
