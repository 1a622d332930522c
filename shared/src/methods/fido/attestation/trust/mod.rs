//! Whom we believe about keys: the roots and models that the administrator named (WebAuthn Level 3, 7.1 steps 22 and 23).
//!
//! Everything is read from files, once, and nothing is fetched: an administrator downloads the FIDO Metadata Service's
//! BLOB, checks its signature with FIDO's tools and gives us its payload; or simply gives the makers' root certificates.
//! Revocation of single attestation certificates is not looked up; the metadata's status reports are.

mod chain;
mod metadata;

use super::models::{Aaguid, model_name};
use super::{AttestationKind, certificate::Leaf};
use crate::clock::UnixTime;
use crate::config::AttestationSection;
use crate::config::safe_file::{self, Privacy, UnsafeFile};
use crate::methods::fido::error::KeyError;
use crate::methods::fido::registration::Registered;
use chain::{Time, leads_to};
use metadata::{Entry, Metadata};
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// FIDO's whole metadata has some 10 MB, most of them pictures.
const MOST_BYTES: u64 = 64 * 1024 * 1024;

/// The files of `[attestation]` cannot be used. Nothing starts with half of them.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A file cannot be read, or somebody else could have written it.
    #[error("[attestation]: {0}")]
    File(#[from] UnsafeFile),
    /// A file's contents are wrong.
    #[error("[attestation] {path}: {what}")]
    Wrong {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The roots and models that count. The default trusts nobody and refuses nobody.
#[derive(Debug, Default)]
pub struct Trust {
    /// These vouch for any model.
    roots: Vec<CertificateDer<'static>>,
    /// These for their own models.
    metadata: Metadata,
    /// The models that count; empty for all that the roots vouch for.
    models: BTreeSet<Aaguid>,
    required: bool,
}

/// What became of an attestation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Whether a root that the administrator named vouches for a model that counts. Only then is the key proven to be
    /// hardware, and the model's name to be true.
    pub attested: bool,
    /// The model's name, for people.
    pub model: Option<String>,
}

impl Trust {
    /// Reads the files.
    pub fn load(section: &AttestationSection) -> Result<Self, TrustError> {
        let roots = section.roots.as_deref().map(roots).transpose()?.unwrap_or_default();
        let metadata = section
            .metadata
            .as_deref()
            .map(Metadata::load)
            .transpose()?
            .unwrap_or_default();
        Ok(Self {
            roots,
            metadata,
            models: section.models.iter().copied().collect(),
            required: section.required,
        })
    }

    /// Whether the browser should be asked for an attestation at all: people are warned of such a question.
    pub fn asks(&self) -> bool {
        self.required || !self.roots.is_empty() || !self.metadata.is_empty()
    }

    /// Whether a checked registration counts as attested; refuses it where the administrator wants none but those.
    pub fn judge(&self, registered: &Registered, now: UnixTime) -> Result<Verdict, KeyError> {
        let aaguid = Aaguid(registered.aaguid);
        let told = self.metadata.of_model(aaguid);
        let (attested, entry) = match &registered.attestation {
            AttestationKind::Certified(chain) => self.believe(chain, aaguid, told, Time::at(now)),
            AttestationKind::None | AttestationKind::SelfSigned | AttestationKind::Unread => (false, told),
        };
        // Who can copy a key to other devices holds no piece of hardware, whatever made it.
        let attested = attested && !registered.backup_eligible;
        if self.required && !attested {
            return Err(KeyError::NotAccepted);
        }
        let name = entry.and_then(Entry::name).or_else(|| model_name(aaguid.0));
        Ok(Verdict {
            attested,
            model: name.map(str::to_owned),
        })
    }

    /// The name of a model, for a page that lists keys.
    pub fn model(&self, aaguid: [u8; 16]) -> Option<&str> {
        self.metadata
            .of_model(Aaguid(aaguid))
            .and_then(Entry::name)
            .or_else(|| model_name(aaguid))
    }

    /// Whether this chain vouches for this model, and what the metadata say of it: U2F keys tell no AAGUID, and are found
    /// by their certificate's key.
    fn believe<'a>(
        &'a self,
        chain: &[Vec<u8>],
        aaguid: Aaguid,
        told: Option<&'a Entry>,
        now: Time,
    ) -> (bool, Option<&'a Entry>) {
        let Some(leaf) = chain.first().and_then(|leaf| Leaf::read(leaf)) else {
            return (false, told);
        };
        let entry = if aaguid.0 == [0; 16] {
            self.metadata.of_certificate(&leaf)
        } else {
            told
        };
        let counts = self.models.is_empty() || self.models.contains(&aaguid);
        let broken = entry.is_some_and(Entry::is_broken);
        let own = entry.map(Entry::roots).unwrap_or_default();
        let believed = counts && !broken && (leads_to(chain, &self.roots, now) || leads_to(chain, own, now));
        (believed, entry)
    }
}

/// The certificates of a PEM file.
fn roots(path: &Path) -> Result<Vec<CertificateDer<'static>>, TrustError> {
    let wrong = |what| TrustError::Wrong {
        path: path.to_owned(),
        what,
    };
    let bytes = safe_file::read(path, Privacy::Public, MOST_BYTES)?;
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&bytes).collect();
    let roots = read.map_err(|_| wrong("is not PEM"))?;
    if roots.is_empty() {
        return Err(wrong("holds no certificate"));
    }
    if roots.iter().any(|root| webpki::anchor_from_trusted_cert(root).is_err()) {
        return Err(wrong("holds a certificate that cannot be read"));
    }
    Ok(roots)
}
