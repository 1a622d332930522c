//! What the virtual authenticators of these tests do and do not, so that the tests above them rest on something.

use super::scene::Scene;
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Lie, Plugged, Window};
use serde_json::{Value, json};

/// Makes a credential; the flags of its authenticator data (WebAuthn section 6.1) and its id.
const CREATE: &str = "const wish = arguments[0]; const made = await navigator.credentials.create({ publicKey: {
    challenge: new Uint8Array(32), rp: { id: 'localhost', name: 'Test' },
    user: { id: new Uint8Array([1, 2, 3]), name: 'ann', displayName: 'Ann' },
    pubKeyCredParams: [{ type: 'public-key', alg: -7 }], timeout: 5000,
    authenticatorSelection: { residentKey: wish, userVerification: wish } } });
  return new Uint8Array(made.response.getAuthenticatorData())[32]";
/// Signs with a credential; the flags and the counter.
const SIGN: &str = "const wish = arguments[0]; const id = arguments[1];
  const made = await navigator.credentials.get({ publicKey: {
    challenge: new Uint8Array(32), rpId: 'localhost', timeout: 2000, userVerification: wish,
    allowCredentials: id ? [{ type: 'public-key', id: new Uint8Array(id) }] : [] } });
  const data = made.response.authenticatorData;
  return [new Uint8Array(data)[32], new DataView(data).getUint32(33)]";

const VERIFIED: u64 = 0x04;
const BACKUP: u64 = 0x18;

fn create(window: &Window, wish: &str) -> u64 {
    window.run_async(CREATE, &json!([wish])).unwrap().as_u64().unwrap()
}

fn sign(window: &Window, wish: &str, id: &Value) -> Result<(u64, u64), String> {
    let answer = window.run_async(SIGN, &json!([wish, id]))?;
    Ok((answer[0].as_u64().unwrap(), answer[1].as_u64().unwrap()))
}

fn only_id(window: &Window, key: &Plugged) -> Value {
    json!(window.held(key)[0].id)
}

boxed! {
    fn virtual_keys_verify_sync_and_hand_over_their_credentials_as_they_are_told() {
        let scene = Scene::new();
        let window = scene.chromium.window();
        window.go(&scene.page("/forgot-password"));

        let phone = window.plug(&Key::platform());
        assert_eq!(create(&window, "required") & (VERIFIED | BACKUP), VERIFIED);
        let (flags, count) = sign(&window, "required", &Value::Null).unwrap();
        assert_eq!(flags & (VERIFIED | BACKUP), VERIFIED);
        window.knows_its_person(&phone, false);
        assert!(sign(&window, "required", &Value::Null).is_err(), "a stranger's finger");
        window.knows_its_person(&phone, true);
        for (lie, seen) in [(Lie::SignsUnverified, 0), (Lie::SignsNonsense, VERIFIED)] {
            window.lies(&phone, Some(lie));
            assert_eq!(sign(&window, "required", &Value::Null).unwrap().0 & VERIFIED, seen, "{lie:?}");
        }
        window.lies(&phone, None);
        window.touches(&phone, false);
        assert!(sign(&window, "required", &Value::Null).is_err(), "nobody touched it");
        let held = window.held(&phone);
        assert_eq!((held.len(), held[0].rp_id.as_str(), held[0].resident), (1, "localhost", true));
        assert_eq!(held[0].user_handle, Some(vec![1, 2, 3]));
        assert!(u64::from(held[0].sign_count) > count);
        assert!(held[0].private_key.starts_with(&[0x30]), "PKCS #8 is a sequence");
        window.unplug(&phone);

        let other = window.plug(&Key::security_key());
        assert!(sign(&window, "required", &Value::Null).is_err(), "an empty key");
        window.put(&other, &held[0]);
        let (_, next) = sign(&window, "required", &Value::Null).unwrap();
        assert!(next > held[0].sign_count.into(), "the counter goes on: {next}");
        window.wipe(&other);
        assert!(window.held(&other).is_empty());
        window.unplug(&other);

        let manager = window.plug(&Key::platform().synced());
        assert_eq!(create(&window, "required") & BACKUP, BACKUP);
        assert!(window.held(&manager)[0].backup_eligible && window.held(&manager)[0].backed_up);
        window.unplug(&manager);

        for key in [Key::touch_only(), Key::u2f()] {
            let old = window.plug(&key);
            assert_eq!(create(&window, "discouraged") & VERIFIED, 0);
            let id = only_id(&window, &old);
            assert_eq!(sign(&window, "discouraged", &id).unwrap().0 & VERIFIED, 0);
            assert!(sign(&window, "required", &id).is_err(), "it cannot verify anybody");
            window.unplug(&old);
        }

        let stolen = window.plug(&Key::security_key().in_wrong_hands());
        assert!(window.run_async(CREATE, &json!(["required"])).is_err());
        window.unplug(&stolen);
    }
}
