//! Assertion checks per second on one core, against ring's bare signature check of the same bytes.

use crate::Trouble;
use crate::place::Place;
use crate::rounds::{in_turn, micros};
use crate::table::{Row, Table, Target};
use ring::digest::{SHA256, digest};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    UnparsedPublicKey, VerificationAlgorithm,
};
use rsa::pkcs8::EncodePrivateKey;
use samekey_shared::entropy::{Entropy, SystemEntropy};
use samekey_shared::methods::fido::in_hand::{KeyInHand, UP, UV, at, authenticator_data, client_data};
use samekey_shared::methods::fido::{Assertion, Expected, check};
use samekey_shared::testing::Any;
use std::hint::black_box;

const ROUNDS: usize = 15;
const CHECKS: u32 = 400;
const RP_ID: &str = "login.example.org";
const ORIGIN: &str = "https://login.example.org";
const CHALLENGE: [u8; 32] = [0x3c; 32];

/// The bare check of one algorithm: a message and its signature.
type Bare = Box<dyn Fn(&[u8], &[u8]) -> bool>;

/// Compares.
pub fn measure(_place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let keys = keys().map_err(|error| Trouble::Fill(error.to_string()))?;
    for (name, key, bare, target) in keys {
        let data = authenticator_data(RP_ID, UP | UV, 7, &[]);
        let client = client_data("webauthn.get", &CHALLENGE, ORIGIN);
        let assertion = key
            .assert(data, client)
            .map_err(|error| Trouble::Fill(error.to_string()))?;
        let public_key = key.public_key().map_err(|error| Trouble::Fill(error.to_string()))?;
        let hash = digest(&SHA256, &assertion.client_data);
        let message = [&assertion.authenticator_data, hash.as_ref()].concat();
        let compared = in_turn(
            ROUNDS,
            || per_second(|| checks(&assertion, &public_key)),
            || per_second(|| bare(black_box(&message), black_box(&assertion.signature))),
        );
        table.add(Row::against(
            format!("{name} assertions checked /s and core (ring alone)"),
            compared?,
            target,
        ));
    }
    Ok(())
}

/// An RSA key of 2048 bits, for bare signatures.
pub fn rsa_pair() -> Result<RsaKeyPair, Trouble> {
    let failed = |error: Any| Trouble::Fill(error.to_string());
    let private =
        rsa::RsaPrivateKey::new(&mut Draw(SystemEntropy::default()), 2048).map_err(|error| failed(error.into()))?;
    let der = private.to_pkcs8_der().map_err(|error| failed(error.into()))?;
    RsaKeyPair::from_pkcs8(der.as_bytes()).map_err(|error| failed(error.to_string().into()))
}

/// One bare signature (RS256).
pub fn rs256(pair: &RsaKeyPair, message: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut signature = vec![0; pair.public().modulus_len()];
    let signed = pair.sign(
        &RSA_PKCS1_SHA256,
        &SystemRandom::new(),
        black_box(message),
        &mut signature,
    );
    signed.map_err(|_| Trouble::Program("nothing was signed".into()))?;
    Ok(signature)
}

/// One check as the machine makes it: everything but the store.
fn checks(assertion: &Assertion, public_key: &[u8]) -> bool {
    let origins = [ORIGIN.to_owned()];
    let expected = Expected {
        rp_id: RP_ID,
        app_id: None,
        challenge: &CHALLENGE,
        scene: at(&origins),
        user_verification: true,
        backup_eligible: false,
    };
    check(black_box(assertion), black_box(public_key), &expected).is_ok()
}

/// How often `right` is right in a second.
fn per_second(right: impl Fn() -> bool) -> Result<f64, Trouble> {
    let (all_right, time) = micros(|| (0..CHECKS).all(|_| right()));
    if all_right {
        Ok(f64::from(CHECKS) / (time / 1e6))
    } else {
        Err(Trouble::Answer("a right assertion was refused".into()))
    }
}

/// The keys: what every security key has, what some have, and what Windows Hello has.
fn keys() -> Result<Vec<(&'static str, KeyInHand, Bare, Target)>, Any> {
    let (es256, eddsa) = (KeyInHand::es256()?, KeyInHand::eddsa()?);
    let (point, edwards) = (es256.public_octets(), eddsa.public_octets());
    let private = rsa::RsaPrivateKey::new(&mut Draw(SystemEntropy::default()), 2048)?;
    let rs256 = KeyInHand::rs256(private.to_pkcs8_der()?.as_bytes())?;
    let parts = rs256.rsa_parts().ok_or("no RSA key")?;
    let with = |algorithm: &'static dyn VerificationAlgorithm, key: Vec<u8>| -> Bare {
        let key = UnparsedPublicKey::new(algorithm, key);
        Box::new(move |message, signature| key.verify(message, signature).is_ok())
    };
    let by_rsa: Bare = Box::new(move |message, signature| {
        let RsaPublicKeyComponents { n, e } = &parts;
        let key = RsaPublicKeyComponents {
            n: n.as_slice(),
            e: e.as_slice(),
        };
        key.verify(&RSA_PKCS1_2048_8192_SHA256, message, signature).is_ok()
    });
    Ok(vec![
        (
            "ES256",
            es256,
            with(&ECDSA_P256_SHA256_ASN1, point),
            Target::AtLeast(0.8),
        ),
        ("EdDSA", eddsa, with(&ED25519, edwards), Target::Told),
        ("RS256, 2048 bits,", rs256, by_rsa, Target::Told),
    ])
}

/// Our entropy in the form that `rsa` asks for.
struct Draw(SystemEntropy);

impl rand_core_06::CryptoRng for Draw {}

impl rand_core_06::RngCore for Draw {
    fn next_u32(&mut self) -> u32 {
        rand_core_06::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_06::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, buffer: &mut [u8]) {
        // A key of this bench guards nothing.
        let _ = self.0.fill(buffer);
    }

    fn try_fill_bytes(&mut self, buffer: &mut [u8]) -> Result<(), rand_core_06::Error> {
        self.fill_bytes(buffer);
        Ok(())
    }
}
