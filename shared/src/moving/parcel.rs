//! Our own export: the devices of many people in one file, sealed with a passphrase.
//!
//! ```text
//! samekey-export 1
//! argon2id memory-kib=65536 passes=3 lanes=4 salt=<base64, 16 bytes>
//! aes-256-gcm nonce=<base64, 12 bytes>
//!                                        (an empty line; everything above is authenticated too)
//! <base64 of the ciphertext and its tag, 76 characters a line>
//! ```
//!
//! Key: Argon2id (RFC 9106) of the passphrase in UTF-8 (NFC), 32 bytes. Inside is JSON: `{"version": 1, "realm": …,
//! "made_at": …, "people": [{"name": …, "devices": [{"totp": {…}} | {"fido": {…}}]}]}`.

use super::{Brought, CarriedApp, CarriedKey, Row, Unfit};
use crate::accounts::PasswordCost;
use crate::accounts::password::{self, PasswordError};
use crate::clock::UnixTime;
use crate::devices::totp::{Shape, base32};
use crate::entropy::{Entropy, EntropyError};
use crate::methods::fido::authenticator_data::LONGEST_CREDENTIAL_ID;
use crate::methods::fido::cose::CoseKey;
use crate::secrets::{Secret, SecretBytes, SecretText};
use data_encoding::{BASE32_NOPAD, BASE64};
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// The first line of every export that this program reads.
const FIRST: &str = "samekey-export 1";
const SALT_BYTES: usize = 16;
/// What a guess at the passphrase costs: RFC 9106's second recommendation.
const COST: PasswordCost = PasswordCost {
    memory_kib: 65_536,
    passes: 3,
    lanes: 4,
};
/// A header that asks for more is refused: it would only fill this machine's memory.
const MOST_MEMORY_KIB: u32 = 2 * 1024 * 1024;
const MOST_PASSES: u32 = 20;
const MOST_LANES: u32 = 16;
/// The shortest passphrase that seals: of shorter ones all can be tried.
pub const SHORTEST_PASSPHRASE: usize = 12;
/// Characters of base64 on a line.
const WIDTH: usize = 76;

/// Why an export was not sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum ParcelError {
    /// Not one of ours, or of a newer program.
    #[error("this is no export of Samekey that this program reads")]
    NotOurs,
    /// The passphrase is wrong, or somebody changed the file: which, cannot be told.
    #[error("it does not open: the passphrase is wrong, or the file was changed")]
    DoesNotOpen,
    /// All of these can be tried.
    #[error("a passphrase has {SHORTEST_PASSPHRASE} characters or more")]
    TooShort,
    /// The key could not be derived.
    #[error(transparent)]
    Key(#[from] PasswordError),
    /// No randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
}

/// Everything that is carried out.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parcel {
    version: u32,
    realm: String,
    made_at: UnixTime,
    people: Vec<Person>,
}

/// A person and what they have.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Person {
    /// The login name.
    pub name: String,
    /// Their devices.
    pub devices: Vec<Thing>,
}

/// One device.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Thing {
    /// An authenticator app.
    Totp {
        /// What its person calls it.
        name: String,
        /// The key in base32.
        key: String,
        /// Algorithm and digits.
        shape: Shape,
        /// Steps that its clock is ahead.
        drift: i64,
        /// The last step used.
        last_step: i64,
    },
    /// A passkey or security key.
    Fido {
        /// What its person calls it.
        name: String,
        /// In base64.
        credential_id: String,
        /// The relying party.
        rp_id: String,
        /// Another name that it was made for.
        app_id: Option<String>,
        /// In COSE and base64.
        public_key: String,
        /// The last signature counter.
        sign_count: u32,
        /// The model.
        aaguid: [u8; 16],
        /// How it can be reached.
        transports: Vec<String>,
        /// Whether the key finds it by itself.
        discoverable: Option<bool>,
        /// Whether PIN or biometrics were checked.
        user_verified: bool,
        /// Whether it may be copied.
        backup_eligible: bool,
        /// Whether it has been.
        backed_up: bool,
    },
}

impl std::fmt::Debug for Thing {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Totp { .. } => "Totp",
            Self::Fido { .. } => "Fido",
        })
    }
}

impl Drop for Thing {
    fn drop(&mut self) {
        if let Self::Totp { key, .. } = self {
            key.zeroize();
        }
    }
}

impl Thing {
    /// A device under this name.
    pub fn of(name: &str, carried: &Brought) -> Self {
        let name = name.to_owned();
        match carried {
            Brought::App(app) => Self::Totp {
                name,
                key: BASE32_NOPAD.encode(app.secret.expose()),
                shape: app.shape,
                drift: app.drift,
                last_step: app.last_step.unwrap_or_default(),
            },
            Brought::Key(key) => Self::Fido {
                name,
                credential_id: BASE64.encode(&key.credential_id),
                rp_id: key.rp_id.clone().unwrap_or_default(),
                app_id: key.app_id.clone(),
                public_key: BASE64.encode(&key.public_key),
                sign_count: key.sign_count,
                aaguid: key.aaguid,
                transports: key.transports.clone(),
                discoverable: key.discoverable,
                user_verified: key.user_verified,
                backup_eligible: key.backup_eligible,
                backed_up: key.backed_up,
            },
        }
    }

    fn name(&self) -> &str {
        match self {
            Self::Totp { name, .. } | Self::Fido { name, .. } => name,
        }
    }

    fn carried(&self) -> Result<Brought, Unfit> {
        match self {
            Self::Totp {
                key,
                shape,
                drift,
                last_step,
                ..
            } => Ok(Brought::App(CarriedApp {
                secret: base32(key)?,
                shape: Shape::new(shape.algorithm(), shape.digits())?,
                drift: *drift,
                last_step: Some(*last_step),
            })),
            Self::Fido { .. } => self.carried_key().map(|key| Brought::Key(Box::new(key))),
        }
    }

    fn carried_key(&self) -> Result<CarriedKey, Unfit> {
        let Self::Fido {
            credential_id,
            rp_id,
            app_id,
            public_key,
            sign_count,
            aaguid,
            transports,
            discoverable,
            user_verified,
            backup_eligible,
            backed_up,
            ..
        } = self
        else {
            return Err(Unfit::Kind);
        };
        let credential_id = BASE64
            .decode(credential_id.as_bytes())
            .map_err(|_| Unfit::CredentialId)?;
        if !(1..=LONGEST_CREDENTIAL_ID).contains(&credential_id.len()) {
            return Err(Unfit::CredentialId);
        }
        let public_key = BASE64.decode(public_key.as_bytes()).map_err(|_| Unfit::PublicKey)?;
        CoseKey::parse(&public_key)
            .and_then(|key| key.check_point())
            .map_err(|_| Unfit::PublicKey)?;
        Ok(CarriedKey {
            credential_id,
            rp_id: Some(rp_id.clone()),
            app_id: app_id.clone(),
            public_key,
            sign_count: *sign_count,
            aaguid: *aaguid,
            transports: transports.clone(),
            discoverable: *discoverable,
            user_verified: *user_verified,
            backup_eligible: *backup_eligible,
            backed_up: *backed_up,
        })
    }
}

impl Parcel {
    /// What these people have.
    pub fn new(realm: &str, made_at: UnixTime, people: Vec<Person>) -> Self {
        Self {
            version: 1,
            realm: realm.to_owned(),
            made_at,
            people,
        }
    }

    /// Seals it with a passphrase.
    pub fn seal(&self, entropy: &dyn Entropy, passphrase: &SecretText) -> Result<String, ParcelError> {
        self.seal_at(COST, entropy, passphrase)
    }

    fn seal_at(
        &self,
        cost: PasswordCost,
        entropy: &dyn Entropy,
        passphrase: &SecretText,
    ) -> Result<String, ParcelError> {
        if passphrase.expose().chars().count() < SHORTEST_PASSPHRASE {
            return Err(ParcelError::TooShort);
        }
        let (mut salt, mut nonce) = ([0; SALT_BYTES], [0; NONCE_LEN]);
        entropy.fill(&mut salt)?;
        entropy.fill(&mut nonce)?;
        let head = format!(
            "{FIRST}\nargon2id memory-kib={} passes={} lanes={} salt={}\naes-256-gcm nonce={}\n",
            cost.memory_kib,
            cost.passes,
            cost.lanes,
            BASE64.encode(&salt),
            BASE64.encode(&nonce)
        );
        // A struct of texts and numbers always has a JSON form.
        let mut body = Zeroizing::new(serde_json::to_vec(self).unwrap_or_default());
        key(cost, &salt, passphrase)?
            .seal_in_place_append_tag(
                Nonce::assume_unique_for_key(nonce),
                Aad::from(head.as_bytes()),
                &mut *body,
            )
            .map_err(|_| ParcelError::DoesNotOpen)?;
        let mut text = head;
        let encoded = BASE64.encode(&body);
        text.push('\n');
        for line in encoded.as_bytes().chunks(WIDTH) {
            text.push_str(str::from_utf8(line).unwrap_or_default());
            text.push('\n');
        }
        Ok(text)
    }
}

/// Opens an export: its JSON, for [`super::read`].
pub fn open(bytes: &[u8], passphrase: &SecretText) -> Result<SecretBytes, ParcelError> {
    let text = str::from_utf8(bytes).map_err(|_| ParcelError::NotOurs)?;
    let (before, body) = text.split_once("\n\n").ok_or(ParcelError::NotOurs)?;
    let head = format!("{before}\n");
    let (cost, salt, nonce) = head_of(before).ok_or(ParcelError::NotOurs)?;
    let plain: Zeroizing<Vec<u8>> = Zeroizing::new(body.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let mut sealed = BASE64.decode(&plain).map_err(|_| ParcelError::NotOurs)?;
    let length = key(cost, &salt, passphrase)?
        .open_in_place(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(head.as_bytes()),
            &mut sealed,
        )
        .map_err(|_| ParcelError::DoesNotOpen)?
        .len();
    sealed.truncate(length);
    Ok(SecretBytes::new(sealed))
}

type Head = (PasswordCost, [u8; SALT_BYTES], [u8; NONCE_LEN]);

/// Cost, salt and nonce; `None` for whatever this program does not write.
fn head_of(text: &str) -> Option<Head> {
    let head: Vec<&str> = text.lines().collect();
    let [first, derivation, cipher] = head.as_slice() else {
        return None;
    };
    let words: Vec<&str> = derivation.split(' ').collect();
    let (["argon2id", memory, passes, lanes, salt], true) = (words.as_slice(), *first == FIRST) else {
        return None;
    };
    let cost = PasswordCost {
        memory_kib: memory.strip_prefix("memory-kib=")?.parse().ok()?,
        passes: passes.strip_prefix("passes=")?.parse().ok()?,
        lanes: lanes.strip_prefix("lanes=")?.parse().ok()?,
    };
    let bearable = (1..=MOST_MEMORY_KIB).contains(&cost.memory_kib)
        && (1..=MOST_PASSES).contains(&cost.passes)
        && (1..=MOST_LANES).contains(&cost.lanes);
    let salt = BASE64.decode(salt.strip_prefix("salt=")?.as_bytes()).ok()?;
    let nonce = BASE64
        .decode(cipher.strip_prefix("aes-256-gcm nonce=")?.as_bytes())
        .ok()?;
    bearable.then_some((cost, salt.try_into().ok()?, nonce.try_into().ok()?))
}

fn key(cost: PasswordCost, salt: &[u8], passphrase: &SecretText) -> Result<LessSafeKey, ParcelError> {
    let key: Secret<[u8; 32]> = password::stretch(&cost, salt, passphrase)?;
    let unbound = UnboundKey::new(&AES_256_GCM, key.expose()).map_err(|_| ParcelError::DoesNotOpen)?;
    Ok(LessSafeKey::new(unbound))
}

/// The rows of an opened export, numbered from 1: it has no lines.
pub(super) fn read(bytes: &[u8]) -> Vec<Row> {
    let broken = |why| vec![Row::new(1, Err(Unfit::Malformed(why)))];
    let Ok(parcel) = serde_json::from_slice::<Parcel>(bytes) else {
        return broken("it is no export of Samekey that this program reads");
    };
    if parcel.version != 1 {
        return broken("it was written by a newer program");
    }
    let all = parcel
        .people
        .iter()
        .flat_map(|person| person.devices.iter().map(move |thing| (person, thing)));
    let rows = all.enumerate().map(|(index, (person, thing))| {
        let mut row = Row::new(index + 1, thing.carried()).of(&person.name);
        row.called = Some(thing.name().to_owned());
        row
    });
    rows.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entropy::SeededEntropy;

    const CHEAP: PasswordCost = PasswordCost {
        memory_kib: 8,
        passes: 1,
        lanes: 1,
    };

    fn sealed() -> String {
        let app = Brought::App(CarriedApp {
            secret: SecretBytes::new(b"12345678901234567890".to_vec()),
            shape: Shape::default(),
            drift: 2,
            last_step: Some(59_253_120),
        });
        let person = Person {
            name: "ann".to_owned(),
            devices: vec![Thing::of("phone", &app)],
        };
        let parcel = Parcel::new("example.org", 1_777_593_600, vec![person]);
        parcel
            .seal_at(CHEAP, &SeededEntropy::new(4), &"correct horse".into())
            .unwrap()
    }

    #[test]
    fn what_was_sealed_opens_with_its_passphrase_alone() {
        let text = sealed();
        assert!(!text.contains("ann") && !text.contains("GEZDGNBV"), "{text}");
        let opened = open(text.as_bytes(), &"correct horse".into()).unwrap();
        let rows = read(opened.expose());
        let Ok(Brought::App(app)) = &rows[0].brought else {
            panic!("{rows:?}")
        };
        assert_eq!(app.secret.expose(), b"12345678901234567890");
        assert_eq!(
            (app.drift, app.last_step, rows[0].owner.as_deref()),
            (2, Some(59_253_120), Some("ann"))
        );
        assert!(matches!(
            open(text.as_bytes(), &"correct horsf".into()),
            Err(ParcelError::DoesNotOpen)
        ));
    }

    #[test]
    fn a_changed_byte_anywhere_is_seen() {
        let text = sealed();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            if bytes[at] == b'\n' {
                continue;
            }
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            assert!(open(&bytes, &"correct horse".into()).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_header_that_fills_the_memory_is_refused_before_any_hashing() {
        let text = sealed();
        for (old, new) in [
            ("memory-kib=8", "memory-kib=4000000000"),
            ("passes=1", "passes=1000"),
            ("lanes=1", "lanes=0"),
        ] {
            let greedy = text.replacen(old, new, 1);
            assert!(
                matches!(
                    open(greedy.as_bytes(), &"correct horse".into()),
                    Err(ParcelError::NotOurs)
                ),
                "{new}"
            );
        }
        let short = Parcel::new("x", 0, Vec::new()).seal(&SeededEntropy::new(1), &"short".into());
        assert!(matches!(short, Err(ParcelError::TooShort)));
    }
}
