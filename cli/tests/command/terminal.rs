//! The command at a real terminal: what it asks, what it shows, and that secrets are not echoed.

use super::place::{self, Place};
use samekey_demo::pair;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::process::{Child, Command, Stdio};

/// A command whose stdin and stderr are a terminal of 80x24; its stdout is a pipe.
struct AtTerminal {
    child: Child,
    ours: File,
    seen: String,
}

impl AtTerminal {
    fn start(mut command: Command) -> Self {
        let (ours, name) = pair().unwrap();
        let mut side = File::options();
        let theirs = side
            .read(true)
            .write(true)
            .custom_flags(libc::O_NOCTTY)
            .open(name)
            .unwrap();
        command
            .stdin(theirs.try_clone().unwrap())
            .stderr(theirs)
            .stdout(Stdio::piped());
        let child = command.spawn().unwrap();
        // The command's copies of the descriptors would keep the terminal open after it has ended.
        drop(command);
        Self {
            child,
            ours: File::from(ours),
            seen: String::new(),
        }
    }

    /// Reads until the terminal has shown this, and forgets everything up to it.
    fn until(&mut self, text: &str) -> String {
        let mut bytes = [0; 4096];
        loop {
            if let Some(at) = self.seen.find(text) {
                let rest = self.seen.split_off(at + text.len());
                return std::mem::replace(&mut self.seen, rest);
            }
            match self.ours.read(&mut bytes) {
                Ok(read) if read > 0 => self.seen += &String::from_utf8_lossy(&bytes[..read]),
                _ => panic!("ended before it showed {text:?}; it showed {:?}", self.seen),
            }
        }
    }

    fn type_in(&mut self, text: &str) {
        self.ours.write_all(text.as_bytes()).unwrap();
    }

    /// Waits for the end: exit code, stdout, and the rest that the terminal showed.
    fn end(mut self) -> (i32, String, String) {
        let mut out = String::new();
        self.child.stdout.take().unwrap().read_to_string(&mut out).unwrap();
        let mut bytes = [0; 4096];
        // A terminal whose other side is closed reads as an error.
        while let Ok(read @ 1..) = self.ours.read(&mut bytes) {
            self.seen += &String::from_utf8_lossy(&bytes[..read]);
        }
        (self.child.wait().unwrap().code().unwrap_or(-1), out, self.seen)
    }
}

fn with_account() -> Place {
    let place = Place::made();
    assert_eq!(place.run(&["account", "add", "alice"], "").exit, 0);
    place
}

#[test]
fn a_password_is_typed_twice_and_never_echoed() {
    let place = with_account();
    let mut terminal = AtTerminal::start(place.command(&["account", "password", "alice", "--json"]));
    terminal.until("New password: ");
    terminal.type_in("correct horsf\x7fe\r");
    let between = terminal.until("The same again: ");
    terminal.type_in("correct horse\r");
    let (exit, out, rest) = terminal.end();
    assert_eq!(exit, 0, "{rest}");
    assert!(!between.contains("horse") && !rest.contains("horse"), "{between}{rest}");
    assert!(out.contains("\"changed\":true"), "{out}");
}

#[test]
fn two_different_passwords_change_nothing() {
    let place = with_account();
    let mut terminal = AtTerminal::start(place.command(&["account", "password", "alice"]));
    terminal.until("New password: ");
    terminal.type_in("correct horse\r");
    terminal.until("The same again: ");
    terminal.type_in("correct house\r");
    let (exit, _, rest) = terminal.end();
    assert_eq!(exit, 2, "{rest}");
    let shown = place.run(&["account", "show", "alice", "--json"], "");
    assert!(shown.out.contains("\"has_password\":false"), "{shown:?}");
}

#[test]
fn control_c_at_a_password_ends_it_with_the_terminal_as_it_was() {
    let place = with_account();
    let mut terminal = AtTerminal::start(place.command(&["account", "password", "alice"]));
    terminal.until("New password: ");
    terminal.type_in("half\x03");
    let (exit, _, rest) = terminal.end();
    assert_eq!(exit, 1, "{rest}");
    assert!(rest.contains("nothing was changed"), "{rest}");
}

#[test]
fn binding_shows_code_and_key_within_80x24_and_asks_again_after_a_wrong_code() {
    let place = with_account();
    let mut terminal = AtTerminal::start(place.command(&["device", "bind", "totp", "--user", "alice", "--json"]));
    let before = terminal.until("Key: ");
    let qr: Vec<&str> = before.lines().filter(|line| line.contains('█')).collect();
    assert!(!qr.is_empty() && qr.len() <= 21, "{before}");
    let plain = |line: &str| {
        line.replace("\u{1b}[40;97m", "")
            .replace("\u{1b}[0m", "")
            .trim_end()
            .chars()
            .count()
    };
    assert!(qr.iter().all(|line| plain(line) <= 80), "{before}");
    assert!(before.contains("otpauth://totp/"), "{before}");
    let key = terminal.until("\n").trim().to_owned();
    assert!(key.split(' ').all(|group| group.len() == 4), "{key}");
    terminal.until("Code: ");
    terminal.type_in("000 00x\r");
    terminal.until("That code is not right.");
    terminal.until("Code: ");
    terminal.type_in(&format!("{}\r", place::code(&key)));
    let (exit, out, rest) = terminal.end();
    assert_eq!(exit, 0, "{rest}");
    let answer: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(answer["recovery_codes"].as_array().map(Vec::len), Some(10), "{out}");
}

#[test]
fn unbinding_asks_for_a_typed_yes_in_any_letter_case() {
    let place = with_account();
    let drawn = place.run(&["device", "bind", "totp", "--user", "alice", "--draw", "--json"], "");
    let drawn: serde_json::Value = serde_json::from_str(&drawn.out).unwrap();
    let (uri, key) = (drawn["uri"].as_str().unwrap(), drawn["key"].as_str().unwrap());
    let code = place::code(key);
    let bound = place.run(
        &[
            "device", "bind", "totp", "--user", "alice", "--import", "-", "--code", &code,
        ],
        &format!("{uri}\n"),
    );
    assert_eq!(bound.exit, 0, "{}", bound.err);
    for (typed, wanted) in [("no\r", 2), ("yEs\r", 0)] {
        let command = place.command(&["device", "unbind", "--user", "alice", "--device", "app", "--force"]);
        let mut terminal = AtTerminal::start(command);
        terminal.until("Type YES to unbind app: ");
        terminal.type_in(typed);
        let (exit, _, rest) = terminal.end();
        assert_eq!(exit, wanted, "{rest}");
    }
}

/// What is shown before the first prompt of a binding in this environment.
fn binding_shows(environment: &[(&str, &str)]) -> String {
    let place = with_account();
    let mut command = place.command(&["device", "bind", "totp", "--user", "alice"]);
    command.envs(environment.iter().copied());
    let mut terminal = AtTerminal::start(command);
    let shown = terminal.until("Code: ");
    terminal.type_in("\x04");
    assert_eq!(terminal.end().0, 1);
    shown
}

#[test]
fn a_terminal_without_utf8_gets_key_and_address_and_a_word_why_there_is_no_picture() {
    let shown = binding_shows(&[("LC_ALL", "C")]);
    assert!(!shown.contains('█') && shown.contains("not UTF-8"), "{shown}");
    assert!(shown.contains("otpauth://totp/") && shown.contains("Key: "), "{shown}");
}

#[test]
fn no_color_draws_without_escape_sequences() {
    let shown = binding_shows(&[("NO_COLOR", "1")]);
    assert!(shown.contains('█') && !shown.contains('\u{1b}'), "{shown}");
}

#[test]
fn a_password_comes_from_an_open_descriptor() {
    let place = with_account();
    let file = place.root().join("password");
    std::fs::write(&file, "correct horse battery\n").unwrap();
    let words = ["account", "password", "alice", "--password-fd", "3"];
    let command = place.command(&words);
    let mut shell = Command::new("sh");
    let with_descriptor = r#"file=$1; shift; exec "$@" 3<"$file""#;
    shell
        .args(["-c", with_descriptor, "sh"])
        .arg(&file)
        .arg(command.get_program())
        .args(command.get_args());
    let ended = shell.stdin(Stdio::null()).output().unwrap();
    assert_eq!(ended.status.code(), Some(0), "{ended:?}");
    // Whatever this test's own program has open there is not the command's.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"exec "$@" 3<&-"#, "sh"])
        .arg(command.get_program())
        .args(command.get_args());
    let closed = shell.stdin(Stdio::null()).output().unwrap();
    assert_eq!(closed.status.code(), Some(2), "{closed:?}");
}
