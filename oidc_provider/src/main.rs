//! `samekey-provider`: reads its configuration, opens the realm, serves until a signal.

use clap::Parser;
use samekey_provider::app::{AppState, serve};
use samekey_provider::config::ProviderSection;
use samekey_provider::logout::Messenger;
use samekey_provider::mail::{MailSection, Sender};
use samekey_provider::{SCHEMA, telemetry};
use samekey_shared::clock::SystemClock;
use samekey_shared::config::{Config, DEFAULT_PATH, Owner};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::methods::fido::attestation::Trust;
use samekey_shared::realm::Realm;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// Threads that run store writes and password hashing at a time: enough for one convoy of the store's group commit.
const BLOCKING_THREADS: usize = 64;

/// The OpenID provider of Samekey: sign-in pages and protocol endpoints.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: PathBuf,
    /// Read the configuration, say whether it is right, and end.
    #[arg(long)]
    check: bool,
    /// Log more.
    #[arg(long)]
    verbose: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    telemetry::start(arguments.verbose);
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tracing::error!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config::load(&arguments.config)?;
    let section: ProviderSection = config.section(Owner::Provider)?;
    let provider = section.check()?;
    let trust = Trust::load(&config.attestation)?;
    let mail = if config.writes_letters() {
        let section: MailSection = config.section(Owner::Mail)?;
        Some(section.check()?)
    } else {
        None
    };
    if arguments.check {
        println!("{}: the [provider] section is right", arguments.config.display());
        return Ok(());
    }
    let clock = Arc::new(SystemClock);
    let entropy = Arc::new(SystemEntropy::default());
    let realm = Arc::new(Realm::open_with(&config, clock, entropy, &[SCHEMA])?);
    let app = AppState::trusting(realm, provider, trust)?;
    if app.passkeys.is_none() {
        tracing::warn!("passkeys and security keys are off: the issuer has no domain name");
    }
    let sender = match mail {
        Some(mail) => Some(Sender::start(app.realm.clone(), mail, app.config.issuer.clone())?),
        None => None,
    };
    let messenger = Messenger::start(app.clone())?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    let served = runtime.block_on(serve::serve(app));
    drop(messenger);
    drop(sender);
    served?;
    Ok(())
}
