//! Show 1: a passkey bound in the browser signs in alone, by autofill and after the password; what the application is
//! told is what was proven.

use super::scene::{Scene, bind_well, held_against, row};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Lie};
use serde_json::json;

boxed! {
    fn a_passkey_signs_in_alone_by_autofill_and_after_the_password() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let key = window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "laptop");
        let shown = row(&window, "laptop");
        assert!(shown.contains("Passkey") && shown.contains("on this device only"), "{shown}");
        window.forget_cookies();

        scene.ask_to_sign_in(&window, "phr");
        window.click("#with-passkey");
        let claims = scene.claims(&window);
        assert_eq!(claims["acr"], "phr");
        assert_eq!(claims["amr"], json!(["pop", "user", "mfa"]), "no password was given");
        assert_eq!(claims["userinfo"]["preferred_username"], "ann");
        scene.sign_out(&window);

        scene.up_to_the_second_factor(&window, "ann", "phr");
        window.click("#use-key");
        let claims = scene.claims(&window);
        assert_eq!(claims["acr"], "phr");
        assert_eq!(claims["amr"], json!(["pwd", "pop", "mfa"]), "after the password a touch was asked, and no more proven");
        scene.sign_out(&window);
        assert_eq!(held_against(&window), []);

        // The same passkey in a browser that suggests it in the name field.
        let held = window.held(&key);
        let suggesting = scene.chromium.window();
        let other = suggesting.plug(&Key::platform());
        suggesting.put(&other, &held[0]);
        scene.ask_to_sign_in(&suggesting, "phr");
        let claims = scene.claims(&suggesting);
        assert_eq!(claims["acr"], "phr");
        assert_eq!(claims["amr"], json!(["pop", "user", "mfa"]));
        assert_eq!(held_against(&suggesting), []);
    }

    fn without_verification_a_passkey_alone_opens_nothing() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let key = window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "laptop");
        window.forget_cookies();

        scene.ask_to_sign_in(&window, "phr");
        window.knows_its_person(&key, false);
        window.click("#with-passkey");
        window.until("the problem", |window| !window.texts("#problem").is_empty());
        assert!(window.address().starts_with(&scene.web.issuer), "a stranger's finger is no sign-in");

        // A key that signs without having verified: the browser passes it on, the server must not.
        window.knows_its_person(&key, true);
        for (lie, reason) in [(Lie::SignsUnverified, "user_verification_missing"), (Lie::SignsNonsense, "key_malformed")] {
            window.lies(&key, Some(lie));
            scene.ask_to_sign_in(&window, "phr");
            window.click("#with-passkey");
            window.until("the problem", |window| !window.texts("#problem").is_empty());
            assert!(scene.site.told(&["key-refused", reason]), "{}", scene.site.trail());
        }

        // After the password the touch is a second factor, and no more is claimed.
        window.unplug(&key);
        let plain = window.plug(&Key::touch_only());
        scene.security(&window, "ann", &ann.recovery_codes[0]);
        bind_well(&window, "#add-security-key", "touch");
        window.forget_cookies();
        scene.up_to_the_second_factor(&window, "ann", "phr");
        window.click("#use-key");
        let claims = scene.claims(&window);
        assert_eq!(claims["amr"], json!(["pwd", "pop", "mfa"]), "nobody was verified");
        assert_eq!(window.held(&plain).len(), 1);
    }

    fn a_synced_passkey_is_shown_and_claimed_as_one() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let bound = window.plug(&Key::platform());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "laptop");
        window.unplug(&bound);
        window.plug(&Key::platform().synced());
        bind_well(&window, "#create-passkey", "cloud");
        let (device_bound, synced) = (row(&window, "laptop"), row(&window, "cloud"));
        assert!(synced.contains("synced") && !device_bound.contains("synced"), "{device_bound}\n{synced}");
        window.forget_cookies();
        scene.ask_to_sign_in(&window, "phr");
        window.click("#with-passkey");
        assert_eq!(scene.claims(&window)["amr"], json!(["swk", "user", "mfa"]));
    }
}
