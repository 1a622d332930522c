//! `samekey ssh-keys`: what sshd's AuthorizedKeysCommand runs (sshd_config(5)). It reads neither configuration nor store, and
//! needs no right but to connect: the agent tells the keys, or nothing.

use crate::exit::{Exit, Failure};
use crate::output::Answer;
use samekey_wire::{Call, FromAgent, FromModule, Reader, Start, Verdict};
use serde_json::json;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The agent answers within this; sshd waits for us, and somebody for sshd.
const PATIENCE: Duration = Duration::from_secs(10);

/// Most lines of one user: more than any account may have.
const MOST: usize = 256;

/// What `ssh-keys` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: sshd's %u
    #[arg(allow_hyphen_values = true)]
    user: String,
    /// Where the agent listens
    #[arg(long, value_name = "PATH", default_value = "/run/samekey/agent.sock")]
    socket: PathBuf,
}

/// Runs the verb. All lines or none: sshd must not work with half an answer.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let lines = asked(&arguments.socket, &arguments.user).map_err(|why| {
        Failure::new(
            Exit::Unavailable,
            "agent_unreachable",
            format!("the agent cannot be asked at {}: {why}", arguments.socket.display()),
        )
    })?;
    Ok(Answer::data(json!({ "keys": lines }), lines.join("\n")))
}

fn asked(socket: &Path, user: &str) -> Result<Vec<String>, String> {
    let trouble = |why: std::io::Error| why.to_string();
    let folder = socket.parent().unwrap_or(Path::new("/"));
    // Who could put a socket there could open every shell with it.
    if std::fs::symlink_metadata(folder).map_err(trouble)?.mode() & 0o022 != 0 {
        return Err("others may write into the folder of its socket".to_owned());
    }
    let mut stream = UnixStream::connect(socket).map_err(trouble)?;
    stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)))
        .map_err(trouble)?;
    let start = Start {
        call: Call::SshKeys,
        service: "sshd".to_owned(),
        user: user.to_owned(),
        tty: None,
        rhost: None,
        ruser: None,
        uid: 0,
        silent: true,
        ssh_connection: None,
        auth_info: None,
        had_password: false,
        locale: None,
    };
    samekey_wire::write(&mut stream, &FromModule::Start(Box::new(start))).map_err(|why| why.to_string())?;
    heard(stream)
}

fn heard(stream: UnixStream) -> Result<Vec<String>, String> {
    let mut reader = Reader::new(stream);
    let mut lines = Vec::new();
    while lines.len() < MOST {
        match reader.receive(|_| Ok(())).map_err(|why| why.to_string())? {
            // One line is one key: a break in it would be a second one.
            FromAgent::Info { text } if !text.chars().any(char::is_control) => lines.push(text),
            FromAgent::Verdict(Verdict::Exempt) => return Ok(lines),
            FromAgent::Verdict(Verdict::Refused { reason }) => return Err(format!("it refuses: {}", reason.code())),
            FromAgent::Verdict(Verdict::Unavailable { outage }) => {
                return Err(format!("it cannot tell: {}", outage.code()));
            }
            _ => break,
        }
    }
    Err("it says what was not asked".to_owned())
}
