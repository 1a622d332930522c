//! webauthn-rs' verdict on an assertion, before the shared machine gives ours. It cannot let anybody in, only refuse.

use super::{Answered, Passkeys, convert};
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::devices::fido::Credential;
use samekey_shared::methods::fido::KeyError;
use samekey_shared::methods::fido::cose::{CoseKey, EDDSA};
use webauthn_rs_core::proto::{AuthenticationState, RequestAuthenticationExtensions, UserVerificationPolicy};

impl Passkeys {
    /// Refuses what webauthn-rs refuses. `challenge` is what the store gave out; nothing is taken from the request.
    ///
    /// Keys of EdDSA are passed on unseen: webauthn-rs does not verify them, so ours decides alone.
    pub fn second_opinion(
        &self,
        answered: &Answered,
        credential: &Credential,
        challenge: &[u8],
        user_verification: bool,
    ) -> Result<(), KeyError> {
        if CoseKey::parse(&credential.public_key)?.algorithm() == EDDSA {
            return Ok(());
        }
        let state = self.state(credential, challenge, user_verification)?;
        self.core
            .authenticate_credential(&answered.posted, &state)
            .map(drop)
            .map_err(|error| convert::refusal(&error))
    }

    /// Its state as if it had drawn our challenge itself.
    fn state(
        &self,
        credential: &Credential,
        challenge: &[u8],
        user_verification: bool,
    ) -> Result<AuthenticationState, KeyError> {
        let policy = if user_verification {
            UserVerificationPolicy::Required
        } else {
            UserVerificationPolicy::Preferred
        };
        let extensions = RequestAuthenticationExtensions {
            appid: credential.app_id.clone(),
            uvm: None,
            hmac_get_secret: None,
        };
        let (_, state) = self
            .core
            .new_challenge_authenticate_builder(vec![convert::theirs(credential)?], Some(policy))
            .map(|builder| builder.extensions(Some(extensions)))
            .and_then(|builder| self.core.generate_challenge_authenticate(builder))
            .map_err(|error| convert::refusal(&error))?;
        with_challenge(&state, challenge).ok_or(KeyError::Malformed)
    }
}

/// A ceremony's state with this challenge in it: webauthn-rs draws its own, and has no other door to it than its JSON.
pub(super) fn with_challenge<S>(state: &S, challenge: &[u8]) -> Option<S>
where
    S: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut json = serde_json::to_value(state).ok()?;
    *json.get_mut("challenge")? = BASE64URL_NOPAD.encode(challenge).into();
    serde_json::from_value(json).ok()
}
