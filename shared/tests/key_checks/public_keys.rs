//! Public keys in COSE: four algorithms, each in one way of writing.

use minicbor::Encoder;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::methods::fido::cose::{ALGORITHMS, CoseKey};

/// A modulus of 2048 bits, as far as its form goes.
const MODULUS: [u8; 256] = [0x81; 256];

/// Pairs of label and value, written `3:-7`; `x` is a coordinate, `n` a modulus, `e` an exponent.
fn cose(pairs: &str) -> Vec<u8> {
    let mut out = Vec::new();
    let mut to = Encoder::new(&mut out);
    to.map(pairs.split(' ').count() as u64).unwrap();
    for pair in pairs.split(' ') {
        let (label, value) = pair.split_once(':').unwrap();
        to.i64(label.parse().unwrap()).unwrap();
        match value {
            "yes" => to.bool(true).unwrap(),
            "x" => to.bytes(&[0x17; 32]).unwrap(),
            "n" => to.bytes(&MODULUS).unwrap(),
            "n2047" => to.bytes(&[&[0x7f], &MODULUS[1..]].concat()).unwrap(),
            "n1024" => to.bytes(&MODULUS[..128]).unwrap(),
            "n4104" => to.bytes(&[0x81; 513]).unwrap(),
            "0n" => to.bytes(&[&[0], &MODULUS[..]].concat()).unwrap(),
            "e" => to.bytes(&[1, 0, 1]).unwrap(),
            "e3" => to.bytes(&[3]).unwrap(),
            number => to.i64(number.parse().unwrap()).unwrap(),
        };
    }
    out
}

#[test]
fn reads_the_keys_that_we_ask_for() {
    for key in crate::scene::keys() {
        let read = CoseKey::parse(&key.public_key().unwrap()).unwrap();
        assert!(ALGORITHMS.contains(&read.algorithm()));
        read.check_point().unwrap();
        read.verify(b"message", &key.sign(b"message").unwrap()).unwrap();
        let other = read.verify(b"massage", &key.sign(b"message").unwrap());
        assert_eq!(other, Err(KeyError::BadSignature));
    }
    assert!(CoseKey::parse(&cose("1:3 3:-257 -1:n -2:e")).is_ok());
}

#[test]
fn refuses_what_is_no_key() {
    for (pairs, what) in [
        ("1:2 3:-7 -1:1 -2:x", "no y"),
        ("1:2 3:-7 -1:1 -2:x -3:yes", "a compressed point"),
        ("1:2 3:-7 -1:2 -2:x -3:x", "another curve"),
        ("1:1 3:-7 -1:1 -2:x -3:x", "another key type"),
        ("1:2 3:-35 -1:2 -2:x -3:x", "short coordinates"),
        ("1:2 -1:1 -2:x -3:x", "no algorithm"),
        ("3:-7 -1:1 -2:x -3:x", "no key type"),
        ("1:2 3:-7 3:-7 -1:1 -2:x -3:x", "an algorithm twice"),
        ("1:2 2:x 3:-7 -1:1 -2:x -3:x", "a key id"),
        ("1:2 3:-7 -1:1 -2:x -3:x -4:x", "a private key"),
        ("1:1 3:-8 -1:7 -2:x", "EdDSA on another curve"),
        ("1:1 3:-8 -1:6 -2:x -3:x", "EdDSA with y"),
        ("1:3 3:-257 -1:n2047 -2:e", "2047 bits"),
        ("1:3 3:-257 -1:n1024 -2:e", "1024 bits"),
        ("1:3 3:-257 -1:n4104 -2:e", "4104 bits"),
        ("1:3 3:-257 -1:0n -2:e", "a leading zero"),
        ("1:3 3:-257 -1:n -2:e3", "the exponent 3"),
        ("1:3 3:-257 -1:1 -2:e", "a number for a modulus"),
        ("1:3 3:-257 -1:1 -1:n -2:e", "a curve beside a modulus"),
    ] {
        assert_eq!(CoseKey::parse(&cose(pairs)), Err(KeyError::Malformed), "{what}");
    }
}

#[test]
fn refuses_algorithms_that_we_do_not_ask_for() {
    for (pairs, what) in [
        ("1:2 3:-36 -1:3 -2:x -3:x", "ES512"),
        ("1:2 3:-47 -1:8 -2:x -3:x", "ES256K"),
        ("1:1 3:-53 -1:7 -2:x", "Ed448"),
        ("1:3 3:-65535 -1:n -2:e", "RSA with SHA-1"),
        ("1:3 3:-37 -1:n -2:e", "RSA-PSS"),
        ("1:4 3:5 -1:x", "HMAC"),
    ] {
        assert_eq!(CoseKey::parse(&cose(pairs)), Err(KeyError::UnknownAlgorithm), "{what}");
    }
}
