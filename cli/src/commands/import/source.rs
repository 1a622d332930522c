//! The files that are taken in: read as root, in other people's homes, without being led anywhere by them.

use crate::identity;
use samekey_shared::config::safe_file::{self, Privacy};
use samekey_shared::moving::{Format, LONGEST};
use samekey_shared::secrets::SecretBytes;
use std::io::Read;
use std::path::Path;

/// A file's contents, and whose they are.
#[derive(Debug)]
pub struct Source {
    /// What stands in it.
    pub bytes: SecretBytes,
    /// The person whose file it is; `None` for root's, and for that of whoever runs this: these speak for everybody.
    pub owner: Option<String>,
}

/// Reads a file, or says with a stable code why not.
pub fn read(path: &Path, format: Format) -> Result<Source, (&'static str, String)> {
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        let read = std::io::stdin().lock().take(LONGEST + 1).read_to_end(&mut bytes);
        let bytes = SecretBytes::new(bytes);
        return match read {
            Ok(length) if length as u64 <= LONGEST => Ok(Source { bytes, owner: None }),
            Ok(_) => Err(("too_long", format!("it is larger than {LONGEST} bytes"))),
            Err(error) => Err(("unreadable", error.to_string())),
        };
    }
    let privacy = if format.is_secret() {
        Privacy::Secret
    } else {
        Privacy::Public
    };
    let (bytes, owner) =
        safe_file::read_anybodys(path, privacy, LONGEST).map_err(|error| ("unreadable", error.to_string()))?;
    let bytes = SecretBytes::new(bytes);
    if owner == 0 || owner == identity::effective_uid() {
        return Ok(Source { bytes, owner: None });
    }
    match identity::name_of(owner) {
        Some(name) => Ok(Source {
            bytes,
            owner: Some(name),
        }),
        None => Err((
            "not_theirs",
            format!("it belongs to user number {owner}, who has no name here"),
        )),
    }
}
