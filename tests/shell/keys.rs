//! A security key at the machine itself: bound there, asked in sudo and login by touch, and never of somebody who came
//! over ssh.

use crate::support::boxed::boxed;
use crate::support::seat::at_the_machine;
use crate::support::site::{CODE_PROMPT, OURS_ALONE, PASSWORD, PASSWORD_PROMPT, Person, SHELL, Site, ssh};
use crate::support::soft_key::{Settings, SoftKey};
use samekey_demo::Terminal;
use samekey_soft_key::order::Touch;
use std::os::unix::fs::PermissionsExt;

const KEY_PROMPT: &str = "Security key: press Enter, then touch it when it blinks";
const CUE: &str = "Touch the security key now";
const PIN_PROMPT: &str = "PIN of the security key (";
const PIN: &str = "0815 ab";

/// A site whose keys are made for example.org.
pub(super) fn site_of_keys() -> Site {
    let mut site = Site::new();
    configure(
        &mut site,
        "[realm]",
        "[relying-party]\nid = \"example.org\"\norigins = [\"https://example.org\"]\n\n[realm]",
    );
    site
}

/// The same, and a person with app and key.
pub(super) fn site_with(key: &SoftKey) -> (Site, Person) {
    let site = site_of_keys();
    let ann = site.person("ann");
    let said = bind(&site, "ann", &[]);
    assert!(
        said.contains("\"kind\": \"security-key\"") || said.contains("\"kind\":\"security-key\""),
        "{said}"
    );
    key.touch(Touch::Wait);
    (site, ann)
}

/// Changes the configuration, and starts the agent with it.
fn configure(site: &mut Site, old: &str, new: &str) {
    let path = "/etc/samekey/samekey.toml";
    let text = std::fs::read_to_string(path).unwrap();
    assert!(text.contains(old), "{text}");
    std::fs::write(path, text.replacen(old, new, 1)).unwrap();
    site.machine.stop("samekey-agent");
    site.machine.start_agent().unwrap();
}

fn bind(site: &Site, person: &str, further: &[&str]) -> String {
    let verb = [
        "device",
        "bind",
        "security-key",
        "--json",
        "--user",
        person,
        "--name",
        "stick",
    ];
    site.machine.samekey(&[&verb, further].concat(), "").unwrap()
}

const SUDO: [&str; 7] = ["runuser", "-u", "ann", "--", "sudo", "id", "-un"];

/// sudo at the machine's own keyboard, up to the question for the key.
pub(super) fn sudo() -> Terminal {
    let mut sudo = at_the_machine("ann", SUDO);
    sudo.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
    sudo.line(PASSWORD).unwrap();
    sudo.see(KEY_PROMPT).unwrap();
    sudo
}

pub(super) fn touched(terminal: &mut Terminal, key: &SoftKey) {
    terminal.line("").unwrap();
    terminal.see(CUE).unwrap();
    key.until_it_waits();
    key.tap();
}

/// Puts a script where the agent expects `samekey-key`.
pub(super) fn instead_of_the_program(site: &mut Site, script: &str) {
    let path = "/usr/libexec/samekey/instead";
    std::fs::write(path, format!("#!/bin/sh\n{script}\n")).unwrap();
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    configure(site, "[agent]", &format!("[agent]\nsecurity-key = \"{path}\""));
}

boxed! {
    fn a_key_bound_at_the_machine_confirms_sudo_and_login() {
        let key = SoftKey::start();
        let (site, _ann) = site_with(&key);
        let mut sudo = sudo();
        touched(&mut sudo, &key);
        sudo.see("root").unwrap();
        assert!(sudo.end().unwrap().success());
        let mut login = at_the_machine("ann", ["login"]);
        login.see("login: ").unwrap();
        login.line("ann").unwrap();
        login.see(PASSWORD_PROMPT).unwrap();
        login.line(PASSWORD).unwrap();
        login.see(KEY_PROMPT).unwrap();
        touched(&mut login, &key);
        login.see(SHELL).unwrap();
        login.line("id -un; exit").unwrap();
        login.see("ann\n").unwrap();
        for service in ["sudo", "login"] {
            assert!(site.told(&["sign-in-granted", service, "security-key"]), "{}", site.trail());
        }
        let listed = site.machine.samekey(&["device", "list", "--user", "ann"], "").unwrap();
        assert!(listed.contains("stick") && listed.contains("MODEL"), "{listed}");
    }

    fn who_came_over_ssh_is_never_asked_for_the_servers_key() {
        let key = SoftKey::start();
        let (mut site, mut ann) = site_with(&key);
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let sshd = site.sshd("");
        let before = key.told().frames;
        let mut far = ssh(&sshd, "ann", &[]);
        far.see(CODE_PROMPT).unwrap();
        far.line(&ann.code()).unwrap();
        far.see(SHELL).unwrap();
        // In sudo neither, nor in one that hides its origin.
        let plain = "sudo -k id -un";
        let hidden = "env -u SSH_CONNECTION -u SSH_CLIENT -u SSH_TTY setsid -w sudo -k -S id -un";
        for (sudo, paper) in [plain, hidden].into_iter().zip(&ann.recovery_codes) {
            far.line(sudo).unwrap();
            far.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
            far.line(PASSWORD).unwrap();
            far.see(CODE_PROMPT).unwrap();
            far.line("?").unwrap();
            // A key may approve in a browser, where the person is; it is not the server's.
            far.see("2  recovery code").unwrap();
            far.line("2").unwrap();
            far.see("Recovery code (").unwrap();
            far.line(paper).unwrap();
            far.see("root\n").unwrap();
            far.see(SHELL).unwrap();
        }
        assert!(!far.shown().contains(KEY_PROMPT), "{}", far.shown());
        assert_eq!(key.told().frames, before, "not even looked at");
    }

    fn the_pin_is_asked_hidden_with_its_tries() {
        let key = SoftKey::start();
        let (site, _ann) = site_with(&key);
        key.pin(Some(PIN));
        // A touch is enough after a password.
        let mut first = sudo();
        touched(&mut first, &key);
        first.see("root").unwrap();
        assert!(!first.shown().contains(PIN_PROMPT));
        // Where nobody checked one, the key must know its person.
        site.machine.pam("su", OURS_ALONE).unwrap();
        let mut su = at_the_machine("ann", ["runuser", "-u", "ann", "--", "su", "ann", "-c", "id -un"]);
        su.see(KEY_PROMPT).unwrap();
        su.line("").unwrap();
        su.see("PIN of the security key (8 tries left), or Enter for other ways: ").unwrap();
        su.line("000000").unwrap();
        su.see("That PIN is not right.").unwrap();
        su.see("PIN of the security key (7 tries left), or Enter for other ways: ").unwrap();
        su.line(PIN).unwrap();
        su.see(CUE).unwrap();
        key.tap();
        su.see("ann\n").unwrap();
        assert!(su.end().unwrap().success());
        assert!(!su.shown().contains(PIN), "{}", su.shown());
    }

    fn pulled_out_and_absent_keys_leave_the_other_ways() {
        let key = SoftKey::start();
        let (_site, mut ann) = site_with(&key);
        let mut sudo = sudo();
        sudo.line("").unwrap();
        key.until_it_waits();
        key.unplug();
        sudo.see("The key was pulled out before it was done.").unwrap();
        sudo.line("k").unwrap();
        sudo.see("No security key is plugged in.").unwrap();
        sudo.see("Press Enter to use another way (authenticator app)").unwrap();
        sudo.line("").unwrap();
        sudo.see(CODE_PROMPT).unwrap();
        sudo.line(&ann.code()).unwrap();
        sudo.see("root").unwrap();
        assert!(sudo.end().unwrap().success());
    }

    fn somebody_elses_key_is_told_from_ones_own() {
        let key = SoftKey::start();
        let (_site, _ann) = site_with(&key);
        key.unplug();
        let other = SoftKey::start();
        let mut sudo = sudo();
        sudo.line("").unwrap();
        sudo.see("The key that is plugged in is not bound to this account.").unwrap();
        assert_eq!(other.told().asked, 0, "it never blinked");
        key.plug();
        sudo.line("k").unwrap();
        key.until_it_waits();
        key.tap();
        sudo.see("root").unwrap();
    }

    fn a_signature_captured_at_one_sudo_opens_no_other() {
        let key = SoftKey::start();
        let (mut site, _ann) = site_with(&key);
        let said = "/run/samekey/said";
        instead_of_the_program(&mut site, &format!(
            "if [ -e {said} ]; then read request; cat {said}; else /usr/libexec/samekey/samekey-key | tee {said}; fi"
        ));
        let mut first = sudo();
        touched(&mut first, &key);
        first.see("root").unwrap();
        assert!(first.end().unwrap().success());
        let before = key.told().touches;
        let mut again = sudo();
        for _ in 0..2 {
            again.line("").unwrap();
            again.see(KEY_PROMPT).unwrap();
        }
        again.line("").unwrap();
        // sudo begins again.
        again.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
        assert!(!again.shown().contains("root\n"), "{}", again.shown());
        again.kill();
        assert!(site.told(&["key-refused", "sudo", "ann"]), "{}", site.trail());
        assert_eq!(key.told().touches, before);
    }

    fn a_program_that_dies_or_lies_opens_nothing() {
        let key = SoftKey::start();
        let (mut site, _ann) = site_with(&key);
        let granted = r#"echo '{"v":1,"body":{"verdict":"granted"}}'"#;
        for script in ["exit 0", "kill -9 $$", granted, "head -c 100000 /dev/zero", "printf '{\"v\":1,\"bo'"] {
            instead_of_the_program(&mut site, script);
            let mut sudo = sudo();
            sudo.line("").unwrap();
            sudo.see("The key could not be used.").unwrap();
            assert!(!sudo.shown().contains("root\n"), "{script}");
            sudo.kill();
            configure(&mut site, "\nsecurity-key = \"/usr/libexec/samekey/instead\"", "");
        }
        assert!(!site.told(&["sign-in-granted", "sudo"]), "{}", site.trail());
    }

    fn binding_says_what_is_wrong_and_binds_nothing() {
        let mut site = Site::new();
        let without = ["device", "bind", "security-key", "--user", "ann"];
        let _ann = site.person("ann");
        let error = site.machine.samekey(&without, "").unwrap_err().to_string();
        assert!(error.contains("keys are made for a domain"), "{error}");
        configure(&mut site, "[realm]", "[relying-party]\nid = \"example.org\"\norigins = [\"https://example.org\"]\n\n[realm]");
        let error = site.machine.samekey(&without, "").unwrap_err().to_string();
        assert!(error.contains("No security key is plugged in."), "{error}");
        let key = SoftKey::with(Settings { pin: Some(PIN.into()), ..Settings::default() });
        let error = site.machine.samekey(&[&without[..], &["--verify"]].concat(), "").unwrap_err().to_string();
        assert!(error.contains("the key's PIN is needed"), "{error}");
        std::fs::write("/root/pin", format!("{PIN}\n")).unwrap();
        let said = bind(&site, "ann", &["--verify", "--pin-file", "/root/pin"]);
        assert!(said.contains("\"passkey\""), "with a PIN it is a passkey: {said}");
        let again = site.machine.samekey(&["device", "bind", "security-key", "--user", "ann", "--name", "other", "--pin-file", "/root/pin"], "");
        assert!(again.unwrap_err().to_string().contains("bound to this account already"));
        drop(key);
    }
}
