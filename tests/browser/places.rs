//! Show 7: eight keys bind and no ninth; a name is what the seed allows; of two at once for the last place one gets it.

use super::scene::{Scene, bind, bind_well};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Window};

/// The rule for names, as the page says it (R69).
const RULE: &str = "Only letters, digits, hyphens (-) and underscores (_)";
/// The limit, as the pages say it (M06).
const LIMIT: &str = "You already have 8 passkeys and security keys, the most allowed.";
/// Holds a made credential back until the test says go.
const HELD_BACK: &str = "const real = navigator.credentials.create.bind(navigator.credentials);
    navigator.credentials.create = async (options) => {
        const made = await real(options);
        await new Promise((go) => { window.go = go; });
        return made;
    };";

/// Binds a new key of its own under this name.
fn one_more(window: &Window, name: &str) {
    let key = window.plug(&Key::security_key());
    bind_well(window, "#create-passkey", name);
    window.unplug(&key);
}

boxed! {
    fn eight_keys_bind_and_the_ninth_is_refused_with_the_limit() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        scene.security(&window, "ann", &ann.code());

        let key = window.plug(&Key::security_key());
        bind(&window, "#create-passkey", "my laptop!");
        window.until("the problem", |window| !window.texts("#problem").is_empty());
        assert!(window.texts("#problem")[0].contains(RULE), "{:?}", window.texts("#problem"));
        assert!(window.held(&key).is_empty(), "the name is looked at before the key is asked");
        window.unplug(&key);

        let stale = scene.chromium.window();
        scene.security(&stale, "ann", &ann.recovery_codes[0]);
        let ninth = stale.plug(&Key::security_key());
        for number in 1..=8 {
            one_more(&window, &format!("key_{number}"));
        }
        assert_eq!(window.texts("[data-device]").iter().filter(|row| row.contains("key_")).count(), 8);
        window.see(LIMIT);
        assert!(window.texts("#create-passkey").is_empty(), "no form for a ninth");
        // A page from before still has the form.
        bind(&stale, "#create-passkey", "key_9");
        stale.see(LIMIT);
        assert!(stale.held(&ninth).is_empty(), "the limit is looked at before the key is asked");
    }

    fn of_two_at_once_for_the_last_place_one_gets_it() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let windows = [ann.code(), ann.recovery_codes[0].clone()].map(|code| {
            let window = scene.chromium.window();
            scene.security(&window, "ann", &code);
            window
        });
        for number in 1..=7 {
            one_more(&windows[0], &format!("key_{number}"));
        }
        for (number, window) in windows.iter().enumerate() {
            window.before_every_page(HELD_BACK);
            window.go(&scene.page("/security"));
            window.plug(&Key::security_key());
            bind(window, "#create-passkey", &format!("last_{number}"));
            window.until("the key's answer", |window| {
                window.run("return typeof window.go", &serde_json::json!([])) == "function"
            });
        }
        std::thread::scope(|scope| {
            for window in &windows {
                scope.spawn(|| window.run("window.go()", &serde_json::json!([])));
            }
        });
        for window in &windows {
            window.until("an answer", |window| {
                !window.texts("#problem").is_empty() || !window.texts("#continue").is_empty()
            });
        }
        let bound = windows.iter().filter(|window| !window.texts("#continue").is_empty()).count();
        assert_eq!(bound, 1);
        windows[0].go(&scene.page("/security"));
        assert_eq!(windows[0].texts("[data-device]").iter().filter(|row| row.contains("last_")).count(), 1);
    }
}
