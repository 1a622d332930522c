//! Signing keys: made at first start, sealed in the store, rotated on schedule and by a command.
//!
//! ```text
//!            make            rotate            rotate        after KEPT seconds
//! (nothing) ─────► next ───────────► active ───────────► retired ─────────────► (forgotten)
//! ```
//!
//! A `next` key is published before it signs, so that applications that cache the key set know it already; a `retired` one
//! stays published so that what it signed can still be verified. A key's id is its thumbprint: the same after every restart and
//! on every node, and never that of another key. Exactly one key of each algorithm is active.

mod alg;
pub mod jws;
mod pair;
mod rotate;
mod rows;

pub use alg::{Alg, NotAnAlg};
pub use pair::{Pair, PairError, PublicJwk, make};
pub use rotate::{ensure, forget, prepare_next, rotate, rotate_due};
pub use rows::SEALED;

use samekey_shared::clock::UnixTime;
use samekey_shared::secrets::{Keyring, Place, SealError};
use samekey_shared::store::{Store, StoreError};
use std::str::FromStr;

/// How long a retired key stays published, in seconds: longer than any ID token or key-set cache lives.
pub const KEPT: i64 = 7 * 24 * 3600;

/// Where a key is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyState {
    /// Published, not signing yet.
    Next,
    /// Signing.
    Active,
    /// Published for verifying only.
    Retired,
}

impl KeyState {
    /// Its word in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl FromStr for KeyState {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::Next, Self::Active, Self::Retired]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| StoreError::Inconsistent(format!("no state of a key: {text:?}")))
    }
}

/// Why the signing keys cannot be had. The provider does not start without them.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A key could not be made or read.
    #[error(transparent)]
    Pair(#[from] PairError),
    /// The keyring does not open what the store holds.
    #[error("signing key {kid} cannot be unsealed: {why}; is this the keyring that belongs to the store?")]
    Sealed {
        /// Which key.
        kid: String,
        /// Why.
        why: SealError,
    },
    /// Nothing could be sealed.
    #[error("a new signing key could not be sealed: {0}")]
    Sealing(SealError),
    /// No key signs with this algorithm.
    #[error("no active signing key for {0}")]
    Missing(Alg),
}

/// One key, ready for use.
#[derive(Debug)]
pub struct Key {
    /// Its id, as published.
    pub kid: String,
    /// What it signs with.
    pub alg: Alg,
    /// Where it is in its life.
    pub state: KeyState,
    /// Since when, in seconds since 1970.
    pub since: UnixTime,
    /// The key itself.
    pub pair: Pair,
}

/// Every published key, as it was when read.
#[derive(Debug)]
pub struct KeySet(Vec<Key>);

impl KeySet {
    /// Reads and unseals every key of the store; one of each algorithm must be active.
    pub fn load(store: &Store, keyring: &Keyring) -> Result<Self, KeysError> {
        let stored = store.read(rows::list)?;
        let keys = stored
            .into_iter()
            .map(|row| {
                let private = keyring
                    .open(&place(&row.kid), &row.sealed)
                    .map_err(|why| KeysError::Sealed {
                        kid: row.kid.clone(),
                        why,
                    })?;
                let pair = Pair::read(row.alg, private.expose())?;
                Ok(Key {
                    kid: row.kid,
                    alg: row.alg,
                    state: row.state,
                    since: row.changed_at,
                    pair,
                })
            })
            .collect::<Result<Vec<_>, KeysError>>()?;
        let set = Self(keys);
        Alg::ALL.into_iter().try_for_each(|alg| set.active(alg).map(|_| ()))?;
        Ok(set)
    }

    /// Each key, by algorithm and age.
    pub fn iter(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// The key that signs.
    pub fn active(&self, alg: Alg) -> Result<&Key, KeysError> {
        let found = self
            .0
            .iter()
            .find(|key| key.alg == alg && key.state == KeyState::Active);
        found.ok_or(KeysError::Missing(alg))
    }

    /// The key of this id, in whatever state.
    pub fn by_kid(&self, kid: &str) -> Option<&Key> {
        self.0.iter().find(|key| key.kid == kid)
    }

    /// The JWK set (RFC 7517) of the public halves.
    pub fn jwks(&self) -> serde_json::Value {
        let keys = self.0.iter().map(|key| {
            let mut jwk = serde_json::to_value(key.pair.public()).unwrap_or_default();
            jwk["kid"] = key.kid.as_str().into();
            jwk["use"] = "sig".into();
            jwk["alg"] = key.alg.name().into();
            jwk
        });
        serde_json::json!({ "keys": keys.collect::<Vec<_>>() })
    }

    /// Which keys are in which state: two equal answers mean that nothing was rotated in between.
    pub fn fingerprint(store: &Store) -> Result<String, StoreError> {
        let stored = store.read(rows::list)?;
        let states = stored.iter().map(|row| format!("{}:{}", row.kid, row.state.name()));
        Ok(states.collect::<Vec<_>>().join(" "))
    }
}

fn place(kid: &str) -> Place {
    Place {
        table: "signing_keys",
        column: "sealed",
        row: kid.to_owned(),
    }
}
