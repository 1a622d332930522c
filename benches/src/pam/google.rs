//! pam_google_authenticator with its own default answers: DISALLOW_REUSE, RATE_LIMIT 3 30, the usual window.

use super::Door;
use crate::Trouble;
use crate::people;
use crate::place::{Place, write_private};
use std::process::{Command, Stdio};

/// A door with so many people, each with a file of their own as that module wants it.
pub fn door(place: &Place, people: usize) -> Result<Door, Trouble> {
    let room = place.room("google")?;
    let form = default_answers(&room.join("form"))?;
    for at in 0..people {
        let name = people::name(at);
        // The first line is the key; all others are its answers.
        let answers = form.split_once('\n').map_or("", |(_, rest)| rest);
        write_private(
            &room.join(&name),
            &format!("{}\n{answers}", people::secret_base32(&name)),
        )?;
    }
    let line = format!(
        "auth required pam_google_authenticator.so secret={}/${{USER}} user=root\n",
        room.display()
    );
    Door::new(&room, "google", &line)
}

/// A file as the module's own tool writes it when every question is answered as it proposes.
fn default_answers(file: &std::path::Path) -> Result<String, Trouble> {
    let tool = Command::new("google-authenticator")
        .args([
            "--time-based",
            "--disallow-reuse",
            "--rate-limit=3",
            "--rate-time=30",
            "--minimal-window",
        ])
        .args(["--force", "--quiet", "--no-confirm", "--secret"])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| {
            Trouble::Program(format!(
                "google-authenticator: {error}; install libpam-google-authenticator"
            ))
        })?;
    if !tool.success() {
        return Err(Trouble::Program(format!("google-authenticator ended with {tool}")));
    }
    Ok(std::fs::read_to_string(file)?)
}
