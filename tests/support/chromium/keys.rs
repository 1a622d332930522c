//! Virtual authenticators of a window, by WebDriver's extension commands (WebAuthn level 3, section 11).

use super::Window;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};

/// An authenticator as it is made.
#[derive(Debug, Clone)]
pub struct Key {
    protocol: &'static str,
    transport: &'static str,
    resident: bool,
    verification: Verification,
    synced: bool,
}

/// Whether an authenticator knows its person: by PIN, finger or face.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verification {
    /// It cannot.
    None,
    /// It can, and finds the right one.
    Succeeds,
    /// It can, and finds somebody else.
    Fails,
}

/// What an authenticator may do that no honest one does; the browser passes it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lie {
    /// Signs without having verified its person, though asked to.
    SignsUnverified,
    /// Makes up its signature.
    SignsNonsense,
}

/// An authenticator plugged into a window: what its commands are called with.
#[derive(Debug, Clone)]
pub struct Plugged(String);

/// A credential that an authenticator holds, with its private key: to be looked at, or carried to another authenticator.
#[derive(Clone, PartialEq, Eq)]
pub struct Held {
    /// Its id.
    pub id: Vec<u8>,
    /// Whether it can be found without its id (a passkey).
    pub resident: bool,
    /// The relying party's id.
    pub rp_id: String,
    /// The private key, PKCS #8 in DER: an EC key on P-256.
    pub private_key: Vec<u8>,
    /// Whose it is, as the relying party said.
    pub user_handle: Option<Vec<u8>>,
    /// The signature counter.
    pub sign_count: u32,
    /// Whether it may be in a backup.
    pub backup_eligible: bool,
    /// Whether it is.
    pub backed_up: bool,
}

impl Key {
    /// What a phone or laptop has built in: holds passkeys, knows its person, bound to the device.
    pub fn platform() -> Self {
        Self {
            protocol: "ctap2_1",
            transport: "internal",
            resident: true,
            verification: Verification::Succeeds,
            synced: false,
        }
    }

    /// A FIDO2 security key with a PIN, on USB.
    pub fn security_key() -> Self {
        Self {
            transport: "usb",
            ..Self::platform()
        }
    }

    /// A phone that is reached through its QR code: another device than the one with the browser.
    pub fn phone() -> Self {
        Self {
            transport: "hybrid",
            ..Self::platform()
        }
    }

    /// A FIDO2 security key that knows only touches.
    pub fn touch_only() -> Self {
        Self {
            protocol: "ctap2",
            resident: false,
            verification: Verification::None,
            ..Self::security_key()
        }
    }

    /// A key of the time before FIDO2.
    pub fn u2f() -> Self {
        Self {
            protocol: "ctap1/u2f",
            ..Self::touch_only()
        }
    }

    /// The same, whose credentials go into a backup: a passkey manager's.
    #[must_use]
    pub fn synced(self) -> Self {
        Self { synced: true, ..self }
    }

    /// The same in the hands of somebody else.
    #[must_use]
    pub fn in_wrong_hands(self) -> Self {
        Self {
            verification: Verification::Fails,
            ..self
        }
    }
}

impl Window {
    /// Plugs an authenticator in. Its person touches it whenever it asks.
    pub fn plug(&self, key: &Key) -> Plugged {
        let wanted = json!({
            "protocol": key.protocol,
            "transport": key.transport,
            "hasResidentKey": key.resident,
            "hasUserVerification": key.verification != Verification::None,
            "isUserVerified": key.verification == Verification::Succeeds,
            "isUserConsenting": true,
            "defaultBackupEligibility": key.synced,
            "defaultBackupState": key.synced,
        });
        let id = self.post("/webauthn/authenticator", &wanted).unwrap();
        Plugged(id.as_str().unwrap().to_owned())
    }

    /// Takes an authenticator away, with all it holds.
    pub fn unplug(&self, key: &Plugged) {
        self.remove(&format!("/webauthn/authenticator/{}", key.0)).unwrap();
    }

    /// Whether the authenticator finds the right person from now on.
    pub fn knows_its_person(&self, key: &Plugged, knows: bool) {
        let path = format!("/webauthn/authenticator/{}/uv", key.0);
        self.post(&path, &json!({"isUserVerified": knows})).unwrap();
    }

    /// Whether the person touches the authenticator from now on.
    pub fn touches(&self, key: &Plugged, touches: bool) {
        let parameters = json!({"authenticatorId": key.0, "enabled": touches});
        self.devtools("WebAuthn.setAutomaticPresenceSimulation", &parameters);
    }

    /// Lets the authenticator sign wrongly, or nothing wrong any more.
    pub fn lies(&self, key: &Plugged, lie: Option<Lie>) {
        let parameters = json!({
            "authenticatorId": key.0,
            "isBadUV": lie == Some(Lie::SignsUnverified),
            "isBogusSignature": lie == Some(Lie::SignsNonsense),
        });
        self.devtools("WebAuthn.setResponseOverrideBits", &parameters);
    }

    /// What the authenticator holds.
    pub fn held(&self, key: &Plugged) -> Vec<Held> {
        self.exported(key).iter().map(Held::read).collect()
    }

    /// The same as WebDriver tells it, for other software authenticators to read.
    pub fn exported(&self, key: &Plugged) -> Vec<Value> {
        let path = format!("/webauthn/authenticator/{}/credentials", key.0);
        self.ask(&path).unwrap().as_array().unwrap().clone()
    }

    /// Puts a credential into the authenticator.
    pub fn put(&self, key: &Plugged, held: &Held) {
        let path = format!("/webauthn/authenticator/{}/credential", key.0);
        self.post(&path, &held.written()).unwrap();
    }

    /// Removes every credential from the authenticator.
    pub fn wipe(&self, key: &Plugged) {
        let path = format!("/webauthn/authenticator/{}/credentials", key.0);
        self.remove(&path).unwrap();
    }
}

impl Held {
    fn read(value: &Value) -> Self {
        let bytes = |name: &str| {
            let text = value[name].as_str()?;
            Some(BASE64URL_NOPAD.decode(text.trim_end_matches('=').as_bytes()).unwrap())
        };
        let flag = |name: &str| value[name].as_bool().unwrap_or_default();
        Self {
            id: bytes("credentialId").unwrap(),
            resident: flag("isResidentCredential"),
            rp_id: value["rpId"].as_str().unwrap_or_default().to_owned(),
            private_key: bytes("privateKey").unwrap(),
            user_handle: bytes("userHandle").filter(|handle| !handle.is_empty()),
            sign_count: value["signCount"].as_u64().unwrap().try_into().unwrap(),
            backup_eligible: flag("backupEligibility"),
            backed_up: flag("backupState"),
        }
    }

    fn written(&self) -> Value {
        let mut value = json!({
            "credentialId": BASE64URL_NOPAD.encode(&self.id),
            "isResidentCredential": self.resident,
            "rpId": self.rp_id,
            "privateKey": BASE64URL_NOPAD.encode(&self.private_key),
            "signCount": self.sign_count,
            "backupEligibility": self.backup_eligible,
            "backupState": self.backed_up,
        });
        if let Some(handle) = &self.user_handle {
            value["userHandle"] = BASE64URL_NOPAD.encode(handle).into();
        }
        value
    }
}

impl std::fmt::Debug for Held {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Held")
            .field("id", &BASE64URL_NOPAD.encode(&self.id))
            .field("rp_id", &self.rp_id)
            .field("resident", &self.resident)
            .field("sign_count", &self.sign_count)
            .finish_non_exhaustive()
    }
}
