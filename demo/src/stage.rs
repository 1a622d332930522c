//! Sets the stage: installs, configures and starts all that a small site would have, by the steps that the README gives.

use crate::Trouble;
use samekey_demo::Machine;
use samekey_demo::machine::{STACK, Sshd, SshdOptions, WebDoor};
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
    /// The web's door.
    pub web: WebDoor,
}

/// Sets it. `say` hears each step before it is done.
pub fn set(target: &Path, say: impl Fn(&str)) -> Result<Stage, Trouble> {
    say("installing the programs, the module and their system user in a throw-away root");
    let mut machine = Machine::install(target)?;
    machine.add_person(PERSON, PASSWORD)?;

    say("samekey init: configuration, keyring, store and the shipped policy");
    machine.samekey(&["init", "--realm", "demo.example"], "")?;
    say("samekey account add: a person, with the web door's password");
    machine.samekey(&["account", "add", PERSON, "--password-stdin"], PASSWORD)?;

    say("pam.d: sshd and sudo ask for the system's password, then for a second factor");
    for service in ["sshd", "sudo"] {
        machine.pam(service, STACK)?;
    }

    say("starting agent, provider, sshd and the sample app, which samekey client add has registered");
    machine.start_agent()?;
    let web = machine.open_web_door([8480, 8481])?;
    let sshd = machine.start_sshd(&SshdOptions {
        port: 2222,
        ..SshdOptions::default()
    })?;
    Ok(Stage { machine, sshd, web })
}
