//! The listener that asks applications for a certificate (RFC 8705): any is taken at the level of TLS, which proves that its
//! holder speaks; whose it is, `oidc::client_auth` finds out. Browsers never meet it, and so never ask which to show.

use super::serve::ServeError;
use crate::config::TlsFiles;
use crate::oidc::client_auth::PeerCertificates;
use axum::http::Request;
use axum_server::accept::Accept;
use axum_server::tls_rustls::{RustlsAcceptor, RustlsConfig};
use rustls::client::danger::HandshakeSignatureValid;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, UnixTime};
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{DigitallySignedStruct, DistinguishedName, Error, ServerConfig, SignatureScheme};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::net::TcpStream;
use tower_service::Service;

/// Asks, and takes whatever certificate its holder signs with.
#[derive(Debug)]
struct Anybodys(Arc<CryptoProvider>);

impl ClientCertVerifier for Anybodys {
    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// The acceptor over these files.
pub(super) fn acceptor(files: &TlsFiles) -> Result<Asking, ServeError> {
    let failed = |why: io::Error| ServeError::Tls {
        certificate: files.certificate.display().to_string(),
        key: files.key.display().to_string(),
        why,
    };
    let config = config(files).map_err(failed)?;
    Ok(Asking(RustlsAcceptor::new(RustlsConfig::from_config(Arc::new(config)))))
}

fn config(files: &TlsFiles) -> io::Result<ServerConfig> {
    let chain = CertificateDer::pem_file_iter(&files.certificate).map_err(io::Error::other)?;
    let chain = chain.collect::<Result<Vec<_>, _>>().map_err(io::Error::other)?;
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(io::Error::other)?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_client_cert_verifier(Arc::new(Anybodys(provider)))
        .with_single_cert(chain, key)
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Lets a connection in and marks its requests with what it showed.
#[derive(Clone)]
pub(super) struct Asking(RustlsAcceptor);

type Accepted<S> = (<RustlsAcceptor as Accept<TcpStream, S>>::Stream, Marked<S>);

impl<S: Send + 'static> Accept<TcpStream, S> for Asking {
    type Stream = <RustlsAcceptor as Accept<TcpStream, S>>::Stream;
    type Service = Marked<S>;
    type Future = Pin<Box<dyn Future<Output = io::Result<Accepted<S>>> + Send>>;

    fn accept(&self, stream: TcpStream, service: S) -> Self::Future {
        let accepting = self.0.accept(stream, service);
        Box::pin(async move {
            let (stream, service) = accepting.await?;
            let shown = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let chain = shown.iter().map(|der| der.as_ref().to_vec()).collect();
            let shown = PeerCertificates(Arc::new(chain));
            Ok((stream, Marked { service, shown }))
        })
    }
}

/// A service whose requests know what their connection showed.
#[derive(Debug, Clone)]
pub(super) struct Marked<S> {
    service: S,
    shown: PeerCertificates,
}

impl<S: Service<Request<B>>, B> Service<Request<B>> for Marked<S> {
    type Response = S::Response;
    type Error = S::Error;
    type Future = S::Future;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.service.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<B>) -> S::Future {
        request.extensions_mut().insert(self.shown.clone());
        self.service.call(request)
    }
}
