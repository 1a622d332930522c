//! What an assertion was signed for: a web origin's client data, or our own of a local login.

use data_encoding::BASE64URL_NOPAD;

/// What a local assertion is bound to besides its challenge.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LocalBinding {
    /// The machine.
    pub host: String,
    /// The PAM service, such as `pam:sudo`.
    pub service: String,
    /// The login name.
    pub user: String,
}

/// The client data that a local assertion signs. Its type is ours, so that no web origin's assertion is ever one of
/// these, nor the reverse.
pub fn local_client_data(challenge: &[u8], binding: &LocalBinding) -> Vec<u8> {
    serde_json::json!({
        "type": "samekey.local.get",
        "challenge": BASE64URL_NOPAD.encode(challenge),
        "origin": format!("samekey-local://{}", binding.host),
        "service": binding.service,
        "user": binding.user,
    })
    .to_string()
    .into_bytes()
}
