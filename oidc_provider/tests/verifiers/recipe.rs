//! An assertion made from bytes: what a key signs, what is changed afterwards, and what is expected. A few bytes change
//! one thing; so a fuzzer that changes bytes changes flags, hashes, counters, members and signatures one by one.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use samekey_shared::methods::fido::Assertion;
use samekey_shared::methods::fido::in_hand::{KeyInHand, UP, UV};
use samekey_shared::testing::Any;

pub const RP_ID: &str = "login.example.org";
pub const ORIGIN: &str = "https://login.example.org";
pub const APP_ID: &str = "https://login.example.org/u2f.json";
pub const CHALLENGE: [u8; 32] = [0xc4; 32];

/// What came out of the bytes.
pub struct Made {
    /// ES384 rather than ES256.
    pub es384: bool,
    pub assertion: Assertion,
    pub user_verification: bool,
    pub app_id: Option<&'static str>,
    pub stored_counter: u32,
    pub stored_backup_eligible: bool,
}

/// Reads choices from bytes; when they end, the choice is the right one.
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }

    /// One of these; the first is the right one.
    fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::from(self.next()) % choices.len()]
    }

    /// Up to 63 bytes as they stand.
    fn some(&mut self) -> &'a [u8] {
        let length = usize::from(self.next() % 64).min(self.0.len());
        let (some, rest) = self.0.split_at(length);
        self.0 = rest;
        some
    }
}

impl Made {
    /// Makes an assertion; `key` is called with whether it is to be ES384.
    pub fn from(bytes: &[u8], key: impl Fn(bool) -> KeyInHand) -> Result<Self, Any> {
        let mut bytes = Bytes(bytes);
        let es384 = bytes.one_of(&[false, false, false, true]);
        let key = key(es384);
        let stored_counter = bytes.one_of(&[0, 6, u32::MAX]);
        let stored_backup_eligible = bytes.one_of(&[false, true]);
        let user_verification = bytes.one_of(&[true, false]);
        let app_id = bytes.one_of(&[None, Some(APP_ID)]);
        let used_app_id = bytes.one_of(&[false, true]);
        let data = authenticator_data(&mut bytes, &key)?;
        let client = client_data(&mut bytes);
        let mut assertion = key.assert(data, client)?;
        assertion.app_id = used_app_id;
        for _ in 0..bytes.next() % 4 {
            change(&mut bytes, &mut assertion);
        }
        Ok(Self {
            es384,
            assertion,
            user_verification,
            app_id,
            stored_counter,
            stored_backup_eligible,
        })
    }
}

fn authenticator_data(bytes: &mut Bytes<'_>, key: &KeyInHand) -> Result<Vec<u8>, Any> {
    let rp_id = bytes.one_of(&[RP_ID, APP_ID, "example.com", ""]);
    // The bits that are turned, from what a key with a PIN sends.
    let flags = (UP | UV) ^ bytes.next();
    let counter = bytes.one_of(&[7, 0, 6, 5, u32::MAX]);
    let hash = digest(&SHA256, rp_id.as_bytes());
    let registered = key.registration_data(rp_id, flags, counter)?;
    let tail = match bytes.one_of(&[0, 1, 2, 3, 4]) {
        0 => vec![],
        // {"credProtect": 2}
        1 => b"\xa1\x6bcredProtect\x02".to_vec(),
        2 => registered[37..].to_vec(),
        3 => [&registered[37..], b"\xa0"].concat(),
        _ => bytes.some().to_vec(),
    };
    Ok([hash.as_ref(), &[flags], &counter.to_be_bytes(), &tail].concat())
}

/// Members in one order or another, right or wrong, and whatever bytes like to stand beside them.
fn client_data(bytes: &mut Bytes<'_>) -> Vec<u8> {
    let challenge = BASE64URL_NOPAD.encode(&CHALLENGE);
    let padded = format!("{challenge}=");
    let cut = &challenge[..42];
    let kind = bytes.one_of(&[
        "webauthn.get",
        "webauthn.create",
        "samekey.local.get",
        "webauthn\\u002eget",
        "Webauthn.get",
    ]);
    let challenge = bytes.one_of(&[&challenge, &padded, cut, "", "AAAA"]);
    let origin = bytes.one_of(&[
        ORIGIN,
        "https://login.example.org/",
        "https://LOGIN.example.org",
        "https://login.example.org:443",
        "https://login.example.org:8443",
        "http://login.example.org",
        "https://evil.login.example.org",
        "https://example.org",
        "https:\\/\\/login.example.org",
        "https://login.example.org#",
    ]);
    let mut members = vec![
        format!(r#""type":"{kind}""#),
        format!(r#""challenge":"{challenge}""#),
        format!(r#""origin":"{origin}""#),
    ];
    let frame = bytes.one_of(&[
        r#""crossOrigin":false"#,
        "",
        r#""crossOrigin":true"#,
        r#""crossOrigin":null"#,
        r#""crossOrigin":"true""#,
        r#""crossOrigin":true,"topOrigin":"https://example.com""#,
        r#""topOrigin":"https://example.com""#,
        r#""topOrigin":null"#,
        r#""crossOrigin":false,"crossOrigin":false"#,
        r#""origin":"https://example.com""#,
        r#""tokenBinding":{"status":"supported"}"#,
        r#""tokenBinding":7"#,
        r#""other":1e999"#,
        r#""other":"\ud800""#,
    ]);
    if !frame.is_empty() {
        members.push(frame.to_owned());
    }
    let shift = usize::from(bytes.next()) % members.len();
    members.rotate_left(shift);
    let mut text = format!("{{{}}}", members.join(",")).into_bytes();
    if bytes.one_of(&[false, false, true]) {
        let at = usize::from(bytes.next()) % (text.len() + 1);
        text.splice(at..at, bytes.some().iter().copied());
    }
    text
}

/// Changes one thing that the key has signed already.
fn change(bytes: &mut Bytes<'_>, assertion: &mut Assertion) {
    let kind = bytes.next();
    let part = match kind % 4 {
        0 => &mut assertion.authenticator_data,
        1 => &mut assertion.client_data,
        2 => &mut assertion.signature,
        _ => &mut assertion.credential_id,
    };
    let at = usize::from(bytes.next()) % (part.len() + 1);
    match kind / 4 % 4 {
        0 => {
            if let Some(byte) = part.get_mut(at) {
                *byte ^= 1 << (bytes.next() % 8);
            }
        }
        1 => part.truncate(at),
        2 => {
            part.splice(at..at, bytes.some().iter().copied());
        }
        _ => part.extend_from_slice(bytes.some()),
    }
}
