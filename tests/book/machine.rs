//! The machine that a page takes for granted: Debian with our packages' files, its own network, and what `<!-- machine: … -->` names.
//!
//! ```text
//! (nothing)   `samekey init --realm example.org` has run, the agent runs, alice has an account and an app
//! empty       the same without alice's account
//! bare        nothing of that: the page begins with it; alice has her account on the machine and may sudo
//! ssh         Debian's own sshd, reached as server.example.org
//! guarded     and `samekey setup` has been confirmed: PAM's lines and sshd's drop-in are there
//! web         the provider runs at http://localhost:8480; alice has a password there
//! bob         a second person with an app
//! ```
//!
//! systemd does not run there: `systemctl` is a script beside this file, which starts what a unit's file says and knows nothing else.

use crate::support::boxed::{target, tree};
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE, Daemon, attempt, free_port, run};
use samekey_demo::{App, Browser, Machine};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

/// alice's password on the machine.
pub const PASSWORD: &str = "hunter2 and more";
/// alice's password in the browser.
pub const WEB_PASSWORD: &str = "web horse battery";

/// Debian's own stack for sshd, as far as it decides.
const STOCK_SSHD: &str = "@include common-auth\naccount    required     pam_nologin.so\n@include common-account\n\
                          @include common-session\n@include common-password\n";

pub struct Prepared {
    pub machine: Machine,
    /// alice's app, and the first of its steps not offered yet.
    pub app: Option<(App, u64)>,
    sshd: Option<Daemon>,
}

impl Prepared {
    /// Prepares what these words name.
    pub fn with(words: &str) -> Self {
        let words: Vec<&str> = words.split_whitespace().collect();
        let unknown = words
            .iter()
            .find(|word| !["bare", "empty", "ssh", "guarded", "web", "bob"].contains(word));
        assert!(unknown.is_none(), "machine: {unknown:?}");
        let has = |word: &str| words.contains(&word);
        let machine = Machine::install(&target()).unwrap();
        machine.add_person("alice", PASSWORD).unwrap();
        write("/etc/sudoers.d/alice", "alice ALL=(ALL) NOPASSWD: ALL\n", 0o440);
        let shell = "PS1='⟦$?⟧ '\nPS2=\nPROMPT_COMMAND=\nstty -echo\n";
        write("/root/.book", &format!("cd /root\n{shell}"), 0o644);
        write("/home/alice/.bash_profile", shell, 0o644);
        let hosts = fs::read_to_string("/etc/hosts").unwrap();
        write(
            "/etc/hosts",
            &format!("{hosts}127.0.0.1 server.example.org id.example.org\n"),
            0o644,
        );
        fs::copy(tree().join("tests/book/systemctl"), "/usr/local/bin/systemctl").unwrap();
        fs::set_permissions("/usr/local/bin/systemctl", fs::Permissions::from_mode(0o755)).unwrap();
        for unit in ["samekey-agent.service", "samekey-provider.service"] {
            fs::create_dir_all("/usr/lib/systemd/system").unwrap();
            fs::copy(
                tree().join("packaging/systemd").join(unit),
                format!("/usr/lib/systemd/system/{unit}"),
            )
            .unwrap();
        }
        let mut prepared = Self {
            machine,
            app: None,
            sshd: None,
        };
        if has("ssh") || has("guarded") {
            prepared.sshd();
        }
        if !has("bare") {
            prepared.installed(&words);
        }
        prepared
    }

    fn installed(&mut self, words: &[&str]) {
        let samekey = |words: &[&str], input: &str| self.machine.samekey(words, input).unwrap();
        samekey(&["init", "--realm", "example.org"], "");
        run("systemctl", &["start", "samekey-agent"], "").unwrap();
        if !words.contains(&"empty") {
            samekey(&["account", "add", "alice"], "");
            let enrolled = self.machine.enrol("alice").unwrap();
            self.app = Some((enrolled.app, enrolled.proven_with + 1));
        }
        if words.contains(&"bob") {
            self.machine.add_person("bob", PASSWORD).unwrap();
            samekey(&["account", "add", "bob"], "");
            self.machine.enrol("bob").unwrap();
        }
        if words.contains(&"web") {
            self.machine
                .configure("[provider]\nissuer = \"http://localhost:8480\"\nlisten = \"127.0.0.1:8480\"\n")
                .unwrap();
            samekey(&["account", "password", "alice", "--password-stdin"], WEB_PASSWORD);
            run("systemctl", &["start", "samekey-provider"], "").unwrap();
        }
        if words.contains(&"guarded") {
            let stack = STOCK_SSHD.replace("common-auth\n", &format!("common-auth\n{AUTH_LINE}\n"));
            write(
                "/etc/pam.d/sshd",
                &stack.replace("account    required", &format!("{ACCOUNT_LINE}\naccount    required")),
                0o644,
            );
            let lines = "UsePAM yes\nKbdInteractiveAuthentication yes\nPasswordAuthentication no\n";
            write("/etc/ssh/sshd_config.d/00-samekey.conf", lines, 0o644);
            let before = Self::listened();
            run("systemctl", &["reload", "ssh"], "").unwrap();
            self.until_listening_again(before);
        }
    }

    /// sshd as Debian ships it, and a client that knows it by name.
    fn sshd(&mut self) {
        write("/etc/pam.d/sshd", STOCK_SSHD, 0o644);
        let port = free_port(22).unwrap();
        let main = format!(
            "Include /etc/ssh/sshd_config.d/*.conf\nPort {port}\nListenAddress 127.0.0.1\nUsePAM yes\n\
             KbdInteractiveAuthentication no\nPrintMotd no\nPrintLastLog no\nPidFile /run/sshd.pid\n"
        );
        write("/etc/ssh/sshd_config", &main, 0o644);
        run("ssh-keygen", &["-A"], "").unwrap();
        let key = fs::read_to_string("/etc/ssh/ssh_host_ed25519_key.pub").unwrap();
        write("/etc/ssh/ssh_known_hosts", &format!("server.example.org {key}"), 0o644);
        let client = format!(
            "Host server.example.org\n  Port {port}\n  HostKeyAlias server.example.org\n  HostKeyAlgorithms ssh-ed25519\n"
        );
        write("/etc/ssh/ssh_config.d/book.conf", &client, 0o644);
        self.sshd = Some(Daemon::start("/usr/sbin/sshd", &["-D", "-e"], None).unwrap());
        let listens = |_: &Machine| std::net::TcpStream::connect(("127.0.0.1", port)).is_ok();
        self.machine.until("sshd to listen", listens).unwrap();
    }

    /// How many times sshd has begun to listen.
    pub fn listened() -> usize {
        let said = fs::read_to_string("/run/sshd.said").unwrap_or_default();
        said.matches("Server listening on").count()
    }

    /// A daemon that was told to read its configuration anew is away for a moment, and drops whoever comes just then.
    pub fn until_listening_again(&self, before: usize) {
        let again = |_: &Machine| Self::listened() > before;
        self.machine.until("sshd to listen again", again).unwrap();
    }

    /// What a page has somebody do in a browser: `alice signs in at ADDRESS` with password and code, and is let in.
    pub fn browse(what: &str, code: &str, secret: &str) -> Result<(), String> {
        let app = what
            .strip_prefix("alice signs in at ")
            .ok_or("nobody knows how")?
            .trim_end_matches('/')
            .to_owned();
        let web = samekey_demo::machine::WebDoor {
            app,
            issuer: "http://localhost:8480".to_owned(),
            client_secret: secret.to_owned(),
        };
        let told = |why: samekey_demo::BrowserError| why.to_string();
        let mut browser = Browser::default();
        let page = web.up_to_the_code(&mut browser, "alice", WEB_PASSWORD).map_err(told)?;
        let page = web.give_code(&mut browser, &page, code).map_err(told)?;
        if !web.let_in(&page) {
            return Err(page.text());
        }
        let claims = web.claims(&mut browser).map_err(told)?;
        let expected = serde_json::json!(["pwd", "otp", "mfa"]);
        (claims["amr"] == expected)
            .then_some(())
            .ok_or_else(|| claims.to_string())
    }
}

impl Drop for Prepared {
    fn drop(&mut self) {
        // The box's end kills the rest.
        let _ = attempt(
            Command::new("systemctl").args(["stop", "samekey-agent", "samekey-provider"]),
            "",
        );
    }
}

fn write(path: &str, text: &str, mode: u32) {
    fs::create_dir_all(std::path::Path::new(path).parent().unwrap()).unwrap();
    fs::write(path, text).unwrap_or_else(|why| panic!("{path}: {why}"));
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}
