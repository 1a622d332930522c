//! Logins that an SSH key opens, through a real sshd and the real client: a key that checks its person is the second factor,
//! an automation's key is exempt from its network, and nobody else's word is taken for sshd's.

use crate::support::boxed::{boxed, target};
use crate::support::site::{CODE_PROMPT, OURS_ALONE, SHELL, Site, ssh};
use samekey_demo::Terminal;
use samekey_demo::machine::{Sshd, attempt, run};
use std::process::Command;

/// sshd takes keys from us alone, as the page on SSH keys has it.
const FROM_US: &str = "AuthorizedKeysFile none\nAuthorizedKeysCommand /usr/local/bin/samekey ssh-keys %u\n\
    AuthorizedKeysCommandUser samekey-ssh\n";
const KEY_THEN_PAM: &str = "AuthenticationMethods publickey,keyboard-interactive:pam\n";
const STRICT: &str = "version = 1\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n";
/// Ours says nothing of whom it exempts, so another module has to say yes (decision 3).
const AFTER_A_KEY: &str = "auth required pam_permit.so\nauth required pam_samekey.so\n\
    account required pam_unix.so\naccount required pam_samekey.so\nsession required pam_unix.so\n";
/// What the tripwire says.
const TOLD: &str = "A second factor is required; your login did not pass it.";

/// The software authenticator that the client loads.
fn middleware() -> String {
    let built = target().join("debug/libsamekey_soft_key_middleware.so");
    built.to_str().unwrap().to_owned()
}

/// Makes a key in the software authenticator; its file.
fn security_key(name: &str, options: &[&str]) -> String {
    let file = format!("/root/{name}");
    let middleware = middleware();
    let mut words = vec!["-q", "-t", "ed25519-sk", "-w", &middleware, "-N", "", "-f", &file];
    words.extend(options);
    run("ssh-keygen", &words, "").unwrap();
    file
}

/// Makes a key that is a file.
fn file_key(name: &str) -> String {
    let file = format!("/root/{name}");
    run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &file], "").unwrap();
    file
}

/// Realm and agent on a host that takes keys from us alone, and says so; Ann in it.
fn keyed_site() -> Site {
    let mut site = Site::new();
    run(
        "useradd",
        &[
            "--system",
            "--no-create-home",
            "--shell=/usr/sbin/nologin",
            "samekey-ssh",
        ],
        "",
    )
    .unwrap();
    configure(&mut site, "[agent]\n", "[agent]\nsshd-verifies = true\n");
    site.policy(STRICT);
    site
}

/// Changes a line of the configuration, with the agent started anew.
fn configure(site: &mut Site, old: &str, new: &str) {
    let file = "/etc/samekey/samekey.toml";
    let before = std::fs::read_to_string(file).unwrap();
    assert!(before.contains(old), "{before}");
    std::fs::write(file, before.replacen(old, new, 1)).unwrap();
    site.machine.stop("samekey-agent");
    site.machine.start_agent().unwrap();
}

fn enrol(site: &Site, name: &str, file: &str, further: &[&str]) -> String {
    let public = format!("{file}.pub");
    let mut words = vec!["ssh-key", "add", "ann", &public, "--name", name];
    words.extend(further);
    site.machine.samekey(&words, "").unwrap()
}

/// The client with this key and no other.
fn with_key(sshd: &Sshd, person: &str, key: &str, further: &[&str]) -> Terminal {
    let provider = format!("SecurityKeyProvider={}", middleware());
    let mut words = vec!["-i", key, "-o", "IdentitiesOnly=yes", "-o", &provider];
    words.extend(further);
    ssh(sshd, person, &words)
}

/// Whether the login opens the shell without a question.
fn opens(sshd: &Sshd, key: &str, further: &[&str]) -> bool {
    let mut login = with_key(sshd, "ann", key, further);
    login
        .see_any(&[SHELL, CODE_PROMPT, "Permission denied", TOLD, "Connection closed"])
        .unwrap()
        == 0
}

/// Whether it is asked for a code.
fn is_asked(sshd: &Sshd, key: &str, further: &[&str]) -> bool {
    let mut login = with_key(sshd, "ann", key, further);
    login
        .see_any(&[CODE_PROMPT, SHELL, "Permission denied", "Connection closed"])
        .unwrap()
        == 0
}

boxed! {
    fn an_enrolled_security_key_satisfies_the_policy_and_an_unlisted_one_is_asked_for_more() {
        let mut site = keyed_site();
        let mut ann = site.person("ann");
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let key = security_key("verifying", &["-O", "verify-required"]);
        let touched = security_key("touched", &[]);
        let plain = file_key("plain");
        enrol(&site, "laptop", &key, &[]);
        enrol(&site, "plain", &plain, &[]);
        let sshd = site.sshd(&format!("{FROM_US}{KEY_THEN_PAM}AcceptEnv SSH_*\nPermitUserEnvironment yes\n"));

        // Enrolled with verification: no question, and the trail names the device.
        let listed = site.machine.samekey(&["ssh-key", "list", "ann", "--json"], "").unwrap();
        assert!(listed.contains("\"verification\":true"), "{listed}");
        assert!(opens(&sshd, &key, &[]), "{}\n{}", site.trail(), site.machine.daemons_said());
        assert!(site.told(&["sign-in-granted", "\"method\":\"security-key\"", "\"user_verified\":\"true\""]));

        // A key that is a file is served too; it came first, and the code is asked for.
        assert!(is_asked(&sshd, &plain, &[]), "{}", site.machine.daemons_said());
        // What the person's own environment says of a key is not what sshd says.
        let public = std::fs::read_to_string(format!("{key}.pub")).unwrap();
        let told: Vec<&str> = public.split(' ').take(2).collect();
        let faked = format!("SetEnv=\"SSH_AUTH_INFO_0=publickey {}\"", told.join(" "));
        std::fs::create_dir_all("/home/ann/.ssh").unwrap();
        for file in ["/home/ann/.pam_environment", "/home/ann/.ssh/environment"] {
            std::fs::write(file, format!("SSH_AUTH_INFO_0=publickey {}\n", told.join(" "))).unwrap();
        }
        assert!(is_asked(&sshd, &plain, &["-o", &faked]));

        // A key that nobody enrolled does not even come first.
        let other = security_key("other", &["-O", "verify-required"]);
        let mut stranger = with_key(&sshd, "ann", &other, &[]);
        stranger.see("Permission denied (publickey)").unwrap();

        // Enrolled with verification, and its signature shows none: sshd refuses it.
        enrol(&site, "touched", &touched, &[]);
        with_key(&sshd, "ann", &touched, &[]).see("Permission denied (publickey)").unwrap();
        assert!(site.machine.daemons_said().contains("user verification requirement"));

        // Where keys may come from elsewhere, the same key without our terms is still asked for more.
        let elsewhere = site.sshd(&format!("AuthorizedKeysFile /etc/ssh/other_keys\n{KEY_THEN_PAM}"));
        let unlisted = std::fs::read_to_string(format!("{other}.pub")).unwrap();
        std::fs::write("/etc/ssh/other_keys", unlisted).unwrap();
        let mut login = with_key(&elsewhere, "ann", &other, &[]);
        login.see(CODE_PROMPT).unwrap();
        login.line(&ann.code()).unwrap();
        login.see(SHELL).unwrap();

        // Removed: sshd is served it no more.
        site.machine.samekey(&["ssh-key", "remove", "ann", "laptop", "--yes"], "").unwrap();
        with_key(&sshd, "ann", &key, &[]).see("Permission denied (publickey)").unwrap();
        assert!(site.told(&["device-unbound", "ssh-key"]), "{}", site.trail());
    }

    fn nobody_is_taken_for_verified_where_nobody_says_that_sshd_verifies() {
        let mut site = keyed_site();
        let _ann = site.person("ann");
        site.machine.pam("sshd", OURS_ALONE).unwrap();
        let key = security_key("verifying", &["-O", "verify-required"]);
        enrol(&site, "laptop", &key, &[]);
        let sshd = site.sshd(&format!("{FROM_US}{KEY_THEN_PAM}"));
        assert!(opens(&sshd, &key, &[]), "{}\n{}", site.trail(), site.machine.daemons_said());
        configure(&mut site, "sshd-verifies = true", "sshd-verifies = false");
        assert!(is_asked(&sshd, &key, &[]), "{}", site.trail());
        // A key alone is refused by the tripwire: sshd tells PAM of a method once it is complete, which is after that phase.
        let alone = site.sshd(FROM_US);
        let mut refused = with_key(&alone, "ann", &key, &["-o", "PreferredAuthentications=publickey"]);
        refused.see(TOLD).unwrap();
    }

    fn an_automations_key_is_exempt_from_its_network_only() {
        let mut site = keyed_site();
        let _ann = site.person("ann");
        let key = file_key("robot");
        enrol(&site, "robot", &key, &["--no-verification"]);
        let told = run("ssh-keygen", &["-lf", &format!("{key}.pub")], "").unwrap();
        let told = String::from_utf8(told.stdout).unwrap();
        let print = told.split(' ').nth(1).unwrap();
        let from = |network: &str| format!(
            "{STRICT}[[exception]]\nname = \"robot\"\nwhen = {{ users = [\"ann\"], services = [\"pam:sshd\"], \
             key = [\"{print}\"], source = [\"{network}\"] }}\nallow = {{ level = \"none\" }}\n\
             reason = \"nightly copy\"\napproved-by = \"carol\"\nautomation = true\n"
        );
        site.machine.pam("sshd", AFTER_A_KEY).unwrap();
        let sshd = site.sshd(&format!("{FROM_US}{KEY_THEN_PAM}"));
        site.policy(&from("127.0.0.0/8"));
        assert!(opens(&sshd, &key, &[]), "{}\n{}", site.trail(), site.machine.daemons_said());
        assert!(site.told(&["sign-in-exempt", "\"rule\":\"robot\"", print]), "{}", site.trail());
        let words = ["policy", "explain", "--user", "ann", "--service", "pam:sshd", "--source", "127.0.0.1",
            "--first-factor", "publickey", "--key", print];
        assert!(site.machine.samekey(&words, "").unwrap().contains("allow: nothing is asked"));
        site.policy(&from("192.0.2.0/24"));
        assert!(is_asked(&sshd, &key, &[]), "{}", site.trail());
    }

    fn sshd_is_served_keys_through_a_user_without_rights() {
        let mut site = keyed_site();
        let _ann = site.person("ann");
        let key = security_key("verifying", &["-O", "verify-required"]);
        enrol(&site, "laptop", &key, &[]);
        let public = std::fs::read_to_string(format!("{key}.pub")).unwrap();
        let blob = public.split(' ').nth(1).unwrap();
        let asks = |as_whom: &str, of: &str| {
            let words = ["-u", as_whom, "--", "samekey", "ssh-keys", of];
            let output = attempt(Command::new("runuser").args(words), "").unwrap();
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        };
        let line = format!("verify-required sk-ssh-ed25519@openssh.com {blob} samekey:laptop\n");
        assert_eq!(asks("samekey-ssh", "ann"), (Some(0), line.clone()));
        assert_eq!(asks("ann", "ann"), (Some(0), line));
        for nobody in ["eve", "root", "-x", "a b", ""] {
            assert_eq!(asks("samekey-ssh", nobody), (Some(0), String::new()), "{nobody:?}");
        }
        let (code, said) = asks("nobody", "ann");
        assert!(code != Some(0) && said.is_empty(), "{code:?} {said}");
        site.machine.samekey(&["account", "lock", "ann"], "").unwrap();
        assert_eq!(asks("samekey-ssh", "ann"), (Some(0), String::new()), "locked");
        site.machine.stop("samekey-agent");
        let (code, said) = asks("samekey-ssh", "ann");
        assert!(code != Some(0) && said.is_empty(), "{code:?} {said}");
    }
}
