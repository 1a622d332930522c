//! Everything that an assertion is bound to: changed in one place, signed rightly, refused with its own reason.

use crate::scene::{CHALLENGE, ORIGIN, RP_ID, check, expected, origins, right_data, web_client_data};
use samekey_shared::methods::fido::in_hand::{AT, BE, BS, ED, KeyInHand, UP, UV, authenticator_data, client_data};
use samekey_shared::methods::fido::{Expected, KeyError, LocalBinding, Scene, local_client_data};

fn binding() -> LocalBinding {
    LocalBinding {
        host: "web1.example.org".into(),
        service: "pam:sudo".into(),
        user: "anna".into(),
    }
}

/// A key that signs these authenticator data and this client data.
fn signed(data: Vec<u8>, client: Vec<u8>, expected: &Expected<'_>) -> Result<(), KeyError> {
    let key = KeyInHand::es256().unwrap();
    let assertion = key.assert(data, client).unwrap();
    check(&key, &assertion, expected).map(drop)
}

#[test]
fn client_data_is_bound_to_type_challenge_and_origin() {
    let origins = origins();
    let other = [0x5a; 32];
    for (client, why) in [
        (client_data("webauthn.create", &CHALLENGE, ORIGIN), KeyError::WrongType),
        (client_data("payment.get", &CHALLENGE, ORIGIN), KeyError::WrongType),
        (
            client_data("samekey.local.get", &CHALLENGE, ORIGIN),
            KeyError::WrongType,
        ),
        (client_data("webauthn.get", &other, ORIGIN), KeyError::WrongChallenge),
        (
            client_data("webauthn.get", &CHALLENGE[..31], ORIGIN),
            KeyError::WrongChallenge,
        ),
        (client_data("webauthn.get", &[], ORIGIN), KeyError::WrongChallenge),
        (
            client_data("webauthn.get", &CHALLENGE, "https://login.example.com"),
            KeyError::WrongOrigin,
        ),
        (
            client_data("webauthn.get", &CHALLENGE, "http://login.example.org"),
            KeyError::WrongOrigin,
        ),
        (
            client_data("webauthn.get", &CHALLENGE, "https://login.example.org:8443"),
            KeyError::WrongOrigin,
        ),
        (
            client_data("webauthn.get", &CHALLENGE, "https://LOGIN.example.org"),
            KeyError::WrongOrigin,
        ),
        (
            client_data("webauthn.get", &CHALLENGE, "https://login.example.org/"),
            KeyError::WrongOrigin,
        ),
    ] {
        assert_eq!(
            signed(right_data(), client.clone(), &expected(&origins)),
            Err(why),
            "{}",
            String::from_utf8_lossy(&client)
        );
    }
}

#[test]
fn a_frame_in_another_sites_page_is_refused() {
    let text = String::from_utf8(web_client_data()).unwrap();
    for framed in [
        text.replace("\"crossOrigin\":false", "\"crossOrigin\":true"),
        text.replace(
            "\"crossOrigin\":false",
            "\"crossOrigin\":true,\"topOrigin\":\"https://example.com\"",
        ),
        text.replace("\"crossOrigin\":false", "\"topOrigin\":\"https://example.com\""),
    ] {
        let checked = signed(right_data(), framed.into_bytes(), &expected(&origins()));
        assert_eq!(checked, Err(KeyError::WrongOrigin));
    }
}

#[test]
fn flags_have_to_fit_each_other_the_contents_and_what_was_bound() {
    let origins = origins();
    let eligible = Expected {
        backup_eligible: true,
        ..expected(&origins)
    };
    let asked = expected(&origins);
    let map = [0xa0];
    for (flags, tail, expected, why) in [
        (UV, &[][..], asked, KeyError::NotPresent),
        (UP, &[], asked, KeyError::NotVerified),
        (UP | UV | BE, &[], asked, KeyError::WrongFlags),
        (UP | UV | BE | BS, &[], asked, KeyError::WrongFlags),
        (UP | UV, &[], eligible, KeyError::WrongFlags),
        (UP | UV | BS, &[], eligible, KeyError::WrongFlags),
        (UP | UV | BS, &[], asked, KeyError::WrongFlags),
        (UP | UV | ED, &[], asked, KeyError::WrongFlags),
        (UP | UV, &map, asked, KeyError::TrailingData),
        (UP | UV | ED, &[0x80], asked, KeyError::Malformed),
        (UP | UV | ED, &[0xa0, 0xa0], asked, KeyError::TrailingData),
        (UP | UV | AT, &[], asked, KeyError::Malformed),
    ] {
        let data = authenticator_data(RP_ID, flags, 7, tail);
        assert_eq!(
            signed(data, web_client_data(), &expected),
            Err(why),
            "{flags:#04x} {tail:?}"
        );
    }
    for (flags, expected) in [
        (UP | UV | BE, eligible),
        (UP | UV | BE | BS, eligible),
        (UP | UV, asked),
    ] {
        let data = authenticator_data(RP_ID, flags, 7, &[]);
        assert_eq!(signed(data, web_client_data(), &expected), Ok(()));
    }
}

#[test]
fn an_assertion_carries_no_new_credential() {
    let key = KeyInHand::es256().unwrap();
    let data = key.registration_data(RP_ID, UP | UV, 7).unwrap();
    assert_eq!(
        signed(data, web_client_data(), &expected(&origins())),
        Err(KeyError::WrongFlags)
    );
}

#[test]
fn user_verification_is_demanded_only_where_it_is_asked() {
    let origins = origins();
    let touch = Expected {
        user_verification: false,
        ..expected(&origins)
    };
    let data = authenticator_data(RP_ID, UP, 7, &[]);
    assert_eq!(signed(data, web_client_data(), &touch), Ok(()));
}

#[test]
fn a_key_answers_for_its_relying_party() {
    let data = authenticator_data("login.example.com", UP | UV, 7, &[]);
    assert_eq!(
        signed(data, web_client_data(), &expected(&origins())),
        Err(KeyError::WrongRpId)
    );
}

#[test]
fn an_app_id_counts_only_where_credential_and_browser_have_one() {
    const APP_ID: &str = "https://login.example.org/u2f.json";
    let origins = origins();
    let key = KeyInHand::es256().unwrap();
    let of_u2f = key
        .assert(authenticator_data(APP_ID, UP | UV, 7, &[]), web_client_data())
        .unwrap();
    let used = samekey_shared::methods::fido::Assertion {
        app_id: true,
        ..of_u2f.clone()
    };
    let old = Expected {
        app_id: Some(APP_ID),
        ..expected(&origins)
    };
    assert!(check(&key, &used, &old).is_ok());
    assert_eq!(check(&key, &of_u2f, &old), Err(KeyError::WrongRpId));
    assert_eq!(check(&key, &used, &expected(&origins)), Err(KeyError::WrongRpId));
}

#[test]
fn nothing_passes_from_one_door_to_the_other() {
    let (origins, binding) = (origins(), binding());
    let web = expected(&origins);
    let local = Expected {
        scene: Scene::Local(&binding),
        ..web
    };
    let at_console = local_client_data(&CHALLENGE, &binding);
    assert_eq!(signed(right_data(), at_console.clone(), &local), Ok(()));
    assert_eq!(signed(right_data(), at_console, &web), Err(KeyError::WrongType));
    assert_eq!(
        signed(right_data(), web_client_data(), &local),
        Err(KeyError::WrongType)
    );
}

#[test]
fn a_local_answer_is_for_one_host_service_and_user() {
    let (origins, here) = (origins(), binding());
    let local = Expected {
        scene: Scene::Local(&here),
        ..expected(&origins)
    };
    for elsewhere in [
        LocalBinding {
            host: "web2.example.org".into(),
            ..here.clone()
        },
        LocalBinding {
            service: "pam:login".into(),
            ..here.clone()
        },
        LocalBinding {
            user: "root".into(),
            ..here.clone()
        },
        // What would be the same bytes if names were not escaped.
        LocalBinding {
            service: "pam:sudo\",\"user\":\"anna".into(),
            user: String::new(),
            ..here.clone()
        },
    ] {
        let checked = signed(right_data(), local_client_data(&CHALLENGE, &elsewhere), &local);
        assert_eq!(checked, Err(KeyError::WrongOrigin), "{elsewhere:?}");
    }
    let other = local_client_data(&[1; 32], &here);
    assert_eq!(signed(right_data(), other, &local), Err(KeyError::WrongChallenge));
    // Ours to the last byte: no member more, no space.
    let spaced = [local_client_data(&CHALLENGE, &here), b" ".to_vec()].concat();
    assert_eq!(signed(right_data(), spaced, &local), Err(KeyError::WrongOrigin));
}

#[test]
fn a_challenge_that_anybody_could_guess_is_refused() {
    let origins = origins();
    for length in [0, 15] {
        let challenge = vec![0; length];
        let weak = Expected {
            challenge: &challenge,
            ..expected(&origins)
        };
        let client = client_data("webauthn.get", &challenge, ORIGIN);
        assert_eq!(signed(right_data(), client, &weak), Err(KeyError::WrongChallenge));
    }
}
