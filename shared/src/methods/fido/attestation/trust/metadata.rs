//! The payload of FIDO's metadata BLOB: per model a name, its roots, and what became known of it (FIDO MDS 3).

use super::{MOST_BYTES, TrustError};
use crate::config::safe_file::{self, Privacy};
use crate::methods::fido::attestation::certificate::Leaf;
use crate::methods::fido::attestation::models::Aaguid;
use data_encoding::{BASE64, HEXLOWER};
use rustls_pki_types::CertificateDer;
use serde::Deserialize;
use std::path::Path;

/// A model with one of these reports is believed no more. A later report may say that an update mends it; whether a
/// given key has that update, nothing tells.
const BROKEN: [&str; 5] = [
    "REVOKED",
    "USER_VERIFICATION_BYPASS",
    "ATTESTATION_KEY_COMPROMISE",
    "USER_KEY_REMOTE_COMPROMISE",
    "USER_KEY_PHYSICAL_COMPROMISE",
];

/// What is known of models.
#[derive(Debug, Default)]
pub(super) struct Metadata(Vec<Entry>);

/// What is known of one model.
#[derive(Debug)]
pub(super) struct Entry {
    aaguid: Option<Aaguid>,
    /// SHA-1 of the public keys of U2F attestation certificates, in hexadecimal digits.
    keys: Vec<String>,
    name: Option<String>,
    roots: Vec<CertificateDer<'static>>,
    broken: bool,
}

impl Metadata {
    pub(super) fn load(path: &Path) -> Result<Self, TrustError> {
        let bytes = safe_file::read(path, Privacy::Public, MOST_BYTES)?;
        Self::parse(&bytes).map_err(|what| TrustError::Wrong {
            path: path.to_owned(),
            what,
        })
    }

    fn parse(bytes: &[u8]) -> Result<Self, &'static str> {
        let payload: Payload = serde_json::from_slice(bytes)
            .map_err(|_| "is not the payload of FIDO's metadata: check the BLOB's signature, then store its middle part, decoded")?;
        if payload.entries.is_empty() {
            return Err("tells of no model");
        }
        Ok(Self(payload.entries.into_iter().map(Entry::from).collect()))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn of_model(&self, aaguid: Aaguid) -> Option<&Entry> {
        self.0.iter().find(|entry| entry.aaguid == Some(aaguid))
    }

    /// A U2F authenticator's, by the key of its certificate (RFC 5280, 4.2.1.2, method 1).
    pub(super) fn of_certificate(&self, leaf: &Leaf<'_>) -> Option<&Entry> {
        let digest = ring::digest::digest(&ring::digest::SHA1_FOR_LEGACY_USE_ONLY, leaf.public_key());
        let key = HEXLOWER.encode(digest.as_ref());
        self.0.iter().find(|entry| entry.keys.contains(&key))
    }
}

impl Entry {
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    pub(super) fn roots(&self) -> &[CertificateDer<'static>] {
        &self.roots
    }

    pub(super) fn is_broken(&self) -> bool {
        self.broken
    }
}

/// Somebody else's document: we read what we need and pass over the rest.
#[derive(Deserialize)]
struct Payload {
    entries: Vec<PayloadEntry>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct PayloadEntry {
    aaguid: Option<String>,
    #[serde(default)]
    attestation_certificate_key_identifiers: Vec<String>,
    metadata_statement: Option<Statement>,
    #[serde(default)]
    status_reports: Vec<StatusReport>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    description: Option<String>,
    #[serde(default)]
    attestation_root_certificates: Vec<String>,
}

#[derive(Deserialize)]
struct StatusReport {
    status: String,
}

impl From<PayloadEntry> for Entry {
    /// A root that cannot be read makes its model unbelieved, not the whole file unusable.
    fn from(entry: PayloadEntry) -> Self {
        let statement = entry.metadata_statement;
        let name = statement.as_ref().and_then(|statement| statement.description.clone());
        let roots = statement
            .map(|statement| statement.attestation_root_certificates)
            .unwrap_or_default();
        Self {
            aaguid: entry.aaguid.and_then(|text| text.parse().ok()),
            keys: entry.attestation_certificate_key_identifiers,
            name: name.filter(|name| name.len() <= 200 && !name.chars().any(char::is_control)),
            roots: roots.iter().filter_map(|text| root(text)).collect(),
            broken: entry
                .status_reports
                .iter()
                .any(|report| BROKEN.contains(&report.status.as_str())),
        }
    }
}

/// Base64, in which some makers leave line breaks.
fn root(text: &str) -> Option<CertificateDer<'static>> {
    let text: String = text.split_ascii_whitespace().collect();
    let der = CertificateDer::from(BASE64.decode(text.as_bytes()).ok()?);
    webpki::anchor_from_trusted_cert(&der).ok()?;
    Some(der)
}
