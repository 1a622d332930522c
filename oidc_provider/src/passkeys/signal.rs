//! What the browser's passkey store is told, so that it offers nothing that we would refuse (Signal API, WebAuthn Level 3,
//! 5.1.10). The script hands it on where the browser listens.

use data_encoding::BASE64URL_NOPAD;
use samekey_shared::accounts::Account;
use samekey_shared::config::RelyingParty;
use samekey_shared::devices::fido::Credential;
use serde_json::json;

/// A passkey that nobody has here: unbound long ago, or of an account that is gone.
pub fn unknown(party: &RelyingParty, credential_id: &str) -> String {
    json!({"unknown": {"rpId": party.id, "credentialId": credential_id}}).to_string()
}

/// Everything that the signed-in person has, and what they are called.
pub fn all(party: &RelyingParty, account: &Account, bound: &[Credential]) -> String {
    let user = BASE64URL_NOPAD.encode(&account.id.to_bytes());
    let ids: Vec<String> = bound
        .iter()
        .map(|one| BASE64URL_NOPAD.encode(&one.credential_id))
        .collect();
    let shown = account.display_name.as_deref().unwrap_or(account.name.as_str());
    json!({
        "accepted": {"rpId": party.id, "userId": user, "allAcceptedCredentialIds": ids},
        "details": {"rpId": party.id, "userId": user, "name": account.name.as_str(), "displayName": shown},
    })
    .to_string()
}
