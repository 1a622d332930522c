//! Makes the signing keys at first start and rotates them.

use super::rows::{self, StoredKey};
use super::{Alg, KEPT, KeyState, KeysError, Pair, pair, place};
use samekey_shared::clock::UnixTime;
use samekey_shared::entropy::Entropy;
use samekey_shared::secrets::Keyring;
use samekey_shared::store::{Store, StoreError, Tx};

/// A day in seconds: also how far ahead a stamp may lie before its clock counts as set back, since nodes' clocks differ a little.
const DAY: i64 = 86_400;
/// Seconds that a key is published before a schedule lets it sign: longer than applications keep a key set.
const PUBLISHED: i64 = DAY;

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
    also: &mut (dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send),
) -> Result<(), KeysError> {
    prepare_next(store, keyring, entropy, now)?;
    turn(store, keyring, entropy, now, &|_| Alg::ALL.to_vec(), also)?;
    forget(store, now)
}

/// The same for the keys that have signed for so many days, if the ones to follow them were published long enough; whether
/// any turned. Of several nodes that look at once, one turns them: which are due is asked again in the unit that turns them.
pub fn rotate_due(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: UnixTime,
    days: i64,
    also: &mut (dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send),
) -> Result<bool, KeysError> {
    let due = move |keys: &[StoredKey]| {
        let since = |alg: Alg, state: KeyState| {
            let found = keys.iter().find(|key| key.alg == alg && key.state == state)?;
            Some(now.saturating_sub(found.changed_at))
        };
        let is_due = |alg: &Alg| {
            since(*alg, KeyState::Active).is_some_and(|signs| signs >= days.saturating_mul(DAY))
                && since(*alg, KeyState::Next).is_some_and(|published| published >= PUBLISHED)
        };
        Alg::ALL.into_iter().filter(is_due).collect()
    };
    turn(store, keyring, entropy, now, &due, also)
}

/// Forgets the keys whose last tokens are over. What a clock wrote that has since been set back counts from now, so that no
/// key signs, or stays, for as long as that clock was wrong.
pub fn forget(store: &Store, now: UnixTime) -> Result<(), KeysError> {
    let changed = |key: &StoredKey| {
        key.changed_at > now.saturating_add(DAY) || (key.state == KeyState::Retired && key.changed_at < now - KEPT)
    };
    if !store.read(rows::list)?.iter().any(changed) {
        return Ok(());
    }
    store.write(|tx| {
        rows::set_back(tx, now.saturating_add(DAY), now)?;
        rows::forget(tx, now.saturating_sub(KEPT))
    })?;
    Ok(())
}

type Due<'a> = dyn Fn(&[StoredKey]) -> Vec<Alg> + Sync + 'a;

fn turn(
    store: &Store,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    now: UnixTime,
    due: &Due<'_>,
    also: &mut (dyn FnMut(&mut Tx<'_>) -> Result<(), StoreError> + Send),
) -> Result<bool, KeysError> {
    // Drawn before, since primes take their time and everybody who writes would wait.
    let fresh = due(&store.read(rows::list)?)
        .into_iter()
        .map(|alg| fresh(keyring, entropy, alg, KeyState::Next, now))
        .collect::<Result<Vec<_>, _>>()?;
    if fresh.is_empty() {
        return Ok(false);
    }
    let turned = store.write(|tx| {
        let still = due(&rows::list(tx)?);
        let mut turned = false;
        for key in fresh.iter().filter(|key| still.contains(&key.alg)) {
            rows::advance(tx, key.alg, KeyState::Active, KeyState::Retired, now)?;
            rows::advance(tx, key.alg, KeyState::Next, KeyState::Active, now)?;
            rows::insert(tx, key)?;
            turned = true;
        }
        if turned {
            also(tx)?;
        }
        Ok::<_, StoreError>(turned)
    })?;
    Ok(turned)
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

        fn rotate_due(&self, now: UnixTime, days: i64) -> bool {
            rotate_due(&self.store, &self.keyring, &self.entropy, now, days, &mut |_| Ok(())).unwrap()
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
        assert_eq!(keys.len(), Alg::ALL.len());
        let kids: std::collections::BTreeSet<_> = keys.iter().map(|key| key["kid"].to_string()).collect();
        assert_eq!(kids.len(), keys.len(), "each key has an id of its own");
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
    fn on_schedule_keys_turn_once_and_never_before_the_next_was_seen() {
        const DAYS: i64 = 90;
        let bench = bench();
        bench.ensure();
        let due = 100 + DAYS * DAY;
        assert!(!bench.rotate_due(due, DAYS), "nothing is published that could follow");
        prepare_next(&bench.store, &bench.keyring, &bench.entropy, due).unwrap();
        assert!(
            !bench.rotate_due(due + PUBLISHED - 1, DAYS),
            "not published long enough"
        );
        let before = bench.load();
        assert!(bench.rotate_due(due + PUBLISHED, DAYS));
        assert!(!bench.rotate_due(due + PUBLISHED, DAYS), "a second node finds it done");
        let after = bench.load();
        for alg in Alg::ALL {
            let kid = &after.active(alg).unwrap().kid;
            assert_eq!(before.by_kid(kid).unwrap().state, KeyState::Next, "{alg}");
        }
        assert!(!bench.rotate_due(due + PUBLISHED + DAYS * DAY - 1, DAYS));
        assert!(bench.rotate_due(due + PUBLISHED + DAYS * DAY, DAYS));
        let second = due + PUBLISHED + DAYS * DAY;
        assert_eq!(
            bench.load().jwks()["keys"].as_array().unwrap().len(),
            4 * Alg::ALL.len()
        );
        forget(&bench.store, second).unwrap();
        assert_eq!(
            bench.load().jwks()["keys"].as_array().unwrap().len(),
            3 * Alg::ALL.len()
        );
        forget(&bench.store, second + KEPT + 1).unwrap();
        assert_eq!(
            bench.load().jwks()["keys"].as_array().unwrap().len(),
            2 * Alg::ALL.len()
        );
    }

    #[test]
    fn a_clock_set_back_neither_stops_the_schedule_nor_loses_a_key() {
        const DAYS: i64 = 90;
        let bench = bench();
        bench.ensure();
        let wrong = 100 * 365 * DAY;
        prepare_next(&bench.store, &bench.keyring, &bench.entropy, 100).unwrap();
        let old = jws::sign(bench.load().active(Alg::EdDsa).unwrap(), &json!({"sub": "a"})).unwrap();
        assert!(bench.rotate_due(wrong, DAYS), "the clock ran ahead");
        let now = 1000;
        forget(&bench.store, now).unwrap();
        assert!(
            jws::read::<Value>(&bench.load(), &old).is_some(),
            "what lives is verified"
        );
        assert!(!bench.rotate_due(now, DAYS), "counts from when the clock was set right");
        assert!(bench.rotate_due(now + DAYS * DAY, DAYS), "and goes on");
        forget(&bench.store, now + DAYS * DAY).unwrap();
        assert!(jws::read::<Value>(&bench.load(), &old).is_none(), "and forgets");
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
            format!(r#"{{"alg":"none","kid":"{kid}","typ":"JWT"}}"#),
            format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"JWT"}}"#),
            format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"JWT"}}"#),
            format!(r#"{{"alg":"ES256","kid":"{rsa}","typ":"JWT"}}"#),
            r#"{"alg":"ES256","kid":"../../etc/passwd","typ":"JWT"}"#.to_owned(),
            format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT","crit":["b64"],"b64":false}}"#),
            format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"JWT","jku":"https://evil.example/jwks"}}"#),
            format!(r#"{{"alg":"ES256","kid":"{kid}","typ":"at+jwt"}}"#),
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
