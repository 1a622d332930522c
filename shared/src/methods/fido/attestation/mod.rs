//! What an attestation statement proves of a new credential (WebAuthn Level 3, 6.5 and 8), and whether we believe it.
//!
//! ```text
//!  statement     reads the statement, checks its signature             AttestationKind
//!  certificate   what the leaf says of its authenticator
//!  trust         chains to roots that the administrator named          Verdict { attested, model }
//!  models        names of common authenticators by AAGUID
//! ```
//!
//! Without an `[attestation]` section nothing counts as attested, and no key reaches the level `hardware`.

mod certificate;
mod models;
mod statement;
mod trust;

use super::authenticator_data::AttestedCredential;
use super::cose::CoseKey;

pub use models::{Aaguid, NotAnAaguid, model_name};
pub(super) use statement::check;
pub use trust::{Trust, TrustError, Verdict};

/// What the statement proves, before anybody asks whom to believe.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationKind {
    /// Nothing.
    None,
    /// That whoever registered holds the private key.
    SelfSigned,
    /// That the holder of the first certificate's key vouches for it. Leaf first, each in DER; where the chain leads is
    /// for [`Trust::judge`] to say.
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
