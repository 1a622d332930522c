//! What a key signed for: a web origin's client data (WebAuthn Level 3, 5.8.1), or our own of a local login.
//!
//! The specification offers a "limited verification algorithm" (5.8.1.2) to those who have no JSON parser: it demands the
//! members in one order. Firefox and programs that are no browsers write another order, so we parse, strictly: UTF-8, one
//! object and nothing after it, no member twice. Whatever the limited algorithm accepts, this accepts, and a test holds
//! the two together. A byte order mark, which 7.2 step 8 would strip, is refused: 5.8.1.1 writes none.

use super::error::KeyError;
use data_encoding::BASE64URL_NOPAD;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// The longest client data that is looked at, in bytes. An origin has at most 253 bytes of host name.
pub const LONGEST: usize = 4096;
/// Fewer random bytes than these are no challenge (13.4.3). It guards against a caller's mistake, never a stranger's.
const SHORTEST_CHALLENGE: usize = 16;

/// What a local assertion is bound to besides its challenge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocalBinding {
    /// The machine.
    pub host: String,
    /// The PAM service, such as `pam:sudo`.
    pub service: String,
    /// The login name.
    pub user: String,
}

/// Where the key was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scene<'a> {
    /// In a browser, at one of these origins.
    Web {
        /// `https://` and host, with a port where it is not 443.
        origins: &'a [String],
    },
    /// At a machine's own console.
    Local(&'a LocalBinding),
}

/// What was done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ceremony {
    Create,
    Get,
}

/// The client data that a local assertion signs. Its type is ours, so that no web origin's assertion is ever one of
/// these, nor the reverse: a browser writes types that begin with `webauthn.` or `payment.` and no others.
pub fn local_client_data(challenge: &[u8], binding: &LocalBinding) -> Vec<u8> {
    local(Ceremony::Get, challenge, binding)
}

/// The client data that a credential's making at the machine itself signs.
pub fn local_creation_client_data(challenge: &[u8], binding: &LocalBinding) -> Vec<u8> {
    local(Ceremony::Create, challenge, binding)
}

/// Checks client data against where, what for, and the challenge given out: 7.1 steps 5 to 11, 7.2 steps 8 to 14.
pub(super) fn check(
    client_data: &[u8],
    ceremony: Ceremony,
    challenge: &[u8],
    scene: &Scene<'_>,
) -> Result<(), KeyError> {
    if challenge.len() < SHORTEST_CHALLENGE {
        return Err(KeyError::WrongChallenge);
    }
    let collected = Collected::read(client_data)?;
    let expected_type = match (scene, ceremony) {
        (Scene::Web { .. }, Ceremony::Create) => "webauthn.create",
        (Scene::Web { .. }, Ceremony::Get) => "webauthn.get",
        (Scene::Local(_), _) => local_type(ceremony),
    };
    if collected.kind != expected_type {
        return Err(KeyError::WrongType);
    }
    if !is_base64url_of(&collected.challenge, challenge) {
        return Err(KeyError::WrongChallenge);
    }
    let right_place = match scene {
        Scene::Web { origins } => origins.iter().any(|origin| *origin == collected.origin),
        // We wrote it, so it is equal to the last byte; the members above are looked at for the sake of their reasons.
        Scene::Local(binding) => client_data == local(ceremony, challenge, binding),
    };
    // Our pages are framed by nobody.
    if right_place && collected.cross_origin != Some(true) && collected.top_origin.is_none() {
        Ok(())
    } else {
        Err(KeyError::WrongOrigin)
    }
}

/// `CollectedClientData`; members that later versions add are passed over.
#[derive(Deserialize)]
struct Collected<'a> {
    #[serde(rename = "type", borrow)]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    challenge: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(rename = "crossOrigin")]
    cross_origin: Option<bool>,
    #[serde(rename = "topOrigin")]
    top_origin: Option<serde::de::IgnoredAny>,
}

impl<'a> Collected<'a> {
    fn read(client_data: &'a [u8]) -> Result<Self, KeyError> {
        if client_data.len() > LONGEST {
            return Err(KeyError::Malformed);
        }
        // First as text: a parser of bytes would not look into the strings that it passes over.
        let text = str::from_utf8(client_data).map_err(|_| KeyError::Malformed)?;
        let mut parser = serde_json::Deserializer::from_str(text);
        let collected = Self::deserialize(&mut parser).map_err(|_| KeyError::Malformed)?;
        parser.end().map_err(|_| KeyError::TrailingData)?;
        Ok(collected)
    }
}

/// Our own members, in one order for ever: the bytes are compared.
#[derive(Serialize)]
struct LocalClientData<'a> {
    r#type: &'a str,
    challenge: String,
    origin: String,
    service: &'a str,
    user: &'a str,
}

fn local(ceremony: Ceremony, challenge: &[u8], binding: &LocalBinding) -> Vec<u8> {
    let data = LocalClientData {
        r#type: local_type(ceremony),
        challenge: BASE64URL_NOPAD.encode(challenge),
        origin: format!("samekey-local://{}", binding.host),
        service: &binding.service,
        user: &binding.user,
    };
    // Strings alone: writing them cannot fail. Were it to, nothing equals nothing that a parser has read.
    serde_json::to_vec(&data).unwrap_or_default()
}

fn local_type(ceremony: Ceremony) -> &'static str {
    match ceremony {
        Ceremony::Create => "samekey.local.create",
        Ceremony::Get => "samekey.local.get",
    }
}

/// Compares without a buffer of unknown size: challenges are 32 bytes, those of other programs up to 64.
fn is_base64url_of(text: &str, bytes: &[u8]) -> bool {
    let mut buffer = [0; 88];
    match buffer.get_mut(..BASE64URL_NOPAD.encode_len(bytes.len())) {
        Some(encoded) => {
            BASE64URL_NOPAD.encode_mut(bytes, encoded);
            encoded == text.as_bytes()
        }
        None => BASE64URL_NOPAD.encode(bytes) == text,
    }
}
