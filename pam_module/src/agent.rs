//! The socket client: reach the agent, make sure it is the agent, send, receive, give up in time.

use crate::socket::{self, Quiet};
use samekey_wire::{FrameError, FromAgent, FromModule, Reader};
use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

/// Why the agent could not be asked. No variant becomes success or "ignore".
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentError {
    /// Nobody listens there.
    Unreachable(io::ErrorKind),
    /// The folder of the socket could be written by somebody else, so anybody may be listening.
    OpenFolder,
    /// Who listens is neither root nor the owner of the folder.
    Stranger(u32),
    /// The connection or its bytes broke.
    Frame(FrameError),
    /// A well-formed message in the wrong place.
    OutOfTurn(&'static str),
}

impl fmt::Display for AgentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable(kind) => write!(
                f,
                "agent not reachable ({kind}); is samekey-agent.socket active? systemctl status samekey-agent"
            ),
            Self::OpenFolder => f.write_str(
                "the agent's socket folder is not a folder that only its owner may write: give it mode 0755",
            ),
            Self::Stranger(uid) => write!(
                f,
                "uid {uid} listens on the agent's socket, neither root nor the folder's owner: somebody plays agent"
            ),
            Self::Frame(error) => write!(f, "agent: {error}"),
            Self::OutOfTurn(what) => write!(f, "agent: {what}"),
        }
    }
}

impl std::error::Error for AgentError {}

impl From<FrameError> for AgentError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

/// What dialogue needs of an agent; the scripted one in tests is the other implementation.
pub trait Agent {
    /// Says something.
    fn send(&mut self, message: &FromModule) -> Result<(), AgentError>;
    /// Waits for what the agent says.
    fn receive(&mut self) -> Result<FromAgent, AgentError>;
}

/// A connection to the agent, and the time that may still be spent waiting on it.
pub struct Connection {
    reader: Reader<UnixStream>,
    left: Duration,
}

impl Connection {
    /// Reaches the agent and makes sure of it.
    pub fn open(path: &Path, limit: Duration) -> Result<Self, AgentError> {
        let began = Instant::now();
        let owner = folder_owner(path)?;
        let unreachable = |error: io::Error| AgentError::Unreachable(error.kind());
        let stream = socket::connect(path.as_os_str(), limit).map_err(unreachable)?;
        let listener = socket::listener_uid(&stream).map_err(unreachable)?;
        if listener != 0 && listener != owner {
            return Err(AgentError::Stranger(listener));
        }
        Ok(Self {
            reader: Reader::new(stream),
            left: limit.saturating_sub(began.elapsed()),
        })
    }
}

/// Who owns the socket's folder, if only the owner may put a socket there.
fn folder_owner(path: &Path) -> Result<u32, AgentError> {
    let folder = path.parent().ok_or(AgentError::OpenFolder)?;
    let found = fs::symlink_metadata(folder).map_err(|error| AgentError::Unreachable(error.kind()))?;
    if !found.is_dir() || found.mode() & 0o022 != 0 {
        return Err(AgentError::OpenFolder);
    }
    Ok(found.uid())
}

/// What is left of the time, at least a moment (a zero time-out would mean "for ever"), or the end of it.
fn remaining(deadline: Instant) -> Result<Duration, FrameError> {
    match deadline.checked_duration_since(Instant::now()) {
        Some(left) if !left.is_zero() => Ok(left.max(Duration::from_millis(1))),
        _ => Err(FrameError::TimedOut),
    }
}

impl Agent for Connection {
    fn send(&mut self, message: &FromModule) -> Result<(), AgentError> {
        let began = Instant::now();
        let stream = self.reader.connection();
        let limit = remaining(began + self.left)?;
        stream.set_write_timeout(Some(limit)).map_err(FrameError::from)?;
        let sent = samekey_wire::write(&mut Quiet(stream), message);
        self.left = self.left.saturating_sub(began.elapsed());
        Ok(sent?)
    }

    fn receive(&mut self) -> Result<FromAgent, AgentError> {
        let began = Instant::now();
        let deadline = began + self.left;
        let received = self.reader.receive(|stream| {
            stream
                .set_read_timeout(Some(remaining(deadline)?))
                .map_err(FrameError::from)
        });
        self.left = self.left.saturating_sub(began.elapsed());
        Ok(received?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;
    use std::os::unix::net::UnixListener;

    #[test]
    fn no_agent_is_unreachable() {
        let folder = tempfile::tempdir().unwrap();
        let error = Connection::open(&folder.path().join("a.sock"), Duration::from_secs(1)).err();
        assert_eq!(error, Some(AgentError::Unreachable(io::ErrorKind::NotFound)));
    }

    #[test]
    fn a_folder_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
        let error = Connection::open(&path, Duration::from_secs(1)).err();
        assert_eq!(error, Some(AgentError::OpenFolder));
    }

    #[test]
    fn a_linked_folder_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let real = folder.path().join("real");
        fs::create_dir(&real).unwrap();
        let _listener = UnixListener::bind(real.join("a.sock")).unwrap();
        std::os::unix::fs::symlink(&real, folder.path().join("link")).unwrap();
        let error = Connection::open(&folder.path().join("link/a.sock"), Duration::from_secs(1)).err();
        assert_eq!(error, Some(AgentError::OpenFolder));
    }

    #[test]
    fn a_mute_agent_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.sock");
        let _listener = UnixListener::bind(&path).unwrap();
        let mut agent = Connection::open(&path, Duration::from_millis(20)).unwrap();
        assert_eq!(agent.receive(), Err(AgentError::Frame(FrameError::TimedOut)));
        // The budget is spent for good.
        assert_eq!(agent.receive(), Err(AgentError::Frame(FrameError::TimedOut)));
        assert_eq!(
            agent.send(&FromModule::Cancel),
            Err(AgentError::Frame(FrameError::TimedOut))
        );
    }
}
