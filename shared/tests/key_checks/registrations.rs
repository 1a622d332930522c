//! New credentials: without attestation and self-attested; whose certificates are believed is tested with the
//! specification's own vectors, beside the provider.

use crate::scene::{CHALLENGE, ORIGIN, RP_ID, origins};
use minicbor::Encoder;
use ring::digest::{SHA256, digest};
use samekey_shared::methods::fido::attestation::{AttestationKind, Trust};
use samekey_shared::methods::fido::in_hand::{
    BE, BS, KeyInHand, UP, UV, attestation_object, authenticator_data, client_data,
};
use samekey_shared::methods::fido::{ExpectedRegistration, KeyError, Registered, Scene, check_registration};

fn register(object: &[u8], client: &[u8]) -> Result<Registered, KeyError> {
    let origins = origins();
    let expected = ExpectedRegistration {
        rp_id: RP_ID,
        challenge: &CHALLENGE,
        scene: Scene::Web { origins: &origins },
        user_verification: true,
    };
    check_registration(object, client, &expected)
}

fn created() -> Vec<u8> {
    client_data("webauthn.create", &CHALLENGE, ORIGIN)
}

fn none(data: &[u8]) -> Vec<u8> {
    attestation_object("none", &[0xa0], data).unwrap()
}

/// A packed statement of this algorithm and signature.
fn packed(algorithm: i64, signature: &[u8], data: &[u8]) -> Vec<u8> {
    let mut statement = Vec::new();
    let mut to = Encoder::new(&mut statement);
    to.map(2).unwrap().str("alg").unwrap().i64(algorithm).unwrap();
    to.str("sig").unwrap().bytes(signature).unwrap();
    attestation_object("packed", &statement, data).unwrap()
}

#[test]
fn a_key_without_attestation_is_registered_and_counts_as_nothing_more() {
    for key in crate::scene::keys() {
        let data = key.registration_data(RP_ID, UP | UV | BE | BS, 3).unwrap();
        let registered = register(&none(&data), &created()).unwrap();
        assert_eq!(registered.credential_id, key.credential_id);
        assert_eq!(registered.public_key, key.public_key().unwrap());
        assert_eq!(registered.attestation, AttestationKind::None);
        assert!(registered.user_verified && registered.backup_eligible && registered.backed_up);
        assert_eq!((registered.sign_count, registered.format.as_str()), (3, "none"));
        assert!(!Trust::default().judge(&registered, 0).unwrap().attested);
    }
}

#[test]
fn self_attestation_proves_that_the_key_is_held() {
    let key = KeyInHand::es256().unwrap();
    let data = key.registration_data(RP_ID, UP | UV, 0).unwrap();
    let message = [&data, digest(&SHA256, &created()).as_ref()].concat();
    let signature = key.sign(&message).unwrap();
    let registered = register(&packed(-7, &signature, &data), &created()).unwrap();
    assert_eq!(registered.attestation, AttestationKind::SelfSigned);
    assert!(!Trust::default().judge(&registered, 0).unwrap().attested);
    assert_eq!(
        register(&packed(-8, &signature, &data), &created()),
        Err(KeyError::Malformed)
    );
    let other = KeyInHand::eddsa().unwrap().sign(&message).unwrap();
    assert_eq!(
        register(&packed(-7, &other, &data), &created()),
        Err(KeyError::BadSignature)
    );
    for bit in 0..signature.len() * 8 {
        let mut turned = signature.clone();
        turned[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(
            register(&packed(-7, &turned, &data), &created()),
            Err(KeyError::BadSignature)
        );
    }
}

#[test]
fn what_a_registration_is_bound_to() {
    let key = KeyInHand::es256().unwrap();
    let good = key.registration_data(RP_ID, UP | UV, 0).unwrap();
    let with = |rp_id, flags| none(&key.registration_data(rp_id, flags, 0).unwrap());
    let get = client_data("webauthn.get", &CHALLENGE, ORIGIN);
    for (object, client, why) in [
        (none(&good), get, KeyError::WrongType),
        (
            none(&good),
            client_data("webauthn.create", &[1; 32], ORIGIN),
            KeyError::WrongChallenge,
        ),
        (
            none(&good),
            client_data("webauthn.create", &CHALLENGE, "https://x.org"),
            KeyError::WrongOrigin,
        ),
        (with("example.com", UP | UV), created(), KeyError::WrongRpId),
        (with(RP_ID, UV), created(), KeyError::NotPresent),
        (with(RP_ID, UP), created(), KeyError::NotVerified),
        (with(RP_ID, UP | UV | BS), created(), KeyError::WrongFlags),
        (
            none(&authenticator_data(RP_ID, UP | UV, 0, &[])),
            created(),
            KeyError::WrongFlags,
        ),
        (none(&[&good[..], &[0]].concat()), created(), KeyError::TrailingData),
        ([none(&good), vec![0]].concat(), created(), KeyError::TrailingData),
        (
            attestation_object("none", &[0xa1, 1, 1], &good).unwrap(),
            created(),
            KeyError::Malformed,
        ),
        (vec![0; 20_000], created(), KeyError::Malformed),
    ] {
        assert_eq!(register(&object, &client), Err(why));
    }
}

#[test]
fn a_format_that_we_do_not_read_proves_nothing() {
    let key = KeyInHand::es256().unwrap();
    let data = key.registration_data(RP_ID, UP | UV, 0).unwrap();
    let object = attestation_object("tpm", &[0xa1, 0x61, b'x', 1], &data).unwrap();
    assert_eq!(
        register(&object, &created()).unwrap().attestation,
        AttestationKind::Unread
    );
}

#[test]
fn a_point_off_the_curve_is_no_key() {
    let key = KeyInHand::es256().unwrap();
    let mut data = key.registration_data(RP_ID, UP | UV, 0).unwrap();
    *data.last_mut().unwrap() ^= 1;
    assert_eq!(register(&none(&data), &created()), Err(KeyError::Malformed));
}
