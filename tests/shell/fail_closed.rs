//! Every fault gives a refusal, never success and never "ignore" (S1): an agent that lies in every way, a conversation
//! that breaks in every way, a socket that is not what it should be, and every system call of a login failing in turn.
//!
//! The services used here turn "ignore" into success (a module that permits everything follows), so that either of the
//! two shows as success.

use crate::support::built;
use crate::support::fake_agent::{Act, FakeAgent};
use crate::support::pam_host::{PamHost, Phase, Reply, SUCCESS};
#[cfg(target_arch = "x86_64")]
use crate::support::tracer::{self, Ended, Marks};
use samekey_wire::{Echo, FromAgent, MAX_LINE, Outage, Reason, Verdict};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use tempfile::TempDir;

/// Either of success and "ignore" of our line comes out as success.
const CONTROL: &str = "[success=done ignore=ignore default=die]";

/// The signs that the probe gives.
#[cfg(target_arch = "x86_64")]
const MARKS: Marks = Marks {
    begins: -4242,
    ends: -4243,
};

struct Place {
    folder: TempDir,
    host: PamHost,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let host = PamHost::new(&folder.path().join("pam.d"));
        let place = Self { folder, host };
        place.stack(&place.socket());
        place
    }

    fn stack(&self, socket: &Path) {
        let line = format!(
            "{CONTROL} {} socket={} timeout=1",
            built::module().display(),
            socket.display()
        );
        self.host.service(
            "sshd",
            &format!("auth {line}\nauth required pam_permit.so\naccount {line}\naccount required pam_permit.so\n"),
        );
    }

    fn socket(&self) -> PathBuf {
        self.folder.path().join("agent.sock")
    }

    /// One login against this agent; 1 for the count of points.
    fn refused(&self, phase: Phase, script: Vec<Act>, what: &str) -> usize {
        let _agent = FakeAgent::start(&self.socket(), script);
        let mut login = self.host.login("sshd", "demo", vec![Reply::text("123456"); 80]);
        assert_ne!(login.run(phase), SUCCESS, "{phase:?}: {what}");
        1
    }
}

fn line(message: &FromAgent) -> Vec<u8> {
    let mut bytes = Vec::new();
    samekey_wire::write(&mut bytes, message).unwrap();
    bytes
}

fn prompt() -> FromAgent {
    FromAgent::Prompt {
        text: "\ncode: ".into(),
        echo: Echo::On,
    }
}

fn granted() -> FromAgent {
    FromAgent::Verdict(Verdict::Granted)
}

fn exempt() -> FromAgent {
    FromAgent::Verdict(Verdict::Exempt)
}

/// Whole lines that no honest agent sends, all of them smelling of a grant.
fn lies() -> Vec<(&'static str, Vec<u8>)> {
    let text = |text: &str| format!("{text}\n").into_bytes();
    let long = format!(
        "{{\"v\":1,\"body\":{{\"info\":{{\"text\":\"{}\"}}}}}}\n",
        "a".repeat(MAX_LINE)
    );
    vec![
        ("another version", text(r#"{"v":2,"body":{"verdict":"granted"}}"#)),
        ("no version", text(r#"{"body":{"verdict":"granted"}}"#)),
        ("version in letters", text(r#"{"v":"1","body":{"verdict":"granted"}}"#)),
        (
            "an unknown field",
            text(r#"{"v":1,"body":{"verdict":"granted"},"ok":true}"#),
        ),
        (
            "an unknown field inside",
            text(r#"{"v":1,"body":{"verdict":{"granted":{}}}}"#),
        ),
        (
            "two bodies",
            text(r#"{"v":1,"body":{"verdict":"too-many"},"body":{"verdict":"granted"}}"#),
        ),
        ("an unknown verdict", text(r#"{"v":1,"body":{"verdict":"success"}}"#)),
        ("capital letters", text(r#"{"v":1,"body":{"verdict":"Granted"}}"#)),
        ("a number", text(r#"{"v":1,"body":{"verdict":0}}"#)),
        ("PAM_IGNORE", text(r#"{"v":1,"body":{"verdict":25}}"#)),
        ("null", text("null")),
        ("an empty line", text("")),
        (
            "a refusal, then a grant",
            [line(&FromAgent::Verdict(Verdict::TooMany)), line(&granted())].concat(),
        ),
        (
            "a zero byte",
            text("{\"v\":1,\"body\":{\"info\":{\"text\":\"\\u0000\"}}}\n\0"),
        ),
        (
            "no UTF-8",
            b"{\"v\":1,\"body\":{\"info\":{\"text\":\"\xff\"}}}\n".to_vec(),
        ),
        ("a line without end", vec![b'a'; 2 * MAX_LINE]),
        ("a message too long", long.into_bytes()),
        ("nothing but brackets", vec![b'['; MAX_LINE - 1]),
        ("a message of the module's", text(r#"{"v":1,"body":"cancel"}"#)),
    ]
}

#[test]
fn an_agent_that_lies_gets_nobody_in() {
    let place = Place::new();
    let mut points = 0;
    for (what, bytes) in lies() {
        let lie = || Act::Bytes(bytes.clone());
        points += place.refused(Phase::Authenticate, vec![Act::Hear, lie(), Act::HangUp], what);
        let after_a_prompt = vec![Act::Hear, Act::Say(prompt()), Act::Hear, lie(), Act::HangUp];
        points += place.refused(Phase::Authenticate, after_a_prompt, what);
        points += place.refused(Phase::Account, vec![Act::Hear, lie(), Act::HangUp], what);
    }
    println!("points of injection, lines that no honest agent sends: {points}, none gave SUCCESS or IGNORE");
}

fn prompts_without_end() -> Vec<Act> {
    let prompts = (0..70).flat_map(|_| [Act::Say(prompt()), Act::Hear]);
    [Act::Hear]
        .into_iter()
        .chain(prompts)
        .chain([Act::Say(granted())])
        .collect()
}

#[test]
fn an_agent_out_of_turn_gets_nobody_in() {
    let place = Place::new();
    let mut points = 0;
    for (what, script) in [
        ("a grant before any prompt", vec![Act::Hear, Act::Say(granted())]),
        ("a grant before it has heard anything", vec![Act::Say(granted())]),
        (
            "exempt after a prompt",
            vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::Say(exempt())],
        ),
        ("prompts without end", prompts_without_end()),
        ("silence", vec![Act::Hear, Act::Hold]),
        (
            "silence after a prompt",
            vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::Hold],
        ),
        ("it hangs up at once", vec![Act::HangUp]),
        ("it hangs up after the start", vec![Act::Hear, Act::HangUp]),
        (
            "it hangs up during the prompt",
            vec![Act::Hear, Act::Say(prompt()), Act::HangUp],
        ),
        (
            "it hangs up after the answer",
            vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::HangUp],
        ),
    ] {
        points += place.refused(Phase::Authenticate, script, what);
    }
    let asks = vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::Say(granted())];
    points += place.refused(Phase::Account, asks, "a prompt in the account phase");
    points += place.refused(Phase::Account, vec![Act::Hear, Act::Hold], "silence");
    println!("points of injection, messages out of turn: {points}, none gave SUCCESS or IGNORE");
}

#[test]
fn a_message_cut_at_any_byte_gets_nobody_in() {
    let place = Place::new();
    let mut points = 0;
    for message in [granted(), exempt(), prompt()] {
        let whole = line(&message);
        for end in 0..whole.len() {
            let cut = Act::Bytes(whole[..end].to_vec());
            points += place.refused(Phase::Authenticate, vec![Act::Hear, cut.clone(), Act::HangUp], "cut");
            points += place.refused(Phase::Account, vec![Act::Hear, cut.clone(), Act::HangUp], "cut");
            let later = vec![Act::Hear, Act::Say(prompt()), Act::Hear, cut, Act::HangUp];
            points += place.refused(Phase::Authenticate, later, "cut after a prompt");
        }
    }
    println!("points of injection, messages cut short: {points}, none gave SUCCESS or IGNORE");
}

#[test]
fn a_refusal_damaged_in_any_bit_gets_nobody_in() {
    let place = Place::new();
    let mut points = 0;
    for last in [
        Verdict::Refused {
            reason: Reason::CodeWrong,
        },
        Verdict::TooMany,
        Verdict::Unavailable { outage: Outage::Busy },
    ] {
        let whole = line(&FromAgent::Verdict(last));
        for at in 0..whole.len() * 8 {
            let mut damaged = whole.clone();
            damaged[at / 8] ^= 1 << (at % 8);
            let script = vec![
                Act::Hear,
                Act::Say(prompt()),
                Act::Hear,
                Act::Bytes(damaged),
                Act::HangUp,
            ];
            points += place.refused(Phase::Authenticate, script, "one bit");
        }
    }
    println!("points of injection, one bit changed: {points}, none gave SUCCESS or IGNORE");
}

#[test]
fn a_socket_that_is_not_the_agents_gets_nobody_in() {
    let place = Place::new();
    let folder = place.folder.path();
    std::fs::write(folder.join("file"), "").unwrap();
    drop(std::os::unix::net::UnixListener::bind(folder.join("dead")).unwrap());
    std::fs::create_dir(folder.join("open")).unwrap();
    std::fs::set_permissions(folder.join("open"), std::fs::Permissions::from_mode(0o777)).unwrap();
    std::os::unix::fs::symlink(folder, folder.join("link")).unwrap();
    let grants = || vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::Say(granted())];
    let _open = FakeAgent::start(&folder.join("open/agent.sock"), grants());
    let _good = FakeAgent::start(&place.socket(), grants());
    let mut points = 0;
    for path in [
        "missing",
        "file",
        "dead",
        "missing/agent.sock",
        "open/agent.sock",
        "link/agent.sock",
        "file/agent.sock",
    ] {
        place.stack(&folder.join(path));
        for phase in [Phase::Authenticate, Phase::Account] {
            let mut login = place.host.login("sshd", "demo", vec![Reply::text("1")]);
            assert_ne!(login.run(phase), SUCCESS, "{path} {phase:?}");
            points += 1;
        }
    }
    place.stack(&place.socket());
    assert_eq!(
        place.host.login("sshd", "demo", vec![Reply::text("1")]).authenticate(),
        SUCCESS,
        "the control"
    );
    println!("points of injection, sockets: {points}, none gave SUCCESS or IGNORE");
}

#[test]
fn a_squatter_with_another_uid_gets_nobody_in() {
    if !rustix::process::geteuid().is_root() {
        println!("NOT RUN: needs root to become another user");
        return;
    }
    let place = Place::new();
    let folder = place.folder.path();
    let probe = folder.join("probe");
    std::fs::copy(env!("CARGO_BIN_EXE_pam_probe"), &probe).unwrap();
    // For a moment the folder is open, and somebody else puts a socket there; then it looks in order again.
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o777)).unwrap();
    let mut squatter = Command::new("setpriv")
        .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
        .arg(&probe)
        .args(["squat", place.socket().to_str().unwrap()])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = [0; 9];
    std::io::Read::read_exact(squatter.stdout.as_mut().unwrap(), &mut said).unwrap();
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
    let code = place.host.login("sshd", "demo", vec![Reply::text("1")]).authenticate();
    squatter.kill().unwrap();
    squatter.wait().unwrap();
    assert_ne!(code, SUCCESS);
}

/// Each system call that a login makes fails in turn, with each of these errors, while the agent refuses: whatever the
/// module cannot do, nobody gets in.
#[cfg(target_arch = "x86_64")]
#[test]
fn every_system_call_failing_in_turn_gets_nobody_in() {
    let place = Place::new();
    let no = FromAgent::Verdict(Verdict::Refused {
        reason: Reason::CodeWrong,
    });
    let asks = vec![Act::Hear, Act::Say(prompt()), Act::Hear, Act::Say(no.clone())];
    let mut points = 0;
    for (phase, script) in [("auth", asks), ("account", vec![Act::Hear, Act::Say(no)])] {
        let _agent = FakeAgent::start(&place.socket(), script);
        for error in [libc::EIO, libc::EINTR, libc::ENOMEM, libc::EAGAIN] {
            for (at, ended) in each_call_failing(&place, phase, error).into_iter().enumerate() {
                assert_ne!(ended, Ended::Exited(SUCCESS), "{phase}: call {at} failing with {error}");
                points += 1;
            }
        }
    }
    println!("points of injection, system calls: {points}, none gave SUCCESS or IGNORE");
}

/// The same with an agent that exempts everybody: shows that the faults do reach the login.
#[cfg(target_arch = "x86_64")]
#[test]
fn faults_below_do_end_a_login_that_would_be_let_in() {
    let place = Place::new();
    let _agent = FakeAgent::start(&place.socket(), vec![Act::Hear, Act::Say(exempt())]);
    let ended = each_call_failing(&place, "auth", libc::EIO);
    let refused = ended.iter().filter(|ended| **ended != Ended::Exited(SUCCESS)).count();
    println!(
        "of {} system calls of a login that is let in, {refused} failing alone end it",
        ended.len()
    );
    assert!(refused > 10, "{ended:?}");
}

/// How the login ends when its first call fails, its second, and so on.
#[cfg(target_arch = "x86_64")]
fn each_call_failing(place: &Place, phase: &str, error: i32) -> Vec<Ended> {
    let folder = place.folder.path().join("pam.d");
    let traced = |fault| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pam_probe"));
        command
            .arg("login")
            .arg(&folder)
            .args(["sshd", "demo", phase, "123456"])
            .stderr(Stdio::null());
        tracer::run(&mut command, MARKS, fault)
    };
    let calls = traced(None).calls;
    assert!(calls > 20, "only {calls} system calls");
    let runs = (0..).map(|at| traced(Some((at, error)))).take_while(|run| run.injected);
    runs.map(|run| run.ended).collect()
}
