//! The built module as a file: what it exports, what it needs, how large it is, and that a panic stays inside.

use crate::support::built;
use crate::support::pam_host::{PamHost, Phase, SUCCESS};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// `PAM_ABORT`.
const ABORT: i32 = 26;

fn said(program: &str, arguments: &[&str], file: &Path) -> String {
    let output = Command::new(program).args(arguments).arg(file).output().unwrap();
    assert!(
        output.status.success(),
        "{program}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn it_exports_the_six_hooks_and_nothing_else() {
    let file = built::shipped_module();
    let listed = said("nm", &["-D", "--defined-only"], &file);
    let exported: BTreeSet<&str> = listed
        .lines()
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    let hooks = BTreeSet::from([
        "pam_sm_acct_mgmt",
        "pam_sm_authenticate",
        "pam_sm_chauthtok",
        "pam_sm_close_session",
        "pam_sm_open_session",
        "pam_sm_setcred",
    ]);
    println!("exports: {exported:?}");
    assert_eq!(exported, hooks);
}

#[test]
fn it_needs_libpam_and_libc_stays_loaded_and_is_small() {
    let file = built::shipped_module();
    let dynamic = said("readelf", &["-d", "-W"], &file);
    let needed: BTreeSet<&str> = dynamic
        .lines()
        .filter(|line| line.contains("(NEEDED)"))
        .filter_map(|line| line.split(['[', ']']).nth(1))
        // The dynamic loader is part of the C library.
        .filter(|name| !name.starts_with("ld-linux"))
        .collect();
    let size = std::fs::metadata(&file).unwrap().len();
    println!("needs: {needed:?}; size: {size} bytes, stripped");
    assert_eq!(needed, BTreeSet::from(["libc.so.6", "libpam.so.0"]));
    assert!(dynamic.contains("NODELETE"), "{dynamic}");
    assert!(size < 400 * 1024, "{size} bytes");
}

#[test]
fn a_panic_is_a_refusal_and_silent() {
    let folder = tempfile::tempdir().unwrap();
    let host = PamHost::new(folder.path());
    let module = built::panicking_module();
    let module = module.display();
    host.service(
        "sshd",
        &format!("auth required {module} panic\naccount required {module} panic\n"),
    );
    let mut login = host.login("sshd", "demo", Vec::new());
    assert_eq!(login.authenticate(), ABORT);
    assert_eq!(login.account(), ABORT);
    assert!(login.shown().is_empty(), "{:?}", login.shown());
    // The process lives, and so does the handle.
    assert_eq!(login.authenticate(), ABORT);
}

#[test]
fn the_shipped_module_knows_no_panic() {
    let folder = tempfile::tempdir().unwrap();
    let host = PamHost::new(folder.path());
    let module = built::module();
    host.service("sshd", &format!("auth required {} panic\n", module.display()));
    assert_eq!(
        host.login("sshd", "demo", Vec::new()).authenticate(),
        3,
        "PAM_SERVICE_ERR"
    );
}

#[test]
fn phases_that_are_none_of_ours_are_refused_and_credentials_are_not() {
    let folder = tempfile::tempdir().unwrap();
    let host = PamHost::new(folder.path());
    let module = built::module();
    let module = module.display();
    host.service(
        "x",
        &format!("auth required {module}\nsession required {module}\npassword required {module}\n"),
    );
    let mut login = host.login("x", "demo", Vec::new());
    assert_eq!(login.run(Phase::Credentials), SUCCESS);
    for phase in [Phase::Session, Phase::Password] {
        assert_eq!(login.run(phase), 3, "{phase:?}: PAM_SERVICE_ERR");
    }
}
