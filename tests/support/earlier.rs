//! Moves the proofs of before along the clock: to the store, so many seconds less are so many seconds that passed. The
//! programs of a box go by the machine's own clock, which nobody may set.

use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::params;
use samekey_shared::realm::Realm;
use samekey_shared::store::StoreError;
use std::path::Path;
use std::sync::Arc;

/// What was proven in browsers and shells was proven so many seconds earlier; later, where they are negative, as a clock
/// that was set back makes it.
pub fn by(seconds: i64) {
    let config = Config::load(Path::new("/etc/samekey/samekey.toml")).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let moved: Result<(), StoreError> = realm.store.write(|tx| {
        tx.execute(
            "UPDATE remembered_browsers SET verified_at = verified_at - $1, expires_at = expires_at - $1",
            params![seconds],
        )?;
        tx.execute(
            "UPDATE rechecks SET verified_at = verified_at - $1, expires_at = expires_at - $1",
            params![seconds],
        )?;
        Ok(())
    });
    moved.unwrap();
}
