//! How the listener is protected: plain HTTP is for loopback and for named proxies only.

use super::Networks;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;

/// The two files of a TLS listener.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// Certificate chain, PEM.
    pub certificate: PathBuf,
    /// Private key, PEM.
    pub key: PathBuf,
}

/// Who may speak to the listener, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Exposure {
    /// Anybody, over TLS.
    Tls(TlsFiles),
    /// Plain HTTP from this machine.
    Loopback,
    /// Plain HTTP from the named proxies; anybody else is turned away.
    Proxied,
}

impl Exposure {
    /// The protection that this configuration gives; `None` when it gives none.
    pub fn of(listen: SocketAddr, tls: Option<TlsFiles>, proxies: &Networks) -> Option<Self> {
        match tls {
            Some(files) => Some(Self::Tls(files)),
            None if listen.ip().to_canonical().is_loopback() => Some(Self::Loopback),
            None if !proxies.is_empty() => Some(Self::Proxied),
            None => None,
        }
    }

    /// Whether a peer at this address may speak to us.
    pub fn admits(&self, peer: IpAddr, proxies: &Networks) -> bool {
        match self {
            Self::Tls(_) | Self::Loopback => true,
            Self::Proxied => proxies.contain(peer),
        }
    }
}
