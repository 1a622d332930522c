//! The programs under test, built once by this run.

use super::boxed::{target, tree};
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

/// The PAM module as it is loaded in development.
pub fn module() -> PathBuf {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        cargo(&["build", "-p", "pam_samekey"]);
        target().join("debug/libpam_samekey.so")
    })
    .clone()
}

/// The agent.
pub fn agent() -> PathBuf {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        cargo(&["build", "-p", "samekey-agent"]);
        target().join("debug/samekey-agent")
    })
    .clone()
}

/// The module that understands the argument `panic`.
pub fn panicking_module() -> PathBuf {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        let into = target().join("fault-injection");
        cargo(&[
            "build",
            "-p",
            "pam_samekey",
            "--features",
            "fault-injection",
            "--target-dir",
            into.to_str().unwrap(),
        ]);
        into.join("debug/libpam_samekey.so")
    })
    .clone()
}

/// The module as it is shipped: made just as `make module` does.
pub fn shipped_module() -> PathBuf {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        let into = target().join("module");
        let small = "profile.release.opt-level=\"z\"";
        let into_text = into.to_str().unwrap();
        cargo(&[
            "build",
            "-p",
            "pam_samekey",
            "--release",
            "--config",
            small,
            "--target-dir",
            into_text,
        ]);
        into.join("release/libpam_samekey.so")
    })
    .clone()
}

/// The module that answers by a script.
pub fn stand_in() -> PathBuf {
    static DONE: OnceLock<PathBuf> = OnceLock::new();
    DONE.get_or_init(|| {
        cargo(&["build", "-p", "samekey-stand-in"]);
        target().join("debug/libsamekey_stand_in.so")
    })
    .clone()
}

fn cargo(arguments: &[&str]) {
    let output = Command::new(env!("CARGO"))
        .args(arguments)
        .current_dir(tree())
        .env("CARGO_TARGET_DIR", target())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "cargo {arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
