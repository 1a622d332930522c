//! The HTTP client behind [`super`]: ureq over rustls, with a resolver that refuses what lies inside.

use super::address::is_public;
use super::{Fetched, Limits, OutboundError};
use crate::config::OutboundConfig;
use rustls::pki_types::CertificateDer;
use std::collections::BTreeSet;
use std::io;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::tls::{Certificate, RootCerts, TlsConfig};
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{DefaultConnector, NextTimeout};
use ureq::{Agent, Body, Error, http};

/// Most bytes of an answer's head.
const MOST_HEAD: usize = 16 * 1024;
/// Longest address that is called.
const LONGEST: usize = 2000;

/// The client, made when it is first needed: reading the system's authorities takes longer than all else at a start.
#[derive(Debug)]
pub struct Outbound {
    allowed: Arc<BTreeSet<String>>,
    authorities: Vec<CertificateDer<'static>>,
    agent: OnceLock<Agent>,
}

/// Looks a name up and keeps only what may be called; the connection goes to what it gives.
#[derive(Debug)]
struct Guarded {
    allowed: Arc<BTreeSet<String>>,
    inner: DefaultResolver,
}

impl Resolver for Guarded {
    fn resolve(&self, uri: &Uri, config: &Config, timeout: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let found = self.inner.resolve(uri, config, timeout)?;
        let named = uri.host().is_some_and(|host| self.allowed.contains(host));
        // One address inside spoils the name: which of them is taken would be its owner's to choose.
        if named || found.iter().all(|address| is_public(address.ip())) {
            Ok(found)
        } else {
            Err(Error::Io(io::Error::from(io::ErrorKind::PermissionDenied)))
        }
    }
}

impl Outbound {
    /// The client that this configuration describes.
    pub fn new(config: &OutboundConfig) -> Self {
        Self {
            allowed: Arc::new(config.allowed.clone()),
            authorities: config.authorities.clone(),
            agent: OnceLock::new(),
        }
    }

    fn agent(&self) -> &Agent {
        self.agent.get_or_init(|| self.made())
    }

    fn made(&self) -> Agent {
        // What of the system's cannot be read is passed over: a call that needs it fails, and says so.
        let system = rustls_native_certs::load_native_certs().certs;
        let all = self.authorities.iter().chain(&system);
        let roots: Vec<_> = all.map(|der| Certificate::from_der(der).to_owned()).collect();
        let tls = TlsConfig::builder()
            .root_certs(RootCerts::new_with_certs(&roots))
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .build();
        let settings = Agent::config_builder()
            .tls_config(tls)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .max_response_header_size(MOST_HEAD)
            // A connection that is kept would outlive the look at its address.
            .max_idle_connections(0)
            .user_agent("samekey")
            .build();
        let resolver = Guarded {
            allowed: Arc::clone(&self.allowed),
            inner: DefaultResolver::default(),
        };
        Agent::with_parts(settings, DefaultConnector::new(), resolver)
    }

    /// Whether the address is of a form that is called.
    pub(super) fn acceptable(&self, address: &str) -> bool {
        let Ok(url) = url::Url::parse(address) else {
            return false;
        };
        let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
            return false;
        };
        let here = matches!(host, "localhost" | "127.0.0.1" | "[::1]") && self.allowed.contains(host);
        let scheme = url.scheme() == "https" || (url.scheme() == "http" && here);
        let anonymous = url.username().is_empty() && url.password().is_none();
        let plain = address.bytes().all(|b| b.is_ascii_graphic());
        address.len() <= LONGEST && plain && scheme && anonymous
    }

    /// One call: a GET, or a POST of this form.
    pub(super) fn call(&self, address: &str, form: Option<&str>, limits: Limits) -> Result<Fetched, OutboundError> {
        if !self.acceptable(address) {
            return Err(OutboundError::Address);
        }
        let answer = match form {
            None => bounded(self.agent().get(address), limits.time).call(),
            Some(form) => bounded(self.agent().post(address), limits.time)
                .header("content-type", "application/x-www-form-urlencoded")
                .send(form),
        };
        read(answer.map_err(told)?, limits)
    }
}

fn bounded<B>(request: ureq::RequestBuilder<B>, time: Duration) -> ureq::RequestBuilder<B> {
    request.config().timeout_global(Some(time)).build()
}

fn read(mut answer: http::Response<Body>, limits: Limits) -> Result<Fetched, OutboundError> {
    let kind = answer.headers().get("content-type").and_then(|kind| kind.to_str().ok());
    let kind = kind.unwrap_or_default().split(';').next().unwrap_or_default();
    let kind = kind.trim().to_ascii_lowercase();
    let body = answer.body_mut().with_config().limit(limits.bytes).read_to_vec();
    Ok(Fetched {
        status: answer.status().as_u16(),
        kind,
        body: body.map_err(told)?,
    })
}

fn told(error: Error) -> OutboundError {
    match error {
        Error::BodyExceedsLimit(_) => OutboundError::TooLarge,
        Error::Timeout(_) => OutboundError::TooSlow,
        Error::Io(error) if error.kind() == io::ErrorKind::PermissionDenied => OutboundError::NotPublic,
        Error::Io(error) if error.kind() == io::ErrorKind::TimedOut => OutboundError::TooSlow,
        other => OutboundError::Unreachable(other.to_string()),
    }
}
