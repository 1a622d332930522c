//! Keys over hidraw, through ctap-hid-fido2: the only place that knows that driver.
//!
//! Its calls block for as long as the key likes, print, and answer with sentences; some panic on a reply that makes no
//! sense. Everything around this file is built for that.

use crate::attestation;
use crate::fault::Fault;
use crate::outlet::TOUCH_SIGN;
use crate::token::{Info, NewWish, Proof, Signed, Token, Wish};
use ctap_hid_fido2::fidokey::credential_management::credential_management_params::CredentialProtectionPolicy;
use ctap_hid_fido2::fidokey::{
    CredentialExtension, CredentialSupportedKeyType, GetAssertionArgsBuilder, MakeCredentialArgsBuilder,
};
use ctap_hid_fido2::public_key_credential_user_entity::PublicKeyCredentialUserEntity;
use ctap_hid_fido2::{FidoKeyHid, LibCfg, get_fidokey_devices};

/// Longest name of a key that is passed on.
const LONGEST_MODEL: usize = 40;

/// Credentials in one list for a key that does not say how many it takes: all CTAP 2.0 keys known take eight.
const USUAL_LIST: usize = 8;

/// Most keys that are looked at.
const MOST_KEYS: usize = 8;

/// A key that is open.
pub struct HidToken {
    key: FidoKeyHid,
    model: String,
}

/// Every key that is plugged in and may be opened, and whether there are any that may not.
pub fn open_all() -> (Vec<HidToken>, Closed) {
    // Its word that a key waits goes to standard error, where the outlet listens.
    let settings = LibCfg {
        enable_log: false,
        use_pre_bio_enrollment: false,
        use_pre_credential_management: false,
        enable_keep_alive_msg: true,
        keep_alive_msg: TOUCH_SIGN.to_owned(),
        keep_alive_msg_to_stderr: true,
    };
    let mut closed = Closed::None;
    let mut open = Vec::new();
    // By path, never by kind: two keys of one model are two keys.
    for device in get_fidokey_devices().into_iter().take(MOST_KEYS) {
        match FidoKeyHid::new(&[device.param], &settings) {
            Ok(key) => open.push(HidToken {
                key,
                model: readable(&device.product_string),
            }),
            Err(_) => closed = Closed::Some,
        }
    }
    (open, closed)
}

/// Whether keys are there that this program may not open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Closed {
    /// No.
    None,
    /// Yes.
    Some,
}

/// What a key calls itself, as far as a terminal may show it: a key is made by anybody.
fn readable(name: &str) -> String {
    let harmless = |c: &char| c.is_ascii_alphanumeric() || " -._+()/".contains(*c);
    let name: String = name.chars().filter(harmless).take(LONGEST_MODEL).collect();
    match name.trim() {
        "" => "security key".to_owned(),
        name => name.to_owned(),
    }
}

impl Token for HidToken {
    fn model(&self) -> String {
        self.model.clone()
    }

    fn info(&mut self) -> Result<Info, Fault> {
        let told = self.key.get_info().map_err(|error| Fault::of(&error))?;
        let option = |name: &str| told.options.iter().any(|(option, set)| option == name && *set);
        if let Some(protocol) = told
            .pin_uv_auth_protocols
            .iter()
            .find(|number| [1, 2].contains(*number))
        {
            self.key.pin_protocol_version = if *protocol == 2 { 2 } else { 1 };
        }
        let most_in_list = match usize::try_from(told.max_credential_count_in_list) {
            Ok(most) if most > 0 => most,
            _ => USUAL_LIST,
        };
        Ok(Info {
            model: self.model.clone(),
            aaguid: told.aaguid.as_slice().try_into().map_err(|_| Fault::Nonsense)?,
            pin: option("clientPin"),
            sensor: option("uv"),
            always_verifies: option("alwaysUv"),
            registers_by_touch: option("makeCredUvNotRqd"),
            protects: told.extensions.iter().any(|name| name == "credProtect"),
            most_in_list,
        })
    }

    fn assert(&self, wish: &Wish<'_>) -> Result<Signed, Fault> {
        // The driver calls "challenge" what it hashes with SHA-256: with the client data, that is what browsers do.
        let mut asked = GetAssertionArgsBuilder::new(wish.rp_id, wish.client_data);
        for id in wish.credentials {
            asked = asked.add_credential_id(id);
        }
        asked = match wish.proof {
            Proof::Nothing => asked.without_pin_and_uv().without_up(),
            Proof::Touch => asked.without_pin_and_uv(),
            // Its default.
            Proof::Sensor => asked,
            Proof::Pin(pin) => asked.pin(pin),
        };
        let answers = self
            .key
            .get_assertion_with_args(&asked.build())
            .map_err(|error| Fault::of(&error))?;
        let answer = answers.into_iter().next().ok_or(Fault::Nonsense)?;
        let credential_id = match (answer.credential_id.is_empty(), wish.credentials) {
            (false, _) => answer.credential_id,
            // A key need not repeat the only id that it was given (CTAP 2.1, section 6.2.2).
            (true, [only]) => only.to_vec(),
            (true, _) => return Err(Fault::Nonsense),
        };
        if !wish.credentials.contains(&credential_id.as_slice()) {
            return Err(Fault::Nonsense);
        }
        Ok(Signed {
            credential_id,
            authenticator_data: answer.auth_data,
            signature: answer.signature,
            user_handle: Some(answer.user.id).filter(|handle| !handle.is_empty()),
        })
    }

    fn register(&self, wish: &NewWish<'_>) -> Result<Vec<u8>, Fault> {
        let user =
            PublicKeyCredentialUserEntity::new(Some(wish.user_handle), Some(wish.user_name), Some(wish.user_name));
        let mut asked = MakeCredentialArgsBuilder::new(wish.rp_id, wish.client_data)
            .user_entity(&user)
            .key_type(CredentialSupportedKeyType::Ecdsa256)
            .key_type(CredentialSupportedKeyType::Ed25519);
        for id in wish.exclude {
            asked = asked.exclude_authenticator(id);
        }
        if wish.discoverable {
            asked = asked.resident_key();
        }
        if wish.protect {
            let level_2 = CredentialProtectionPolicy::UserVerificationOptionalWithCredentialIdList;
            asked = asked.extensions(&[CredentialExtension::CredProtect(Some(level_2))]);
        }
        asked = match wish.proof {
            Proof::Nothing | Proof::Touch => asked.without_pin_and_uv(),
            Proof::Sensor => asked,
            Proof::Pin(pin) => asked.pin(pin),
        };
        let made = self
            .key
            .make_credential_with_args(&asked.build())
            .map_err(|error| Fault::of(&error))?;
        attestation::object(&made).ok_or(Fault::Nonsense)
    }

    fn tries(&self) -> Result<u32, Fault> {
        let tries = self.key.get_pin_retries().map_err(|error| Fault::of(&error))?;
        u32::try_from(tries).map_err(|_| Fault::Nonsense)
    }

    fn cancel(&self) {
        let _ = self.key.cancel_selection();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keys_name_cannot_paint_the_terminal() {
        assert_eq!(readable("YubiKey 5 (USB-C)"), "YubiKey 5 (USB-C)");
        assert_eq!(readable("\u{1b}[31mred\u{7}\n\u{202e}"), "31mred");
        assert_eq!(readable("\u{0}"), "security key");
        assert_eq!(readable(&"x".repeat(500)).len(), LONGEST_MODEL);
    }
}
