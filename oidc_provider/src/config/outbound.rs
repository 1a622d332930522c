//! Whom the provider may call, and whose certificates it believes then.

use super::pem::{NoCertificates, certificates};
use rustls::pki_types::CertificateDer;
use std::collections::BTreeSet;
use std::path::Path;

/// See [`crate::outbound`].
#[derive(Debug, Clone, Default)]
pub struct OutboundConfig {
    /// Hosts that may be called wherever they lie: names and addresses as they stand in the URL.
    pub allowed: BTreeSet<String>,
    /// Certificate authorities that are believed beside the system's.
    pub authorities: Vec<CertificateDer<'static>>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum OutboundProblem {
    /// Not a host.
    #[error("outbound-allow: `{0}` is no host name or address; write it in lower case, without port and path")]
    Host(String),
    /// The file of further authorities.
    #[error("outbound-ca: {0}")]
    Authorities(#[from] NoCertificates),
}

impl OutboundConfig {
    /// Holds the settings against the rules and reads the authorities.
    pub fn check(allowed: &[String], ca: Option<&Path>) -> Result<Self, OutboundProblem> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b);
        // `a:1` is a host with a port; IPv6 addresses stand in brackets, as in URLs.
        let is_host = |host: &str| {
            let inner = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
            let named = inner.map_or(!host.contains([':', '[', ']']), |inner| {
                inner.parse::<std::net::Ipv6Addr>().is_ok()
            });
            !host.is_empty() && host.len() <= 253 && host.bytes().all(plain) && named
        };
        if let Some(wrong) = allowed.iter().find(|host| !is_host(host)) {
            return Err(OutboundProblem::Host(wrong.clone()));
        }
        Ok(Self {
            allowed: allowed.iter().cloned().collect(),
            authorities: ca.map(certificates).transpose()?.unwrap_or_default(),
        })
    }
}
