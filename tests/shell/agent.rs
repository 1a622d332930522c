//! Real module, real libpam, real agent, real store: logins by code, and an agent that goes away.

use crate::support::live_agent::{LiveAgent, signal};
use crate::support::pam_host::{AUTH_ERR, AUTHINFO_UNAVAIL, Item, Login, MAXTRIES, PERM_DENIED, Reply, SUCCESS};
use rustix::process::Signal;
use samekey_wire::{FrameError, FromAgent, FromModule, Reader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;

fn ssh(live: &LiveAgent, user: &str, replies: Vec<Reply>) -> Login {
    let mut login = live.host.login("sshd", user, replies);
    login.item(Item::RHost, b"192.0.2.7").item(Item::Tty, b"ssh");
    login
}

#[test]
fn a_right_code_opens_once_and_the_next_one_again() {
    let live = LiveAgent::start();
    let demo = live.person("demo");
    let mut login = ssh(&live, "demo", demo.types(0));
    assert_eq!(login.authenticate(), SUCCESS, "{}", login.transcript());
    assert_eq!(login.account(), SUCCESS);
    let mut again = ssh(&live, "demo", demo.types(0));
    again.will(demo.types(1));
    assert_eq!(again.authenticate(), SUCCESS, "{}", again.transcript());
    assert!(
        again.transcript().contains("used already. Wait for the next one."),
        "{}",
        again.transcript()
    );
    let prompts = again.shown().iter().filter(|shown| shown.style == 2).count();
    assert_eq!(prompts, 2, "the notice is inside the prompt: {:?}", again.shown());
    let told = live.trail();
    assert!(
        told.contains(&"code-replayed".to_owned()) && told.contains(&"sign-in-granted".to_owned()),
        "{told:?}"
    );
}

#[test]
fn wrong_codes_end_in_a_refusal_and_then_in_a_lock() {
    let live = LiveAgent::start();
    let demo = live.person("demo");
    let wrong = || vec![Reply::text("000000"), Reply::text("12345678"), Reply::text("x")];
    let mut login = ssh(&live, "demo", wrong());
    assert_eq!(login.authenticate(), AUTH_ERR);
    assert!(
        login.transcript().contains("clock is set automatically"),
        "{}",
        login.transcript()
    );
    assert_eq!(ssh(&live, "demo", wrong()).authenticate(), MAXTRIES);
    let mut locked = ssh(&live, "demo", demo.types(0));
    assert_eq!(locked.authenticate(), MAXTRIES);
    assert!(
        locked
            .transcript()
            .contains("Too many wrong codes. Try again in 15 min"),
        "{}",
        locked.transcript()
    );
    let mut console = live.host.login("locker", "demo", demo.types(0));
    assert_eq!(
        console.authenticate(),
        SUCCESS,
        "not the console (S10): {}",
        console.transcript()
    );
}

#[test]
fn the_other_method_is_one_question_mark_away() {
    let live = LiveAgent::start();
    let demo = live.person("demo");
    let by_paper = || ["?", "1", &demo.papers[3]].map(Reply::text).to_vec();
    let mut login = ssh(&live, "demo", by_paper());
    assert_eq!(login.authenticate(), SUCCESS, "{}", login.transcript());
    assert_ne!(
        ssh(&live, "demo", by_paper()).authenticate(),
        SUCCESS,
        "each works once"
    );
}

#[test]
fn whoever_gives_up_is_refused_and_written_down() {
    let mut live = LiveAgent::start();
    live.person("demo");
    assert_eq!(ssh(&live, "demo", Vec::new()).authenticate(), AUTH_ERR);
    // The module does not wait for the agent's answer to "cancel"; a clean stop waits for the agent.
    assert!(live.stop());
    assert!(
        live.trail().contains(&"sign-in-refused".to_owned()),
        "{:?}",
        live.trail()
    );
}

#[test]
fn a_login_that_went_around_us_is_refused_in_the_account_phase() {
    let live = LiveAgent::start();
    live.person("demo");
    let mut login = ssh(&live, "demo", Vec::new());
    login.variable(b"SSH_CONNECTION=192.0.2.7 4711 192.0.2.1 22");
    login.variable(b"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAA\n");
    assert_eq!(login.account(), PERM_DENIED);
    assert_eq!(login.shown()[0].style, 3);
    assert!(
        login
            .transcript()
            .starts_with("A second factor is required; your login did not pass it.")
    );
    assert!(
        live.trail().contains(&"tripwire-refused".to_owned()),
        "{:?}",
        live.trail()
    );
}

/// As sshd does it when the account phase runs in another process: another handle, and only sshd's own words.
#[test]
fn the_account_phase_of_another_process_knows_the_connection() {
    let live = LiveAgent::start();
    let demo = live.person("demo");
    let connection = b"SSH_CONNECTION=192.0.2.7 4711 192.0.2.1 22";
    let mut child = ssh(&live, "demo", demo.types(0));
    assert_eq!(child.variable(connection).authenticate(), SUCCESS);
    let mut monitor = ssh(&live, "demo", Vec::new());
    monitor
        .variable(connection)
        .variable(b"SSH_AUTH_INFO_0=keyboard-interactive/pam\npublickey ssh-ed25519 AAAA\n");
    assert_eq!(monitor.account(), SUCCESS);
    let mut other = ssh(&live, "demo", Vec::new());
    other
        .variable(b"SSH_CONNECTION=192.0.2.7 4712 192.0.2.1 22")
        .variable(b"SSH_AUTH_INFO_0=keyboard-interactive/pam\n");
    assert_eq!(other.account(), PERM_DENIED);
}

#[test]
fn an_agent_killed_at_the_prompt_is_a_refusal_and_a_new_one_serves() {
    let mut live = LiveAgent::start();
    let demo = live.person("demo");
    let (pid, code) = (live.pid(), demo.code(0));
    let mut login = ssh(&live, "demo", Vec::new());
    login.answers(move |_| {
        signal(pid, Signal::KILL);
        Reply::text(&code)
    });
    assert_eq!(login.authenticate(), AUTHINFO_UNAVAIL);
    live.kill();
    assert_eq!(
        ssh(&live, "demo", demo.types(0)).authenticate(),
        AUTHINFO_UNAVAIL,
        "nobody listens"
    );
    live.revive();
    let mut login = ssh(&live, "demo", demo.types(0));
    assert_eq!(
        login.authenticate(),
        SUCCESS,
        "its socket is replaced: {}",
        login.transcript()
    );
}

#[test]
fn a_stopped_agent_refuses_who_is_at_the_prompt_and_ends_well() {
    let mut live = LiveAgent::start();
    let demo = live.person("demo");
    let (pid, code) = (live.pid(), demo.code(0));
    let mut login = ssh(&live, "demo", Vec::new());
    login.answers(move |_| {
        signal(pid, Signal::TERM);
        while std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| !stat.contains(") Z ")) {
            std::thread::yield_now();
        }
        Reply::text(&code)
    });
    assert_eq!(login.authenticate(), AUTHINFO_UNAVAIL);
    assert!(live.stop(), "exit code 0");
    assert!(!live.socket().exists());
}

#[test]
fn an_unprivileged_locker_verifies_its_own_user_and_nobody_else() {
    if !rustix::process::geteuid().is_root() {
        println!("NOT RUN: needs root to become another user");
        return;
    }
    let live = LiveAgent::start();
    let (nobody, demo) = (live.person("nobody"), live.person("demo"));
    let probe = live.test.folder().join("probe");
    std::fs::copy(env!("CARGO_BIN_EXE_pam_probe"), &probe).unwrap();
    let locker = |user: &str, phase: &str, code: &str| {
        let services = live.test.folder().join("pam.d");
        let mut command = Command::new("setpriv");
        command
            .args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--"])
            .arg(&probe);
        command
            .arg("login")
            .arg(services)
            .args(["locker", user, phase, code])
            .status()
            .unwrap()
            .code()
    };
    assert_eq!(locker("nobody", "auth", &nobody.code(0)), Some(SUCCESS));
    assert_eq!(locker("demo", "auth", &demo.code(0)), Some(PERM_DENIED));
    assert_eq!(locker("root", "auth", "000000"), Some(PERM_DENIED));
    assert_eq!(locker("demo", "account", ""), Some(PERM_DENIED));
    assert!(live.trail().contains(&"peer-refused".to_owned()), "{:?}", live.trail());
}

#[test]
fn an_unprivileged_user_reads_no_secret() {
    if !rustix::process::geteuid().is_root() {
        println!("NOT RUN: needs root to become another user");
        return;
    }
    let live = LiveAgent::start();
    let demo = live.person("demo");
    assert_eq!(ssh(&live, "demo", demo.types(0)).authenticate(), SUCCESS);
    let files = std::fs::read_dir(live.test.folder())
        .unwrap()
        .map(|file| file.unwrap().path());
    let secrets: Vec<_> = files
        .filter(|file| {
            ["store", "keyring"]
                .iter()
                .any(|name| file.to_string_lossy().contains(name))
        })
        .collect();
    assert!(secrets.len() >= 2, "{secrets:?}");
    for file in secrets {
        let mut read = Command::new("setpriv");
        read.args(["--reuid", "65534", "--regid", "65534", "--clear-groups", "--", "cat"])
            .arg(&file);
        assert!(
            !read.output().unwrap().status.success(),
            "{} can be read",
            file.display()
        );
    }
}

#[test]
fn a_store_that_cannot_be_read_is_a_refusal() {
    let live = LiveAgent::start();
    let demo = live.person("demo");
    assert_eq!(ssh(&live, "demo", demo.types(0)).authenticate(), SUCCESS, "the control");
    let keyring = live.test.folder().join("keyring");
    std::fs::rename(&keyring, keyring.with_extension("gone")).unwrap();
    assert_eq!(ssh(&live, "demo", demo.types(1)).authenticate(), AUTHINFO_UNAVAIL);
    std::fs::rename(keyring.with_extension("gone"), &keyring).unwrap();
    let mut login = ssh(&live, "demo", demo.types(1));
    assert_eq!(login.authenticate(), SUCCESS, "and it heals: {}", login.transcript());
}

#[test]
fn many_at_once_are_all_served() {
    let live = LiveAgent::start();
    let names: Vec<String> = (0..32).map(|number| format!("user{number}")).collect();
    let people: Vec<_> = names.iter().map(|name| live.person(name)).collect();
    let live = &live;
    let codes: Vec<i32> = std::thread::scope(|scope| {
        let logins: Vec<_> = names
            .iter()
            .zip(&people)
            .map(|(name, person)| scope.spawn(move || ssh(live, name, person.types(0)).authenticate()))
            .collect();
        logins.into_iter().map(|login| login.join().unwrap()).collect()
    });
    assert!(codes.iter().all(|code| *code == SUCCESS), "{codes:?}");
    let status = std::fs::read_to_string(format!("/proc/{}/status", live.pid())).unwrap();
    let memory = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    println!("the agent after 32 logins at once, development build: {memory}");
}

#[test]
fn beyond_its_seats_it_refuses_at_once_and_serves_again_when_one_is_free() {
    let live = LiveAgent::start_with("conversations = 4\n");
    let demo = live.person("demo");
    let mut held: Vec<UnixStream> = (0..4).map(|_| UnixStream::connect(live.socket()).unwrap()).collect();
    assert_eq!(ssh(&live, "demo", demo.types(0)).authenticate(), AUTHINFO_UNAVAIL);
    drop(held.pop());
    // The seat is free once the agent has noticed.
    let code = (0..1000)
        .map(|_| ssh(&live, "demo", demo.types(0)).authenticate())
        .find(|code| *code != AUTHINFO_UNAVAIL);
    assert_eq!(code, Some(SUCCESS));
}

#[test]
fn systemds_socket_is_taken_over_and_left_in_place() {
    let mut live = LiveAgent::start();
    let demo = live.person("demo");
    assert!(live.stop());
    let listener = UnixListener::bind(live.socket()).unwrap();
    live.revive_on(&listener);
    let mut login = ssh(&live, "demo", demo.types(0));
    assert_eq!(login.authenticate(), SUCCESS, "{}", login.transcript());
    assert!(live.stop());
    assert!(live.socket().exists(), "it is systemd's to remove");
    // Nobody accepts, but the socket is there: a login that comes now waits for the agent that systemd starts.
    let waiting = UnixStream::connect(live.socket());
    assert!(waiting.is_ok(), "{waiting:?}");
}

#[test]
fn an_agent_whose_configuration_has_changed_says_so_to_who_looks() {
    let live = LiveAgent::start();
    let look = || {
        let mut stream = UnixStream::connect(live.socket()).unwrap();
        samekey_wire::write(&mut stream, &FromModule::Cancel).unwrap();
        Reader::new(stream).receive::<FromAgent>(|_| Ok(()))
    };
    assert_eq!(look(), Err(FrameError::Closed));
    let path = live.test.folder().join("samekey.toml");
    let before = std::fs::read_to_string(&path).unwrap();
    std::fs::write(
        &path,
        format!("{before}\n[provider]\nissuer = \"https://login.example.org\"\n"),
    )
    .unwrap();
    let told = look();
    assert!(
        matches!(&told, Ok(FromAgent::Info { text }) if text.contains("systemctl restart samekey-agent")),
        "{told:?}"
    );
}
