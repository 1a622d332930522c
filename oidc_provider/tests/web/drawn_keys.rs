//! Private keys drawn once for the whole test program: finding primes takes most of a second, and every scene needs two RSA keys.
//!
//! A key is named by its algorithm and a seed, and is the same wherever it is asked for. No key lies in the tree.

use samekey_provider::keys::{Alg, KeyState, Pair, make};
use samekey_shared::entropy::{SeededEntropy, SystemEntropy};
use samekey_shared::params;
use samekey_shared::realm::Realm;
use samekey_shared::secrets::Place;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

/// Seeds of what every scene signs with, one for each algorithm: the two RSA keys are two. Scenes draw from a stream of their own, so
/// that a rotation never draws these again.
const SCENES: [(Alg, u64); 4] = [
    (Alg::Rs256, 4001),
    (Alg::Ps256, 4002),
    (Alg::Es256, 4003),
    (Alg::EdDsa, 4004),
];

type Once = Arc<OnceLock<Vec<u8>>>;

/// The private key of this algorithm and seed, as [`Pair::read`] takes it.
pub fn private(alg: Alg, seed: u64) -> Vec<u8> {
    static DRAWN: Mutex<BTreeMap<(&'static str, u64), Once>> = Mutex::new(BTreeMap::new());
    let once = {
        let mut drawn = DRAWN.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(drawn.entry((alg.name(), seed)).or_default())
    };
    // Drawn outside the lock: tests that need other keys go on.
    let private = once.get_or_init(|| make(alg, &SeededEntropy::new(seed)).unwrap().to_vec());
    private.clone()
}

/// Gives a realm that has no signing keys yet the ones that every scene signs with, sealed by its own keyring; nothing of the
/// realm's own randomness is used up.
pub fn give(realm: &Realm) {
    let (keyring, now) = (realm.keyring().unwrap(), realm.clock.now());
    let rows = SCENES.map(|(alg, seed)| {
        let private = private(alg, seed);
        let kid = Pair::read(alg, &private).unwrap().public().thumbprint();
        let place = Place {
            table: "signing_keys",
            column: "sealed",
            row: kid.clone(),
        };
        let sealed = keyring.seal(&SystemEntropy::default(), &place, &private).unwrap();
        (kid, alg, sealed)
    });
    realm
        .store
        .write(|tx| {
            for (kid, alg, sealed) in &rows {
                tx.execute(
                    "INSERT INTO signing_keys (kid, alg, state, sealed, created_at, changed_at) \
                     VALUES ($1, $2, $3, $4, $5, $5)",
                    params![
                        kid.as_str(),
                        alg.name(),
                        KeyState::Active.name(),
                        sealed.as_slice(),
                        now
                    ],
                )?;
            }
            Ok::<_, samekey_shared::store::StoreError>(())
        })
        .unwrap();
}
