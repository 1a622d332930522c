//! What every handler works with: one realm (store, clock, entropy, keyring), one configuration, the published keys.

use super::Neighbour;
use crate::clients::FetchedKeys;
use crate::config::ProviderConfig;
use crate::http::csrf::Tokens;
use crate::http::sealed::Sealer;
use crate::keys::{self, KeySet, KeysError};
use crate::oidc::acr;
use crate::oidc::claims::Pairwise;
use crate::oidc::discovery::Prebuilt;
use crate::oidc::dpop::Nonces;
use crate::operations::Figures;
use crate::outbound::Outbound;
use crate::passkeys::{NotAnOrigin, Passkeys};
use samekey_shared::flows::FlowError;
use samekey_shared::methods::fido::attestation::Trust;
use samekey_shared::policy::Settings;
use samekey_shared::realm::Realm;
use samekey_shared::store::StoreError;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The state, shared by every handler.
pub type App = Arc<AppState>;

/// See the module.
#[derive(Debug)]
pub struct AppState {
    /// Store, clock, entropy, keyring, policy.
    pub realm: Arc<Realm>,
    /// The checked `[provider]` section.
    pub config: ProviderConfig,
    /// The metadata, as bytes.
    pub discovery: Prebuilt,
    /// Passkeys and security keys; `None` where there is no relying party.
    pub passkeys: Option<Passkeys>,
    /// Form tokens.
    pub csrf: Tokens,
    /// Sign-ins in progress.
    pub flows: Sealer,
    /// Nonces of DPoP proofs.
    pub nonces: Nonces,
    /// What is counted for the operator.
    pub figures: Figures,
    /// Who makes our own calls.
    pub outbound: Outbound,
    /// Applications' keys as they were fetched last.
    pub fetched_keys: FetchedKeys,
    /// What people are called where nobody else may know them.
    pub pairwise: Pairwise,
    published: RwLock<Arc<Published>>,
    neighbours: OnceLock<Vec<Neighbour>>,
}

/// The signing keys and what is published of them.
#[derive(Debug)]
pub struct Published {
    /// The keys.
    pub keys: KeySet,
    /// The public halves, as bytes.
    pub jwks: Prebuilt,
    fingerprint: String,
}

/// Why the provider cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The signing keys.
    #[error(transparent)]
    Keys(#[from] KeysError),
    /// The keyring.
    #[error(transparent)]
    Keyring(#[from] FlowError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The relying party.
    #[error(transparent)]
    RelyingParty(#[from] NotAnOrigin),
    /// A key of the wrong length: never, unless the keyring is broken.
    #[error("no cookie key can be made of the keyring")]
    CookieKey,
}

impl AppState {
    /// Makes what a first start lacks and reads the rest. Nobody's word on a key's model counts.
    pub fn new(realm: Arc<Realm>, config: ProviderConfig) -> Result<App, StartError> {
        Self::trusting(realm, config, Trust::default())
    }

    /// The same, with those whose word counts (`[attestation]`).
    pub fn trusting(realm: Arc<Realm>, config: ProviderConfig, trust: Trust) -> Result<App, StartError> {
        let keyring = realm.keyring()?;
        keys::ensure(&realm.store, &keyring, realm.entropy.as_ref(), realm.clock.now())?;
        let published = Published::read(&realm)?;
        let flows = Sealer::new(keyring.subkey("provider: sign-in cookies").expose()).ok_or(StartError::CookieKey)?;
        let passkeys = match &realm.relying_party {
            Some(party) => Some(Passkeys::new(party, trust)?),
            None => None,
        };
        let csrf = Tokens::new(keyring.subkey("provider: form tokens").expose());
        let nonces = Nonces::new(keyring.subkey("provider: DPoP nonces").expose());
        Ok(Arc::new(Self {
            nonces,
            discovery: Prebuilt::discovery(&config, acr::strongest(passkeys.as_ref())),
            figures: Figures::default(),
            outbound: Outbound::new(&config.outbound),
            fetched_keys: FetchedKeys::default(),
            pairwise: Pairwise::new(&keyring),
            published: RwLock::new(Arc::new(published)),
            neighbours: OnceLock::new(),
            passkeys,
            realm,
            config,
            csrf,
            flows,
        }))
    }

    /// Keeps who else is in this process; the first word counts.
    pub(super) fn meet(&self, others: impl Iterator<Item = Neighbour>) {
        self.neighbours.get_or_init(|| others.collect());
    }

    /// The other realm of this process that is called so.
    pub fn neighbour(&self, name: &str) -> Option<&Neighbour> {
        let mut all = self.neighbours.get().into_iter().flatten();
        all.find(|one| one.names.realm == name || one.names.aliases.iter().any(|alias| alias == name))
    }

    /// The keys as they were read last.
    pub fn published(&self) -> Arc<Published> {
        Arc::clone(&self.published.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// What the policy's settings say to people and about sessions, as they are now; `None` when they cannot be read, which
    /// the next unit of work will say loudly.
    pub fn settings(&self) -> Option<Settings> {
        let policy = self.realm.store.read(|tx| self.realm.policy(tx)).ok()?;
        Some(policy.settings().clone())
    }

    /// Whom people may ask for help (R81).
    pub fn contact(&self) -> Option<String> {
        self.settings()?.contact
    }

    /// Reads the keys again if they were rotated since.
    pub fn follow_rotation(&self) -> Result<(), StartError> {
        if KeySet::fingerprint(&self.realm.store)? == self.published().fingerprint {
            return Ok(());
        }
        let fresh = Arc::new(Published::read(&self.realm)?);
        *self.published.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(())
    }
}

impl Published {
    fn read(realm: &Realm) -> Result<Self, StartError> {
        let keyring = realm.keyring()?;
        // The fingerprint first: a rotation in between is then noticed at the next look.
        let fingerprint = KeySet::fingerprint(&realm.store)?;
        let keys = KeySet::load(&realm.store, &keyring)?;
        Ok(Self {
            jwks: Prebuilt::jwks(&keys),
            keys,
            fingerprint,
        })
    }
}
