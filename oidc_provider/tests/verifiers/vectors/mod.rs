//! The test vectors of WebAuthn Level 3, section 16, through both verifiers.
//!
//! They are derived here as the specification says they were made; SHA-256 sums of the octets that the specification
//! prints prove that they are the same, to the last bit. Each of the 15 is looked at by name: what our verifier says of
//! its registration and its sign-in, and what webauthn-rs-core says.

mod ceremony;
mod certificate;
mod credential;
mod seed;
mod trust;

use crate::theirs::Theirs;
use ceremony::{Frame, ORIGIN, RP_ID, Shape, Vector};
use certificate::Authority;
use credential::Algorithm;
use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use samekey_shared::methods::fido::attestation::AttestationKind;
use samekey_shared::methods::fido::in_hand::{BE, BS, UV};
use samekey_shared::methods::fido::{
    Assertion, Expected, ExpectedRegistration, KeyError, Registered, Scene, check, check_registration,
};

/// A vector, and the sums of what the specification prints: attestation object and client data; authenticator data,
/// client data and signature.
struct Printed {
    shape: Shape,
    /// `None` for Ed448, which cannot be derived here.
    sums: Option<[&'static str; 2]>,
}

const fn shape(name: &'static str, format: &'static str, algorithm: Algorithm) -> Shape {
    Shape {
        name,
        format,
        algorithm,
        frame: Frame::None,
        challenge: 32,
        credential_id: 32,
    }
}

fn printed() -> Vec<Printed> {
    use Algorithm::{Ed448, EdDsa, Es256, Es384, Es512, Rs256};
    let of = |shape, registration, sign_in| Printed {
        shape,
        sums: Some([registration, sign_in]),
    };
    vec![
        of(
            shape("none.ES256", "none", Es256),
            "d0cb75c160eddbc7a5aed9e36af6448c80c52e76a63f976f790031c1efc78b42",
            "51f88ba36a5fc7dac2c8448f78d26e018ac7bd09ee414d79572026fd014a36f4",
        ),
        of(
            shape("packed-self.ES256", "packed-self", Es256),
            "8a0df1a2f19a71cb346723ac8815e757b5d2c9b71f53d36d6e57607cc64ca635",
            "f04d30c37e47d62e1a8272ea42aa62d80d32ff4fab955209a3bcb2827bb7fa42",
        ),
        of(
            Shape {
                frame: Frame::CrossOrigin,
                ..shape("none.ES256.crossOrigin", "none", Es256)
            },
            "1f14f7b3a4c9194ae1644ffac11ae741c2dc96dcb523138a51c7752e68a510a3",
            "c2616949905872d0d015ca2426ea09e1bd2151f29e1f2fff09e0d8123ddaafda",
        ),
        of(
            Shape {
                frame: Frame::TopOrigin,
                ..shape("none.ES256.topOrigin", "none", Es256)
            },
            "df65087d70138a5e44b5e2f121e01b937af5cf6021cdee06caccc96f0fb23d6c",
            "03eb72cf96829fbebe01544b878143e4a52424b50c59492844f8bbd695d03a91",
        ),
        of(
            Shape {
                credential_id: 1023,
                ..shape("none.ES256.long-credential-id", "none", Es256)
            },
            "390d9cd0b8c7c3681cd0df95455ed98ccbe9d16177ce2c76fc26cfdc3af65ae2",
            "b64abc4ec62f630444f7dd61d72f9fe5e0907c9bdf53d47010f6035b97f30c69",
        ),
        of(
            shape("packed.ES256", "packed", Es256),
            "8e4db33dc780028f727c6faaa290412a8583685aefd9105774f33d58f3edcbc2",
            "bb6a9fc3c6c91e151d58e7d4eb7c66adb2969ca751624128c4b250ab81d00cc9",
        ),
        of(
            shape("packed.ES384", "packed", Es384),
            "d56a11cf7923c6431102d318541544a2683a691e970a17886e5770a0ad7cf184",
            "1f7529eb0c282a3c134d2544b77040376955f87e875608779e4a28b6592f3099",
        ),
        of(
            Shape {
                challenge: 128,
                ..shape("packed.ES512", "packed", Es512)
            },
            "9fb07e4a1431a667b7d2ee1da1fec66613e50a75955a8797ff2f216ac1334f90",
            "f7464773c3a98813cab4daaa149b0decdb79e87b5e30b8d36e690daa2eccff91",
        ),
        of(
            shape("packed.RS256", "packed", Rs256),
            "e24bd2faf7c9b5aa353ebb375c45c918af77ef496fb7f4e59edf78641a90c436",
            "1c07a27751cbd730daf24a542b9bd6b9be3152f4361666b99945f007fac3dab6",
        ),
        of(
            shape("packed.EdDSA", "packed", EdDsa),
            "b20f385633823ebb71cb9c6db7a78a1743b28c72e0be2fc9f2fb9ccb4d34b20c",
            "045bb6ab03480f53d54fcdd9acf0ee7833647e72fcfb4bcb70fdfead58ebd8c0",
        ),
        Printed {
            shape: shape("packed.Ed448", "packed", Ed448),
            sums: None,
        },
        of(
            shape("tpm.ES256", "tpm", Es256),
            "ae4a7b7c2dfe76a70855dab6b8de11d049d4880a9b0236e0e9fae8f65b2bfcff",
            "cfabb9ddc42230b56fdaeedfc46b0912c2a735603055d7258c10399f85997e59",
        ),
        of(
            shape("android-key.ES256", "android-key", Es256),
            "0ca3b664fd8a8aee7c2721c80928342b0142d4b71e7e9ad475de49aae73ae43d",
            "046d5d284a8ebc6100975bf018b247e6e122e039844831b640ebc05f2191116b",
        ),
        of(
            shape("apple.ES256", "apple", Es256),
            "c7b51d1db6762c82e5cef02c93d3b742c72b2ae3023c7293974eb8593e9b51d0",
            "ce00e186354261e7c4a0f0ff5abcd5877a4775524f11463240fb5420d33fdddf",
        ),
        of(
            shape("fido-u2f.ES256", "fido-u2f", Es256),
            "c7763b69b62a352489f2e91e8a1d525857b51a3c5920fb5caadc18e2fdb8bdec",
            "03a8b0381fff9b7b700849078429048f8639dccf61e43ed391fa5ad1bb8896d0",
        ),
    ]
}

fn origins() -> Vec<String> {
    vec![ORIGIN.to_owned()]
}

fn register(vector: &Vector) -> Result<Registered, KeyError> {
    let origins = origins();
    let expected = ExpectedRegistration {
        rp_id: RP_ID,
        challenge: &vector.challenge,
        scene: Scene::Web { origins: &origins },
        user_verification: false,
    };
    check_registration(&vector.attestation_object, &vector.client_data, &expected)
}

fn assertion(vector: &Vector) -> Assertion {
    Assertion {
        credential_id: vector.credential_id.clone(),
        authenticator_data: vector.sign_in.authenticator_data.clone(),
        client_data: vector.sign_in.client_data.clone(),
        signature: vector.sign_in.signature.clone(),
        user_handle: None,
        app_id: false,
    }
}

fn expected<'a>(vector: &'a Vector, origins: &'a [String]) -> Expected<'a> {
    Expected {
        rp_id: RP_ID,
        app_id: None,
        challenge: &vector.sign_in.challenge,
        scene: Scene::Web { origins },
        user_verification: false,
        backup_eligible: vector.flags & BE != 0,
    }
}

#[test]
fn the_derived_vectors_are_those_that_the_specification_prints() {
    let authority = Authority::new();
    let sum = |parts: &[&[u8]]| HEXLOWER.encode(digest(&SHA256, &parts.concat()).as_ref());
    assert_eq!(
        sum(&[&authority.certificate]),
        "68ff927708f5d229252ffe4a1c6842c11998d1e1fa2b46138bb5642eff9b161b"
    );
    for Printed { shape, sums } in printed() {
        let Some([registration, sign_in]) = sums else {
            continue;
        };
        let vector = shape.derive(&authority);
        let signed = &vector.sign_in;
        assert_eq!(
            sum(&[&vector.attestation_object, &vector.client_data]),
            registration,
            "{}",
            shape.name
        );
        let parts: [&[u8]; 3] = [&signed.authenticator_data, &signed.client_data, &signed.signature];
        assert_eq!(sum(&parts), sign_in, "{}", shape.name);
    }
}

#[test]
fn our_verifier_takes_them() {
    let authority = Authority::new();
    for Printed { shape, .. } in printed() {
        let vector = shape.derive(&authority);
        let registered = register(&vector);
        let origins = origins();
        let seen = check(&assertion(&vector), &vector.public_key, &expected(&vector, &origins));
        let refused = match (shape.algorithm, shape.frame) {
            // Our policy: neither algorithm is asked for, and nobody may frame our pages.
            (Algorithm::Es512 | Algorithm::Ed448, _) => Some(KeyError::UnknownAlgorithm),
            (_, Frame::CrossOrigin | Frame::TopOrigin) => Some(KeyError::WrongOrigin),
            _ => None,
        };
        if let Some(refused) = refused {
            assert_eq!(
                (registered.err(), seen.err()),
                (Some(refused), Some(refused)),
                "{}",
                shape.name
            );
            continue;
        }
        let (registered, seen) = (registered.unwrap(), seen.unwrap());
        assert_eq!(registered.credential_id, vector.credential_id, "{}", shape.name);
        assert_eq!(registered.public_key, vector.public_key, "{}", shape.name);
        assert_eq!(registered.user_verified, vector.flags & UV != 0, "{}", shape.name);
        assert_eq!(registered.backup_eligible, vector.flags & BE != 0, "{}", shape.name);
        assert_eq!(registered.backed_up, vector.flags & BS != 0, "{}", shape.name);
        assert_eq!(seen.user_verified, vector.sign_in.flags & UV != 0, "{}", shape.name);
        assert_eq!(seen.backed_up, vector.sign_in.flags & BS != 0, "{}", shape.name);
        assert!(
            proves(&registered.attestation, shape.format),
            "{}: {:?}",
            shape.name,
            registered.attestation
        );
    }
}

/// What we read of a statement of this format.
fn proves(attestation: &AttestationKind, format: &str) -> bool {
    match format {
        "none" => *attestation == AttestationKind::None,
        "packed-self" => *attestation == AttestationKind::SelfSigned,
        "packed" | "fido-u2f" => matches!(attestation, AttestationKind::Certified(chain) if chain.len() == 1),
        // Formats of platforms: we register their keys as not attested.
        _ => *attestation == AttestationKind::Unread,
    }
}

#[test]
fn the_other_verifier_takes_them() {
    let authority = Authority::new();
    let origins = origins();
    let theirs = Theirs::new(RP_ID, &origins).unwrap();
    for Printed { shape, .. } in printed() {
        let vector = shape.derive(&authority);
        let registered = theirs.register(&vector.challenge, &vector.attestation_object, &vector.client_data);
        let said = match registered {
            Err(error) => format!("registration: {error:?}"),
            Ok(credential) => match theirs.check(&assertion(&vector), &credential, &expected(&vector, &origins)) {
                Err(error) => format!("sign-in: {error:?}"),
                Ok(_) => "both".to_owned(),
            },
        };
        assert_eq!(said, their_answer(shape.name), "{}", shape.name);
    }
}

/// What webauthn-rs-core 0.6 takes, and where it refuses, the name that it gives its refusal.
fn their_answer(name: &str) -> &'static str {
    match name {
        "none.ES256.crossOrigin" | "none.ES256.topOrigin" => "registration: CredentialCrossOrigin",
        // Registered, and then no signature fits: one more reason not to ask for ES512.
        "packed.ES512" => "sign-in: AuthenticationFailure",
        // It has keys of 2048 bits in mind; the vector's has 3482.
        "packed.RS256" => "registration: COSEKeyRSANEInvalid",
        // Deliberate: no `EdDSA`.
        "packed.EdDSA" => "registration: SshPublicKeyEDUnsupported",
        "packed.Ed448" => "registration: COSEKeyInvalidAlgorithm",
        // Its TPM knows RSA keys alone, and its Android certificates need more than the vector's has.
        "tpm.ES256" => "registration: COSEKeyInvalidType",
        "android-key.ES256" => "registration: AttestationStatementX5CInvalid",
        _ => "both",
    }
}
