//! `tls_client_auth` and `self_signed_tls_client_auth` (RFC 8705 section 2), and the thumbprint that tokens are bound to.

use super::{Call, Refusal};
use crate::app::App;
use crate::clients::{self, AuthMethod, CertificateName, Client};
use crate::jose::{JoseError, Jwk};
use data_encoding::BASE64URL_NOPAD;
use rustls::pki_types::CertificateDer;
use samekey_shared::clock::UnixTime;
use std::net::IpAddr;
use std::str::FromStr;
use std::time::Duration;
use x509_cert::Certificate;
use x509_cert::der::asn1::UintRef;
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Decode, Reader, SliceReader};
use x509_cert::ext::pkix::SubjectAltName;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A certificate whose holder speaks to us: TLS has proven that, and nothing else of it is believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientCertificate {
    der: Vec<u8>,
    further: Vec<Vec<u8>>,
}

impl ClientCertificate {
    /// The first of a chain, with those that come after it.
    pub fn of_chain(chain: &[Vec<u8>]) -> Option<Self> {
        let (first, further) = chain.split_first()?;
        Some(Self {
            der: first.clone(),
            further: further.to_vec(),
        })
    }

    /// `x5t#S256` (RFC 8705 section 3.1): the hash of the whole certificate.
    pub fn thumbprint(&self) -> String {
        BASE64URL_NOPAD.encode(ring::digest::digest(&ring::digest::SHA256, &self.der).as_ref())
    }

    fn read(&self) -> Result<Certificate, Refusal> {
        Certificate::from_der(&self.der).map_err(|_| Refusal::Certificate("it cannot be read"))
    }
}

/// Whether the certificate of this call is the client's own.
pub(super) fn check(app: &App, call: &Call, client: &Client) -> Result<(), Refusal> {
    let shown = call.certificate.as_ref();
    let shown = shown.ok_or(Refusal::Certificate("none came with the connection"))?;
    match client.auth_method() {
        AuthMethod::TlsClientAuth => vouched_for(app, client, shown),
        _ => registered(app, client, shown),
    }
}

/// An authority of the operator's vouches for it, and it names whom the client registered (section 2.1).
fn vouched_for(app: &App, client: &Client, shown: &ClientCertificate) -> Result<(), Refusal> {
    let authorities = app.config.mutual_tls.authorities.as_ref();
    let authorities = authorities.ok_or(Refusal::Certificate("[provider] client-ca names no authority"))?;
    let leaf = CertificateDer::from(shown.der.as_slice());
    let further: Vec<_> = shown
        .further
        .iter()
        .map(|der| CertificateDer::from(der.as_slice()))
        .collect();
    let seconds = u64::try_from(app.realm.clock.now()).unwrap_or_default();
    let now = rustls::pki_types::UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    authorities
        .verify_client_cert(&leaf, &further, now)
        .map_err(|_| Refusal::Certificate("no authority of client-ca vouches for it, or not now"))?;
    let expected = client.settings.tls_client_auth.as_ref();
    let expected = expected.ok_or(Refusal::Certificate("the client has registered no name for it"))?;
    if names(&shown.read()?, expected) {
        Ok(())
    } else {
        Err(Refusal::Certificate("it does not name what the client has registered"))
    }
}

/// Exactly what is registered stands in the certificate (section 2.1.2).
fn names(certificate: &Certificate, expected: &CertificateName) -> bool {
    if let CertificateName::SubjectDn(text) = expected {
        let own = certificate.tbs_certificate().subject().to_string();
        return distinguished(text).is_some_and(|expected| expected == own);
    }
    let Ok(Some((_, alternatives))) = certificate.tbs_certificate().get_extension::<SubjectAltName>() else {
        return false;
    };
    alternatives.0.iter().any(|one| match (one, expected) {
        (GeneralName::DnsName(own), CertificateName::SanDns(text)) => own.as_str().eq_ignore_ascii_case(text),
        (GeneralName::UniformResourceIdentifier(own), CertificateName::SanUri(text))
        | (GeneralName::Rfc822Name(own), CertificateName::SanEmail(text)) => own.as_str() == text,
        (GeneralName::IpAddress(own), CertificateName::SanIp(address)) => match address {
            IpAddr::V4(v4) => own.as_bytes() == v4.octets(),
            IpAddr::V6(v6) => own.as_bytes() == v6.octets(),
        },
        _ => false,
    })
}

/// A name as RFC 4514 writes it, in the one spelling that names are compared in.
pub(crate) fn distinguished(text: &str) -> Option<String> {
    Name::from_str(text).ok().map(|name| name.to_string())
}

/// Its key is among the client's own (section 2.2). TLS has proven that whoever calls holds it.
fn registered(app: &App, client: &Client, shown: &ClientCertificate) -> Result<(), Refusal> {
    let certificate = shown.read()?;
    if !is_current(&certificate, app.realm.clock.now()) {
        return Err(Refusal::Certificate("it is not valid now"));
    }
    let key = public_key(&certificate).map_err(|_| Refusal::Certificate("its kind of key is not used here"))?;
    let thumbprint = key.thumbprint();
    let keys = clients::keys(app, client)?;
    if keys.iter().any(|known| known.thumbprint() == thumbprint) {
        return Ok(());
    }
    let anew = clients::keys_anew(app, client)?;
    if anew.iter().any(|known| known.thumbprint() == thumbprint) {
        return Ok(());
    }
    Err(Refusal::Certificate("its key is not among the client's keys"))
}

fn is_current(certificate: &Certificate, now: UnixTime) -> bool {
    let validity = certificate.tbs_certificate().validity();
    let seconds = |time: &x509_cert::time::Time| i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX);
    (seconds(&validity.not_before)..=seconds(&validity.not_after)).contains(&now)
}

/// The certificate's public key, as a JWK.
fn public_key(certificate: &Certificate) -> Result<Jwk, JoseError> {
    let info = certificate.tbs_certificate().subject_public_key_info();
    let bits = info.subject_public_key.raw_bytes();
    let wrong = |_| JoseError::Malformed;
    match info.algorithm.oid {
        RSA => {
            let mut reader = SliceReader::new(bits).map_err(wrong)?;
            let (n, e) = reader
                .sequence(|inner| Ok::<_, x509_cert::der::Error>((UintRef::decode(inner)?, UintRef::decode(inner)?)))
                .map_err(wrong)?;
            Jwk::of_rsa(n.as_bytes(), e.as_bytes())
        }
        EC => {
            let curve = info.algorithm.parameters.as_ref();
            let curve = curve.and_then(|curve| curve.decode_as::<ObjectIdentifier>().ok());
            if curve == Some(P256) {
                Jwk::of_p256(bits)
            } else {
                Err(JoseError::Unknown)
            }
        }
        ED25519 => Jwk::of_ed25519(bits),
        _ => Err(JoseError::Unknown),
    }
}
