//! An authenticator in software with real cryptography: makes credentials and signs, at the web and at a console, and
//! can be told to do each thing wrongly that a verifier has to refuse.
//!
//! ```text
//! let mut key = SoftAuthenticator::new();
//! let made = key.make("example.org", &account.to_bytes());         // what flows::bind_key::finish takes
//! let assertion = key.answer(&ask, "https://id.example.org")?;     // what Answer::Key takes; a console's ask names its own place
//! let mut draft = key.draft(&ask, "https://id.example.org")?;      // the same with a knob turned
//! draft.flags &= !UV;
//! let wrong = key.sign(draft)?;
//! ```

use super::Any;
use crate::devices::fido::NewCredential;
use crate::flows::{Allowed, KeyAsk, UserVerification};
use crate::methods::fido::{Assertion, local_client_data};
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom, SystemRandom};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents,
};

/// How an authenticator is made, and how its person uses it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "knobs that are independent of each other")]
pub struct Habits {
    /// Which algorithm its credentials sign with.
    pub algorithm: Algorithm,
    /// Whether it checks PIN or biometrics when it is asked to, and when a credential is made.
    pub verifies: bool,
    /// Whether its credentials are synced: eligible for backup, and backed up.
    pub synced: bool,
    /// Whether it counts signatures; otherwise it tells 0 for ever.
    pub counts: bool,
    /// Whether its credentials are found without being named.
    pub discoverable: bool,
    /// Its model.
    pub aaguid: [u8; 16],
    /// Whether its model is attested: only told by [`SoftAuthenticator::make`], for tests of levels.
    pub attested: bool,
}

/// What signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    Es256,
    /// EdDSA on Ed25519.
    EdDsa,
    /// RSASSA-PKCS1-v1_5 with SHA-256, of 2048 bits; always the same key, for ring makes none.
    Rs256,
}

/// That key, in PKCS#8. It guards nothing.
pub const RS256_KEY: &[u8] = include_bytes!("rs256.p8");

/// The authenticator.
#[derive(Debug)]
pub struct SoftAuthenticator {
    /// May be changed between two uses.
    pub habits: Habits,
    credentials: Vec<SoftCredential>,
}

#[derive(Debug)]
struct SoftCredential {
    id: Vec<u8>,
    rp_id: String,
    app_id: bool,
    user_handle: Option<Vec<u8>>,
    synced: bool,
    key: Private,
    count: u32,
}

#[derive(Debug)]
enum Private {
    Es256(Box<EcdsaKeyPair>),
    EdDsa(Box<Ed25519KeyPair>),
    Rs256(Box<RsaKeyPair>),
}

/// An answer before it is signed; every field may be bent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Which credential signs, and which is named.
    pub credential_id: Vec<u8>,
    /// Whose hash stands in the authenticator data.
    pub rp_id: String,
    /// The flags byte: see [`UP`], [`UV`], [`BE`], [`BS`], [`AT`], [`ED`].
    pub flags: u8,
    /// The signature counter.
    pub sign_count: u32,
    /// What follows the counter.
    pub rest: Vec<u8>,
    /// The client data.
    pub client_data: Vec<u8>,
    /// The user handle.
    pub user_handle: Option<Vec<u8>>,
    /// Whether `appid` was used.
    pub app_id: bool,
}

/// A new credential as a browser or `samekey-key` hands it on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// Its id.
    pub credential_id: Vec<u8>,
    /// The attestation object, of format `none`.
    pub attestation_object: Vec<u8>,
    /// The client data that was passed in.
    pub client_data: Vec<u8>,
}

/// User present.
pub const UP: u8 = 1;
/// User verified.
pub const UV: u8 = 1 << 2;
/// Eligible for backup.
pub const BE: u8 = 1 << 3;
/// Backed up.
pub const BS: u8 = 1 << 4;
/// Attested credential data follows.
pub const AT: u8 = 1 << 6;
/// Extensions follow.
pub const ED: u8 = 1 << 7;

impl Default for Habits {
    /// A platform's passkey provider that keeps credentials on this device.
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Es256,
            verifies: true,
            synced: false,
            counts: true,
            discoverable: true,
            aaguid: *b"samekey software",
            attested: false,
        }
    }
}

impl Default for SoftAuthenticator {
    fn default() -> Self {
        Self::new()
    }
}

impl SoftAuthenticator {
    /// A new one that verifies its person, counts and is not synced.
    pub fn new() -> Self {
        Self::with(Habits::default())
    }

    /// A key that is touched and nothing more.
    pub fn touch_only() -> Self {
        Self::with(Habits {
            verifies: false,
            discoverable: false,
            ..Habits::default()
        })
    }

    /// One of these habits.
    pub fn with(habits: Habits) -> Self {
        Self {
            habits,
            credentials: Vec::new(),
        }
    }

    /// Makes a credential as if its ceremony were over and verified.
    pub fn make(&mut self, rp_id: &str, user_handle: &[u8]) -> Result<NewCredential, Any> {
        let credential = self.generate(rp_id, Some(user_handle))?;
        let made = self.described(&credential, rp_id, None);
        self.credentials.push(credential);
        Ok(made)
    }

    /// Makes a U2F credential for this `AppID`: touched, not discoverable, without model.
    pub fn make_u2f(&mut self, rp_id: &str, app_id: &str) -> Result<NewCredential, Any> {
        let mut credential = self.generate(app_id, None)?;
        (credential.app_id, credential.synced) = (true, false);
        let made = NewCredential {
            aaguid: [0; 16],
            discoverable: Some(false),
            user_verified: false,
            backup_eligible: false,
            backed_up: false,
            ..self.described(&credential, rp_id, Some(app_id.to_owned()))
        };
        self.credentials.push(credential);
        Ok(made)
    }

    /// Makes a credential through its whole ceremony, for the verifier of registrations.
    pub fn create(&mut self, rp_id: &str, user_handle: &[u8], client_data: Vec<u8>) -> Result<Created, Any> {
        let credential = self.generate(rp_id, Some(user_handle))?;
        let id_length = u16::try_from(credential.id.len())?;
        let mut data = digest(&SHA256, rp_id.as_bytes()).as_ref().to_vec();
        data.push(UP | AT | self.verified(self.habits.verifies) | credential.backup_flags());
        data.extend_from_slice(&credential.count.to_be_bytes());
        data.extend_from_slice(&self.habits.aaguid);
        data.extend_from_slice(&id_length.to_be_bytes());
        data.extend_from_slice(&credential.id);
        data.extend_from_slice(&credential.key.cose());
        let created = Created {
            credential_id: credential.id.clone(),
            attestation_object: attestation_object(&data)?,
            client_data,
        };
        self.credentials.push(credential);
        Ok(created)
    }

    /// Signs what is asked, at this origin, or at the console that the ask itself names.
    pub fn answer(&mut self, ask: &KeyAsk, origin: &str) -> Result<Assertion, Any> {
        let draft = self.draft(ask, origin)?;
        self.sign(draft)
    }

    /// What [`Self::answer`] would sign. The counter moves on.
    pub fn draft(&mut self, ask: &KeyAsk, origin: &str) -> Result<Draft, Any> {
        let (verifies, counts, discoverable) = (self.habits.verifies, self.habits.counts, self.habits.discoverable);
        let wanted = verifies && ask.user_verification != UserVerification::Discouraged;
        let user_verified = self.verified(wanted);
        let mine = self.credentials.iter_mut().find(|mine| mine.serves(ask));
        let credential = mine.ok_or("none of the credentials asked for is on this authenticator")?;
        credential.count += u32::from(counts);
        Ok(Draft {
            credential_id: credential.id.clone(),
            rp_id: credential.rp_id.clone(),
            flags: UP | credential.backup_flags() | if credential.app_id { 0 } else { user_verified },
            sign_count: credential.count,
            rest: Vec::new(),
            client_data: match &ask.local {
                Some(binding) => local_client_data(&ask.challenge, binding),
                None => web_client_data("webauthn.get", &ask.challenge, origin),
            },
            user_handle: credential.user_handle.clone().filter(|_| discoverable),
            app_id: credential.app_id,
        })
    }

    /// Signs a draft with the credential that it names.
    pub fn sign(&self, draft: Draft) -> Result<Assertion, Any> {
        let mine = self.credentials.iter().find(|mine| mine.id == draft.credential_id);
        let credential = mine.ok_or("there is no such credential")?;
        let mut data = digest(&SHA256, draft.rp_id.as_bytes()).as_ref().to_vec();
        data.push(draft.flags);
        data.extend_from_slice(&draft.sign_count.to_be_bytes());
        data.extend_from_slice(&draft.rest);
        let hash = digest(&SHA256, &draft.client_data);
        let signature = credential.key.sign(&[&data, hash.as_ref()].concat())?;
        Ok(Assertion {
            credential_id: draft.credential_id,
            authenticator_data: data,
            client_data: draft.client_data,
            signature,
            user_handle: draft.user_handle,
            app_id: draft.app_id,
        })
    }

    fn verified(&self, wanted: bool) -> u8 {
        if wanted && self.habits.verifies { UV } else { 0 }
    }

    fn generate(&self, rp_id: &str, user_handle: Option<&[u8]>) -> Result<SoftCredential, Any> {
        let rng = SystemRandom::new();
        let mut id = vec![0; 32];
        rng.fill(&mut id).map_err(|_| "no randomness")?;
        Ok(SoftCredential {
            id,
            rp_id: rp_id.to_owned(),
            app_id: false,
            user_handle: user_handle.map(<[u8]>::to_vec),
            synced: self.habits.synced,
            key: Private::generate(self.habits.algorithm, &rng)?,
            count: u32::from(self.habits.counts),
        })
    }

    fn described(&self, credential: &SoftCredential, rp_id: &str, app_id: Option<String>) -> NewCredential {
        NewCredential {
            credential_id: credential.id.clone(),
            rp_id: rp_id.to_owned(),
            public_key: credential.key.cose(),
            sign_count: credential.count,
            aaguid: self.habits.aaguid,
            transports: vec!["usb".to_owned()],
            discoverable: Some(self.habits.discoverable),
            user_verified: self.habits.verifies,
            backup_eligible: credential.synced,
            backed_up: credential.synced,
            attested: self.habits.attested,
            app_id,
        }
    }
}

impl SoftCredential {
    fn backup_flags(&self) -> u8 {
        if self.synced { BE | BS } else { 0 }
    }

    fn serves(&self, ask: &KeyAsk) -> bool {
        let named = |one: &Allowed| one.credential_id == self.id;
        if ask.allow.is_empty() {
            return self.rp_id == ask.rp_id && self.user_handle.is_some();
        }
        ask.allow.iter().any(named)
    }
}

impl Private {
    fn generate(algorithm: Algorithm, rng: &SystemRandom) -> Result<Self, Any> {
        Ok(match algorithm {
            Algorithm::Es256 => {
                let alg = &ECDSA_P256_SHA256_ASN1_SIGNING;
                let document = EcdsaKeyPair::generate_pkcs8(alg, rng).map_err(|_| "no randomness")?;
                let pair = EcdsaKeyPair::from_pkcs8(alg, document.as_ref(), rng).map_err(|_| "no key")?;
                Self::Es256(Box::new(pair))
            }
            Algorithm::EdDsa => {
                let document = Ed25519KeyPair::generate_pkcs8(rng).map_err(|_| "no randomness")?;
                let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| "no key")?;
                Self::EdDsa(Box::new(pair))
            }
            Algorithm::Rs256 => Self::Rs256(Box::new(RsaKeyPair::from_pkcs8(RS256_KEY).map_err(|_| "no key")?)),
        })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Any> {
        Ok(match self {
            Self::Es256(pair) => {
                let signature = pair.sign(&SystemRandom::new(), message).map_err(|_| "no randomness")?;
                signature.as_ref().to_vec()
            }
            Self::EdDsa(pair) => pair.sign(message).as_ref().to_vec(),
            Self::Rs256(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(|_| "no randomness")?;
                signature
            }
        })
    }

    /// The public key in COSE, in the one order of CTAP2's canonical CBOR.
    fn cose(&self) -> Vec<u8> {
        match self {
            Self::Es256(pair) => {
                // The uncompressed point: 4, then both coordinates.
                let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
                let head = [0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21, 0x58, 32];
                [&head, x, &[0x22, 0x58, 32], y].concat()
            }
            Self::EdDsa(pair) => {
                let head = [0xa4, 1, 1, 3, 0x27, 0x20, 6, 0x21, 0x58, 32];
                [&head, pair.public_key().as_ref()].concat()
            }
            Self::Rs256(pair) => {
                let RsaPublicKeyComponents { n, e } = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public());
                let head = [0xa4, 1, 3, 3, 0x39, 1, 0, 0x20, 0x59, 1, 0];
                [&head, n.as_slice(), &[0x21, 0x43], e.as_slice()].concat()
            }
        }
    }
}

/// The client data that a browser writes.
pub fn web_client_data(kind: &str, challenge: &[u8], origin: &str) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(challenge);
    format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false}}"#).into_bytes()
}

/// `{"fmt": "none", "attStmt": {}, "authData": …}` in CTAP2's canonical CBOR.
fn attestation_object(authenticator_data: &[u8]) -> Result<Vec<u8>, Any> {
    let length = match u8::try_from(authenticator_data.len()) {
        Ok(short) => vec![0x58, short],
        Err(_) => [
            &[0x59],
            u16::try_from(authenticator_data.len())?.to_be_bytes().as_slice(),
        ]
        .concat(),
    };
    let head: &[u8] = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData";
    Ok([head, &length, authenticator_data].concat())
}
