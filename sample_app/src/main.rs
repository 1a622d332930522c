//! A small web app whose people sign in through Samekey: what a relying party has to write, and no more.
//!
//! `main` reads the options, [`app`] holds the pages, [`protocol`] speaks OpenID Connect, [`visits`] remembers each browser.

mod app;
mod protocol;
mod visits;

use clap::Parser;
use protocol::{Provider, ProviderError};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

/// The options.
#[derive(Debug, Parser)]
#[command(
    version,
    about = "A web app that signs people in through Samekey (a sample relying party)"
)]
struct Options {
    /// Where to listen; also the host and port of the redirect address
    #[arg(long, default_value = "127.0.0.1:8481")]
    listen: SocketAddr,
    /// The provider's issuer address; its discovery document lies below it
    #[arg(long)]
    issuer: String,
    /// The client id given by `samekey client add`
    #[arg(long)]
    client_id: String,
    /// A file with the client secret; without it the app is a public client, protected by PKCE alone
    #[arg(long)]
    client_secret_file: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = Options::parse();
    match serve(&options).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sample-app: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Why the app does not run.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The secret's file cannot be read.
    #[error("cannot read the client secret in {path}: {source}")]
    Secret { path: PathBuf, source: std::io::Error },
    /// An option is not what it should be.
    #[error(transparent)]
    Provider(#[from] ProviderError),
    /// The address cannot be listened on.
    #[error("cannot listen on {at}: {source}")]
    Listen { at: SocketAddr, source: std::io::Error },
    /// The listener broke.
    #[error("stopped serving: {0}")]
    Serve(std::io::Error),
}

async fn serve(options: &Options) -> Result<(), StartError> {
    let secret = match &options.client_secret_file {
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|source| StartError::Secret {
                path: path.clone(),
                source,
            })?;
            Some(text.trim().to_owned())
        }
        None => None,
    };
    let home = format!("http://{}", options.listen);
    let provider = Provider::new(&options.issuer, &options.client_id, secret, &home)?;
    let listener = tokio::net::TcpListener::bind(options.listen)
        .await
        .map_err(|source| StartError::Listen {
            at: options.listen,
            source,
        })?;
    println!("sample-app: {home}/");
    axum::serve(listener, app::router(Arc::new(provider)))
        .await
        .map_err(StartError::Serve)
}
