//! Signing keys drawn once for the whole test program, and given to each realm before its provider starts: finding primes takes most of a
//! second, and a provider needs four RSA keys. The realm is as the real command leaves it after a rotation; no key lies in the tree.

use super::boxed;
use data_encoding::HEXLOWER;
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::params;
use samekey_shared::realm::Realm;
use samekey_shared::secrets::Place;
use samekey_shared::store::StoreError;
use std::path::Path;
use std::process::Command;
use std::sync::{Arc, OnceLock};

/// How the program outside a box tells the one inside.
pub const VARIABLE: &str = "SAMEKEY_TEST_SIGNING_KEYS";

/// The keys, a line each: id, algorithm, state and the private key in hexadecimal digits.
pub fn drawn() -> &'static str {
    static DRAWN: OnceLock<String> = OnceLock::new();
    DRAWN.get_or_init(draw)
}

fn draw() -> String {
    let folder = tempfile::tempdir().unwrap();
    let (place, config) = (folder.path().display(), folder.path().join("samekey.toml"));
    let text = format!(
        "[realm]\nname = \"example.org\"\n[store]\nsqlite = \"{place}/store.db\"\n[keyring]\npath = \"{place}/keyring\"\n"
    );
    std::fs::write(&config, text).unwrap();
    let opened = Config::load(&config).unwrap();
    let realm = Realm::create(&opened, Arc::new(SystemClock), Arc::new(SystemEntropy::default()), &[]).unwrap();
    let mut rotate = Command::new(boxed::target().join("debug/samekey"));
    let done = rotate
        .arg("--config")
        .arg(&config)
        .args(["signing-keys", "rotate"])
        .output()
        .unwrap();
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let keyring = realm.keyring().unwrap();
    let rows: Result<_, StoreError> = realm
        .store
        .read(|tx| tx.query("SELECT kid, alg, state, sealed FROM signing_keys", &[]));
    let line = |row: &samekey_shared::store::Row| {
        let [kid, alg, state] = [0, 1, 2].map(|column| row.text(column).unwrap());
        let private = keyring.open(&place_of(kid), row.bytes(3).unwrap()).unwrap();
        format!("{kid} {alg} {state} {}", HEXLOWER.encode(private.expose()))
    };
    let lines: Vec<String> = rows.unwrap().iter().map(line).collect();
    lines.join("\n")
}

/// Gives them to the realm of this configuration, unless it has keys.
pub fn give(config: &Path, drawn: &str) {
    let config = Config::load(config).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let (keyring, now) = (realm.keyring().unwrap(), realm.clock.now());
    let mut rows = Vec::new();
    for line in drawn.lines() {
        let [kid, alg, state, private] = line.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let private = HEXLOWER.decode(private.as_bytes()).unwrap();
        let sealed = keyring.seal(realm.entropy.as_ref(), &place_of(kid), &private).unwrap();
        rows.push((kid, alg, state, sealed));
    }
    let given: Result<(), StoreError> = realm.store.write(|tx| {
        for (kid, alg, state, sealed) in &rows {
            tx.execute(
                "INSERT INTO signing_keys (kid, alg, state, sealed, created_at, changed_at) \
                 VALUES ($1, $2, $3, $4, $5, $5) ON CONFLICT (kid) DO NOTHING",
                params![*kid, *alg, *state, sealed.as_slice(), now],
            )?;
        }
        Ok(())
    });
    given.unwrap();
}

fn place_of(kid: &str) -> Place {
    Place {
        table: "signing_keys",
        column: "sealed",
        row: kid.to_owned(),
    }
}
