//! Our stored credentials as webauthn-rs knows them, and its refusals as ours.

use samekey_shared::devices::fido::Credential;
use samekey_shared::methods::fido::KeyError;
use webauthn_rs_core::error::WebauthnError;
use webauthn_rs_core::proto::{
    AttestationFormat, AuthenticatorTransport, COSEKey, Credential as Theirs, ParsedAttestation, RegisteredExtensions,
    UserVerificationPolicy,
};

/// The credential as its row stands now. What we demanded when it was bound is not held against it: whether user
/// verification is demanded is said anew for each ceremony.
pub(super) fn theirs(ours: &Credential) -> Result<Theirs, KeyError> {
    Ok(Theirs {
        cred_id: ours.credential_id.clone(),
        cred: public_key(&ours.public_key)?,
        counter: ours.sign_count,
        transports: None,
        user_verified: ours.user_verified,
        backup_eligible: ours.backup_eligible,
        backup_state: ours.backed_up,
        registration_policy: UserVerificationPolicy::Discouraged_DO_NOT_USE,
        extensions: RegisteredExtensions::none(),
        attestation: ParsedAttestation::default(),
        attestation_format: AttestationFormat::None,
    })
}

fn public_key(cose: &[u8]) -> Result<COSEKey, KeyError> {
    let value: serde_cbor_2::Value = serde_cbor_2::from_slice(cose).map_err(|_| KeyError::Malformed)?;
    COSEKey::try_from(&value).map_err(|_| KeyError::UnknownAlgorithm)
}

/// Words that a browser may send; anything else is left out.
pub(super) fn transports(theirs: Option<&[AuthenticatorTransport]>) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for transport in theirs.unwrap_or_default() {
        let known = !matches!(
            transport,
            AuthenticatorTransport::Unknown | AuthenticatorTransport::Test
        );
        let word = transport.to_string();
        if known && !words.contains(&word) {
            words.push(word);
        }
    }
    words
}

/// The reason for trail and person.
pub(super) fn refusal(error: &WebauthnError) -> KeyError {
    match error {
        WebauthnError::InvalidClientDataType => KeyError::WrongType,
        WebauthnError::MismatchedChallenge => KeyError::WrongChallenge,
        WebauthnError::InvalidRPOrigin | WebauthnError::CredentialCrossOrigin => KeyError::WrongOrigin,
        WebauthnError::InvalidRPIDHash => KeyError::WrongRpId,
        WebauthnError::UserNotPresent => KeyError::NotPresent,
        WebauthnError::UserNotVerified => KeyError::NotVerified,
        WebauthnError::CredentialBackupEligibilityInconsistent | WebauthnError::CredentialMayNotBeHardwareBound => {
            KeyError::WrongFlags
        }
        WebauthnError::CredentialPossibleCompromise => KeyError::CounterBehind,
        WebauthnError::CredentialNotFound => KeyError::UnknownCredential,
        WebauthnError::AuthenticationFailure => KeyError::BadSignature,
        WebauthnError::CredentialAlteredAlgFromRequest
        | WebauthnError::COSEKeyInvalidAlgorithm
        | WebauthnError::COSEKeyInvalidType
        | WebauthnError::COSEKeyEDUnsupported => KeyError::UnknownAlgorithm,
        WebauthnError::AttestationNotSupported
        | WebauthnError::AttestationStatementSigInvalid
        | WebauthnError::AttestationCertificateRequirementsNotMet
        | WebauthnError::AttestationCertificateAAGUIDMismatch => KeyError::NotAccepted,
        _ => KeyError::Malformed,
    }
}
