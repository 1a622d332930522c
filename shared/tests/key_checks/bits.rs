//! One bit is enough: of a valid assertion and its public key, no bit can be turned.

use crate::scene::{check, expected, keys, origins, right, right_data, web_client_data};
use samekey_shared::methods::fido::{Assertion, KeyError, assertion};

/// The parts that are signed, or that prove the signature.
const PARTS: [fn(&mut Assertion) -> &mut Vec<u8>; 3] = [
    |assertion| &mut assertion.authenticator_data,
    |assertion| &mut assertion.client_data,
    |assertion| &mut assertion.signature,
];

#[test]
fn the_untouched_assertion_is_accepted() {
    for key in keys() {
        let seen = check(&key, &right(&key), &expected(&origins())).unwrap();
        assert!(seen.user_verified && !seen.backup_eligible && !seen.backed_up);
        assert_eq!(seen.sign_count, 7);
    }
}

#[test]
fn no_bit_of_an_assertion_can_be_turned() {
    for key in keys() {
        let valid = right(&key);
        for part in PARTS {
            for bit in 0..part(&mut valid.clone()).len() * 8 {
                let mut turned = valid.clone();
                part(&mut turned)[bit / 8] ^= 1 << (bit % 8);
                assert!(
                    check(&key, &turned, &expected(&origins())).is_err(),
                    "bit {bit} of {turned:?}"
                );
            }
        }
    }
}

#[test]
fn no_bit_of_the_public_key_can_be_turned() {
    for key in keys() {
        let (valid, public_key) = (right(&key), key.public_key().unwrap());
        for bit in 0..public_key.len() * 8 {
            let mut turned = public_key.clone();
            turned[bit / 8] ^= 1 << (bit % 8);
            let checked = assertion::check(&valid, &turned, &expected(&origins()));
            assert!(checked.is_err(), "bit {bit} of {turned:?}");
        }
    }
}

#[test]
fn no_part_can_be_cut_short_or_go_on() {
    for key in keys() {
        let valid = right(&key);
        for part in PARTS {
            for length in 0..part(&mut valid.clone()).len() {
                let mut cut = valid.clone();
                part(&mut cut).truncate(length);
                assert!(check(&key, &cut, &expected(&origins())).is_err(), "{cut:?}");
            }
            let mut longer = valid.clone();
            part(&mut longer).push(0);
            assert!(check(&key, &longer, &expected(&origins())).is_err(), "{longer:?}");
        }
    }
}

#[test]
fn what_follows_is_refused_even_where_the_key_signed_it() {
    for key in keys() {
        for (data, client, why) in [
            (
                [right_data(), vec![0xa0]].concat(),
                web_client_data(),
                "authenticator data",
            ),
            (
                right_data(),
                [web_client_data(), b"{}".to_vec()].concat(),
                "client data",
            ),
        ] {
            let signed = key.assert(data, client).unwrap();
            let checked = check(&key, &signed, &expected(&origins()));
            assert_eq!(checked, Err(KeyError::TrailingData), "{why}");
        }
        let public_key = [key.public_key().unwrap(), vec![0]].concat();
        let checked = assertion::check(&right(&key), &public_key, &expected(&origins()));
        assert_eq!(checked, Err(KeyError::TrailingData));
    }
}

#[test]
fn a_signature_of_one_algorithm_is_none_of_another() {
    let keys = keys();
    for (one, by) in keys.iter().enumerate() {
        for (other, holder) in keys.iter().enumerate() {
            let checked = check(holder, &right(by), &expected(&origins()));
            assert_eq!(checked.is_ok(), one == other);
        }
    }
}
