//! The same of keys and approvals: what `samekey-key` says damaged on its way, an approval spoilt in the store while
//! the login waits for it: never success and never "ignore", which this service turns into success.

use super::keys::{instead_of_the_program, site_with};
use crate::support::boxed::boxed;
use crate::support::seat::at_the_machine;
use crate::support::site::{PASSWORD, Site};
use crate::support::soft_key::{SoftKey, until};
use samekey_demo::Terminal;
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::realm::Realm;
use samekey_shared::store::StoreError;
use samekey_soft_key::order::Touch;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

/// Password first, then ours; either of success and "ignore" of our line comes out as success.
const STACK: &str = "auth required pam_unix.so\n\
    auth [success=done ignore=ignore default=die] pam_samekey.so\nauth required pam_permit.so\n";
const SERVICE: &str = "guarded";

/// Where the test tells the program in `samekey-key`'s place what to do.
const DAMAGE: &str = "/run/samekey-faults/damage";

/// Passes on what `samekey-key` says, changed by a line of Perl.
const GO_BETWEEN: &str = "/usr/libexec/samekey/samekey-key | perl -0777 -pe \"$(cat /run/samekey-faults/damage)\"";

/// A site whose service asks ann's key, which is touched at once, through the go-between.
fn stage(key: &SoftKey) -> Site {
    let (mut site, _ann) = site_with(key);
    key.touch(Touch::Auto);
    site.machine.pam(SERVICE, STACK).unwrap();
    std::fs::create_dir("/run/samekey-faults").unwrap();
    std::fs::write(DAMAGE, "").unwrap();
    instead_of_the_program(&mut site, GO_BETWEEN);
    site
}

fn probe(answers: &[&str]) -> Vec<String> {
    let login = [
        env!("CARGO_BIN_EXE_pam_probe"),
        "login",
        "/etc/pam.d",
        SERVICE,
        "ann",
        "auth",
    ];
    login.iter().chain(answers).map(|&word| word.to_owned()).collect()
}

/// A login at the machine: the password, then Enter for the key.
fn begin() -> Terminal {
    at_the_machine("ann", probe(&[PASSWORD, ""]))
}

fn lets_in(mut login: Terminal) -> bool {
    login.end().unwrap().success()
}

/// Does this to the store, beside its daemons.
fn spoil(sql: &'static str) {
    let config = Config::load(Path::new("/etc/samekey/samekey.toml")).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let done: Result<_, StoreError> = realm.store.write(|tx| tx.execute(sql, &[]));
    done.unwrap();
}

/// Whether the store knows of an approval that waits.
fn one_waits() -> bool {
    let config = Config::load(Path::new("/etc/samekey/samekey.toml")).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let found: Result<_, StoreError> = realm
        .store
        .read(|tx| tx.query("SELECT id FROM approvals WHERE state = 'pending'", &[]));
    !found.unwrap().is_empty()
}

/// What may have become of an approval while the login waits for it.
const APPROVALS: [&str; 9] = [
    "DELETE FROM approvals",
    "UPDATE approvals SET state = 'approved'",
    "UPDATE approvals SET state = 'approved', evidence = ''",
    "UPDATE approvals SET state = 'approved', evidence = '{}'",
    "UPDATE approvals SET state = 'denied'",
    "UPDATE approvals SET state = 'no state'",
    "UPDATE approvals SET expires_at = 1",
    "UPDATE approvals SET created_at = created_at + 3600, expires_at = expires_at + 3600",
    "ALTER TABLE approvals RENAME TO lost",
];

boxed! {
    fn a_keys_answer_damaged_on_its_way_gets_nobody_in() {
        let key = SoftKey::start();
        let _site = stage(&key);
        assert!(lets_in(begin()), "the control");
        let line = r"s/(\{[^\n]*asserted[^\n]*)/my $l = $1;";
        let whole = r"s/(\{[^\n]*asserted[^\n]*\n)/my $l = $1;";
        let mut points = 0;
        for at in (0..640).step_by(23) {
            let bit = 1 << (at % 7);
            std::fs::write(DAMAGE, format!("{line} substr($l, {at} % length($l), 1) ^= chr({bit}); $l/e")).unwrap();
            assert!(!lets_in(begin()), "bit {bit} of byte {at}");
            std::fs::write(DAMAGE, format!("{whole} substr($l, 0, {at} % (length($l) - 2))/e")).unwrap();
            assert!(!lets_in(begin()), "cut after {at} bytes");
            points += 2;
        }
        for change in ["$_ = ''", "s/asserted/registered/", "$_ = qq({\"v\":1,\"body\":{\"verdict\":\"granted\"}}\\n)"] {
            std::fs::write(DAMAGE, change).unwrap();
            assert!(!lets_in(begin()), "{change}");
            points += 1;
        }
        std::fs::write(DAMAGE, "").unwrap();
        assert!(lets_in(begin()), "the control, afterwards");
        println!("points of injection, samekey-key's pipe: {points}, none gave SUCCESS or IGNORE");
    }

    fn an_approval_spoilt_while_the_login_waits_gets_nobody_in() {
        let key = SoftKey::start();
        let _site = stage(&key);
        for sql in APPROVALS {
            spoil("DELETE FROM approvals");
            // Not at the machine: the key can only approve elsewhere.
            let words = probe(&[PASSWORD, "?", "1", ""]);
            let mut login = Command::new(&words[0]).args(&words[1..]).spawn().unwrap();
            until("the approval to wait", one_waits);
            spoil(sql);
            assert!(!login.wait().unwrap().success(), "{sql}");
        }
        println!("points of injection, approvals: {}, none gave SUCCESS or IGNORE", APPROVALS.len());
    }
}
