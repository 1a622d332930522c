//! Show 6: a U2F key works as second factor, is marked, and is replaced by its passkey only after that has signed once.

use super::scene::{Scene, bind_well, row};
use crate::support::boxed::boxed;
use crate::support::chromium::Key;
use serde_json::json;

boxed! {
    fn an_old_key_works_until_its_passkey_has_signed_once() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let old = window.plug(&Key::u2f());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#add-security-key", "old_key");
        assert!(row(&window, "old_key").contains("Update to passkey"), "{}", row(&window, "old_key"));
        window.forget_cookies();

        scene.up_to_the_second_factor(&window, "ann", "mfa");
        window.click("#use-key");
        let claims = scene.claims(&window);
        assert_eq!(claims["amr"], json!(["pwd", "pop", "mfa"]));

        // The same key in a world that knows more of it: the old credential is on it, and it can hold a passkey.
        let held = window.held(&old);
        window.unplug(&old);
        let new = window.plug(&Key::security_key());
        window.put(&new, &held[0]);
        window.go(&scene.page("/security"));
        window.press("Update to passkey");
        window.fill("#update-to-passkey input[name=name]", "new_key");
        window.click("#update-to-passkey button[data-ceremony]");
        window.click("#continue");
        row(&window, "old_key");
        row(&window, "new_key");
        scene.sign_out(&window);

        scene.ask_to_sign_in(&window, "phr");
        window.click("#with-passkey");
        scene.claims(&window);
        window.go(&scene.page("/security"));
        row(&window, "new_key");
        let rows = window.texts("[data-device]").concat();
        assert!(!rows.contains("old_key"), "{rows}");
        assert!(scene.site.told(&["device-unbound", "old_key"]), "{}", scene.site.trail());
        assert_eq!(window.held(&new).len(), 2, "one key, two credentials");
    }
}
