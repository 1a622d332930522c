//! A certificate that its own key signed (RFC 5280), of an Ed25519 key (RFC 8410).

use data_encoding::BASE64URL_NOPAD;
use samekey_provider::keys::Pair;

const ED25519: [u8; 7] = [0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70];

/// The certificate's DER; good from 2020 to 2049.
pub fn self_signed(pair: &Pair) -> Vec<u8> {
    let name = der(
        0x30,
        &[&der(
            0x31,
            &[&der(0x30, &[&[0x06, 0x03, 0x55, 0x04, 0x03], &der(0x0c, &[b"client"])])],
        )],
    );
    let validity = der(
        0x30,
        &[&der(0x17, &[b"200101000000Z"]), &der(0x17, &[b"491231235959Z"])],
    );
    let jwk = serde_json::to_value(pair.public()).unwrap();
    let point = BASE64URL_NOPAD.decode(jwk["x"].as_str().unwrap().as_bytes()).unwrap();
    let key = der(0x30, &[&ED25519, &der(0x03, &[&[0], &point])]);
    let version = der(0xa0, &[&der(0x02, &[&[2]])]);
    let serial = der(0x02, &[&[1]]);
    let body = der(0x30, &[&version, &serial, &ED25519, &name, &validity, &name, &key]);
    let signature = pair.sign(&body).unwrap();
    der(0x30, &[&body, &ED25519, &der(0x03, &[&[0], &signature])])
}

fn der(tag: u8, parts: &[&[u8]]) -> Vec<u8> {
    let content = parts.concat();
    let mut whole = vec![tag];
    match content.len() {
        short @ 0..128 => whole.push(u8::try_from(short).unwrap()),
        middle @ 128..256 => whole.extend([0x81, u8::try_from(middle).unwrap()]),
        long => {
            let bytes = u16::try_from(long).unwrap().to_be_bytes();
            whole.push(0x82);
            whole.extend(bytes);
        }
    }
    whole.extend(content);
    whole
}
