//! An attestation certificate: whose authenticator it vouches for, and the check of what its key signed.

use crate::methods::fido::cose::{EDDSA, ES256, ES384, RS256};
use crate::methods::fido::error::KeyError;
use rustls_pki_types::{CertificateDer, SignatureVerificationAlgorithm};
use webpki::{EndEntityCert, Error, ring as algorithms};
use x509_cert::Certificate;
use x509_cert::der::asn1::{OctetStringRef, PrintableStringRef, Utf8StringRef};
use x509_cert::der::oid::ObjectIdentifier;
use x509_cert::der::{Any, Decode, Tag, Tagged};
use x509_cert::ext::pkix::BasicConstraints;

/// `id-fido-gen-ce-aaguid` (8.2.1).
const AAGUID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.4.1.45724.1.1.4");
const COUNTRY: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
const ORGANISATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");
const UNIT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.11");
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// The first certificate of a statement, read.
#[derive(Debug)]
pub(super) struct Leaf<'a> {
    der: CertificateDer<'a>,
    says: Certificate,
}

impl<'a> Leaf<'a> {
    /// `None` where either of our readers cannot read it: one checks signatures and chains, the other tells the contents.
    pub(super) fn read(der: &'a [u8]) -> Option<Self> {
        let says = Certificate::from_der(der).ok()?;
        let der = CertificateDer::from(der);
        EndEntityCert::try_from(&der).ok()?;
        Some(Self { der, says })
    }

    /// Whether its key signed this message, by the algorithm with this COSE number.
    pub(super) fn verify(&self, algorithm: i64, message: &[u8], signature: &[u8]) -> Result<(), KeyError> {
        let algorithm: &dyn SignatureVerificationAlgorithm = match algorithm {
            ES256 => algorithms::ECDSA_P256_SHA256,
            ES384 => algorithms::ECDSA_P384_SHA384,
            EDDSA => algorithms::ED25519,
            RS256 => algorithms::RSA_PKCS1_2048_8192_SHA256,
            _ => return Err(KeyError::UnknownAlgorithm),
        };
        let certificate = EndEntityCert::try_from(&self.der).map_err(|_| KeyError::Malformed)?;
        certificate
            .verify_signature(algorithm, message, signature)
            .map_err(|error| match error {
                Error::InvalidSignatureForPublicKey => KeyError::BadSignature,
                _ => KeyError::Malformed,
            })
    }

    /// What a packed attestation's certificate has to say (8.2.1): version 3, a subject with country, organisation,
    /// common name and the unit "Authenticator Attestation", no certificate authority, and, where it names a model, the
    /// one that the authenticator data names.
    pub(super) fn check_packed(&self, aaguid: &[u8; 16]) -> Result<(), KeyError> {
        let named = [COUNTRY, ORGANISATION, COMMON_NAME]
            .iter()
            .all(|attribute| self.subject(*attribute).is_some());
        let right = named
            && self.says.tbs_certificate().version() == x509_cert::Version::V3
            && self.subject(UNIT).as_deref() == Some("Authenticator Attestation")
            && !self.is_authority().ok_or(KeyError::Malformed)?
            && self.model()?.is_none_or(|model| model == aaguid);
        if right { Ok(()) } else { Err(KeyError::Malformed) }
    }

    /// The bits of its public key.
    pub(super) fn public_key(&self) -> &[u8] {
        self.says
            .tbs_certificate()
            .subject_public_key_info()
            .subject_public_key
            .raw_bytes()
    }

    /// The model that it vouches for. The extension must not be critical.
    fn model(&self) -> Result<Option<&[u8]>, KeyError> {
        let Some(extension) = self.extensions().iter().find(|extension| extension.extn_id == AAGUID) else {
            return Ok(None);
        };
        let model = <&OctetStringRef>::from_der(extension.extn_value.as_bytes()).map_err(|_| KeyError::Malformed)?;
        if extension.critical {
            return Err(KeyError::Malformed);
        }
        Ok(Some(model.as_bytes()))
    }

    /// `None` where the basic constraints are missing or cannot be read: 8.2.1 demands them.
    fn is_authority(&self) -> Option<bool> {
        let (_, constraints) = self.says.tbs_certificate().get_extension::<BasicConstraints>().ok()??;
        Some(constraints.ca)
    }

    fn extensions(&self) -> &[x509_cert::ext::Extension] {
        self.says.tbs_certificate().extensions().map_or(&[], Vec::as_slice)
    }

    /// One attribute of the subject, where it stands there exactly once.
    fn subject(&self, attribute: ObjectIdentifier) -> Option<String> {
        let subject = self.says.tbs_certificate().subject();
        let mut found = subject.iter().filter(|one| one.oid == attribute);
        match (found.next(), found.next()) {
            (Some(one), None) => text(&one.value),
            _ => None,
        }
    }
}

fn text(value: &Any) -> Option<String> {
    match value.tag() {
        Tag::Utf8String => value
            .decode_as::<Utf8StringRef<'_>>()
            .ok()
            .map(|text| text.as_str().to_owned()),
        Tag::PrintableString => {
            let text = value.decode_as::<PrintableStringRef<'_>>().ok();
            text.map(|text| text.as_str().to_owned())
        }
        _ => None,
    }
}
