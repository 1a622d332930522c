//! A program of its own for what a test cannot do to itself: one PAM login, to be traced, killed or run as somebody
//! else; or an agent that grants everything to everybody, for playing the squatter.
//!
//! `pam_probe login FOLDER SERVICE USER PHASE [ANSWER…]` exits with the PAM code. `pam_probe squat SOCKET` listens.
#![expect(clippy::unwrap_used, reason = "a part of the tests")]
#![expect(
    dead_code,
    reason = "the application's side of libpam is shared with the tests, which use more of it"
)]

#[path = "../support/pam_host.rs"]
mod pam_host;

use pam_host::{PamHost, Phase, Reply};
use samekey_wire::{Echo, FromAgent, FromModule, Reader, Verdict};
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::ExitCode;

/// Closing this descriptor, which does not exist, tells a tracer that the login begins.
const BEGINS: i32 = -4242;
/// The same for its end.
const ENDS: i32 = -4243;

fn main() -> ExitCode {
    let given: Vec<String> = std::env::args().collect();
    let given: Vec<&str> = given.iter().map(String::as_str).collect();
    match given[1..] {
        ["login", folder, service, user, phase, ref answers @ ..] => login(folder, service, user, phase, answers),
        ["squat", socket] => squat(Path::new(socket)),
        _ => ExitCode::from(99),
    }
}

fn login(folder: &str, service: &str, user: &str, phase: &str, answers: &[&str]) -> ExitCode {
    let phase = if phase == "account" {
        Phase::Account
    } else {
        Phase::Authenticate
    };
    let replies = answers.iter().map(|answer| Reply::text(answer)).collect();
    let host = PamHost::new(Path::new(folder));
    mark(BEGINS);
    let code = host.login(service, user, replies).run(phase);
    mark(ENDS);
    ExitCode::from(u8::try_from(code).unwrap_or(98))
}

#[expect(unsafe_code, reason = "a system call that does nothing, as a sign to the tracer")]
fn mark(sign: i32) {
    // SAFETY: there is no such descriptor; the call only fails.
    unsafe { libc::close(sign) };
}

fn squat(socket: &Path) -> ExitCode {
    let listener = UnixListener::bind(socket).unwrap();
    println!("listening");
    for stream in listener.incoming() {
        let stream = stream.unwrap();
        let mut reader = Reader::new(&stream);
        let _ = reader.receive::<FromModule>(|_| Ok(()));
        let _ = samekey_wire::write(
            &mut &stream,
            &FromAgent::Prompt {
                text: "code: ".into(),
                echo: Echo::On,
            },
        );
        let _ = reader.receive::<FromModule>(|_| Ok(()));
        let _ = samekey_wire::write(&mut &stream, &FromAgent::Verdict(Verdict::Granted));
    }
    ExitCode::SUCCESS
}
