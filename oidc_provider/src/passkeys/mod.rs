//! The browsers' ceremonies with passkeys and security keys, for binding, for signing in and for confirming.
//!
//! ```text
//!  page ── options ──► browser, key ── answer ──► webauthn-rs (second opinion) ──► our verifier in the shared machine
//!            │ challenge: issued in the store for one purpose, account and session          │ both must accept
//!            └──────────────────────── spent once, its bytes read from the store ───────────┘
//! ```
//!
//! Two verifiers look at everything that a browser brings: webauthn-rs here, ours in [`samekey_shared::methods::fido`],
//! which alone makes evidence. Keys of the algorithm EdDSA, which can be bound at a machine's console and which
//! webauthn-rs refuses, are judged by ours alone.

mod answer;
mod ask;
pub mod confirm;
mod convert;
mod register;
mod second_opinion;
pub mod signal;
pub mod well_known;

pub use answer::Answered;
pub use ask::request_options;
pub use register::{Ceremony, CeremonyError, Wish};

use samekey_shared::config::RelyingParty;
use samekey_shared::methods::fido::attestation::Trust;
use std::time::Duration;
use url::Url;
use webauthn_rs_core::WebauthnCore;

/// Seconds that a person has for one ceremony; the challenge in the store lives as long.
pub const PATIENCE: i64 = samekey_shared::challenges::LIVES;

/// Who we are to browsers and keys.
#[derive(Debug)]
pub struct Passkeys {
    party: RelyingParty,
    /// Those of `party`, related ones too.
    origins: Vec<String>,
    core: WebauthnCore,
    /// Whose word on a key's model counts.
    trust: Trust,
}

/// An origin of the relying party that is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("[relying-party]: {0} is no origin")]
pub struct NotAnOrigin(String);

impl Passkeys {
    /// Takes the relying party of the realm, and whom it believes about keys.
    pub fn new(party: &RelyingParty, trust: Trust) -> Result<Self, NotAnOrigin> {
        let origins = party.all_origins();
        let addresses = origins
            .iter()
            .map(|origin| Url::parse(origin).map_err(|_| NotAnOrigin(origin.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        let patience = Duration::from_secs(PATIENCE.unsigned_abs());
        let (subdomains, any_port) = (Some(false), Some(false));
        Ok(Self {
            core: WebauthnCore::new_unsafe_experts_only(
                &party.name,
                &party.id,
                addresses,
                patience,
                subdomains,
                any_port,
            ),
            party: party.clone(),
            origins,
            trust,
        })
    }

    /// Whether a key can be proven to be hardware here.
    pub fn knows_hardware(&self) -> bool {
        self.trust.asks()
    }

    /// The name of a model, where it is known.
    pub fn model(&self, aaguid: [u8; 16]) -> Option<String> {
        self.trust.model(aaguid).map(str::to_owned)
    }

    /// The relying party.
    pub fn party(&self) -> &RelyingParty {
        &self.party
    }
}
