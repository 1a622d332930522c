//! The machine's system log: what programs send to `/dev/log`, kept in memory, each line as it came without its priority.

use super::{MachineError, broken};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixDatagram;
use std::sync::{Arc, Mutex, PoisonError};

const PLACE: &str = "/dev/log";

/// The log so far.
#[derive(Debug)]
pub(super) struct Log {
    lines: Arc<Mutex<String>>,
}

impl Log {
    /// Takes the place of a log daemon.
    pub(super) fn catch() -> Result<Self, MachineError> {
        let trouble = |why| broken(PLACE, why);
        let _ = std::fs::remove_file(PLACE);
        let socket = UnixDatagram::bind(PLACE).map_err(trouble)?;
        std::fs::set_permissions(PLACE, std::fs::Permissions::from_mode(0o666)).map_err(trouble)?;
        let lines = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&lines);
        // The thread ends with the process: there is nobody else to log to.
        std::thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..length]);
                let line = text.split_once('>').map_or(text.as_ref(), |(_, line)| line);
                let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
                kept.push_str(line.trim_end_matches(['\n', '\0']));
                kept.push('\n');
            }
        });
        Ok(Self { lines })
    }

    pub(super) fn text(&self) -> String {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}
