//! Makes the signing keys at first start and rotates them.

use super::rows::{self, StoredKey};
use super::{Alg, KEPT, KeyState, KeysError, Pair, pair, place};
use samekey_shared::clock::UnixTime;
use samekey_shared::entropy::Entropy;
use samekey_shared::secrets::Keyring;
use samekey_shared::store::{Store, StoreError, Tx};

/// Makes what is missing for a first start: one active key of each algorithm. Costs nothing but one read afterwards.
///
/// Two providers that start at once agree: the second finds the first one's key inside its own unit of work.
pub fn ensure(store: &Store, keyring: &Keyring, entropy: &dyn Entropy, now: UnixTime) -> Result<(), KeysError> {
    fill(store, keyring, entropy, now, KeyState::Active)
}

/// Makes the missing `next` keys, so that the next rotation finds them published long since.
pub fn prepare_next(store: &Store, keyring: &Keyring, entropy: &dyn Entropy, now: UnixTime) -> Result<(), KeysError> {
    fill(store, keyring, entropy, now, KeyState::Next)
}

fn fill(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: UnixTime,
    state: KeyState,
) -> Result<(), KeysError> {
    let missing = |tx: &mut Tx<'_>| {
        let mut out = Vec::new();
        for alg in Alg::ALL {
            if !rows::any(tx, alg, state)? {
                out.push(alg);
            }
        }
        Ok::<_, StoreError>(out)
    };
    let made = store
        .read(missing)?
        .into_iter()
        .map(|alg| fresh(keyring, entropy, alg, state, now))
        .collect::<Result<Vec<_>, _>>()?;
    if made.is_empty() {
        return Ok(());
    }
    store.write(|tx| {
        for key in &made {
            if !rows::any(tx, key.alg, state)? {
                rows::insert(tx, key)?;
            }
        }
        Ok::<_, StoreError>(())
    })?;
    Ok(())
}

/// Retires the active keys, makes the next ones active and draws new next ones. `also` runs in the same unit of work: the
/// caller's audit event.
pub fn rotate(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: UnixTime,
    also: &mut dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError>,
) -> Result<(), KeysError> {
    prepare_next(store, keyring, entropy, now)?;
    let fresh = Alg::ALL
        .into_iter()
        .map(|alg| fresh(keyring, entropy, alg, KeyState::Next, now))
        .collect::<Result<Vec<_>, _>>()?;
    store.write(|tx| {
        rows::forget(tx, now.saturating_sub(KEPT))?;
        for key in &fresh {
            rows::advance(tx, key.alg, KeyState::Active, KeyState::Retired, now)?;
            rows::advance(tx, key.alg, KeyState::Next, KeyState::Active, now)?;
            rows::insert(tx, key)?;
        }
        also(tx)
    })?;
    Ok(())
}

fn fresh(
    keyring: &Keyring,
    entropy: &dyn Entropy,
    alg: Alg,
    state: KeyState,
    now: UnixTime,
) -> Result<StoredKey, KeysError> {
    let private = pair::make(alg, entropy)?;
    let kid = Pair::read(alg, &private)?.public().thumbprint();
    let sealed = keyring
        .seal(entropy, &place(&kid), &private)
        .map_err(KeysError::Sealing)?;
    Ok(StoredKey {
        kid,
        alg,
        state,
        sealed,
        changed_at: now,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::{KeySet, jws};
    use samekey_shared::entropy::SeededEntropy;
    use serde_json::{Value, json};

    struct Bench {
        store: Store,
        keyring: Keyring,
        entropy: SeededEntropy,
        _folder: tempfile::TempDir,
    }

    fn bench() -> Bench {
        let folder = tempfile::tempdir().unwrap();
        let entropy = SeededEntropy::new(11);
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store.migrate(&[crate::SCHEMA]).unwrap();
        let keyring = Keyring::in_memory(&entropy).unwrap();
        Bench {
            store,
            keyring,
            entropy,
            _folder: folder,
        }
    }

    impl Bench {
        fn ensure(&self) {
            ensure(&self.store, &self.keyring, &self.entropy, 100).unwrap();
        }

        fn rotate(&self, now: UnixTime) {
            rotate(&self.store, &self.keyring, &self.entropy, now, &mut |_| Ok(())).unwrap();
        }

        fn load(&self) -> KeySet {
            KeySet::load(&self.store, &self.keyring).unwrap()
        }
    }

    #[test]
    fn first_start_makes_one_key_of_each_kind_and_later_starts_none() {
        let bench = bench();
        assert!(matches!(
            KeySet::load(&bench.store, &bench.keyring),
            Err(KeysError::Missing(_))
        ));
        bench.ensure();
        let first = KeySet::fingerprint(&bench.store).unwrap();
        bench.ensure();
        assert_eq!(KeySet::fingerprint(&bench.store).unwrap(), first);
        let jwks = bench.load().jwks();
        let keys = jwks["keys"].as_array().unwrap();
        assert_eq!(keys.len(), 3);
        for key in keys {
            assert_eq!(key["use"], "sig");
            assert!(
                key.get("d").is_none() && key.get("p").is_none(),
                "a private member is published"
            );
        }
    }

    #[test]
    fn rotation_signs_with_a_key_that_was_published_before() {
        let bench = bench();
        bench.ensure();
        prepare_next(&bench.store, &bench.keyring, &bench.entropy, 100).unwrap();
        let before = bench.load();
        let old = jws::sign(before.active(Alg::EdDsa).unwrap(), &json!({"sub": "a"})).unwrap();
        bench.rotate(200);
        let after = bench.load();
        for alg in Alg::ALL {
            let kid = &after.active(alg).unwrap().kid;
            assert_ne!(*kid, before.active(alg).unwrap().kid);
            assert!(before.by_kid(kid).is_some(), "{alg} signs with a key nobody has seen");
        }
        assert!(
            jws::read::<Value>(&after, &old).is_some(),
            "what the retired key signed still verifies"
        );
        bench.rotate(200 + KEPT);
        assert!(
            jws::read::<Value>(&bench.load(), &old).is_some(),
            "kept while it may be asked for"
        );
        bench.rotate(200 + KEPT + 1);
        assert!(jws::read::<Value>(&bench.load(), &old).is_none(), "forgotten");
    }

    #[test]
    fn another_keyring_opens_nothing() {
        let bench = bench();
        bench.ensure();
        let other = Keyring::in_memory(&SeededEntropy::new(99)).unwrap();
        assert!(matches!(
            KeySet::load(&bench.store, &other),
            Err(KeysError::Sealed { .. })
        ));
    }

    #[test]
    fn a_token_with_another_header_is_not_read() {
        let bench = bench();
        bench.ensure();
        let keys = bench.load();
        let key = keys.active(Alg::Es256).unwrap();
        let good = jws::sign(key, &json!({"sub": "a"})).unwrap();
        assert!(jws::read::<Value>(&keys, &good).is_some());
        let claims = good.split('.').nth(1).unwrap();
        let encode = |text: String| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
        let kid = &key.kid;
        let rsa = &keys.active(Alg::Rs256).unwrap().kid;
        for header in [
            r#"{"alg":"none"}"#.to_owned(),
            format!(r#"{{"alg":"none","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"RS256","kid":"{kid}"}}"#),
            format!(r#"{{"alg":"ES256","kid":"{rsa}"}}"#),
            r#"{"alg":"ES256","kid":"../../etc/passwd"}"#.to_owned(),
            format!(r#"{{"alg":"ES256","kid":"{kid}","crit":["b64"],"b64":false}}"#),
            format!(r#"{{"alg":"ES256","kid":"{kid}","jku":"https://evil.example/jwks"}}"#),
        ] {
            let message = format!("{}.{claims}", encode(header.clone()));
            let signed = data_encoding::BASE64URL_NOPAD.encode(&key.pair.sign(message.as_bytes()).unwrap());
            for signature in [signed.as_str(), "", good.rsplit('.').next().unwrap()] {
                assert!(
                    jws::read::<Value>(&keys, &format!("{message}.{signature}")).is_none(),
                    "{header}"
                );
            }
        }
    }
}
