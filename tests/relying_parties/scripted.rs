//! Client libraries of other languages, each driven by a script of a few lines that speaks with the test over its standard streams:
//!
//! ```text
//!   script ─► the address to send the browser to
//!   test   ─► the address that the browser was sent back to
//!   script ─► JSON: the verified claims, what userinfo told before and after a refresh, where to sign out
//! ```

use super::site::{CALLBACK, SIGNED_OUT, STRICT, Site};
use crate::support::boxed::{target, tree};
use crate::support::npm;
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};

/// Lets a script sign somebody in, and holds what it reports; its library shows the client's secret in its own way.
fn signs_in(mut command: Command, id: &str) {
    let mut site = Site::new(STRICT);
    let addresses = ["--redirect", CALLBACK, "--post-logout", SIGNED_OUT];
    let client = site.register(id, &addresses);
    let mut script = command
        .env("ISSUER", site.issuer())
        .env("CLIENT_ID", &client.id)
        .env("CLIENT_SECRET", &client.secret)
        .env("REDIRECT_URI", CALLBACK)
        .env("SIGNED_OUT", SIGNED_OUT)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(script.stdout.take().unwrap()).lines();
    let address = lines.next().map(Result::unwrap);
    if let Some(address) = &address {
        let back = site.surfer.go(address).sent();
        writeln!(script.stdin.as_ref().unwrap(), "{back}").unwrap();
    }
    let report = lines.next().map(Result::unwrap);
    let done = script.wait_with_output().unwrap();
    let said = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{id}: {address:?} {report:?}\n{said}");
    let report: Value = serde_json::from_str(&report.unwrap()).unwrap();
    assert_eq!(report["claims"]["iss"], site.issuer());
    assert_eq!(report["claims"]["aud"], id);
    assert_eq!(report["claims"]["acr"], "urn:samekey:acr:mfa");
    for told in ["userinfo", "refreshed"] {
        assert_eq!(report[told]["preferred_username"], "ann", "{told}");
        assert_eq!(report[told]["sub"], report["claims"]["sub"], "{told}");
    }
    let out = site.surfer.go(report["logout"].as_str().unwrap()).sent();
    assert_eq!(out.as_str(), SIGNED_OUT);
}

#[test]
fn npm_openid_client_signs_in_refreshes_and_signs_out() {
    let into = target().join("openid-client");
    npm::fetch("tests/relying_parties/npm", &into);
    let script = into.join("relying_party.mjs");
    std::fs::copy(tree().join("tests/relying_parties/npm/relying_party.mjs"), &script).unwrap();
    let mut node = Command::new("node");
    // Older nodes have web cryptography behind a switch.
    node.arg("--experimental-global-webcrypto").arg(script);
    signs_in(node, "npm");
}

#[test]
fn python_authlib_signs_in_refreshes_and_signs_out() {
    let python = "/usr/bin/python3";
    assert!(
        std::path::Path::new("/usr/lib/python3/dist-packages/authlib").exists(),
        "Authlib is missing, so this test was NOT RUN: `make setup` installs it"
    );
    let mut command = Command::new(python);
    command.arg(tree().join("tests/relying_parties/authlib_party.py"));
    signs_in(command, "authlib");
}
