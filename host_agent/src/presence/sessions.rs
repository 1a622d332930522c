//! What systemd-logind says of sessions, in the files that it keeps under `/run/systemd`.

use std::fs;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

/// Longest file that is read.
const LONGEST: u64 = 16 * 1024;

/// `/run/systemd`.
#[derive(Debug)]
pub struct Sessions {
    place: PathBuf,
}

/// One session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The process that began it.
    pub leader: Option<u32>,
    /// Whether it is the user manager's own, which nobody sits at.
    pub is_manager: bool,
    place: Place,
}

/// Where a session is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Elsewhere,
    AtASeat,
    /// At a seat, and the one that the screen shows.
    InFront,
}

impl Session {
    /// Whether it is at a seat of this machine.
    pub fn is_at_a_seat(&self) -> bool {
        self.place != Place::Elsewhere
    }

    /// Whether it is the one that the screen shows.
    pub fn is_in_front(&self) -> bool {
        self.place == Place::InFront
    }

    fn read(text: &str) -> Self {
        let value = |key: &str| {
            text.lines()
                .find_map(|line| line.strip_prefix(key)?.strip_prefix('='))
                .unwrap_or_default()
        };
        let local = value("REMOTE") == "0" && value("REMOTE_HOST").is_empty() && !value("SEAT").is_empty();
        let place = match (local, value("ACTIVE")) {
            (true, "1") => Place::InFront,
            (true, _) => Place::AtASeat,
            (false, _) => Place::Elsewhere,
        };
        Self {
            leader: value("LEADER").parse().ok(),
            is_manager: value("CLASS").starts_with("manager"),
            place,
        }
    }
}

impl Sessions {
    /// Reads there.
    pub fn at(place: PathBuf) -> Self {
        Self { place }
    }

    /// The session of this number; nothing if there is none. Unreadable is an error: that is no answer.
    pub fn session(&self, number: u32) -> Result<Option<Session>, &'static str> {
        self.named(&number.to_string())
    }

    fn named(&self, name: &str) -> Result<Option<Session>, &'static str> {
        let text = read(&self.place.join("sessions").join(name))?;
        Ok(text.map(|text| Session::read(&text)))
    }

    /// Every session of a user.
    pub fn of_user(&self, user: u32) -> Result<Vec<Session>, &'static str> {
        let text = read(&self.place.join("users").join(user.to_string()))?.ok_or("the user has no session")?;
        let names = text
            .lines()
            .find_map(|line| line.strip_prefix("SESSIONS="))
            .unwrap_or_default();
        names
            .split_whitespace()
            .map(|name| {
                if !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
                    return Err("a session of the user's has no possible name");
                }
                self.named(name)?.ok_or("a session of the user's is not on record")
            })
            .collect()
    }
}

/// A file's text; nothing if there is no such file.
fn read(path: &Path) -> Result<Option<String>, &'static str> {
    const UNREADABLE: &str = "the records of sessions cannot be read";
    let open = match fs::File::open(path) {
        Ok(open) => open,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(_) => return Err(UNREADABLE),
    };
    let mut text = String::new();
    open.take(LONGEST).read_to_string(&mut text).map_err(|_| UNREADABLE)?;
    Ok(Some(text))
}
