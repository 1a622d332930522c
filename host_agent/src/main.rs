//! `samekey-agent`: answers PAM modules on a Unix socket and drives the sign-in state machine.
//!
//! ```text
//!   listener ──► crew (threads) ── peer ── seats ──► house ──► conversation, account_phase ──► shared::flows
//!                                                     │              │
//!                                              surroundings      line, sentences, touch ──► keys ──► samekey-key
//!                                              presence, reach   approval ──► (a browser elsewhere)
//! ```
//!
//! A lost agent is a refused login, never a skipped factor; systemd's socket brings it back with the next one.
#![deny(unsafe_code)]

mod account_phase;
mod approval;
mod approval_prompt;
mod command_line;
mod configured;
mod conversation;
mod crew;
mod deadline;
mod enrol;
mod enrol_prompt;
mod house;
mod journal;
mod line;
mod listener;
mod locale;
mod memory;
mod menu;
mod passages;
mod peer;
mod post;
mod presence;
mod proofs;
mod reach;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod scripted_enrol;
#[cfg(test)]
mod scripted_keys;
#[cfg(test)]
mod scripted_ssh;
mod seats;
mod sentences;
mod ssh_keys;
mod stack;
mod surroundings;
mod touch;
mod upkeep;

use configured::Configured;
use crew::Crew;
use house::House;
use listener::Listener;
use presence::Records;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use samekey_agent::keys::Program;
use samekey_agent::settings::Settings;
use samekey_shared::clock::SystemClock;
use samekey_shared::config::{Config, DEFAULT_PATH, Owner};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::realm::{self, Realm};
use seats::Seats;
use signal_hook::consts::{SIGINT, SIGTERM};
use ssh_keys::SshTerms;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

const USAGE: &str = "\
samekey-agent: answers PAM modules and decides their logins by the local store

Usage: samekey-agent [--config FILE] [--keyring FILE] [--check]

  --config FILE   configuration [/etc/samekey/samekey.toml]
  --keyring FILE  keyring, instead of the configuration's: a credential of systemd
  --check         say whether configuration and store are right for this release, change nothing, and end
  --version       print the version
  --help          print this

Stops cleanly on SIGTERM and SIGINT. Exit codes: 0 stopped or right, 1 failed, 2 wrong usage.
";

/// What the command line asks for.
enum Order {
    Run { config: PathBuf, keyring: Option<PathBuf> },
    Check { config: PathBuf },
    Say(String),
    Misused(String),
}

fn main() -> ExitCode {
    match order(std::env::args().skip(1)) {
        Order::Say(text) => {
            print!("{text}");
            ExitCode::SUCCESS
        }
        Order::Misused(what) => {
            eprint!("samekey-agent: {what}\n\n{USAGE}");
            ExitCode::from(2)
        }
        Order::Run { config, keyring } => ended(run(&config, keyring)),
        Order::Check { config } => ended(check(&config)),
    }
}

fn ended(result: Result<(), Box<dyn std::error::Error>>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            journal::trouble(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn order(mut args: impl Iterator<Item = String>) -> Order {
    let mut config = PathBuf::from(DEFAULT_PATH);
    let mut keyring = None;
    let mut check = false;
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--help" | "-h" => return Order::Say(USAGE.to_owned()),
            "--version" | "-V" => return Order::Say(format!("samekey-agent {}\n", env!("CARGO_PKG_VERSION"))),
            "--config" => match args.next() {
                Some(path) => config = PathBuf::from(path),
                None => return Order::Misused("--config needs a file".to_owned()),
            },
            "--keyring" => match args.next() {
                Some(path) => keyring = Some(PathBuf::from(path)),
                None => return Order::Misused("--keyring needs a file".to_owned()),
            },
            "--check" => check = true,
            other => return Order::Misused(format!("unknown argument {other:?}")),
        }
    }
    if check {
        return Order::Check { config };
    }
    Order::Run { config, keyring }
}

/// Whether this release would start here. The keyring is not looked at: systemd may hand it over, to the agent alone.
fn check(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(path)?;
    config.section::<Settings>(Owner::Agent)?.validate()?;
    Configured::by(&config)?;
    Ok(realm::fits(&config)?)
}

/// Runs until a signal.
fn run(path: &Path, keyring: Option<PathBuf>) -> Result<(), Box<dyn std::error::Error>> {
    memory::economise();
    let mut config = Config::load(path)?;
    if let Some(keyring) = keyring {
        config.keyring.path = keyring;
    }
    let settings: Settings = config.section(Owner::Agent)?;
    settings.validate()?;
    let configured = Arc::new(Configured::by(&config)?);
    // Registered before the socket is there: from then on a stop is a clean one.
    let (signals, raised) = UnixStream::pair()?;
    for signal in [SIGTERM, SIGINT] {
        signal_hook::low_level::pipe::register(signal, raised.try_clone()?)?;
    }
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default()))?;
    let listener = Listener::open(&settings.socket)?;
    let host = settings.host_name();
    let realm = Arc::new(realm);
    let _upkeep = upkeep::Upkeep::start(Arc::clone(&realm), Arc::clone(&configured));
    let keys = Program::new(settings.security_key.clone(), |error| {
        journal::trouble(&error.to_string());
    });
    if let Err(error) = keys.check() {
        journal::note(&format!("no security keys at this machine: {error}"));
    }
    let house = House::new(realm, host)
        .with_keys(Arc::new(keys), Records::default())
        .with_ssh(SshTerms {
            verifies: settings.sshd_verifies,
            keys_user: Some(settings.ssh_keys_user.clone()),
        })
        .with_configuration(configured);
    let house = Arc::new(house);
    journal::note("agent ready");
    // No service manager is no error.
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Ready]);
    attend(&listener, &signals, house, settings.conversations)?;
    journal::note("agent stopped");
    Ok(())
}

/// Takes callers until a signal.
fn attend(listener: &Listener, signals: &UnixStream, house: Arc<House>, conversations: usize) -> io::Result<()> {
    let crew = Crew::start(
        house,
        listener.socket()?,
        signals.try_clone()?,
        Seats::new(conversations),
    )?;
    // It stays there unread, so that every thread of the crew sees it too.
    let mut raised = [PollFd::new(signals, PollFlags::IN)];
    while let Err(error) = poll(&mut raised, None) {
        if error != Errno::INTR {
            return Err(error.into());
        }
    }
    let _ = sd_notify::notify(&[sd_notify::NotifyState::Stopping]);
    crew.stop();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(args: &[&str]) -> Order {
        order(args.iter().map(|arg| (*arg).to_owned()))
    }

    #[test]
    fn the_command_line_is_strict() {
        assert!(matches!(asked(&[]), Order::Run { config, keyring: None } if config == Path::new(DEFAULT_PATH)));
        assert!(matches!(asked(&["--config", "/a"]), Order::Run { config, .. } if config == Path::new("/a")));
        let credential = asked(&["--keyring", "/run/credentials/samekey-agent.service/keyring"]);
        assert!(matches!(credential, Order::Run { keyring: Some(path), .. } if path.starts_with("/run/credentials")));
        assert!(matches!(asked(&["--keyring"]), Order::Misused(_)));
        assert!(matches!(asked(&["--config"]), Order::Misused(_)));
        assert!(matches!(asked(&["--confg", "/a"]), Order::Misused(_)));
        assert!(matches!(asked(&["--check", "--config", "/a"]), Order::Check { config } if config == Path::new("/a")));
        assert!(matches!(asked(&["--version"]), Order::Say(_)));
    }
}
