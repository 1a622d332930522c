//! Serves the router until a signal: TLS by rustls or plain HTTP, as the configuration allows.

use super::asking;
use super::{App, Front, upkeep};
use crate::config::{Exposure, TlsFiles};
use axum::ServiceExt;
use axum::extract::Request;
use axum_server::Handle;
use axum_server::tls_rustls::RustlsConfig;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use hyper_util::server::conn::auto::Builder;
use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

/// Seconds that requests under way may take after the signal to stop.
const PATIENCE: Duration = Duration::from_secs(10);
/// Seconds that a request's head may take.
const HEAD_PATIENCE: Duration = Duration::from_secs(15);
/// Most bytes of a request's head that are read.
const MOST_HEAD: usize = 64 * 1024;

/// Why it does not serve.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The address cannot be had.
    #[error("cannot listen on {0}: {1}")]
    Listen(SocketAddr, std::io::Error),
    /// Certificate or key.
    #[error("the TLS certificate {certificate} with key {key} cannot be used: {why}")]
    Tls {
        /// The certificate's file.
        certificate: String,
        /// The key's file.
        key: String,
        /// Why.
        why: std::io::Error,
    },
    /// The signals cannot be watched.
    #[error("cannot watch for signals: {0}")]
    Signals(std::io::Error),
    /// The listener broke.
    #[error("the listener broke: {0}")]
    Broke(std::io::Error),
}

/// Serves until SIGTERM or SIGINT, then lets requests under way finish.
pub async fn serve(app: App) -> Result<(), ServeError> {
    let address = app.config.listen;
    let listener = bind(address)?;
    let handle = Handle::new();
    stop_on_signals(handle.clone())?;
    let background = tokio::spawn(upkeep(app.clone()));
    let second = second(&app, handle.clone())?;
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(Front::new(app.clone()));
    tracing::info!(%address, issuer = %app.config.issuer, "serving");
    if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Ready]) {
        tracing::debug!(%error, "systemd was not told");
    }
    let first = async {
        let served = match &app.config.exposure {
            Exposure::Tls(files) => {
                let mut server = axum_server::from_tcp_rustls(listener, tls(files).await?)
                    .map_err(|why| ServeError::Listen(address, why))?
                    .handle(handle);
                bound(server.http_builder());
                server.serve(service).await
            }
            Exposure::Loopback | Exposure::Proxied => {
                let mut server = axum_server::from_tcp(listener)
                    .map_err(|why| ServeError::Listen(address, why))?
                    .handle(handle);
                bound(server.http_builder());
                server.serve(service).await
            }
        };
        served.map_err(ServeError::Broke)
    };
    let served = tokio::try_join!(first, second);
    background.abort();
    served.map(|_| ())
}

/// The second listener, which asks applications for a certificate; nothing to do where there is none.
fn second(
    app: &App,
    handle: Handle<SocketAddr>,
) -> Result<impl Future<Output = Result<(), ServeError>> + use<>, ServeError> {
    let ready = match (app.config.mutual_tls.listen, &app.config.exposure) {
        (Some(address), Exposure::Tls(files)) => Some((bind(address)?, asking::acceptor(files)?, address)),
        _ => None,
    };
    let service = ServiceExt::<Request>::into_make_service_with_connect_info::<SocketAddr>(Front::new(app.clone()));
    Ok(async move {
        let Some((listener, acceptor, address)) = ready else {
            return Ok(());
        };
        tracing::info!(%address, "asking applications for certificates");
        let server = axum_server::from_tcp(listener).map_err(|why| ServeError::Listen(address, why))?;
        let mut server = server.acceptor(acceptor).handle(handle);
        bound(server.http_builder());
        server.serve(service).await.map_err(ServeError::Broke)
    })
}

fn bind(address: SocketAddr) -> Result<TcpListener, ServeError> {
    let failed = |why| ServeError::Listen(address, why);
    let listener = TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    Ok(listener)
}

/// A client that sends its head slowly, or without end, is cut off.
fn bound(builder: &mut Builder<TokioExecutor>) {
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(MOST_HEAD);
}

async fn tls(files: &TlsFiles) -> Result<RustlsConfig, ServeError> {
    // Another part of the program may have chosen it before; ring is the only one that is compiled in.
    if rustls::crypto::ring::default_provider().install_default().is_err() {
        tracing::debug!("the TLS provider was chosen before");
    }
    RustlsConfig::from_pem_file(&files.certificate, &files.key)
        .await
        .map_err(|why| ServeError::Tls {
            certificate: files.certificate.display().to_string(),
            key: files.key.display().to_string(),
            why,
        })
}

fn stop_on_signals(handle: Handle<SocketAddr>) -> Result<(), ServeError> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signals)?;
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("stopping");
        if let Err(error) = sd_notify::notify(&[sd_notify::NotifyState::Stopping]) {
            tracing::debug!(%error, "systemd was not told");
        }
        handle.graceful_shutdown(Some(PATIENCE));
    });
    Ok(())
}
