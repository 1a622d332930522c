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

/// Starts the command that its arguments are in a network of its own: no port of another test is in its way, neither while that one
/// listens nor in the minute after. Where the machine lets root make none, it goes on with the words behind it.
const OWN_NETWORK: &str = "unshare --net ip link set lo up 2>/dev/null &&
    exec unshare --net sh -c 'ip link set lo up && exec \"$@\"' sh \"$@\"";
/// Starts it in the machine's network.
const SHARED: &str = "exec \"$@\"";
/// The same, one at a time; `$0` is a file to wait at.
const IN_TURN: &str = "exec flock \"$0\" \"$@\"";

/// Runs `body` inside a box; `test` is the whole path of the test, crate first.
pub fn run(test: &str, body: fn()) {
    enter(test, body, None, SHARED);
}

/// The same; what the test writes into this folder stays.
pub fn run_keeping(test: &str, body: fn(), kept: Option<&Path>) {
    enter(test, body, kept, SHARED);
}

/// The same for tests that need ports of a certain number. Where they share the machine's network, they take turns.
pub fn run_alone(test: &str, body: fn()) {
    enter(test, body, None, IN_TURN);
}

/// `otherwise` is how the test's program starts where it cannot have a network of its own.
fn enter(test: &str, body: fn(), kept: Option<&Path>, otherwise: &str) {
    if machine::is_inside() {
        return body();
    }
    let name = test.split_once("::").map_or(test, |(_, rest)| rest);
    let program = std::env::current_exe().unwrap();
    let boxed = tree().join("demo/box.sh");
    let mut command = if is_root() {
        Command::new(&boxed)
    } else {
        let mut sudo = Command::new("sudo");
        sudo.arg("-n").arg(&boxed);
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
        .args(["sh", "-c", &format!("{OWN_NETWORK}\n{otherwise}")])
        .arg(&boxed)
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
