//! Credentials on their way into the key and out of it, as browsers' test interfaces write them.
//!
//! Chromium's `WebAuthn.getCredentials` (base64) and WebDriver's `Get Credentials` (base64url; WebAuthn Level 3, 11.4) name
//! the same fields, so a credential made in a virtual authenticator can go on living in this key, and the reverse.

use crate::flash::Flash;
use crate::traits::Board;
use data_encoding::{BASE64URL_NOPAD, DecodeError};
use opensk::api::crypto::ec_signing::{EcPublicKey, EcSecretKey};
use opensk::api::persist::Persist;
use opensk::api::private_key::PrivateKey;
use opensk::ctap::data_formats::{CredentialProtectionPolicy, PublicKeyCredentialSource, PublicKeyCredentialType};
use opensk::ctap::status_code::Ctap2StatusCode;
use opensk::ctap::{cbor_read, cbor_write};
use opensk::env::EcdsaSk;
use serde::{Deserialize, Serialize};

/// PKCS#8 of a P-256 key with its public key (RFC 5958, RFC 5915): before the private key, and between the two.
const BEFORE_PRIVATE: &[u8] =
    b"\x30\x81\x87\x02\x01\x00\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\x06\x08\x2a\x86\x48\
    \xce\x3d\x03\x01\x07\x04\x6d\x30\x6b\x02\x01\x01\x04\x20";
const BEFORE_PUBLIC: &[u8] = b"\xa1\x44\x03\x42\x00\x04";

/// A credential with its private key.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Credential {
    /// base64 or base64url.
    pub credential_id: String,
    /// Whether the authenticator lists it without being given its id.
    #[serde(default)]
    pub is_resident_credential: bool,
    /// The relying party; for U2F the application's id.
    pub rp_id: String,
    /// PKCS#8 in base64 or base64url. Only P-256 keys can be held.
    pub private_key: String,
    /// base64 or base64url.
    #[serde(default)]
    pub user_handle: Option<String>,
    /// How far its counter is.
    pub sign_count: u32,
    /// The flag BE. OpenSK's keys never leave it, so it cannot say yes.
    #[serde(default)]
    pub backup_eligibility: bool,
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Credential")
            .field("credential_id", &self.credential_id)
            .field("rp_id", &self.rp_id)
            .field("sign_count", &self.sign_count)
            .finish_non_exhaustive()
    }
}

/// Why a credential cannot be put in or taken out.
#[derive(Debug, thiserror::Error)]
pub enum CredentialError {
    /// Not base64.
    #[error("not base64: {0}")]
    Encoding(#[from] DecodeError),
    /// Another kind of key.
    #[error("only P-256 keys with their public key, as PKCS#8, can be held")]
    Key,
    /// A synchronised passkey.
    #[error("OpenSK's credentials are never backup eligible; make this one without `defaultBackupEligibility`")]
    BackupEligible,
    /// OpenSK's own word.
    #[error("OpenSK: {0:?}")]
    Ctap(Ctap2StatusCode),
}

impl From<Ctap2StatusCode> for CredentialError {
    fn from(status: Ctap2StatusCode) -> Self {
        Self::Ctap(status)
    }
}

/// Bytes from base64 or base64url, padded or not.
fn bytes(text: &str) -> Result<Vec<u8>, DecodeError> {
    let text = text.trim_end_matches('=').replace('+', "-").replace('/', "_");
    BASE64URL_NOPAD.decode(text.as_bytes())
}

/// The private scalar, once its public key has been found to fit.
fn scalar(pkcs8: &[u8]) -> Result<&[u8], CredentialError> {
    let rest = pkcs8.strip_prefix(BEFORE_PRIVATE).ok_or(CredentialError::Key)?;
    let random = ring::rand::SystemRandom::new();
    ring::signature::EcdsaKeyPair::from_pkcs8(&ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &random)
        .map_err(|_| CredentialError::Key)?;
    rest.get(..32).ok_or(CredentialError::Key)
}

/// Puts a credential into the key's memory; one with the same id is replaced.
///
/// Listed only to who has verified the person: so do Chromium's discoverable credentials on real keys (credProtect 2).
pub fn import(flash: &mut Flash, credential: &Credential) -> Result<(), CredentialError> {
    if credential.backup_eligibility {
        return Err(CredentialError::BackupEligible);
    }
    let pkcs8 = bytes(&credential.private_key)?;
    let key = EcdsaSk::<Board>::import(scalar(&pkcs8)?).ok_or(CredentialError::Key)?;
    let id = bytes(&credential.credential_id)?;
    let held: Vec<(usize, PublicKeyCredentialSource)> = sources(flash)?;
    for (place, source) in &held {
        if source.credential_id == id {
            flash.remove_credential(*place)?;
        }
    }
    let source = PublicKeyCredentialSource {
        key_type: PublicKeyCredentialType::PublicKey,
        credential_id: id,
        wrapped_private_key: PrivateKey::<Board>::Ecdsa(key).to_cbor(),
        rp_id: credential.rp_id.clone(),
        user_handle: bytes(credential.user_handle.as_deref().unwrap_or_default())?,
        user_display_name: None,
        cred_protect_policy: Some(CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIdList),
        creation_order: held
            .iter()
            .map(|(_, source)| source.creation_order + 1)
            .max()
            .unwrap_or(0),
        user_name: None,
        user_icon: None,
        cred_blob: None,
        large_blob_key: None,
    };
    let mut entry = Vec::new();
    cbor_write(source.into(), &mut entry)?;
    let place = flash.free_credential_key()?;
    flash.write_credential_bytes(place, &entry)?;
    Ok(flash.raise_counter(credential.sign_count)?)
}

/// Every credential that the key's memory holds. Those that the relying party keeps for it, wrapped in their id, are not there.
pub fn export(flash: &Flash) -> Result<Vec<Credential>, CredentialError> {
    let sign_count = flash.global_signature_counter()?;
    let mut exported = Vec::new();
    for (_, source) in sources(flash)? {
        let PrivateKey::Ecdsa(key) = PrivateKey::<Board>::from_cbor(source.wrapped_private_key)?;
        let (mut x, mut y) = ([0; 32], [0; 32]);
        key.public_key().to_coordinates(&mut x, &mut y);
        let pkcs8 = [BEFORE_PRIVATE, &key.export(), BEFORE_PUBLIC, &x, &y].concat();
        exported.push(Credential {
            credential_id: BASE64URL_NOPAD.encode(&source.credential_id),
            is_resident_credential: true,
            rp_id: source.rp_id,
            private_key: BASE64URL_NOPAD.encode(&pkcs8),
            user_handle: Some(BASE64URL_NOPAD.encode(&source.user_handle)),
            sign_count,
            backup_eligibility: false,
        });
    }
    Ok(exported)
}

fn sources(flash: &Flash) -> Result<Vec<(usize, PublicKeyCredentialSource)>, Ctap2StatusCode> {
    flash
        .iter_credentials()?
        .map(|entry| {
            let (place, bytes) = entry?;
            Ok((place, PublicKeyCredentialSource::try_from(cbor_read(&bytes)?)?))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> Credential {
        let random = ring::rand::SystemRandom::new();
        let algorithm = &ring::signature::ECDSA_P256_SHA256_ASN1_SIGNING;
        let pkcs8 = ring::signature::EcdsaKeyPair::generate_pkcs8(algorithm, &random).unwrap();
        Credential {
            credential_id: "AAEC_-8=".to_owned(),
            is_resident_credential: true,
            rp_id: "localhost".to_owned(),
            private_key: data_encoding::BASE64.encode(pkcs8.as_ref()),
            user_handle: Some("Ym9i".to_owned()),
            sign_count: 41,
            backup_eligibility: false,
        }
    }

    #[test]
    fn what_was_put_in_comes_out_again_and_only_once() {
        let (mut flash, made) = (Flash::default(), made());
        import(&mut flash, &made).unwrap();
        import(&mut flash, &made).unwrap();
        let out = export(&flash).unwrap();
        assert_eq!(out.len(), 1);
        assert_eq!((out[0].credential_id.as_str(), out[0].sign_count), ("AAEC_-8", 41));
        assert_eq!(bytes(&out[0].private_key), bytes(&made.private_key));
        assert_eq!(out[0].user_handle, made.user_handle);
    }

    #[test]
    fn keys_that_it_cannot_hold_are_refused() {
        let mut flash = Flash::default();
        let mut cut = made();
        cut.private_key = cut.private_key[..60].to_owned();
        assert!(matches!(import(&mut flash, &cut), Err(CredentialError::Key)));
        let synced = Credential {
            backup_eligibility: true,
            ..made()
        };
        assert!(matches!(
            import(&mut flash, &synced),
            Err(CredentialError::BackupEligible)
        ));
        assert!(export(&flash).unwrap().is_empty());
    }
}
