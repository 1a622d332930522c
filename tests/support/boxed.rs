//! Runs a test as root in a throw-away box: the test's program starts itself again inside, for that one test.

use super::drawn_keys;
use samekey_demo::machine;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Declares tests that run in a box of their own each.
macro_rules! boxed {
    ($($(#[$meta:meta])* fn $name:ident() $body:block)*) => {$(
        $(#[$meta])*
        #[test]
        fn $name() {
            fn body() $body
            $crate::support::boxed::run(concat!(module_path!(), "::", stringify!($name)), body);
        }
    )*};
}
pub(crate) use boxed;

/// Runs `body` inside a box; `test` is the whole path of the test, crate first.
pub fn run(test: &str, body: fn()) {
    enter(test, body, None, &[]);
}

/// The same; what the test writes into this folder stays.
pub fn run_keeping(test: &str, body: fn(), kept: Option<&Path>) {
    enter(test, body, kept, &[]);
}

/// The same with a network of its own, so that every port is free. Where the machine does not let root make one, such tests
/// take turns.
pub fn run_alone(test: &str, body: fn()) {
    let turns = tree().join("demo/box.sh").display().to_string();
    let alone = "unshare --net ip link set lo up 2>/dev/null || exec flock \"$0\" \"$@\"\n\
                 exec unshare --net sh -c 'ip link set lo up && exec \"$@\"' sh \"$@\"";
    enter(test, body, None, &["sh", "-c", alone, &turns]);
}

/// `before` is a command that starts the one that its arguments are.
fn enter(test: &str, body: fn(), kept: Option<&Path>, before: &[&str]) {
    if machine::is_inside() {
        return body();
    }
    let name = test.split_once("::").map_or(test, |(_, rest)| rest);
    let program = std::env::current_exe().unwrap();
    let boxed = tree().join("demo/box.sh");
    let mut command = if is_root() {
        Command::new(boxed)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("-n").arg(boxed);
        sudo
    };
    if name.starts_with("browser::") {
        command.env(drawn_keys::VARIABLE, drawn_keys::drawn());
    }
    command.arg("--see").arg(target());
    if let Some(kept) = kept {
        command.arg("--keep").arg(kept);
    }
    let output = command
        .args(before)
        .arg(program)
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        is_root() || !said.contains("sudo:"),
        "{name} needs root and was NOT RUN: run `make test` as root, or `sudo -v` before it\n{said}"
    );
    assert!(
        output.status.success() && said.contains("1 passed"),
        "{name}, in its box:\n{said}"
    );
}

/// Where cargo put what it built: this program lies in `<target>/debug/deps`.
pub fn target() -> PathBuf {
    std::env::current_exe().unwrap().ancestors().nth(3).unwrap().to_owned()
}

/// The source tree.
pub fn tree() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}
