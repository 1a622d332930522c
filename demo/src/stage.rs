//! Sets the stage: installs, configures and starts all that a small site would have, by the steps that the README gives.

use crate::Trouble;
use samekey_demo::machine::{STACK, Sshd, SshdOptions, free_port};
use samekey_demo::{Machine, machine};
use std::path::Path;

/// The account of the demo, at both doors.
pub const PERSON: &str = "demo";
/// Its password, at both doors.
pub const PASSWORD: &str = "samekey-demo";

/// Everything running.
pub struct Stage {
    /// The machine it runs on.
    pub machine: Machine,
    /// The shell's door.
    pub sshd: Sshd,
    /// The web app's address, without a slash at its end.
    pub app: String,
}

/// Sets it. `say` hears each step before it is done.
pub fn set(target: &Path, say: impl Fn(&str)) -> Result<Stage, Trouble> {
    say("installing the programs, the module and their system user in a throw-away root");
    let mut machine = Machine::install(target)?;
    machine.add_person(PERSON, PASSWORD)?;

    say("samekey init: configuration, keyring, store and the shipped policy");
    machine.samekey(&["init", "--realm", "demo.example"], "")?;
    let (provider_port, app_port) = (free_port(8480)?, free_port(8481)?);
    let issuer = format!("http://127.0.0.1:{provider_port}");
    let app = format!("http://127.0.0.1:{app_port}");
    machine.configure(&format!(
        "[provider]\nissuer = \"{issuer}\"\nlisten = \"127.0.0.1:{provider_port}\"\n"
    ))?;

    say("samekey account add, samekey client add: a person and a web app");
    machine.samekey(&["account", "add", PERSON, "--password-stdin"], PASSWORD)?;
    let secret = register(&machine, &app)?;

    say("pam.d: sshd and sudo ask for the system's password, then for a second factor");
    for service in ["sshd", "sudo"] {
        machine.pam(service, STACK)?;
    }

    say("starting agent, provider, sample app and sshd");
    machine.start_agent()?;
    machine.start_provider(provider_port)?;
    machine.start_sample_app(
        app_port,
        &[
            "--issuer",
            &issuer,
            "--client-id",
            "sample",
            "--client-secret-file",
            &secret,
        ],
    )?;
    let sshd = machine.start_sshd(&SshdOptions {
        port: 2222,
        ..SshdOptions::default()
    })?;
    Ok(Stage { machine, sshd, app })
}

/// Registers the sample app; the file that its secret lies in.
fn register(machine: &Machine, app: &str) -> Result<String, Trouble> {
    let (redirect, home) = (format!("{app}/callback"), format!("{app}/"));
    let answer = machine.samekey(
        &[
            "--json",
            "client",
            "add",
            "sample",
            "--name",
            "Sample app",
            "--redirect",
            &redirect,
            "--post-logout",
            &home,
        ],
        "",
    )?;
    let answer: serde_json::Value = serde_json::from_str(&answer)?;
    let secret = answer["secret"].as_str().ok_or("samekey client add told no secret")?;
    let file = "/run/sample-app.secret";
    std::fs::write(file, secret)?;
    machine::run("chown", &["nobody", file], "")?;
    machine::run("chmod", &["400", file], "")?;
    Ok(file.to_owned())
}
