//! Whether a chain of attestation certificates leads to a root that is trusted.

use crate::clock::UnixTime;
use rustls_pki_types::{self as types, CertificateDer, TrustAnchor};
use std::time::Duration;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, Error, ExtendedKeyUsageValidator, KeyPurposeIdIter};

/// The moment at which certificates have to be valid.
#[derive(Debug, Clone, Copy)]
pub(super) struct Time(types::UnixTime);

impl Time {
    pub(super) fn at(now: UnixTime) -> Self {
        let seconds = u64::try_from(now).unwrap_or(0);
        Self(types::UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// WebAuthn gives attestation certificates no extended key usage to have, and makers put in what they like.
struct AnyPurpose;

impl ExtendedKeyUsageValidator for AnyPurpose {
    fn validate(&self, _purposes: KeyPurposeIdIter<'_, '_>) -> Result<(), Error> {
        Ok(())
    }
}

/// Whether the first certificate is one of the trusted ones, or is vouched for by one of them through the others.
/// "It and the root certificate may be the same" (7.1 step 23).
pub(super) fn leads_to(chain: &[Vec<u8>], roots: &[CertificateDer<'static>], now: Time) -> bool {
    let [leaf, rest @ ..] = chain else {
        return false;
    };
    if roots.iter().any(|root| root.as_ref() == leaf.as_slice()) {
        return true;
    }
    let leaf = CertificateDer::from(leaf.as_slice());
    let Ok(leaf) = EndEntityCert::try_from(&leaf) else {
        return false;
    };
    let between: Vec<CertificateDer<'_>> = rest.iter().map(|one| CertificateDer::from(one.as_slice())).collect();
    let anchors: Vec<TrustAnchor<'_>> = roots
        .iter()
        .filter_map(|root| webpki::anchor_from_trusted_cert(root).ok())
        .collect();
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &between, now.0, AnyPurpose, None, None)
        .is_ok()
}
