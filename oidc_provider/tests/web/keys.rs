//! The page's script, played in Rust: options in, the answer of an authenticator in software out.

use crate::browser::{Browser, Page};
use crate::scene::Scene;
use data_encoding::BASE64URL_NOPAD;
use samekey_shared::flows::{Allowed, KeyAsk, UserVerification};
use samekey_shared::methods::fido::Assertion;
use samekey_shared::testing::soft_authenticator::{Created, web_client_data};
use samekey_shared::testing::{ORIGIN, SoftAuthenticator};
use serde_json::{Value, json};

/// Everything that people may use.
pub const KEYS: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";

fn bytes(value: &Value) -> Vec<u8> {
    BASE64URL_NOPAD.decode(value.as_str().unwrap().as_bytes()).unwrap()
}

/// What the options of a `get` ceremony ask.
pub fn asked(options: &Value) -> KeyAsk {
    let public = &options["publicKey"];
    let allow = public["allowCredentials"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| Allowed {
            credential_id: bytes(&one["id"]),
            transports: Vec::new(),
            app_id: public["extensions"]["appid"].as_str().map(str::to_owned),
        });
    KeyAsk {
        challenge_id: "0".repeat(32).parse().unwrap(),
        challenge: bytes(&public["challenge"]),
        rp_id: public["rpId"].as_str().unwrap().to_owned(),
        allow: allow.collect(),
        user_verification: match public["userVerification"].as_str().unwrap() {
            "required" => UserVerification::Required,
            "preferred" => UserVerification::Preferred,
            _ => UserVerification::Discouraged,
        },
        local: None,
    }
}

/// The form field `credential` of a `get` ceremony.
pub fn posted(assertion: &Assertion) -> String {
    let text = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    json!({
        "id": text(&assertion.credential_id),
        "rawId": text(&assertion.credential_id),
        "type": "public-key",
        "response": {
            "authenticatorData": text(&assertion.authenticator_data),
            "clientDataJSON": text(&assertion.client_data),
            "signature": text(&assertion.signature),
            "userHandle": assertion.user_handle.as_ref().map(|handle| text(handle)),
        },
        "clientExtensionResults": if assertion.app_id { json!({"appid": true}) } else { json!({}) },
    })
    .to_string()
}

/// The form field `credential` of a `create` ceremony.
pub fn registered(created: &Created) -> String {
    let id = BASE64URL_NOPAD.encode(&created.credential_id);
    json!({
        "id": id,
        "rawId": id,
        "type": "public-key",
        "response": {
            "attestationObject": BASE64URL_NOPAD.encode(&created.attestation_object),
            "clientDataJSON": BASE64URL_NOPAD.encode(&created.client_data),
            "transports": ["usb", "nfc", "smoke-signal"],
        },
        "clientExtensionResults": {"credProps": {"rk": true}},
    })
    .to_string()
}

/// What a key makes for the options of a `create` ceremony.
pub fn create(key: &mut SoftAuthenticator, options: &Value) -> Created {
    let public = &options["publicKey"];
    let client_data = web_client_data("webauthn.create", &bytes(&public["challenge"]), ORIGIN);
    let rp_id = public["rp"]["id"].as_str().unwrap();
    key.create(rp_id, &bytes(&public["user"]["id"]), client_data).unwrap()
}

impl Browser {
    /// The script's fetch on a sign-in page.
    pub async fn options(&self, page: &Page) -> Page {
        let fields = [("flow", page.field("flow")), ("csrf", page.field("csrf"))];
        let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
        self.post("/sign-in/passkey", &fields).await
    }

    /// The script's submit on a sign-in page.
    pub async fn answer(&self, page: &Page, action: &str, credential: &str) -> Page {
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let fields = [
            ("flow", flow.as_str()),
            ("csrf", csrf.as_str()),
            ("action", action),
            ("credential", credential),
            ("trouble", ""),
        ];
        self.post("/sign-in", &fields).await
    }

    /// The whole ceremony on the sign-in page at this address: the button `with-passkey` or `use-key`.
    pub async fn touch(&self, address: &str, action: &str, key: &mut SoftAuthenticator) -> Page {
        let page = self.get(address).await;
        let options = self.options(&page).await.json();
        let assertion = key.answer(&asked(&options), ORIGIN).unwrap();
        self.answer(&page, action, &posted(&assertion)).await
    }

    /// The form token of Security Information; where nothing more can be bound, the page of unbinding has it.
    async fn security_token(&self) -> String {
        let page = self.get("/security").await;
        if page.body.contains("name=\"csrf\"") {
            return page.field("csrf");
        }
        let link = page
            .body
            .split("href=\"")
            .find(|rest| rest.starts_with("/security/unbind"));
        let link = link.unwrap_or_else(|| panic!("nothing can be changed: {}", page.body));
        self.get(link.split('"').next().unwrap()).await.field("csrf")
    }

    /// The script's fetch on Security Information.
    pub async fn binding(&self, kind: &str, name: &str, more: &[(&str, &str)]) -> Page {
        let csrf = self.security_token().await;
        let mut fields = vec![("csrf", csrf.as_str()), ("kind", kind), ("name", name)];
        fields.extend(more);
        self.post("/security/keys/options", &fields).await
    }

    /// The script's submit there.
    pub async fn bind(&self, options: &Value, credential: &str) -> Page {
        let csrf = self.security_token().await;
        let fields = [
            ("csrf", csrf.as_str()),
            ("kind", "passkey"),
            ("name", "ignored-by-now"),
            ("ceremony", options["ceremony"].as_str().unwrap_or_default()),
            ("credential", credential),
        ];
        self.post("/security/keys", &fields).await
    }

    /// Binds a new key under this name.
    pub async fn bind_new(&self, key: &mut SoftAuthenticator, kind: &str, name: &str) -> Page {
        let options = self.binding(kind, name, &[]).await.json();
        let made = create(key, &options);
        self.bind(&options, &registered(&made)).await
    }
}

impl Scene {
    /// The results of the audit events of this kind, oldest first.
    pub fn results(&self, kind: &str) -> Vec<String> {
        let records = self
            .test
            .realm
            .store
            .read(|tx| samekey_shared::audit::tail(tx, 1000))
            .unwrap();
        let of_kind = records.iter().filter(|record| record.kind.as_str() == kind);
        let events = of_kind.map(|record| serde_json::from_str::<Value>(&record.event).unwrap());
        events
            .map(|event| event["result"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}
