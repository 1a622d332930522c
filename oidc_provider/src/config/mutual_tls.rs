//! Where clients may show a certificate (RFC 8705): at a listener of its own, which browsers never meet and so are never asked
//! to choose one, or before a trusted proxy that passes it on (RFC 9440).

use super::pem::{NoCertificates, certificates};
use super::{Issuer, NotAnIssuer};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The settings as written.
#[derive(Debug, Clone, Default)]
pub struct MutualTlsSection {
    /// Address and port of the listener that asks for certificates.
    pub listen: Option<SocketAddr>,
    /// What clients call it: `https://host:port`.
    pub address: Option<String>,
    /// Whether `Client-Cert` of trusted proxies is believed.
    pub header: bool,
    /// PEM file of the authorities for `tls_client_auth`.
    pub ca: Option<PathBuf>,
}

/// The settings, checked.
#[derive(Debug, Clone, Default)]
pub struct MutualTls {
    /// Address and port of the listener that asks for certificates.
    pub listen: Option<SocketAddr>,
    /// What clients call it; published as `mtls_endpoint_aliases`.
    pub address: Option<Issuer>,
    /// Whether `Client-Cert` of trusted proxies is believed.
    pub header: bool,
    /// Who vouches for certificates of `tls_client_auth`; `None`: nobody, and the method is off.
    pub authorities: Option<Arc<dyn ClientCertVerifier>>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MutualTlsProblem {
    /// The listener has no certificate of its own.
    #[error("mtls-listen needs `tls-certificate` and `tls-key`")]
    NoTls,
    /// One of the two alone.
    #[error(
        "give both `mtls-listen` and `mtls-address`, or neither (behind a proxy: `mtls-address` with `client-cert-header`)"
    )]
    Half,
    /// The address.
    #[error("mtls-address: {0}")]
    Address(#[from] NotAnIssuer),
    /// Nobody is believed.
    #[error("client-cert-header needs `trusted-proxies`, which must drop that header from what they are sent")]
    NoProxy,
    /// The authorities' file.
    #[error("client-ca: {0}")]
    Authorities(#[from] NoCertificates),
    /// One of them is no authority.
    #[error("client-ca: {file}: {why}")]
    Anchor {
        /// The file.
        file: String,
        /// Why.
        why: String,
    },
}

impl MutualTls {
    /// Holds the settings against the rules and reads the authorities.
    pub fn check(section: MutualTlsSection, has_tls: bool, has_proxies: bool) -> Result<Self, MutualTlsProblem> {
        if section.listen.is_some() && !has_tls {
            return Err(MutualTlsProblem::NoTls);
        }
        if section.header && !has_proxies {
            return Err(MutualTlsProblem::NoProxy);
        }
        let half = match (section.listen, &section.address) {
            (Some(_), None) => true,
            (None, Some(_)) => !section.header,
            _ => false,
        };
        if half {
            return Err(MutualTlsProblem::Half);
        }
        Ok(Self {
            listen: section.listen,
            address: section.address.map(|address| address.parse()).transpose()?,
            header: section.header,
            authorities: section.ca.as_deref().map(authorities).transpose()?,
        })
    }

    /// Whether a certificate can reach us at all.
    pub fn is_on(&self) -> bool {
        self.listen.is_some() || self.header
    }
}

fn authorities(file: &Path) -> Result<Arc<dyn ClientCertVerifier>, MutualTlsProblem> {
    let wrong = |why: String| MutualTlsProblem::Anchor {
        file: file.display().to_string(),
        why,
    };
    let mut roots = RootCertStore::empty();
    for der in certificates(file)? {
        roots
            .add(CertificateDer::into_owned(der))
            .map_err(|error| wrong(error.to_string()))?;
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
        .build()
        .map_err(|error| wrong(error.to_string()))
}
