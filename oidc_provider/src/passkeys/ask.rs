//! What a browser needs to ask a key: `PublicKeyCredentialRequestOptions` in their JSON form (WebAuthn Level 3, 5.5).

use super::{PATIENCE, Passkeys};
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::flows::{Allowed, UserVerification};
use serde_json::{Value, json};

/// The options. With an empty `allow` the browser offers every passkey that it has for us.
pub fn request_options(
    passkeys: &Passkeys,
    challenge: &[u8],
    allow: &[Allowed],
    verification: UserVerification,
) -> Value {
    let mut options = json!({
        "challenge": BASE64URL_NOPAD.encode(challenge),
        "timeout": PATIENCE * 1000,
        "rpId": passkeys.party().id,
        "allowCredentials": allow.iter().map(descriptor).collect::<Vec<_>>(),
        "userVerification": verification.as_str(),
        "hints": hints(allow),
    });
    // One request has room for one AppID; all U2F keys of a site were registered under the same.
    if let Some(app_id) = allow.iter().find_map(|one| one.app_id.as_deref()) {
        options["extensions"] = json!({"appid": app_id});
    }
    options
}

fn descriptor(one: &Allowed) -> Value {
    let mut descriptor = json!({"type": "public-key", "id": BASE64URL_NOPAD.encode(&one.credential_id)});
    if !one.transports.is_empty() {
        descriptor["transports"] = json!(one.transports);
    }
    descriptor
}

/// The kinds that this person has, in the order in which they were bound (R48); the browser chooses.
fn hints(allow: &[Allowed]) -> Vec<&'static str> {
    let mut hints: Vec<&'static str> = Vec::new();
    for transport in allow.iter().flat_map(|one| &one.transports) {
        let hint = match transport.as_str() {
            "internal" => "client-device",
            "hybrid" => "hybrid",
            _ => "security-key",
        };
        if !hints.contains(&hint) {
            hints.push(hint);
        }
    }
    hints
}
