//! Devices that the rivals' own programs made, taken in, and then a login with each.

use super::keys::{site_of_keys, sudo, touched};
use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, OURS_ALONE, PASSWORD, SHELL, Site, ssh};
use crate::support::soft_key::{Settings, SoftKey};
use samekey_demo::machine::{Sshd, attempt, run};
use samekey_soft_key::order::Touch;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// Runs an import; its report, however it ends.
fn import(words: &[&str]) -> Value {
    let output = attempt(Command::new("samekey").arg("import").args(words).arg("--json"), "").unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    serde_json::from_str(&said).unwrap_or_else(|error| panic!("{error}: {said}{output:?}"))
}

fn said(program: &str, arguments: &[&str]) -> String {
    String::from_utf8(run(program, arguments, "").unwrap().stdout).unwrap()
}

/// The code of the next step, by oathtool: the present one is spent with the import, for it may have been used before.
fn next_code(key: &[&str]) -> String {
    let codes = said("oathtool", &[&["--totp", "--window=1"], key].concat());
    codes.lines().nth(1).unwrap().to_owned()
}

/// A login over ssh with a code and nothing else.
fn logs_in(sshd: &Sshd, name: &str, code: &str) {
    let mut terminal = ssh(sshd, name, &[]);
    terminal.see(CODE_PROMPT).unwrap();
    terminal.line(code).unwrap();
    terminal.see(SHELL).unwrap();
    terminal.line("id -un; exit").unwrap();
    terminal.see(&format!("{name}\n")).unwrap();
}

fn secret_file(path: &str, text: &str) {
    std::fs::write(path, text).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

boxed! {
    fn apps_of_google_authenticator_and_oathtool_log_in_after_the_import() {
        let mut site = Site::new();
        for name in ["ann", "bob", "eve"] {
            site.machine.add_person(name, PASSWORD).unwrap();
        }
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let sshd = site.sshd("");

        // Ann made hers herself, in her home.
        run("runuser", &["-l", "ann", "-c", "google-authenticator -t -d -f -r 3 -R 30 -w 3 -C -q"], "").unwrap();
        let file = "/home/ann/.google_authenticator";
        let tried = import(&["google-authenticator", file, "--add-accounts", "--dry-run"]);
        assert_eq!((&tried["taken"], &tried["changed"]), (&Value::from(1), &Value::from(false)), "{tried}");
        assert!(site.machine.samekey(&["account", "show", "ann"], "").is_err(), "nothing was changed");
        let taken = import(&["google-authenticator", file, "--add-accounts"]);
        assert_eq!((&taken["taken"], &taken["rows"][0]["user"]), (&Value::from(1), &Value::from("ann")), "{taken}");
        let key = std::fs::read_to_string(file).unwrap().lines().next().unwrap().to_owned();
        logs_in(&sshd, "ann", &next_code(&["--base32", &key]));
        let again = import(&["google-authenticator", file]);
        assert_eq!((&again["there"], &again["changed"]), (&Value::from(1), &Value::from(false)), "{again}");
        // Her file speaks for herself alone, and a link is not followed.
        let stolen = import(&["google-authenticator", file, "--user", "bob", "--add-accounts"]);
        assert_eq!(stolen["rows"][0]["code"], "not_theirs", "{stolen}");
        std::os::unix::fs::symlink(file, "/home/bob/.google_authenticator").unwrap();
        let linked = import(&["google-authenticator", "/home/bob/.google_authenticator", "--user", "bob"]);
        assert_eq!(linked["rows"][0]["code"], "unreadable", "{linked}");

        // Keys of oathtool's, as pam_oath and as apps keep them; between them a line that no door could check.
        let hex = "0a1b2c3d4e5f60718293a4b5c6d7e8f901122334";
        let told = said("oathtool", &["--totp", "--verbose", hex]);
        let base32 = told.lines().find_map(|line| line.strip_prefix("Base32 secret: ")).unwrap();
        secret_file("/root/users.oath", &format!("HOTP bob - {hex} 0\nHOTP/T30/6 bob - {hex}\n"));
        let taken = import(&["oath", "/root/users.oath", "--add-accounts"]);
        let counts = |report: &Value| ["taken", "refused"].map(|field| report[field].as_u64().unwrap());
        assert_eq!(counts(&taken), [1, 1], "{taken}");
        assert_eq!((&taken["rows"][0]["line"], &taken["rows"][0]["code"]), (&Value::from(1), &Value::from("hotp")), "{taken}");
        logs_in(&sshd, "bob", &next_code(&[hex]));
        secret_file("/root/list", &format!("otpauth://totp/Site:eve?secret={base32}&issuer=Site\n"));
        assert_eq!(counts(&import(&["otpauth", "/root/list", "--add-accounts"])), [1, 0]);
        logs_in(&sshd, "eve", &next_code(&[hex]));
        for name in ["ann", "bob", "eve"] {
            assert!(site.told(&["sign-in-granted", "pam:sshd", name]), "{}", site.trail());
        }
        assert!(site.told(&["device-bound", "google-authenticator", "ann"]), "{}", site.trail());
        assert!(!site.trail().contains(&key) && !site.trail().contains(hex));
    }

    fn a_key_of_pamu2fcfg_confirms_sudo_after_the_import() {
        let key = SoftKey::with(Settings { certified: true, ..Settings::default() });
        let site = site_of_keys();
        site.machine.add_person("ann", PASSWORD).unwrap();
        site.machine.samekey(&["account", "add", "ann"], "").unwrap();
        let line = said("pamu2fcfg", &["--username", "ann"]);
        assert!(line.starts_with("ann:") && line.contains(",es256,+presence"), "{line}");
        std::fs::write("/etc/u2f_mappings", format!("{line}\nbob:x\n")).unwrap();
        let taken = import(&["pam-u2f", "/etc/u2f_mappings"]);
        assert_eq!((&taken["taken"], &taken["refused"]), (&Value::from(1), &Value::from(1)), "{taken}");
        assert_eq!(taken["rows"][0]["kind"], "security-key", "{taken}");
        key.touch(Touch::Wait);
        let mut sudo = sudo();
        touched(&mut sudo, &key);
        sudo.see("root").unwrap();
        assert!(sudo.end().unwrap().success());
        assert!(site.told(&["sign-in-granted", "pam:sudo", "security-key"]), "{}", site.trail());
        let again = import(&["pam-u2f", "/etc/u2f_mappings"]);
        assert_eq!(again["there"], 1, "{again}");
    }
}
