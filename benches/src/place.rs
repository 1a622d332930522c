//! Where everything lies.

use crate::Trouble;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The folders of a run.
#[derive(Debug)]
pub struct Place {
    house: PathBuf,
    programs: PathBuf,
    /// The PAM module.
    pub module: PathBuf,
    /// Where the rivals from npm are.
    pub rivals: PathBuf,
}

impl Place {
    /// From the command line.
    pub fn new(house: &str, programs: &str, module: &str, rivals: &str) -> Self {
        Self {
            house: house.into(),
            programs: programs.into(),
            module: module.into(),
            rivals: rivals.into(),
        }
    }

    /// A new, empty folder of this name; what was in it is gone.
    pub fn room(&self, name: &str) -> Result<PathBuf, Trouble> {
        let room = self.house.join(name);
        if room.exists() {
            std::fs::remove_dir_all(&room)?;
        }
        std::fs::create_dir_all(&room)?;
        Ok(room)
    }

    /// One of our programs.
    pub fn program(&self, name: &str) -> PathBuf {
        self.programs.join(name)
    }

    /// The same command on a disk whose every sync takes 2 ms more; `counter` grows by a byte for each.
    pub fn slowed<'c>(&self, command: &'c mut Command, counter: &Path) -> &'c mut Command {
        command
            .env("LD_PRELOAD", self.program("samekey-bench-slow-sync.so"))
            .env("SAMEKEY_BENCH_SYNCS", counter)
    }

    /// The node that came with the rivals.
    pub fn node(&self) -> PathBuf {
        self.rivals.join("node_modules/node/bin/node")
    }
}

/// Writes a file for this user's eyes only.
pub fn write_private(path: &Path, text: &str) -> Result<(), Trouble> {
    use std::os::unix::fs::OpenOptionsExt;
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(path)?;
    std::io::Write::write_all(&mut file, text.as_bytes())?;
    Ok(())
}
