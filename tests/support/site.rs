//! A small site in a box: the realm, people with password and app, the agent, and our lines in pam.d.

use super::boxed;
use samekey_demo::machine::{Enrolled, STACK, Sshd, SshdOptions, run};
use samekey_demo::{App, Machine, Terminal};
use std::time::Duration;

/// Everybody's password on the machine.
pub const PASSWORD: &str = "hunter2 and more";
/// Part of the prompt for the system's password.
pub const PASSWORD_PROMPT: &str = "assword: ";
/// Part of the prompt for the app's code.
pub const CODE_PROMPT: &str = "Verification code (authenticator app)";
/// The end of the shell's prompt.
pub const SHELL: &str = "$ ";
/// A stack of ours alone, for where another factor came first or none is wanted.
pub const OURS_ALONE: &str =
    "auth required pam_samekey.so\naccount required pam_samekey.so\nsession required pam_unix.so\n";

/// The site.
pub struct Site {
    pub machine: Machine,
}

/// A person with an app.
pub struct Person {
    pub name: &'static str,
    pub app: App,
    pub recovery_codes: Vec<String>,
    next: u64,
}

impl Site {
    /// Realm, agent and services; nobody in it yet.
    pub fn new() -> Self {
        let mut machine = Machine::install(&boxed::target()).unwrap();
        machine.samekey(&["init", "--realm", "example.org"], "").unwrap();
        for service in ["sshd", "sudo", "su", "login"] {
            machine.pam(service, STACK).unwrap();
        }
        machine.start_agent().unwrap();
        Self { machine }
    }

    /// Applies a policy.
    pub fn policy(&self, text: &str) {
        std::fs::write("/root/policy.toml", text).unwrap();
        let words = ["policy", "apply", "/root/policy.toml"];
        self.machine.samekey(&words, "").unwrap();
    }

    /// A person with an account on the machine, one in the store, and an app.
    pub fn person(&self, name: &'static str) -> Person {
        if name != "root" {
            self.machine.add_person(name, PASSWORD).unwrap();
        }
        self.machine.samekey(&["account", "add", name], "").unwrap();
        let Enrolled {
            app,
            proven_with,
            recovery_codes,
            ..
        } = self.machine.enrol(name).unwrap();
        Person {
            name,
            app,
            recovery_codes,
            next: proven_with + 1,
        }
    }

    /// A real sshd with further lines of configuration.
    pub fn sshd(&mut self, lines: &str) -> Sshd {
        self.machine
            .start_sshd(&SshdOptions {
                lines: lines.to_owned(),
                ..SshdOptions::default()
            })
            .unwrap()
    }

    /// The audit trail as JSON lines.
    pub fn trail(&self) -> String {
        self.machine.samekey(&["audit", "export"], "").unwrap()
    }

    /// Whether the trail holds an event with all of these texts in it.
    pub fn told(&self, texts: &[&str]) -> bool {
        self.trail()
            .lines()
            .any(|line| texts.iter().all(|text| line.contains(text)))
    }
}

impl Person {
    /// A code never offered before; acceptable at once the first time, since the doors accept one step ahead. Later ones are
    /// waited for, as a person does whose app still shows the last one.
    pub fn code(&mut self) -> String {
        self.next = self.next.max(self.app.step());
        while self.app.step() + 1 < self.next {
            std::thread::sleep(Duration::from_secs(self.app.left()));
        }
        let code = self.app.code(self.next);
        self.next += 1;
        code
    }

    /// An ssh key of this person's, known to the machine; the file of its private part.
    pub fn key(&self) -> String {
        let file = format!("/root/{}.key", self.name);
        run("ssh-keygen", &["-q", "-t", "ed25519", "-N", "", "-f", &file], "").unwrap();
        let home = format!("/home/{}/.ssh", self.name);
        run(
            "install",
            &["-d", "-o", self.name, "-g", self.name, "-m", "700", &home],
            "",
        )
        .unwrap();
        let keys = format!("{home}/authorized_keys");
        run(
            "install",
            &[
                "-o",
                self.name,
                "-g",
                self.name,
                "-m",
                "600",
                &format!("{file}.pub"),
                &keys,
            ],
            "",
        )
        .unwrap();
        file
    }
}

/// Starts the real client.
pub fn ssh(sshd: &Sshd, person: &str, further: &[&str]) -> Terminal {
    Terminal::start("ssh", sshd.arguments(person, further)).unwrap()
}
