//! The real module under the real libpam, with an agent that follows a script.

use crate::support::built;
use crate::support::fake_agent::{Act, FakeAgent};
use crate::support::pam_host::{
    AUTH_ERR, AUTHINFO_UNAVAIL, Item, Login, MAXTRIES, PERM_DENIED, PamHost, Phase, Reply, SUCCESS,
};
use samekey_wire::{Answer, Call, Echo, FromAgent, FromModule, Reason, Start, Verdict};
use tempfile::TempDir;

/// `PAM_SERVICE_ERR`.
const SERVICE_ERR: i32 = 3;

/// A folder with services and a place for the agent's socket.
struct Place {
    folder: TempDir,
    host: PamHost,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = PamHost::new(&folder.path().join("pam.d"));
        let place = Self { folder, host };
        place.stack("sshd", "required", "");
        place
    }

    /// Writes a service of our module alone.
    fn stack(&self, service: &str, control: &str, after: &str) {
        let line = format!(
            "{} socket={} timeout=2",
            built::module().display(),
            self.socket().display()
        );
        self.host.service(
            service,
            &format!("auth {control} {line}\n{after}\naccount {control} {line}\n"),
        );
    }

    fn socket(&self) -> std::path::PathBuf {
        self.folder.path().join("agent.sock")
    }

    fn agent(&self, script: Vec<Act>) -> FakeAgent {
        FakeAgent::start(&self.socket(), script)
    }

    fn login(&self, replies: Vec<Reply>) -> Login {
        self.host.login("sshd", "demo", replies)
    }
}

fn prompt(text: &str) -> Act {
    Act::Say(FromAgent::Prompt {
        text: text.into(),
        echo: Echo::On,
    })
}

fn verdict(verdict: Verdict) -> Act {
    Act::Say(FromAgent::Verdict(verdict))
}

/// Asks once, then says this.
fn asks_then(last: Verdict) -> Vec<Act> {
    vec![Act::Hear, prompt("\ncode: "), Act::Hear, verdict(last)]
}

fn refused(reason: Reason) -> Verdict {
    Verdict::Refused { reason }
}

fn started(agent: &FakeAgent) -> Start {
    match agent.heard().into_iter().next() {
        Some(FromModule::Start(start)) => *start,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_grant_succeeds_and_marks_the_handle_for_the_account_phase() {
    let place = Place::new();
    let agent = place.agent(asks_then(Verdict::Granted));
    let mut login = place.login(vec![Reply::text("123456")]);
    assert_eq!(login.authenticate(), SUCCESS);
    assert_eq!(login.shown()[0].style, 2, "codes are asked with echo on");
    assert!(login.shown()[0].text.starts_with('\n'));
    drop(agent);
    // No agent any more: the mark alone answers.
    assert_eq!(login.account(), SUCCESS);
    assert_eq!(login.run(Phase::Credentials), SUCCESS);
    assert!(login.variables().is_empty(), "nothing may reach the person's shell");
    login.item(Item::User, b"root");
    assert_eq!(login.account(), AUTHINFO_UNAVAIL, "a mark speaks for its own user only");
}

#[test]
fn a_failure_wipes_the_mark_of_an_earlier_success() {
    let place = Place::new();
    let agent = place.agent(asks_then(Verdict::Granted));
    let mut login = place.login(vec![Reply::text("123456")]);
    assert_eq!(login.authenticate(), SUCCESS);
    drop(agent);
    assert_eq!(login.authenticate(), AUTHINFO_UNAVAIL);
    assert_eq!(login.account(), AUTHINFO_UNAVAIL);
}

#[test]
fn every_verdict_has_its_code() {
    let place = Place::new();
    for (last, code) in [
        (refused(Reason::CodeWrong), AUTH_ERR),
        (refused(Reason::CodeReplayed), AUTH_ERR),
        (refused(Reason::Cancelled), AUTH_ERR),
        (refused(Reason::DeniedByRule), PERM_DENIED),
        (refused(Reason::EnrollmentRequired), PERM_DENIED),
        (refused(Reason::NoMethodReachesLevel), PERM_DENIED),
        (refused(Reason::PeerRefused), PERM_DENIED),
        (Verdict::TooMany, MAXTRIES),
        (
            Verdict::Unavailable {
                outage: samekey_wire::Outage::StoreUnavailable,
            },
            AUTHINFO_UNAVAIL,
        ),
    ] {
        let _agent = place.agent(asks_then(last));
        let mut login = place.login(vec![Reply::text("123456")]);
        assert_eq!(login.authenticate(), code, "{last:?}");
        assert!(
            login.delays().iter().any(|delay| *delay > 0),
            "a failure is slowed down"
        );
    }
}

#[test]
fn an_exempt_login_is_ignored_and_never_a_success() {
    let place = Place::new();
    let _agent = place.agent(vec![Act::Hear, verdict(Verdict::Exempt)]);
    let mut login = place.login(Vec::new());
    assert_eq!(
        login.authenticate(),
        PERM_DENIED,
        "ignored, and nobody else in the stack vouches"
    );
    place.stack("sshd", "required", "auth required pam_permit.so");
    let mut login = place.login(Vec::new());
    assert_eq!(login.authenticate(), SUCCESS, "ignored, and another module vouches");
    place.stack("sshd", "sufficient", "auth required pam_deny.so");
    let mut login = place.login(Vec::new());
    assert_ne!(login.authenticate(), SUCCESS, "exempt is not enough to log in (S13)");
}

#[test]
fn the_agent_is_told_what_pam_knows() {
    let place = Place::new();
    let agent = place.agent(vec![Act::Hear, verdict(Verdict::TooMany)]);
    let mut login = place.login(Vec::new());
    login
        .item(Item::RHost, b"192.0.2.7")
        .item(Item::Tty, b"ssh")
        .item(Item::RUser, b"");
    login.variable(b"SSH_CONNECTION=192.0.2.7 4711 192.0.2.1 22");
    login.variable(b"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n");
    login.run_with(Phase::Authenticate, 0x8000);
    let start = started(&agent);
    assert_eq!(start.call, Call::Authenticate);
    assert_eq!((start.service.as_str(), start.user.as_str()), ("sshd", "demo"));
    assert_eq!(start.rhost.as_deref(), Some("192.0.2.7"));
    assert_eq!((start.tty.as_deref(), start.ruser), (Some("ssh"), None));
    assert_eq!(start.ssh_connection.as_deref(), Some("192.0.2.7 4711 192.0.2.1 22"));
    assert_eq!(start.auth_info.as_deref(), Some("publickey ssh-ed25519 AAAA\n"));
    assert!(start.silent && !start.had_password);
}

#[test]
fn the_tripwire_asks_the_agent_and_its_text_is_shown() {
    let place = Place::new();
    let text = "A second factor is required";
    let agent = place.agent(vec![
        Act::Hear,
        Act::Say(FromAgent::Error { text: text.into() }),
        verdict(refused(Reason::SecondFactorMissing)),
    ]);
    let mut login = place.login(Vec::new());
    assert_eq!(login.account(), PERM_DENIED);
    assert_eq!(started(&agent).call, Call::Account);
    assert_eq!((login.shown()[0].style, login.shown()[0].text.as_str()), (3, text));
}

#[test]
fn silence_keeps_back_information_but_not_the_reason_of_a_refusal() {
    let place = Place::new();
    let say = |text: &str| FromAgent::Info { text: text.into() };
    let _agent = place.agent(vec![
        Act::Hear,
        Act::Say(say("by the way")),
        Act::Say(FromAgent::Error { text: "no".into() }),
        verdict(Verdict::TooMany),
    ]);
    let mut login = place.login(Vec::new());
    login.run_with(Phase::Authenticate, 0x8000);
    assert_eq!(login.transcript(), "no\n");
    let mut login = place.login(Vec::new());
    login.run(Phase::Authenticate);
    assert_eq!(login.transcript(), "by the way\nno\n");
}

#[test]
fn information_without_any_response_is_legal() {
    let place = Place::new();
    let mut script = asks_then(Verdict::Granted);
    script.insert(1, Act::Say(FromAgent::Info { text: "hello".into() }));
    let _agent = place.agent(script);
    let mut login = place.login(vec![Reply::text("123456")]);
    assert_eq!(login.sloppy().authenticate(), SUCCESS);
}

#[test]
fn a_control_character_of_the_agent_does_not_reach_the_terminal() {
    let place = Place::new();
    let _agent = place.agent(vec![
        Act::Hear,
        prompt("\n\u{1b}[31mcode\u{7}: "),
        Act::Hear,
        verdict(Verdict::TooMany),
    ]);
    let mut login = place.login(vec![Reply::text("1")]);
    login.authenticate();
    assert_eq!(login.shown()[0].text, "\n?[31mcode?: ");
}

#[test]
fn sshds_stand_in_is_forwarded_as_such_and_never_granted() {
    let place = Place::new();
    let agent = place.agent(asks_then(Verdict::Granted));
    let mut login = place.login(vec![Reply::Type(b"\x08\n\r\x7fINCORR".to_vec())]);
    assert_eq!(login.authenticate(), AUTHINFO_UNAVAIL);
    assert_eq!(agent.heard()[1], FromModule::Answer(Answer::Fake));
}

#[test]
fn whatever_the_conversation_does_a_refusal_follows() {
    let place = Place::new();
    // The agent would grant anything; without an answer it hears "cancel" and the module refuses by itself.
    let agent = place.agent(asks_then(Verdict::Granted));
    let mut replies = vec![
        Reply::Nothing,
        Reply::NoResponse,
        Reply::Type(vec![b'1'; 1 << 20]),
        Reply::Type(b"\xff\xfe\xfd".to_vec()),
        Reply::Type(b"\x08".to_vec()),
    ];
    // Every code there is, those of success (with no response) and "ignore" among them.
    replies.extend((1..40).map(Reply::Code));
    for reply in replies {
        for control in ["required", "[success=done ignore=ignore default=die]"] {
            place.stack("sshd", control, "auth required pam_permit.so");
            let mut login = place.login(vec![reply.clone()]);
            assert_ne!(login.authenticate(), SUCCESS, "{reply:?} {control}");
        }
    }
    assert!(agent.heard().contains(&FromModule::Cancel));
}

#[test]
fn an_empty_answer_is_the_agents_to_judge() {
    let place = Place::new();
    let agent = place.agent(asks_then(refused(Reason::CodeWrong)));
    assert_eq!(place.login(vec![Reply::text("")]).authenticate(), AUTH_ERR);
    assert_eq!(agent.heard()[1], FromModule::Answer(Answer::Text(String::new())));
}

#[test]
fn bad_arguments_and_bad_items_are_refused_before_the_agent_is_asked() {
    let place = Place::new();
    let agent = place.agent(asks_then(Verdict::Granted));
    let module = built::module();
    place.host.service(
        "typo",
        &format!(
            "auth required {} sockt={}\n",
            module.display(),
            place.socket().display()
        ),
    );
    assert_eq!(
        place.host.login("typo", "demo", vec![Reply::text("1")]).authenticate(),
        SERVICE_ERR
    );
    let mut login = place.login(vec![Reply::text("1")]);
    assert_eq!(login.item(Item::RHost, b"192.0.2.\xff").authenticate(), AUTH_ERR);
    let mut login = place.login(vec![Reply::text("1")]);
    assert_eq!(login.item(Item::User, b"d\xffmo").authenticate(), AUTH_ERR);
    let mut login = place.login(vec![Reply::text("1")]);
    assert_eq!(
        login
            .variable(&[b"SSH_AUTH_INFO_0=".as_slice(), &vec![b'a'; 40_000]].concat())
            .authenticate(),
        AUTH_ERR
    );
    assert!(agent.heard().is_empty(), "{:?}", agent.heard());
}
