//! Programs that stand in for `samekey-key`: dying, lying, mute, endless. Each is ended and reaped, and none is an answer.

use super::*;
use samekey_wire::key::{Assert, Asserted, Key, Octets, Verification, Wanted};
use std::fs;
use std::os::fd::AsFd;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use tempfile::TempDir;

/// A program that is a script.
fn program(script: &str) -> (TempDir, Program) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("samekey-key");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    let program = Program::new(path, |_| {});
    (folder, program)
}

fn request(within_ms: u64) -> Request {
    Request::Assert(Box::new(Assert {
        rp_id: "example.org".into(),
        client_data: Octets::from(b"{}".as_slice()),
        credentials: vec![Wanted {
            id: Octets(vec![1]),
            app_id: None,
        }],
        user_verification: Verification::Discouraged,
        pin: None,
        within_ms,
    }))
}

fn asserted() -> Event {
    Event::Asserted(Box::new(Asserted {
        credential_id: Octets(vec![1]),
        authenticator_data: Octets(vec![2; 37]),
        signature: Octets(vec![3; 70]),
        user_handle: None,
        app_id: false,
    }))
}

fn line(event: &Event) -> String {
    let mut line = Vec::new();
    samekey_wire::write(&mut line, event).unwrap();
    String::from_utf8(line).unwrap()
}

/// Somebody at the other end of a socket.
struct Somebody {
    ours: UnixStream,
    touched: Vec<String>,
}

impl Somebody {
    fn new() -> (Self, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let touched = Vec::new();
        (Self { ours, touched }, theirs)
    }
}

impl Asker for Somebody {
    fn line(&self) -> Option<BorrowedFd<'_>> {
        Some(self.ours.as_fd())
    }

    fn touch(&mut self, model: &str) -> Result<(), HungUp> {
        self.touched.push(model.to_owned());
        Ok(())
    }
}

/// What comes of a script.
fn outcome(script: &str, within_ms: u64) -> Result<Event, HungUp> {
    let (_folder, program) = program(script);
    let (mut asker, _theirs) = Somebody::new();
    program.ask(&request(within_ms), &mut asker)
}

#[test]
fn touch_and_signature_come_through() {
    let touch = line(&Event::Touch { model: "key 5".into() });
    let script = format!("read request\ncat <<'END'\n{touch}{}END", line(&asserted()));
    let (_folder, program) = program(&script);
    let (mut asker, _theirs) = Somebody::new();
    assert_eq!(program.ask(&request(60_000), &mut asker), Ok(asserted()));
    assert_eq!(asker.touched, ["key 5"]);
}

#[test]
fn the_request_comes_on_standard_input_and_nothing_in_the_environment() {
    let script = "read request\ncase $request in *example.org*) ;; *) exit 9 ;; esac\n\
                  [ -z \"$HOME$LD_PRELOAD$PATH_INFO\" ] || exit 9\n[ \"$(pwd)\" = / ] || exit 9\n";
    let script = format!("{script}cat <<'END'\n{}END", line(&asserted()));
    assert_eq!(outcome(&script, 60_000), Ok(asserted()));
}

#[test]
fn dying_at_any_byte_is_trouble() {
    let whole = line(&asserted());
    for end in 0..whole.len() {
        // Dies by itself, and by a signal.
        let script = format!("printf '%s' '{}'\nkill -9 $$", &whole[..end]);
        let got = outcome(&script, 60_000);
        assert_eq!(got, Ok(Event::trouble(Trouble::Internal)), "after {end} bytes");
        if end > 40 {
            break;
        }
    }
    for end in [whole.len() / 2, whole.len() - 2, whole.len() - 1] {
        let got = outcome(&format!("printf '%s' '{}'", &whole[..end]), 60_000);
        assert_eq!(got, Ok(Event::trouble(Trouble::Internal)), "after {end} bytes");
    }
}

#[test]
fn lies_are_trouble() {
    let keys = Event::Keys {
        keys: vec![Key {
            model: "x".into(),
            aaguid: Octets(vec![0; 16]),
            pin: false,
            sensor: false,
        }],
    };
    let few = Event::Trouble {
        code: Trouble::PinFewTries,
        tries: Some(2),
    };
    let granted = r#"{"v":1,"body":{"verdict":"granted"}}"#.to_owned() + "\n";
    let endless = line(&Event::Touch { model: "x".into() }).repeat(50);
    let internal = Event::trouble(Trouble::Internal);
    for (said, expected) in [
        (line(&keys), internal.clone()),
        (line(&Event::PinNeeded { tries: 2 }), few),
        (granted, internal.clone()),
        (endless, internal.clone()),
        ("\n".to_owned(), internal.clone()),
        ("{}\n".to_owned(), internal),
    ] {
        let script = format!("read request\ncat <<'END'\n{said}END");
        assert_eq!(outcome(&script, 60_000), Ok(expected), "{said}");
    }
    let flood = "head -c 200000 /dev/zero | tr '\\0' x";
    assert_eq!(outcome(flood, 60_000), Ok(Event::trouble(Trouble::Internal)));
}

#[test]
fn a_mute_program_is_killed_at_its_deadline_and_reaped() {
    let folder = tempfile::tempdir().unwrap();
    let pid_file = folder.path().join("pid");
    let script = format!(
        "echo $$ > {}\ntrap '' TERM HUP PIPE\nwhile :; do read x || exec sleep 600; done",
        pid_file.display()
    );
    assert_eq!(outcome(&script, 200), Ok(Event::trouble(Trouble::Mute)));
    let pid = fs::read_to_string(pid_file).unwrap();
    assert!(!PathBuf::from(format!("/proc/{}", pid.trim())).exists(), "still there");
}

#[test]
fn whoever_hangs_up_ends_it() {
    let (_folder, program) = program("read request\nread more\nexit 0");
    let (mut asker, theirs) = Somebody::new();
    drop(theirs);
    assert_eq!(program.ask(&request(600_000), &mut asker), Err(HungUp));
}

#[test]
fn a_program_that_others_could_change_is_not_started() {
    let (folder, program) = program(&format!("cat <<'END'\n{}END", line(&asserted())));
    let path = folder.path().join("samekey-key");
    let (mut asker, _theirs) = Somebody::new();
    for (place, mode, back) in [(path.as_path(), 0o775, 0o755), (folder.path(), 0o777, 0o700)] {
        fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
        assert!(matches!(program.check(), Err(ProgramError::OpenFile(_))));
        assert_eq!(
            program.ask(&request(60_000), &mut asker),
            Ok(Event::trouble(Trouble::Internal))
        );
        fs::set_permissions(place, fs::Permissions::from_mode(back)).unwrap();
    }
    fs::remove_file(&path).unwrap();
    assert!(matches!(program.check(), Err(ProgramError::System { .. })));
}
