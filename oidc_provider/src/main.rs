//! `samekey-provider`: reads its configuration, opens the realm or realms, serves until a signal.

use clap::Parser;
use samekey_provider::app::{self, App, AppState, serve};
use samekey_provider::config::{ProviderConfig, ProviderSection};
use samekey_provider::logout::Messenger;
use samekey_provider::mail::{MailConfig, MailSection, Sender};
use samekey_provider::{SCHEMA, telemetry};
use samekey_shared::clock::SystemClock;
use samekey_shared::config::{Config, DEFAULT_PATH, Owner};
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::methods::fido::attestation::Trust;
use samekey_shared::realm::Realm;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use tokio::task::JoinSet;

/// Whatever stands in the way of starting, in a sentence.
type Failed = Box<dyn std::error::Error>;

/// Threads that run store writes and password hashing at a time: enough for one convoy of the store's group commit.
const BLOCKING_THREADS: usize = 64;

/// The OpenID provider of Samekey: sign-in pages and protocol endpoints.
#[derive(Debug, Parser)]
#[command(version)]
struct Arguments {
    /// The configuration file; several times for several realms, each with a host and an address of its own.
    #[arg(long, value_name = "FILE", default_value = DEFAULT_PATH)]
    config: Vec<PathBuf>,
    /// The keyring, instead of the configuration's: a credential that systemd hands over. One for each configuration.
    #[arg(long, value_name = "FILE")]
    keyring: Vec<PathBuf>,
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

/// A realm as its configuration describes it.
struct Configured {
    config: Config,
    provider: ProviderConfig,
    trust: Trust,
    mail: Option<MailConfig>,
}

fn configured(path: &Path, keyring: Option<&PathBuf>) -> Result<Configured, Failed> {
    let mut config = Config::load(path)?;
    if let Some(keyring) = keyring {
        config.keyring.path.clone_from(keyring);
    }
    let section: ProviderSection = config.section(Owner::Provider)?;
    let mail = if config.writes_letters() {
        let section: MailSection = config.section(Owner::Mail)?;
        Some(section.check()?)
    } else {
        None
    };
    Ok(Configured {
        provider: section.check()?,
        trust: Trust::load(&config.attestation)?,
        mail,
        config,
    })
}

/// What goes out of a realm on threads of its own, until this value goes: letters, and word to applications.
struct Outgoing {
    _letters: Option<Sender>,
    _notices: Messenger,
}

/// Opens the realm and begins to send.
fn opened(found: Configured) -> Result<(App, Outgoing), Failed> {
    let clock = Arc::new(SystemClock);
    let entropy = Arc::new(SystemEntropy::default());
    let realm = Arc::new(Realm::open_with(&found.config, clock, entropy, &[SCHEMA])?);
    let app = AppState::trusting(realm, found.provider, found.trust)?;
    if app.passkeys.is_none() {
        tracing::warn!("passkeys and security keys are off: the issuer has no domain name");
    }
    let letters = match found.mail {
        Some(mail) => Some(Sender::start(app.realm.clone(), mail, app.config.issuer.clone())?),
        None => None,
    };
    let outgoing = Outgoing {
        _letters: letters,
        _notices: Messenger::start(app.clone())?,
    };
    Ok((app, outgoing))
}

fn run(arguments: &Arguments) -> Result<(), Failed> {
    if !arguments.keyring.is_empty() && arguments.keyring.len() != arguments.config.len() {
        return Err("--keyring: give one for each --config, in the same order, or none".into());
    }
    let found = arguments.config.iter().enumerate();
    let found = found.map(|(number, path)| configured(path, arguments.keyring.get(number)));
    let found: Vec<Configured> = found.collect::<Result<_, _>>()?;
    if arguments.check {
        for path in &arguments.config {
            println!("{}: the [provider] section is right", path.display());
        }
        return Ok(());
    }
    let opened: Vec<(App, Outgoing)> = found.into_iter().map(opened).collect::<Result<_, _>>()?;
    let (apps, outgoing): (Vec<App>, Vec<Outgoing>) = opened.into_iter().unzip();
    app::introduce(&apps)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .max_blocking_threads(BLOCKING_THREADS)
        .build()?;
    let served = runtime.block_on(all(apps));
    drop(outgoing);
    served?;
    Ok(())
}

/// Serves every realm until a signal. Where one cannot be served none is: a program that is half there is not restarted.
async fn all(apps: Vec<App>) -> Result<(), Failed> {
    let mut realms = JoinSet::new();
    for app in apps {
        realms.spawn(serve::serve(app));
    }
    while let Some(ended) = realms.join_next().await {
        ended??;
    }
    Ok(())
}
