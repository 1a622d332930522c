//! What is too long is not read, and no bytes make a parser panic.

use crate::scene::{check, expected, origins, right};
use proptest::prelude::*;
use samekey_shared::methods::fido::authenticator_data::AuthenticatorData;
use samekey_shared::methods::fido::cose::CoseKey;
use samekey_shared::methods::fido::in_hand::{ED, KeyInHand, UP, UV, authenticator_data};
use samekey_shared::methods::fido::{Assertion, KeyError};

#[test]
fn every_field_has_a_bound() {
    let key = KeyInHand::es256().unwrap();
    let valid = right(&key);
    let long = || vec![b' '; 1 << 20];
    for (what, assertion) in [
        (
            "credential id",
            Assertion {
                credential_id: vec![1; 1024],
                ..valid.clone()
            },
        ),
        (
            "no credential id",
            Assertion {
                credential_id: vec![],
                ..valid.clone()
            },
        ),
        (
            "authenticator data",
            Assertion {
                authenticator_data: long(),
                ..valid.clone()
            },
        ),
        (
            "client data",
            Assertion {
                client_data: long(),
                ..valid.clone()
            },
        ),
        (
            "signature",
            Assertion {
                signature: vec![1; 513],
                ..valid.clone()
            },
        ),
        (
            "no signature",
            Assertion {
                signature: vec![],
                ..valid.clone()
            },
        ),
        (
            "user handle",
            Assertion {
                user_handle: Some(vec![1; 65]),
                ..valid.clone()
            },
        ),
        (
            "empty user handle",
            Assertion {
                user_handle: Some(vec![]),
                ..valid.clone()
            },
        ),
    ] {
        assert_eq!(
            check(&key, &assertion, &expected(&origins())),
            Err(KeyError::Malformed),
            "{what}"
        );
    }
    assert_eq!(CoseKey::parse(&vec![0xa0; 769]), Err(KeyError::Malformed));
    assert_eq!(AuthenticatorData::parse(&vec![0; 4097]), Err(KeyError::Malformed));
}

#[test]
fn a_valid_assertion_may_be_as_long_as_the_bounds() {
    let key = KeyInHand::es256().unwrap();
    // An extension map that fills the authenticator data: {"x": h'…'}.
    let filler = 1024 - 37 - 6;
    let map = [
        &[0xa1, 0x61, b'x', 0x59],
        &u16::try_from(filler).unwrap().to_be_bytes()[..],
        &vec![0; filler],
    ]
    .concat();
    let data = authenticator_data(crate::scene::RP_ID, UP | UV | ED, 7, &map);
    assert_eq!(data.len(), 1024);
    let mut client = crate::scene::web_client_data();
    client.resize(4096, b' ');
    let assertion = key.assert(data, client).unwrap();
    check(&key, &assertion, &expected(&origins())).unwrap();
}

proptest! {
    #[test]
    fn no_bytes_make_a_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = AuthenticatorData::parse(&bytes);
        let _ = CoseKey::parse(&bytes);
        // Behind a head that is right, so that the rest is reached.
        let _ = AuthenticatorData::parse(&authenticator_data("x", 0xc5, 1, &bytes));
    }

    #[test]
    fn what_is_read_is_the_whole_of_it(
        flags in any::<u8>(),
        counter in any::<u32>(),
        tail in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let bytes = authenticator_data("x", flags, counter, &tail);
        if let Ok(data) = AuthenticatorData::parse(&bytes) {
            let attested = data.attested.map_or(0, |new| 18 + new.credential_id.len() + new.public_key.len());
            let extensions = data.extensions.map_or(0, <[u8]>::len);
            prop_assert_eq!(37 + attested + extensions, bytes.len());
            prop_assert_eq!(data.sign_count, counter);
            prop_assert_eq!(data.user_present(), flags & 1 != 0);
            prop_assert_eq!(data.user_verified(), flags & 4 != 0);
            prop_assert_eq!(data.backup_eligible(), flags & 8 != 0);
            prop_assert_eq!(data.backed_up(), flags & 16 != 0);
            prop_assert!(data.backup_eligible() || !data.backed_up());
        }
    }
}
