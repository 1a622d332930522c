//! Attestation objects as strangers may send them, behind client data that is right: read or refused, never a panic; and
//! nothing counts as attested where nobody is trusted.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::methods::fido::attestation::{AttestationKind, Trust};
use samekey_shared::methods::fido::cose::CoseKey;
use samekey_shared::methods::fido::in_hand::{KeyInHand, UP, attestation_object, client_data};
use samekey_shared::methods::fido::{ExpectedRegistration, Scene, check_registration};

const CHALLENGE: [u8; 32] = [3; 32];
const ORIGIN: &str = "https://login.example.org";
const RP_ID: &str = "login.example.org";

fuzz_target!(|bytes: &[u8]| {
    offer(bytes);
    // Behind a head that is right, so that statements and certificates are reached.
    let data = KeyInHand::es256()
        .and_then(|key| key.registration_data(RP_ID, UP, 0))
        .expect("a key");
    for format in ["packed", "fido-u2f", "none"] {
        offer(&attestation_object(format, bytes, &data).expect("an object"));
    }
});

fn offer(object: &[u8]) {
    let origins = [ORIGIN.to_owned()];
    let expected = ExpectedRegistration {
        rp_id: RP_ID,
        challenge: &CHALLENGE,
        scene: Scene::Web { origins: &origins },
        user_verification: false,
    };
    let client = client_data("webauthn.create", &CHALLENGE, ORIGIN);
    if let Ok(registered) = check_registration(object, &client, &expected) {
        assert!(CoseKey::parse(&registered.public_key).is_ok());
        assert!(
            !Trust::default()
                .judge(&registered, 0)
                .expect("nothing is required")
                .attested
        );
        // No fuzzer finds a signature.
        assert!(matches!(
            registered.attestation,
            AttestationKind::None | AttestationKind::Unread
        ));
    }
}
