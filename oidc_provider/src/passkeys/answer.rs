//! What a browser posts after a ceremony, read within bounds: JSON of our own script, base64url without padding.

use data_encoding::BASE64URL_NOPAD;
use samekey_shared::methods::fido::{Assertion, KeyError};
use webauthn_rs_core::proto::{PublicKeyCredential, RegisterPublicKeyCredential};

/// Longest answer that is read. An attestation with the certificates of a TPM has about 8 KiB.
const LONGEST: usize = 15 * 1024;
/// Longest credential id (WebAuthn Level 3, 4, "Credential ID").
const LONGEST_ID: usize = 1023;

/// An assertion in both forms: for webauthn-rs and for our own verifier.
#[derive(Debug)]
pub struct Answered {
    /// For the shared machine.
    pub assertion: Assertion,
    pub(super) posted: PublicKeyCredential,
}

impl Answered {
    /// Reads the form field `credential` of a `get` ceremony.
    pub fn read(text: &str) -> Result<Self, KeyError> {
        let posted: PublicKeyCredential = json(text)?;
        check_id(&posted.id, &posted.raw_id, &posted.type_)?;
        let response = &posted.response;
        Ok(Self {
            assertion: Assertion {
                credential_id: posted.raw_id.clone(),
                authenticator_data: response.authenticator_data.clone(),
                client_data: response.client_data_json.clone(),
                signature: response.signature.clone(),
                user_handle: response.user_handle.clone().filter(|handle| !handle.is_empty()),
                app_id: posted.extensions.appid == Some(true),
            },
            posted,
        })
    }
}

/// Reads the form field `credential` of a `create` ceremony.
pub(super) fn created(text: &str) -> Result<RegisterPublicKeyCredential, KeyError> {
    let posted: RegisterPublicKeyCredential = json(text)?;
    check_id(&posted.id, &posted.raw_id, &posted.type_)?;
    Ok(posted)
}

fn json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, KeyError> {
    if text.len() > LONGEST {
        return Err(KeyError::Malformed);
    }
    serde_json::from_str(text).map_err(|_| KeyError::Malformed)
}

fn check_id(id: &str, raw: &[u8], kind: &str) -> Result<(), KeyError> {
    let sound = kind == "public-key" && (1..=LONGEST_ID).contains(&raw.len()) && id == BASE64URL_NOPAD.encode(raw);
    if sound { Ok(()) } else { Err(KeyError::Malformed) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn posted(id: &str, raw: &str, kind: &str) -> String {
        serde_json::json!({
            "id": id, "rawId": raw, "type": kind, "clientExtensionResults": {},
            "response": {"authenticatorData": "AA", "clientDataJSON": "AA", "signature": "AA", "userHandle": null},
        })
        .to_string()
    }

    #[test]
    fn reads_what_the_script_writes_and_nothing_that_contradicts_itself() {
        let right = Answered::read(&posted("AQI", "AQI", "public-key")).unwrap();
        assert_eq!(right.assertion.credential_id, [1, 2]);
        assert_eq!(right.assertion.user_handle, None);
        let long = BASE64URL_NOPAD.encode(&[0; LONGEST_ID + 1]);
        for wrong in [
            posted("AQM", "AQI", "public-key"),
            posted("AQI", "AQI", "password"),
            posted("", "", "public-key"),
            posted(&long, &long, "public-key"),
            posted("AQI", "A QI", "public-key"),
            posted("AQI", "AQI", "public-key") + "x",
            format!("{}{}", posted("AQI", "AQI", "public-key"), " ".repeat(LONGEST)),
            "{}".to_owned(),
            String::new(),
        ] {
            assert_eq!(Answered::read(&wrong).unwrap_err(), KeyError::Malformed, "{wrong}");
            assert_eq!(created(&wrong).unwrap_err(), KeyError::Malformed, "{wrong}");
        }
    }
}
