//! The `[provider]` section: where we are reached, how, and who checks passwords.

mod branding;
mod exposure;
mod issuer;
mod mutual_tls;
mod networks;
mod outbound;
mod pem;

pub use branding::{Branding, BrandingError, Logo, Picture};
pub use exposure::{Exposure, TlsFiles};
pub use issuer::{Issuer, NotAnIssuer};
pub use mutual_tls::{MutualTls, MutualTlsProblem};
pub use networks::{Network, Networks, NotANetwork};
pub use outbound::{OutboundConfig, OutboundProblem};
pub use pem::NoCertificates;

use crate::oidc::dpop::NonceRule;
use mutual_tls::MutualTlsSection;
use samekey_shared::flows::sign_in::PasswordSource;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// The section as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ProviderSection {
    /// The one address that people and applications know us by; every link and token is made from it.
    issuer: String,
    /// Address and port to listen on.
    #[serde(default = "default_listen")]
    listen: SocketAddr,
    /// PEM file of the certificate chain.
    tls_certificate: Option<PathBuf>,
    /// PEM file of its private key.
    tls_key: Option<PathBuf>,
    /// Addresses or networks of reverse proxies whose `X-Forwarded-For` is believed. None unless named.
    #[serde(default)]
    trusted_proxies: Vec<String>,
    /// Addresses or networks that may read `/metrics`: loopback unless others are named.
    #[serde(default = "default_metrics")]
    metrics: Vec<String>,
    /// `store` or `system`.
    #[serde(default)]
    passwords: PasswordsWord,
    /// The PAM service that checks passwords where `passwords = "system"`.
    #[serde(default = "default_pam_service")]
    pam_service: String,
    /// Seconds that an authorization code lives.
    #[serde(default = "default_code_seconds")]
    code_seconds: i64,
    /// Seconds that access and ID tokens live.
    #[serde(default = "default_token_seconds")]
    token_seconds: i64,
    /// Seconds that a refresh token may idle.
    #[serde(default = "default_refresh_idle_seconds")]
    refresh_idle_seconds: i64,
    /// Seconds after which refresh tokens end, however often they are used.
    #[serde(default = "default_refresh_seconds")]
    refresh_seconds: i64,
    /// Days after which the keys that sign tokens are replaced; 0 leaves that to `samekey signing-keys rotate`.
    #[serde(default = "default_signing_key_days")]
    signing_key_days: i64,
    /// `offered` or `required`: whether DPoP proofs must hold a nonce of ours.
    #[serde(default)]
    dpop_nonces: NonceRule,
    /// A PNG or SVG file shown beside the realm's name.
    logo: Option<PathBuf>,
    /// Colour of links and buttons, `#rrggbb`, on light ground.
    accent: Option<String>,
    /// The same on dark ground.
    accent_dark: Option<String>,
    /// Hosts that may be called although they lie inside: of applications' keys, request objects, logout addresses.
    #[serde(default)]
    outbound_allow: Vec<String>,
    /// PEM file of certificate authorities that are believed in such calls beside the system's.
    outbound_ca: Option<PathBuf>,
    /// Whether applications may register themselves: `off`, with a `token` of the operator's, or `open` to anybody.
    #[serde(default)]
    registration: SelfRegistration,
    /// Address and port of a second listener, which asks applications for a certificate.
    mtls_listen: Option<SocketAddr>,
    /// What applications call it: `https://host:port`.
    mtls_address: Option<String>,
    /// Whether the header `Client-Cert` of trusted proxies is believed. They must drop it from what they are sent.
    #[serde(default)]
    client_cert_header: bool,
    /// PEM file of the authorities that vouch for applications' certificates (`tls_client_auth`).
    client_ca: Option<PathBuf>,
}

/// Who may register an application without the operator's hand (RFC 7591).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SelfRegistration {
    /// Nobody: the endpoint does not exist.
    #[default]
    Off,
    /// Whoever shows an initial access token.
    Token,
    /// Anybody.
    Open,
}

#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum PasswordsWord {
    #[default]
    Store,
    System,
}

fn default_listen() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 8480))
}

fn default_metrics() -> Vec<String> {
    vec!["127.0.0.0/8".to_owned(), "::1".to_owned()]
}

fn default_pam_service() -> String {
    "samekey-provider".to_owned()
}

fn default_code_seconds() -> i64 {
    60
}

fn default_token_seconds() -> i64 {
    600
}

fn default_refresh_idle_seconds() -> i64 {
    14 * 86_400
}

fn default_refresh_seconds() -> i64 {
    90 * 86_400
}

fn default_signing_key_days() -> i64 {
    90
}

/// Why the section cannot be used. The provider does not start.
#[derive(Debug, thiserror::Error)]
pub enum SectionError {
    /// `issuer`
    #[error("[provider] issuer: {0}")]
    Issuer(#[from] NotAnIssuer),
    /// `trusted-proxies`
    #[error("[provider] trusted-proxies: {0}")]
    Proxy(NotANetwork),
    /// `metrics`
    #[error("[provider] metrics: {0}")]
    Metrics(NotANetwork),
    /// One of the two TLS files alone.
    #[error("[provider]: give both `tls-certificate` and `tls-key`, or neither")]
    HalfTls,
    /// Plain HTTP where anybody could listen in.
    #[error(
        "[provider] listen: {0} is not loopback: give `tls-certificate` and `tls-key`, or name the reverse proxy in `trusted-proxies`"
    )]
    Plain(SocketAddr),
    /// Lifetimes out of bounds.
    #[error("[provider]: code-seconds from 10 to 600, token-seconds from 60 to 86400")]
    Lifetimes,
    /// Lifetimes of refresh tokens out of bounds.
    #[error(
        "[provider]: refresh-idle-seconds from token-seconds to refresh-seconds, which is 31536000 (a year) at most"
    )]
    RefreshLifetimes,
    /// Keys that change before applications have seen the next ones.
    #[error("[provider] signing-key-days: 0, or from 7 to 3650")]
    KeyDays,
    /// A PAM service name that could be a path.
    #[error("[provider] pam-service: 1 to 64 characters of a-z 0-9 - _")]
    PamService,
    /// `logo`, `accent`, `accent-dark`
    #[error("[provider] {0}")]
    Branding(#[from] BrandingError),
    /// `outbound-allow`, `outbound-ca`
    #[error("[provider] {0}")]
    Outbound(#[from] OutboundProblem),
    /// `mtls-listen`, `mtls-address`, `client-cert-header`, `client-ca`
    #[error("[provider] {0}")]
    MutualTls(#[from] MutualTlsProblem),
}

/// The section, checked.
#[derive(Debug, Clone)]
pub struct ProviderConfig {
    /// See [`ProviderSection`].
    pub issuer: Issuer,
    /// Address and port.
    pub listen: SocketAddr,
    /// How the listener is protected.
    pub exposure: Exposure,
    /// Proxies that are believed.
    pub proxies: Networks,
    /// Who may read `/metrics`.
    pub metrics: Networks,
    /// Who checks passwords.
    pub passwords: PasswordSource,
    /// The PAM service for [`PasswordSource::System`].
    pub pam_service: String,
    /// Life of a code in seconds.
    pub code_seconds: i64,
    /// Life of a token in seconds.
    pub token_seconds: i64,
    /// Seconds that a refresh token may idle.
    pub refresh_idle_seconds: i64,
    /// Life of a family of refresh tokens in seconds.
    pub refresh_seconds: i64,
    /// Days that a key signs; `None` where only a command replaces it.
    pub signing_key_days: Option<i64>,
    /// Whether DPoP proofs must hold a nonce of ours.
    pub dpop_nonces: NonceRule,
    /// The operator's own look.
    pub branding: Branding,
    /// Whom we may call.
    pub outbound: OutboundConfig,
    /// Who may register an application.
    pub registration: SelfRegistration,
    /// Where applications show certificates.
    pub mutual_tls: MutualTls,
}

impl ProviderSection {
    /// Holds the section against the rules.
    pub fn check(self) -> Result<ProviderConfig, SectionError> {
        let issuer: Issuer = self.issuer.parse()?;
        let proxies = Networks::parse(&self.trusted_proxies).map_err(SectionError::Proxy)?;
        let metrics = Networks::parse(&self.metrics).map_err(SectionError::Metrics)?;
        let tls = match (self.tls_certificate, self.tls_key) {
            (Some(certificate), Some(key)) => Some(TlsFiles { certificate, key }),
            (None, None) => None,
            _ => return Err(SectionError::HalfTls),
        };
        let mutual_tls = MutualTlsSection {
            listen: self.mtls_listen,
            address: self.mtls_address,
            header: self.client_cert_header,
            ca: self.client_ca,
        };
        let mutual_tls = MutualTls::check(mutual_tls, tls.is_some(), !proxies.is_empty())?;
        let exposure = Exposure::of(self.listen, tls, &proxies).ok_or(SectionError::Plain(self.listen))?;
        if !(10..=600).contains(&self.code_seconds) || !(60..=86_400).contains(&self.token_seconds) {
            return Err(SectionError::Lifetimes);
        }
        let (idle, whole) = (self.refresh_idle_seconds, self.refresh_seconds);
        if idle < self.token_seconds || whole < idle || whole > 365 * 86_400 {
            return Err(SectionError::RefreshLifetimes);
        }
        if self.signing_key_days != 0 && !(7..=3650).contains(&self.signing_key_days) {
            return Err(SectionError::KeyDays);
        }
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b);
        if !(1..=64).contains(&self.pam_service.len()) || !self.pam_service.bytes().all(plain) {
            return Err(SectionError::PamService);
        }
        let branding = Branding::check(
            self.logo.as_deref(),
            self.accent.as_deref(),
            self.accent_dark.as_deref(),
        )?;
        Ok(ProviderConfig {
            issuer,
            listen: self.listen,
            exposure,
            proxies,
            metrics,
            passwords: match self.passwords {
                PasswordsWord::Store => PasswordSource::Store,
                PasswordsWord::System => PasswordSource::System,
            },
            pam_service: self.pam_service,
            code_seconds: self.code_seconds,
            token_seconds: self.token_seconds,
            refresh_idle_seconds: idle,
            refresh_seconds: whole,
            signing_key_days: (self.signing_key_days != 0).then_some(self.signing_key_days),
            dpop_nonces: self.dpop_nonces,
            branding,
            outbound: OutboundConfig::check(&self.outbound_allow, self.outbound_ca.as_deref())?,
            registration: self.registration,
            mutual_tls,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Result<ProviderConfig, String> {
        let section: ProviderSection = samekey_shared::config::strict::parse(text)?;
        section.check().map_err(|why| why.to_string())
    }

    #[test]
    fn plain_http_is_for_loopback_or_a_named_proxy() {
        let issuer = "issuer = \"https://id.example.org\"\n";
        assert!(checked(issuer).is_ok());
        assert!(checked(&format!("{issuer}listen = \"[::1]:80\"")).is_ok());
        assert!(checked(&format!("{issuer}listen = \"0.0.0.0:80\"")).is_err());
        assert!(checked(&format!("{issuer}listen = \"192.0.2.1:80\"")).is_err());
        assert!(
            checked(&format!(
                "{issuer}listen = \"0.0.0.0:80\"\ntrusted-proxies = [\"10.0.0.7\"]"
            ))
            .is_ok()
        );
        assert!(checked(&format!("{issuer}listen = \"0.0.0.0:80\"\ntls-key = \"/k\"")).is_err());
        assert!(
            checked(&format!(
                "{issuer}listen = \"0.0.0.0:80\"\ntls-key = \"/k\"\ntls-certificate = \"/c\""
            ))
            .is_ok()
        );
    }

    #[test]
    fn a_misspelt_key_is_an_error_that_names_the_right_one() {
        let error = checked("issuer = \"https://id.example.org\"\ntrusted-proxy = []").unwrap_err();
        assert!(error.contains("did you mean `trusted-proxies`?"), "{error}");
    }

    #[test]
    fn senseless_values_are_refused() {
        for wrong in [
            "code-seconds = 3600",
            "token-seconds = 1",
            "refresh-idle-seconds = 5",
            "refresh-seconds = 86400",
            "refresh-seconds = 315360000",
            "signing-key-days = 1",
            "signing-key-days = -90",
            "pam-service = \"../x\"",
            "passwords = \"none\"",
        ] {
            assert!(
                checked(&format!("issuer = \"https://id.example.org\"\n{wrong}")).is_err(),
                "{wrong}"
            );
        }
    }
}
