//! The JSON of client data: what browsers write in whatever order, and none of the tricks that two readers read apart.

use crate::scene::{CHALLENGE, ORIGIN, check, expected, origins, right_data, web_client_data};
use data_encoding::BASE64URL_NOPAD;
use proptest::prelude::*;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::methods::fido::in_hand::KeyInHand;

fn signed(client: &[u8]) -> Result<(), KeyError> {
    let key = KeyInHand::es256().unwrap();
    let assertion = key.assert(right_data(), client.to_vec()).unwrap();
    check(&key, &assertion, &expected(&origins())).map(drop)
}

/// The limited verification algorithm of WebAuthn Level 3, 5.8.1.2, as it is written there.
fn limited(client: &[u8], kind: &str, challenge: &[u8], origin: &str) -> bool {
    let challenge = BASE64URL_NOPAD.encode(challenge);
    let expected = format!(r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{origin}","crossOrigin":false"#);
    let Some(rest) = client.strip_prefix(expected.as_bytes()) else {
        return false;
    };
    rest == b"}" || rest.first() == Some(&b',')
}

#[test]
fn members_may_stand_in_any_order_and_others_beside_them() {
    let challenge = BASE64URL_NOPAD.encode(&CHALLENGE);
    for client in [
        format!(
            r#"{{"challenge":"{challenge}","clientExtensions":{{}},"hashAlgorithm":"SHA-256","origin":"{ORIGIN}","type":"webauthn.get"}}"#
        ),
        format!(r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}"}}"#),
        format!(
            r#"{{"type":"webauthn.get","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false,"other":[1,{{"a":null}}]}}"#
        ),
        // JSON's escapes say the same.
        format!(r#"{{"type":"webauthn\u002eget","challenge":"{challenge}","origin":"https:\/\/login.example.org"}}"#),
        format!("{{ \"type\" : \"webauthn.get\",\n \"challenge\" : \"{challenge}\", \"origin\":\"{ORIGIN}\" }}"),
    ] {
        assert_eq!(signed(client.as_bytes()), Ok(()), "{client}");
    }
}

#[test]
fn tricks_are_refused() {
    let right = String::from_utf8(web_client_data()).unwrap();
    let challenge = BASE64URL_NOPAD.encode(&CHALLENGE);
    for (client, why) in [
        (right.replace('}', r#","type":"webauthn.get"}"#), "a member twice"),
        (
            right.replace('}', r#","origin":"https://evil.example"}"#),
            "an origin twice",
        ),
        (right.replace('}', r#","challenge":"AAAA"}"#), "a challenge twice"),
        (right.replace(&challenge, &format!("{challenge}=")), "padding"),
        (
            right.replace(&challenge, &format!("{challenge}A")),
            "a longer challenge",
        ),
        (right.replace("\"type\"", "\"Type\""), "another case"),
        (right.replace("false", "\"false\""), "a text for a truth value"),
        (
            right.replace("webauthn.get", "webauthn.get\\u0000"),
            "a zero at the end",
        ),
        (format!("[{right}]"), "a list"),
        (format!("\u{feff}{right}"), "a byte order mark"),
        (right.replace('}', ",}"), "a comma too many"),
        (String::new(), "nothing"),
        ("null".into(), "null"),
    ] {
        assert!(signed(client.as_bytes()).is_err(), "{why}");
    }
    let not_utf8 = [right.trim_end_matches('}').as_bytes(), b",\"x\":\"\xff\"}"].concat();
    assert_eq!(signed(&not_utf8), Err(KeyError::Malformed));
}

proptest! {
    /// Whatever comes after what the limited algorithm looks at: if the whole is one JSON object without a member twice,
    /// we accept it too; and what we accept in that order, it accepts.
    #[test]
    fn agrees_with_the_limited_algorithm(name in "[a-zA-Z]{1,12}", value in any::<i32>(), text in "[a-zA-Z0-9 .:/]{0,30}") {
        let known = ["type", "challenge", "origin", "crossOrigin", "topOrigin"];
        prop_assume!(!known.contains(&name.as_str()));
        let head = String::from_utf8(web_client_data()).unwrap();
        for client in [
            head.clone(),
            head.replace('}', &format!(r#","{name}":{value}}}"#)),
            head.replace('}', &format!(r#","{name}":"{text}"}}"#)),
        ] {
            prop_assert!(limited(client.as_bytes(), "webauthn.get", &CHALLENGE, ORIGIN));
            prop_assert_eq!(signed(client.as_bytes()), Ok(()));
        }
    }

    #[test]
    fn neither_accepts_another_origin(origin in "https://[a-z.]{1,40}") {
        prop_assume!(origin != ORIGIN);
        let client = String::from_utf8(web_client_data()).unwrap().replace(ORIGIN, &origin);
        prop_assert!(!limited(client.as_bytes(), "webauthn.get", &CHALLENGE, ORIGIN));
        prop_assert_eq!(signed(client.as_bytes()), Err(KeyError::WrongOrigin));
    }
}
