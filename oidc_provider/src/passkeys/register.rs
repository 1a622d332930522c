//! Binding in a browser: the options that it gets, and the new credential that comes back.

use super::{Passkeys, answer, convert, second_opinion};
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::fido::NewCredential;
use samekey_shared::flows::bind_key::Starting;
use samekey_shared::ids::DeviceId;
use samekey_shared::methods::fido::{ExpectedRegistration, KeyError, Scene, check_registration};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationConveyancePreference, AuthenticatorAttachment, COSEAlgorithm, CredProtect, CredentialProtectionPolicy,
    PublicKeyCredentialHints, RegistrationState, RequestRegistrationExtensions, ResidentKeyRequirement,
    UserVerificationPolicy,
};

/// Which of the two buttons was pressed (R52).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Wish {
    /// "Create passkey": on this device or a phone; discoverable, and the person is verified.
    Passkey,
    /// "Add security key": any key; one with a PIN becomes a passkey, one without a second factor.
    SecurityKey,
    /// "Update to passkey": the same key again, as a passkey (R75).
    Upgrade,
}

/// What the store keeps between both halves. The name is what was checked before, not what the browser sends after.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ceremony {
    /// What the device will be called.
    pub name: String,
    /// The button.
    pub wish: Wish,
    /// The old device that the new one is to take the place of.
    pub replaces: Option<DeviceId>,
    state: RegistrationState,
}

/// webauthn-rs would not begin.
#[derive(Debug, thiserror::Error)]
#[error("no ceremony can begin: {0:?}")]
pub struct CeremonyError(#[from] WebauthnError);

impl Passkeys {
    /// What the store is to keep for a ceremony, and the options without their challenge, which the store draws.
    pub fn begin_binding(
        &self,
        starting: &Starting,
        wish: Wish,
        replaces: Option<DeviceId>,
    ) -> Result<(Ceremony, Value), CeremonyError> {
        let exclude = starting.exclude.iter().map(|one| one.credential_id.clone()).collect();
        let login = starting.login.as_str();
        let builder = self
            .core
            .new_challenge_register_builder(&starting.user_handle, login, login)?
            .attestation(self.conveyance())
            .credential_algorithms(COSEAlgorithm::secure_algs())
            .exclude_credentials(Some(exclude))
            .extensions(Some(extensions()))
            .user_verification_policy(wish.verification())
            .require_resident_key(wish.is_for_a_passkey())
            .authenticator_attachment(wish.attachment())
            .hints(Some(wish.hints()));
        let (mut options, state) = self.core.generate_challenge_register(builder)?;
        // Keys without room or PIN are asked for no more than they can.
        if let (Wish::SecurityKey, Some(selection)) = (wish, &mut options.public_key.authenticator_selection) {
            selection.resident_key = Some(ResidentKeyRequirement::Preferred);
        }
        let ceremony = Ceremony {
            name: starting.name.to_string(),
            wish,
            replaces,
            state,
        };
        let mut options = json!(options.public_key);
        with_transports(&mut options, starting);
        Ok((ceremony, options))
    }

    /// Browsers warn people of a question for the model's proof: it is asked only where somebody believes the answer.
    fn conveyance(&self) -> AttestationConveyancePreference {
        if self.trust.asks() {
            AttestationConveyancePreference::Direct
        } else {
            AttestationConveyancePreference::None
        }
    }

    /// Takes the answer to a ceremony whose challenge was spent just now. Both verifiers must accept it.
    pub fn created(
        &self,
        posted: &str,
        ceremony: &Ceremony,
        challenge: &[u8],
        now: UnixTime,
    ) -> Result<NewCredential, KeyError> {
        let posted = answer::created(posted)?;
        let state = second_opinion::with_challenge(&ceremony.state, challenge).ok_or(KeyError::Malformed)?;
        self.core
            .register_credential(&posted, &state, None)
            .map_err(|error| convert::refusal(&error))?;
        let expected = ExpectedRegistration {
            rp_id: &self.party.id,
            challenge,
            scene: Scene::Web { origins: &self.origins },
            user_verification: ceremony.wish.is_for_a_passkey(),
        };
        let response = &posted.response;
        let seen = check_registration(&response.attestation_object, &response.client_data_json, &expected)?;
        if seen.credential_id != posted.raw_id {
            return Err(KeyError::Malformed);
        }
        let verdict = self.trust.judge(&seen, now)?;
        Ok(NewCredential {
            credential_id: seen.credential_id,
            rp_id: self.party.id.clone(),
            public_key: seen.public_key,
            sign_count: seen.sign_count,
            aaguid: seen.aaguid,
            transports: convert::transports(response.transports.as_deref()),
            discoverable: posted.extensions.cred_props.as_ref().and_then(|props| props.rk),
            user_verified: seen.user_verified,
            backup_eligible: seen.backup_eligible,
            backed_up: seen.backed_up,
            attested: verdict.attested,
            app_id: None,
        })
    }
}

impl Wish {
    /// Whether nothing less than a passkey will do.
    fn is_for_a_passkey(self) -> bool {
        matches!(self, Self::Passkey | Self::Upgrade)
    }

    fn verification(self) -> UserVerificationPolicy {
        if self.is_for_a_passkey() {
            UserVerificationPolicy::Required
        } else {
            UserVerificationPolicy::Preferred
        }
    }

    /// None for a passkey: `platform` would leave out the phone.
    fn attachment(self) -> Option<AuthenticatorAttachment> {
        match self {
            Self::Passkey => None,
            Self::SecurityKey | Self::Upgrade => Some(AuthenticatorAttachment::CrossPlatform),
        }
    }

    fn hints(self) -> Vec<PublicKeyCredentialHints> {
        match self {
            Self::Passkey => vec![PublicKeyCredentialHints::ClientDevice, PublicKeyCredentialHints::Hybrid],
            Self::SecurityKey | Self::Upgrade => vec![PublicKeyCredentialHints::SecurityKey],
        }
    }
}

/// Protection at level 2: at level 3, which browsers choose for passkeys by themselves, the console could not use the key
/// by touch alone.
fn extensions() -> RequestRegistrationExtensions {
    RequestRegistrationExtensions {
        cred_protect: Some(CredProtect {
            credential_protection_policy: CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIDList,
            enforce_credential_protection_policy: Some(false),
        }),
        uvm: None,
        cred_props: Some(true),
        min_pin_length: None,
        hmac_create_secret: None,
    }
}

/// How each excluded key is reached: the browser then asks the right one whether it is bound already.
fn with_transports(options: &mut Value, starting: &Starting) {
    let Some(Value::Array(list)) = options.get_mut("excludeCredentials") else {
        return;
    };
    for (entry, known) in list.iter_mut().zip(&starting.exclude) {
        if !known.transports.is_empty() {
            entry["transports"] = json!(known.transports);
        }
    }
}
