//! A key that is not there, not wanted, or not known; a browser without scripts: each is said, and another way is open.

use super::scene::{Scene, WEB_PASSWORD, bind, bind_well, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Key;

boxed! {
    fn a_ceremony_that_ends_without_an_answer_says_so_and_offers_the_other_ways() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let key = window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        window.knows_its_person(&key, false);
        bind(&window, "#create-passkey", "laptop");
        window.until("the problem", |window| !window.texts("#problem").is_empty());
        assert!(window.texts("[data-device]").iter().all(|row| !row.contains("laptop")));
        window.knows_its_person(&key, true);
        bind_well(&window, "#create-passkey", "laptop");
        window.forget_cookies();

        window.wipe(&key);
        scene.up_to_the_second_factor(&window, "ann", "mfa");
        window.click("#use-key");
        window.until("the problem", |window| !window.texts("#problem").is_empty());
        give_code(&window, &ann.recovery_codes[0]);
        scene.claims(&window);
        assert_eq!(held_against(&window), []);
    }

    fn a_passkey_that_was_unbound_is_unknown_and_the_password_still_works() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let key = window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "laptop");
        let held = window.held(&key);
        window.click("//*[@data-device][contains(., 'laptop')]//a[contains(., 'Unbind')]");
        window.fill("#confirmation", "YES");
        window.click("#unbind");
        window.see("The device is unbound.");
        assert!(!window.texts("[data-device]").concat().contains("laptop"));
        window.until("the passkey's end in the browser (Signal API)", |window| window.held(&key).is_empty());
        window.forget_cookies();

        // A copy that heard nothing of it.
        window.put(&key, &held[0]);
        scene.ask_to_sign_in(&window, "mfa");
        window.click("#with-passkey");
        window.until("the problem", |window| !window.texts("#problem").is_empty());
        assert!(scene.site.told(&["key-refused", "key_unknown"]), "{}", scene.site.trail());
        window.until("the copy's end", |window| window.held(&key).is_empty());
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.recovery_codes[0]);
        scene.claims(&window);
    }

    /// R14: no dead button where the browser knows no passkeys; the reason and the other ways are there.
    fn where_a_browser_knows_no_passkeys_a_sentence_takes_the_buttons_place() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        window.before_every_page("delete window.PublicKeyCredential;");
        let shown = |selector: &str| {
            let script = "return [...document.querySelectorAll(arguments[0])].filter(one => one.checkVisibility()).length";
            window.run(script, &serde_json::json!([selector])).as_u64().unwrap()
        };
        scene.ask_to_sign_in(&window, "mfa");
        window.until("the reason", |_| shown("[data-without-passkeys]") == 1);
        assert_eq!(shown("[data-ceremony]"), 0, "{}", window.text());
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        scene.claims(&window);
        window.go(&scene.page("/security"));
        window.until("the reason", |_| shown("[data-without-passkeys]") >= 1);
        assert_eq!(shown("button[data-ceremony]"), 0, "{}", window.text());
    }

    fn without_scripts_the_pages_say_what_keys_need_and_let_the_other_ways_work() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "laptop");
        window.forget_cookies();
        window.scripts(false);
        scene.ask_to_sign_in(&window, "mfa");
        window.see("need scripts");
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        window.see("need scripts");
        give_code(&window, &ann.recovery_codes[0]);
        scene.claims(&window);
        window.go(&scene.page("/security"));
        window.see("need scripts");
    }
}
