//! An installation in a folder of its own, and the real command run on it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A folder with, or without, an installation.
pub struct Place {
    folder: tempfile::TempDir,
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The exit code; -1 when a signal ended it.
    pub exit: i32,
    /// Its data.
    pub out: String,
    /// Its talk.
    pub err: String,
}

impl Place {
    /// An empty folder.
    pub fn bare() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    /// A folder in which `init` has run.
    pub fn made() -> Self {
        let place = Self::bare();
        let root = place.root().display().to_string();
        let ended = place.run(&["init", "--root", &root, "--realm", "example.org"], "");
        assert_eq!(ended.exit, 0, "{ended:?}");
        place
    }

    /// The folder.
    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The configuration that `init` makes there.
    pub fn config(&self) -> PathBuf {
        self.root().join("etc/samekey/samekey.toml")
    }

    /// The command with these words, ready to be run on this installation.
    pub fn command(&self, words: &[impl AsRef<std::ffi::OsStr>]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_samekey"));
        command
            .env_clear()
            .env("LANG", "C.UTF-8")
            .env("TERM", "xterm")
            .current_dir(self.root());
        command.args(words).arg("--config").arg(self.config());
        command
    }

    /// Runs the command with this input; stdin, stdout and stderr are pipes.
    pub fn run(&self, words: &[impl AsRef<std::ffi::OsStr>], input: &str) -> Ended {
        let mut command = self.command(words);
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // It may have ended without reading: that is its right.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        let output = child.wait_with_output().unwrap();
        Ended {
            exit: output.status.code().unwrap_or(-1),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// The present code of a base32 key with an app's usual settings, by an implementation that is not ours.
pub fn code(key: &str) -> String {
    code_of(key, 0)
}

/// What an app whose clock is so many steps ahead shows at present.
pub fn code_of(key: &str, steps: i64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().unwrap().as_secs();
    code_at(key, i64::try_from(now).unwrap() + 30 * steps)
}

/// The code of that moment.
pub fn code_at(key: &str, moment: i64) -> String {
    let key: String = key.chars().filter(|c| !c.is_whitespace()).collect();
    let bytes = data_encoding::BASE32_NOPAD
        .decode(key.trim_end_matches('=').as_bytes())
        .unwrap();
    let totp = totp_rs::Builder::new().with_secret(bytes).build_noncompliant();
    totp.generate(u64::try_from(moment).unwrap()).to_string()
}
