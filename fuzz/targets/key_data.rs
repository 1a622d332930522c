//! Authenticator data, public keys and client data as strangers may send them: read or refused, never a panic; what is
//! read is the whole of it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::methods::fido::authenticator_data::AuthenticatorData;
use samekey_shared::methods::fido::cose::CoseKey;
use samekey_shared::methods::fido::{Assertion, Expected, LocalBinding, Scene, check};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(data) = AuthenticatorData::parse(bytes) {
        let attested = data
            .attested
            .map_or(0, |new| 18 + new.credential_id.len() + new.public_key.len());
        let extensions = data.extensions.map_or(0, <[u8]>::len);
        assert_eq!(37 + attested + extensions, bytes.len());
        if let Some(new) = data.attested {
            let _ = CoseKey::parse(new.public_key);
        }
    }
    if let Ok(key) = CoseKey::parse(bytes) {
        assert!(key.verify(b"message", b"signature").is_err());
    }
    let Some((length, rest)) = bytes.split_first() else {
        return;
    };
    let (client_data, rest) = rest.split_at(usize::from(*length).min(rest.len()));
    let assertion = Assertion {
        credential_id: vec![1],
        authenticator_data: rest.to_vec(),
        client_data: client_data.to_vec(),
        signature: vec![1; 64],
        user_handle: None,
        app_id: false,
    };
    let binding = LocalBinding {
        host: "h".into(),
        service: "pam:sudo".into(),
        user: "u".into(),
    };
    let origins = ["https://login.example.org".to_owned()];
    for scene in [Scene::Web { origins: &origins }, Scene::Local(&binding)] {
        let expected = Expected {
            rp_id: "login.example.org",
            app_id: None,
            challenge: &[0; 32],
            scene,
            user_verification: false,
            backup_eligible: false,
        };
        assert!(check(&assertion, rest, &expected).is_err());
    }
});
