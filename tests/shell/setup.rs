//! `samekey setup` on a machine with a real sshd: what nobody confirms comes back by itself, what somebody who came in
//! with a second factor confirms stays, and nobody else can confirm.

use crate::support::boxed::boxed;
use crate::support::site::{CODE_PROMPT, PASSWORD, PASSWORD_PROMPT, Person, SHELL, Site};
use samekey_demo::Terminal;
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE, Daemon, attempt, free_port, run};
use std::fs;
use std::path::Path;
use std::process::{Command, Output};

const PAM: &str = "/etc/pam.d/sshd";
const DROP_IN: &str = "/etc/ssh/sshd_config.d/00-samekey.conf";
const JOURNAL: &str = "/var/lib/samekey-setup/ssh/trial.json";
/// Debian's own file for sshd, as far as it decides.
const STOCK: &str = "# PAM configuration for the Secure Shell service\n@include common-auth\naccount    required     pam_nologin.so\n\
                     @include common-account\n@include common-session\n@include common-password\n";

/// A machine as Debian ships it, with its own sshd at its own configuration.
struct Stock {
    site: Site,
    ann: Person,
    port: u16,
    _sshd: Daemon,
}

impl Stock {
    fn new() -> Self {
        let site = Site::new();
        let ann = site.person("ann");
        fs::write(PAM, STOCK).unwrap();
        // Boxes share the network.
        let port = free_port(0).unwrap();
        // Whoever has no drop-in has keys and passwords, as before.
        let main = format!(
            "Include /etc/ssh/sshd_config.d/*.conf\nPort {port}\nListenAddress 127.0.0.1\nUsePAM yes\n\
             KbdInteractiveAuthentication no\nPasswordAuthentication yes\nPermitRootLogin yes\nPidFile /run/sshd.pid\n"
        );
        fs::write("/etc/ssh/sshd_config", main).unwrap();
        fs::write("/etc/sudoers.d/ann", "ann ALL=(ALL) NOPASSWD: ALL\n").unwrap();
        // Commands of root's need no second factor on this machine.
        fs::write(
            "/etc/pam.d/sudo",
            "auth required pam_permit.so\naccount required pam_permit.so\nsession required pam_permit.so\n",
        )
        .unwrap();
        run("ssh-keygen", &["-A"], "").unwrap();
        let sshd = Daemon::start("/usr/sbin/sshd", &["-D", "-e"], None).unwrap();
        Self {
            site,
            ann,
            port,
            _sshd: sshd,
        }
    }

    fn ssh(&self, person: &str, further: &[&str]) -> Terminal {
        // A daemon that reads its configuration anew is away for a moment.
        let listens = |_: &samekey_demo::Machine| std::net::TcpStream::connect(("127.0.0.1", self.port)).is_ok();
        self.site.machine.until("sshd to listen", listens).unwrap();
        let port = self.port.to_string();
        let mut words = vec![
            "-F",
            "none",
            "-o",
            "StrictHostKeyChecking=no",
            "-o",
            "UserKnownHostsFile=/dev/null",
            "-p",
            &port,
        ];
        words.extend(further);
        let whom = format!("{person}@127.0.0.1");
        words.push(&whom);
        Terminal::start("ssh", words.iter().map(|word| (*word).to_owned())).unwrap()
    }

    /// A session that came in with password and code.
    fn with_a_code(&mut self) -> Terminal {
        let mut ssh = self.ssh("ann", &[]);
        ssh.see(PASSWORD_PROMPT).unwrap();
        ssh.line(PASSWORD).unwrap();
        ssh.see(CODE_PROMPT).unwrap();
        let code = self.ann.code();
        ssh.line(&code).unwrap();
        ssh.see(SHELL).unwrap();
        ssh
    }

    /// Whether sshd asks for a code now.
    fn asks_for_a_code(&self) -> bool {
        let mut ssh = self.ssh("ann", &["-o", "NumberOfPasswordPrompts=1"]);
        ssh.see(PASSWORD_PROMPT).unwrap();
        ssh.line(PASSWORD).unwrap();
        ssh.see_any(&[SHELL, CODE_PROMPT]).unwrap() == 1
    }
}

/// Runs the command as root, whatever it says.
fn samekey(words: &[&str]) -> Output {
    attempt(Command::new("samekey").args(words), "").unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.as_slice(), output.stderr.as_slice()].concat()).into_owned()
}

/// As `setup status` tells it.
fn state() -> String {
    let told = samekey(&["setup", "status", "--json"]);
    let told: serde_json::Value = serde_json::from_slice(&told.stdout).unwrap();
    told.pointer("/doors/0/state")
        .and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

/// Files of PAM and sshd, and their texts.
fn files() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for folder in [
        "/etc/pam.d",
        "/etc/ssh/sshd_config.d",
        "/etc/systemd/system",
        "/etc/cron.d",
    ] {
        for entry in fs::read_dir(folder).into_iter().flatten().map(Result::unwrap) {
            if let Ok(text) = fs::read_to_string(entry.path()) {
                found.push((entry.path().display().to_string(), text));
            }
        }
    }
    found.push(("main".to_owned(), fs::read_to_string("/etc/ssh/sshd_config").unwrap()));
    found.sort();
    found
}

boxed! {
    fn a_trial_that_nobody_confirms_is_put_back_by_itself() {
        let stock = Stock::new();
        let before = files();
        let dry = samekey(&["setup", "ssh", "--dry-run"]);
        assert!(dry.status.success() && said(&dry).contains(&format!("+{AUTH_LINE}")), "{}", said(&dry));
        assert_eq!(files(), before, "a dry run changes nothing");

        // Long enough for all that is asked of it, however busy the machine is.
        let begun = samekey(&["setup", "ssh", "--try", "10m", "--yes"]);
        assert!(begun.status.success(), "{}", said(&begun));
        let text = fs::read_to_string(PAM).unwrap();
        assert!(text.contains(AUTH_LINE) && text.contains(ACCOUNT_LINE), "{text}");
        assert!(Path::new(DROP_IN).exists());
        assert_eq!(state(), "trying");
        assert_eq!(samekey(&["setup", "sudo", "--yes"]).status.code(), Some(7), "one trial at a time");
        // Who set it up is this process, older than the trial and in no session of sshd's.
        let refused = samekey(&["setup", "confirm"]);
        assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
        let undone = samekey(&["setup", "undo", "ssh"]);
        assert!(undone.status.success(), "{}", said(&undone));
        assert_eq!(files(), before);

        let begun = samekey(&["setup", "ssh", "--try", "5s", "--yes"]);
        assert!(begun.status.success(), "{}", said(&begun));
        stock.site.machine.until("the trial to be put back", |_| state() == "put-back").unwrap();
        assert_eq!(files(), before);
        assert!(!stock.asks_for_a_code(), "sshd has read its configuration anew");
        assert_eq!(samekey(&["setup", "confirm"]).status.code(), Some(3), "nothing is left to confirm");
    }

    fn a_session_that_came_in_with_a_second_factor_confirms_and_another_does_not() {
        let mut stock = Stock::new();
        let key = stock.ann.key();
        let before = files();
        // Came in before the trial, by a key alone.
        let mut old = stock.ssh("ann", &["-i", &key]);
        old.see(SHELL).unwrap();
        let begun = samekey(&["setup", "ssh", "--try", "10m", "--yes"]);
        assert!(begun.status.success(), "{}", said(&begun));

        old.line("sudo samekey setup confirm; echo ended $?").unwrap();
        old.see("older than the trial").unwrap();
        old.see("ended 4").unwrap();
        assert_eq!(state(), "trying");

        // A session that the policy exempts: it was asked nothing.
        let bob = stock.site.person("bob");
        let bobs = bob.key();
        fs::write("/etc/sudoers.d/bob", "bob ALL=(ALL) NOPASSWD: ALL\n").unwrap();
        stock.site.policy(
            "version = 1\n[default]\nlevel = \"high\"\nmethods = [\"totp\", \"recovery-code\"]\n[[exception]]\nname = \"robot\"\n\
             when = { users = [\"bob\"], services = [\"pam:sshd\"] }\nallow = { level = \"none\" }\n\
             reason = \"nightly copy\"\napproved-by = \"carol\"\nautomation = true\n",
        );
        let mut exempt = stock.ssh("bob", &["-i", &bobs]);
        exempt.see(SHELL).unwrap();
        exempt.line("sudo samekey setup confirm; echo ended $?").unwrap();
        exempt.see("saw no second factor").unwrap();
        exempt.see("ended 4").unwrap();
        assert_eq!(state(), "trying");

        let mut new = stock.with_a_code();
        new.line("sudo samekey setup confirm; echo ended $?").unwrap();
        new.see("ended 0").unwrap();
        assert_eq!(state(), "confirmed");
        assert!(stock.site.told(&["setup-begun", "ssh"]) && stock.site.told(&["setup-confirmed"]), "{}", stock.site.trail());
        assert!(stock.asks_for_a_code());
        let again = samekey(&["setup", "ssh", "--yes"]);
        assert!(said(&again).contains("guarded already"), "{}", said(&again));

        let undone = samekey(&["setup", "undo", "ssh"]);
        assert!(undone.status.success(), "{}", said(&undone));
        assert_eq!(files(), before);
        assert!(stock.site.told(&["setup-undone"]));
    }

    fn killed_at_any_point_it_comes_back_and_nothing_is_half_done() {
        let stock = Stock::new();
        let before = files();
        // Before the journal, with it, when the watcher is there, between the two files, and after them.
        for calls in [1_u32, 5, 7, 8, 9, 10] {
            let script = format!(
                "strace -qq -o /dev/null -e inject=rename:signal=KILL:when={calls} samekey setup ssh --try 5s --yes >/run/said 2>&1 </dev/null"
            );
            let _ = attempt(Command::new("bash").args(["-c", &script]), "").unwrap();
            for (path, text) in files() {
                let whole = before.iter().any(|(old, was)| *old == path && *was == text);
                let ours = text.contains("samekey");
                assert!(whole || ours, "{path} is half done after {calls}:\n{text}");
            }
            stock.site.machine
                .until("it to be put back", |_| !Path::new(JOURNAL).exists() || !["writing", "trying"].contains(&state().as_str()))
                .unwrap();
            assert_eq!(files(), before, "killed at {calls}");
        }
    }

    fn a_reboot_ends_a_trial_and_what_somebody_else_wrote_is_kept() {
        let stock = Stock::new();
        let before = files();
        let begun = samekey(&["setup", "ssh", "--try", "10m", "--yes"]);
        assert!(begun.status.success(), "{}", said(&begun));
        assert!(samekey(&["setup", "watch", "--boot"]).status.success());
        assert_eq!(state(), "trying", "this boot is the trial's own");

        let text = fs::read_to_string(PAM).unwrap();
        fs::write(PAM, format!("{text}# somebody else\n")).unwrap();
        let journal = fs::read_to_string(JOURNAL).unwrap();
        let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        fs::write(JOURNAL, journal.replace(boot.trim(), "another boot")).unwrap();
        assert!(samekey(&["setup", "watch", "--boot"]).status.success());
        assert_eq!(state(), "put-back");
        assert_eq!(files(), before);
        let kept = fs::read_to_string("/var/lib/samekey-setup/ssh/found.0").unwrap();
        assert!(kept.contains("# somebody else"), "{kept}");
        drop(stock);
    }

    fn what_it_does_not_understand_it_does_not_touch() {
        let mut stock = Stock::new();
        for (path, text, told) in [
            (PAM, "auth requird pam_unix.so\naccount required pam_unix.so\n", "/etc/pam.d/sshd:1"),
            (PAM, "auth sufficient pam_unix.so\nauth required pam_deny.so\naccount required pam_unix.so\n", "/etc/pam.d/sshd:1"),
            (PAM, "auth required \\\n  pam_unix.so\naccount required pam_unix.so\n", "backslash"),
            ("/etc/ssh/sshd_config.d/50-x.conf", "KbdInteractiveAuthentication perhaps\n", "50-x.conf"),
        ] {
            let kept = fs::read_to_string(path).ok();
            fs::write(path, text).unwrap();
            let before = files();
            let refused = samekey(&["setup", "ssh", "--yes"]);
            assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
            assert!(said(&refused).contains(told), "{}", said(&refused));
            assert_eq!(files(), before);
            match kept {
                Some(text) => fs::write(path, text).unwrap(),
                None => fs::remove_file(path).unwrap(),
            }
        }
        // Something that sshd reads before us decides otherwise: it is seen after the change, and taken back at once.
        fs::write("/etc/ssh/sshd_config.d/00-a.conf", "PasswordAuthentication yes\n").unwrap();
        let before = files();
        let refused = samekey(&["setup", "ssh", "--yes"]);
        assert_eq!(refused.status.code(), Some(4), "{}", said(&refused));
        assert!(said(&refused).contains("passwordauthentication"), "{}", said(&refused));
        assert_eq!(files(), before);
        fs::remove_file("/etc/ssh/sshd_config.d/00-a.conf").unwrap();

        stock.site.machine.stop("samekey-agent");
        let refused = samekey(&["setup", "ssh", "--yes"]);
        assert_eq!(refused.status.code(), Some(5), "without the agent everybody would be locked out: {}", said(&refused));
        assert_eq!(files().iter().filter(|(path, _)| path == DROP_IN).count(), 0);
    }
}
