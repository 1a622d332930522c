//! A right assertion, and what is expected of it: every test changes one thing.

use samekey_shared::methods::fido::in_hand::{KeyInHand, UP, UV, authenticator_data, client_data};
use samekey_shared::methods::fido::{Assertion, Expected, KeyError, Scene, Seen, assertion};

pub const RP_ID: &str = "login.example.org";
pub const ORIGIN: &str = "https://login.example.org";
pub const CHALLENGE: [u8; 32] = [0xa5; 32];

pub fn origins() -> Vec<String> {
    vec![ORIGIN.to_owned()]
}

pub fn expected(origins: &[String]) -> Expected<'_> {
    Expected {
        rp_id: RP_ID,
        app_id: None,
        challenge: &CHALLENGE,
        scene: Scene::Web { origins },
        user_verification: true,
        backup_eligible: false,
    }
}

pub fn web_client_data() -> Vec<u8> {
    client_data("webauthn.get", &CHALLENGE, ORIGIN)
}

pub fn right_data() -> Vec<u8> {
    authenticator_data(RP_ID, UP | UV, 7, &[])
}

pub fn right(key: &KeyInHand) -> Assertion {
    key.assert(right_data(), web_client_data()).unwrap()
}

/// Checks with the key's own public key.
pub fn check(key: &KeyInHand, assertion: &Assertion, expected: &Expected<'_>) -> Result<Seen, KeyError> {
    assertion::check(assertion, &key.public_key().unwrap(), expected)
}

pub fn keys() -> [KeyInHand; 3] {
    [
        KeyInHand::es256().unwrap(),
        KeyInHand::es384().unwrap(),
        KeyInHand::eddsa().unwrap(),
    ]
}
