//! Two verifiers, one question: they agree, or one of the rules below says which of them is the stricter, and why.

use crate::recipe::{CHALLENGE, Made, ORIGIN, RP_ID};
use crate::theirs::Theirs;
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::methods::fido::in_hand::{AT, ED, KeyInHand};
use samekey_shared::methods::fido::{Assertion, Expected, KeyError, Scene, Seen, assertion};
use samekey_shared::testing::Any;
use serde_json::Value;
use webauthn_rs_core::proto::CollectedClientData;
use webauthn_rs_core::proto::Credential;

/// What both verifiers know before an assertion comes.
pub struct Both {
    theirs: Theirs,
    origins: Vec<String>,
    es256: (Vec<u8>, Credential),
    es384: (Vec<u8>, Credential),
}

/// What the two said.
#[derive(Debug)]
pub enum Agreement {
    /// Both accept, and saw the same.
    Accepted,
    /// Both refuse.
    Refused,
    /// We alone refuse, as this rule says we should.
    WeAlone(&'static str),
    /// They alone refuse, as this rule says they do.
    TheyAlone(&'static str),
}

impl Agreement {
    /// The rule that explains a difference.
    pub fn rule(&self) -> Option<&'static str> {
        match self {
            Self::Accepted | Self::Refused => None,
            Self::WeAlone(rule) | Self::TheyAlone(rule) => Some(rule),
        }
    }
}

pub fn key(es384: bool) -> KeyInHand {
    if es384 { KeyInHand::es384() } else { KeyInHand::es256() }.unwrap()
}

impl Both {
    pub fn new() -> Result<Self, Any> {
        let origins = vec![ORIGIN.to_owned()];
        let theirs = Theirs::new(RP_ID, &origins)?;
        let known =
            |key: &KeyInHand| -> Result<_, Any> { Ok((key.public_key()?, theirs.credential(key, RP_ID, ORIGIN)?)) };
        let (es256, es384) = (known(&key(false))?, known(&key(true))?);
        Ok(Self {
            theirs,
            origins,
            es256,
            es384,
        })
    }

    /// Asks both about one assertion; `Err` tells of a difference that no rule explains.
    pub fn ask(&self, made: &Made) -> Result<Agreement, String> {
        let (public_key, credential) = if made.es384 { &self.es384 } else { &self.es256 };
        let mut credential = credential.clone();
        credential.counter = made.stored_counter;
        credential.backup_eligible = made.stored_backup_eligible;
        let expected = Expected {
            rp_id: RP_ID,
            app_id: made.app_id,
            challenge: &CHALLENGE,
            scene: Scene::Web { origins: &self.origins },
            user_verification: made.user_verification,
            backup_eligible: made.stored_backup_eligible,
        };
        let ours = ours(&made.assertion, public_key, &expected, &credential);
        let theirs = self.theirs.check(&made.assertion, &credential, &expected);
        let told = || {
            format!(
                "ours {ours:?}, theirs {theirs:?}: {}",
                String::from_utf8_lossy(&made.assertion.client_data)
            )
        };
        match (&ours, &theirs) {
            (Ok(ours), Ok(theirs)) if ours == theirs => Ok(Agreement::Accepted),
            (Ok(_), Ok(_)) => Err(told()),
            (Err(_), Err(_)) => Ok(Agreement::Refused),
            (Err(why), Ok(_)) => we_are_stricter(*why, &made.assertion)
                .map(Agreement::WeAlone)
                .ok_or_else(told),
            (Ok(_), Err(_)) => they_are_stricter(&made.assertion)
                .map(Agreement::TheyAlone)
                .ok_or_else(told),
        }
    }
}

/// Our check, with what [`samekey_shared::methods::fido::accept`] does around it: the credential by its id, the counter.
fn ours(assertion: &Assertion, public_key: &[u8], expected: &Expected<'_>, of: &Credential) -> Result<Seen, KeyError> {
    if assertion.credential_id != of.cred_id {
        return Err(KeyError::UnknownCredential);
    }
    let seen = assertion::check(assertion, public_key, expected)?;
    let grew = seen.sign_count > of.counter || (seen.sign_count == 0 && of.counter == 0);
    if grew { Ok(seen) } else { Err(KeyError::CounterBehind) }
}

/// Where we refuse and they accept: our reason, and the thing itself found in the bytes.
fn we_are_stricter(why: KeyError, assertion: &Assertion) -> Option<&'static str> {
    let client: Value = serde_json::from_slice(&assertion.client_data).ok()?;
    let flags = *assertion.authenticator_data.get(32)?;
    let tail = assertion.authenticator_data.len() > 37;
    let framed = client["crossOrigin"] == true || client.get("topOrigin").is_some_and(|top| !top.is_null());
    match why {
        KeyError::WrongChallenge if is_right_when_decoded(&client) => {
            Some("they decode the challenge; the specification compares its text, which has no padding")
        }
        KeyError::WrongOrigin if framed => Some("they do not look at frames of other sites when somebody signs in"),
        KeyError::WrongOrigin if client["origin"] != ORIGIN => {
            Some("they compare addresses; we compare origins as they are written")
        }
        KeyError::TrailingData if tail => Some("they pass over what follows the authenticator data"),
        KeyError::WrongFlags if flags & AT != 0 => Some("they take an assertion with a new credential in it"),
        KeyError::WrongFlags if flags & ED != 0 && !tail => Some("they take extensions that are announced and absent"),
        KeyError::Malformed if flags & (AT | ED) != 0 && tail => Some("they read CBOR that CTAP2 would not write"),
        KeyError::Malformed if is_too_long(assertion) => Some("they read however much they are sent"),
        KeyError::Malformed if has_a_member_twice(&assertion.client_data) => {
            Some("they take the last of two equal members")
        }
        _ => None,
    }
}

/// Where they refuse and we accept. They read every member of the client data, we those that decide.
fn they_are_stricter(assertion: &Assertion) -> Option<&'static str> {
    let read = serde_json::from_slice::<CollectedClientData>(&assertion.client_data);
    read.is_err()
        .then_some("they refuse members, which decide nothing, for their contents")
}

fn is_too_long(assertion: &Assertion) -> bool {
    assertion.client_data.len() > 4096
        || assertion.authenticator_data.len() > 1024
        || assertion.signature.len() > 512
        || assertion.credential_id.len() > 1023
}

/// `topOrigin` is the one member that we know by name and they do not.
fn has_a_member_twice(client: &[u8]) -> bool {
    String::from_utf8_lossy(client).matches("topOrigin").count() > 1
}

fn is_right_when_decoded(client: &Value) -> bool {
    let text = client["challenge"].as_str().unwrap_or_default().trim_end_matches('=');
    text == BASE64URL_NOPAD.encode(&CHALLENGE)
}
