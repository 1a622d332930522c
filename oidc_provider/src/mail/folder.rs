//! Into a folder, a file for each letter: for machines whose own programs fetch letters there, and for trying things out.

use super::transport::Trouble;
use lettre::Message;
use samekey_shared::ids::LetterId;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Writes `<id>.eml`, whole or not at all, for this program's user alone: letters hold codes.
pub(super) fn put(folder: &Path, id: LetterId, message: &Message) -> Result<(), Trouble> {
    let write = || -> io::Result<()> {
        let part = folder.join(format!(".{id}.part"));
        match fs::remove_file(&part) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(0o600)
            .open(&part)?;
        file.write_all(&message.formatted())?;
        file.sync_all()?;
        fs::rename(&part, folder.join(format!("{id}.eml")))
    };
    write().map_err(|why| Trouble::Passing(format!("{}: {why}", folder.display())))
}
