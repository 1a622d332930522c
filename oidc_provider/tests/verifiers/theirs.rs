//! The second verifier, webauthn-rs-core, asked the same questions as ours.

use data_encoding::BASE64URL_NOPAD;
use samekey_shared::methods::fido::in_hand::{AT, KeyInHand, UP, attestation_object, client_data};
use samekey_shared::methods::fido::{Assertion, Expected, Scene, Seen};
use samekey_shared::testing::Any;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::time::Duration;
use url::Url;
use webauthn_rs_core::WebauthnCore;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AuthenticationExtensionsClientOutputs, AuthenticationState, AuthenticatorAssertionResponseRaw,
    AuthenticatorAttestationResponseRaw, COSEAlgorithm, Credential, PublicKeyCredential, RegisterPublicKeyCredential,
    RegistrationExtensionsClientOutputs, RegistrationState, RequestAuthenticationExtensions, UserVerificationPolicy,
};

/// One relying party, as the other library knows it.
pub struct Theirs {
    core: WebauthnCore,
}

impl Theirs {
    pub fn new(rp_id: &str, origins: &[String]) -> Result<Self, Any> {
        let origins = origins
            .iter()
            .map(|origin| Url::parse(origin))
            .collect::<Result<_, _>>()?;
        let timeout = Duration::from_secs(60);
        let core = WebauthnCore::new_unsafe_experts_only("Example", rp_id, origins, timeout, Some(false), Some(false));
        Ok(Self { core })
    }

    /// Registers what a browser sent for this challenge; every algorithm that the library knows is asked for.
    pub fn register(&self, challenge: &[u8], object: &[u8], client: &[u8]) -> Result<Credential, WebauthnError> {
        let state = self.registration_state(challenge)?;
        let registration = RegisterPublicKeyCredential {
            id: String::new(),
            raw_id: Vec::new(),
            response: AuthenticatorAttestationResponseRaw {
                attestation_object: object.to_vec(),
                client_data_json: client.to_vec(),
                transports: None,
            },
            type_: "public-key".into(),
            extensions: RegistrationExtensionsClientOutputs::default(),
        };
        self.core.register_credential(&registration, &state, None)
    }

    fn registration_state(&self, challenge: &[u8]) -> Result<RegistrationState, WebauthnError> {
        let builder = self
            .core
            .new_challenge_register_builder(&[1; 16], "anna", "Anna")?
            .user_verification_policy(UserVerificationPolicy::Discouraged_DO_NOT_USE)
            .credential_algorithms(COSEAlgorithm::all_possible_algs());
        let (_, state) = self.core.generate_challenge_register(builder)?;
        Ok(with_challenge(&state, challenge))
    }

    /// A credential of a key in hand, registered by the library itself.
    pub fn credential(&self, key: &KeyInHand, rp_id: &str, origin: &str) -> Result<Credential, Any> {
        let challenge = [9; 32];
        let data = key.registration_data(rp_id, UP | AT, 0)?;
        let object = attestation_object("none", &[0xa0], &data)?;
        let client = client_data("webauthn.create", &challenge, origin);
        Ok(self.register(&challenge, &object, &client)?)
    }

    /// Checks an assertion with this credential; the counter is part of it.
    pub fn check(
        &self,
        assertion: &Assertion,
        credential: &Credential,
        expected: &Expected<'_>,
    ) -> Result<Seen, WebauthnError> {
        let Scene::Web { .. } = expected.scene else {
            return Err(WebauthnError::InvalidClientDataType);
        };
        let policy = if expected.user_verification {
            UserVerificationPolicy::Required
        } else {
            UserVerificationPolicy::Discouraged_DO_NOT_USE
        };
        let app_id = RequestAuthenticationExtensions {
            appid: expected.app_id.map(str::to_owned),
            uvm: None,
            hmac_get_secret: None,
        };
        let builder = self
            .core
            .new_challenge_authenticate_builder(vec![credential.clone()], Some(policy))?
            .extensions(Some(app_id));
        let (_, state) = self.core.generate_challenge_authenticate(builder)?;
        let state: AuthenticationState = with_challenge(&state, expected.challenge);
        let result = self.core.authenticate_credential(&as_sent(assertion), &state)?;
        Ok(Seen {
            user_verified: result.user_verified(),
            backup_eligible: result.backup_eligible(),
            backed_up: result.backup_state(),
            sign_count: result.counter(),
        })
    }
}

fn as_sent(assertion: &Assertion) -> PublicKeyCredential {
    PublicKeyCredential {
        id: BASE64URL_NOPAD.encode(&assertion.credential_id),
        raw_id: assertion.credential_id.clone(),
        response: AuthenticatorAssertionResponseRaw {
            authenticator_data: assertion.authenticator_data.clone(),
            client_data_json: assertion.client_data.clone(),
            signature: assertion.signature.clone(),
            user_handle: assertion.user_handle.clone(),
        },
        extensions: AuthenticationExtensionsClientOutputs {
            appid: Some(assertion.app_id),
            ..Default::default()
        },
        type_: "public-key".into(),
    }
}

/// The library draws its own challenges; its states can be written out, and a given challenge put in.
fn with_challenge<S: Serialize + DeserializeOwned>(state: &S, challenge: &[u8]) -> S {
    let mut written = serde_json::to_value(state).unwrap();
    written["challenge"] = BASE64URL_NOPAD.encode(challenge).into();
    serde_json::from_value(written).unwrap()
}
