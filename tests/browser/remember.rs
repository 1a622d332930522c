//! R27-R29 in a real browser: the box on the second step, six days without a question, and one on the eighth.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use crate::support::earlier;
use serde_json::json;

const DAY: i64 = 86_400;

const WEEK: &str = "version = 1\n[default]\nlevel = \"high\"\ngrace = \"0s\"\nremember = \"7d\"\n\
    methods = [\"totp\", \"recovery-code\", \"passkey\", \"security-key\"]\n";

/// Closes the browser and opens it again: the session is gone, what the cookies say for longer is kept.
fn reopen(scene: &Scene, window: &Window) {
    window.go(&scene.page("/forgot-password"));
    {
        let cookie = "__Host-samekey-session";
        window.devtools(
            "Network.deleteCookies",
            &json!({"name": cookie, "url": scene.page("/")}),
        );
    }
}

fn is_asked(window: &Window) -> bool {
    !window.texts("#code").is_empty()
}

/// Name and password; whether a code is asked then.
fn asked(scene: &Scene, window: &Window) -> bool {
    reopen(scene, window);
    window.go(&scene.page("/login"));
    give_name_and_password(window, "ann", WEB_PASSWORD);
    window.until("a page after the password", |window| {
        is_asked(window) || window.text().contains("Signed in as")
    });
    is_asked(window)
}

fn tick_and_sign_in(scene: &Scene, window: &Window, code: &str) {
    window.go(&scene.page("/login"));
    give_name_and_password(window, "ann", WEB_PASSWORD);
    window.see("Remember this device and do not ask for verification within 7 days.");
    assert_eq!(
        window.attribute("input[name=remember]", "checked"),
        None,
        "R28: unticked"
    );
    window.click("input[name=remember]");
    give_code(window, code);
    window.see("Signed in as");
}

boxed! {
    fn a_ticked_box_spares_the_code_for_seven_days() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        scene.site.policy(WEEK);
        let window = scene.window_without_autofill();
        tick_and_sign_in(&scene, &window, &ann.code());
        let kept = window.cookies();
        let token = kept.iter().find(|cookie| cookie["name"] == "__Host-samekey-remembered").unwrap();
        assert_eq!((&token["httpOnly"], &token["secure"]), (&json!(true), &json!(true)));

        earlier::by(6 * DAY);
        assert!(!asked(&scene, &window), "day 6");
        assert!(scene.site.told(&["sign-in-granted", "\"spared\":\"remembered\""]), "{}", scene.site.trail());
        // The sample app asks for a level, and gets a real prompt (Q13).
        scene.ask_to_sign_in(&window, "mfa");
        window.until("a question", is_asked);
        give_code(&window, &ann.code());
        assert_eq!(scene.claims(&window)["amr"], json!(["pwd", "otp", "mfa"]));

        earlier::by(2 * DAY);
        assert!(asked(&scene, &window), "day 8");
        assert_eq!(held_against(&window), []);
    }

    fn another_browser_is_asked_and_without_scripts_the_box_works_too() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        scene.site.policy(WEEK);
        let window = scene.chromium.window();
        window.scripts(false);
        tick_and_sign_in(&scene, &window, &ann.code());
        assert!(!asked(&scene, &window));
        window.scripts(true);
        assert!(asked(&scene, &scene.chromium.window()), "a browser never seen");
    }
}
