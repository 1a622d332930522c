//! What an attestation statement proves of a new credential (WebAuthn Level 3, 6.5 and 8).

mod statement;

use super::authenticator_data::AttestedCredential;
use super::cose::CoseKey;

pub(super) use statement::check;

/// What the statement proves, before anybody asks whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationKind {
    /// Nothing.
    None,
    /// That whoever registered holds the private key.
    SelfSigned,
    /// That the holder of the first certificate's key vouches for it. Leaf first, each in DER; whether the chain leads
    /// anywhere is not checked yet.
    Certified(Vec<Vec<u8>>),
    /// Nothing that we read: the format, or its certificate, is none that we know.
    Unread,
}

/// What attestation signatures are made over.
#[derive(Debug)]
pub(super) struct Signed<'a> {
    pub authenticator_data: &'a [u8],
    pub client_data_hash: &'a [u8],
    pub rp_id_hash: &'a [u8; 32],
    pub credential: &'a AttestedCredential<'a>,
    pub key: &'a CoseKey,
}
