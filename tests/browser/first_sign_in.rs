//! A first sign-in in a real Chromium: a device has to be bound, the sample app's request is kept, and what was bound is
//! the proof (R33 to R37, R39).

use super::scene::{Scene, WEB_PASSWORD, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Window};
use samekey_demo::App;

/// A second factor for everybody, from now on.
const POLICY: &str = "version = 1\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"recovery-code\"]\n[settings]\n";

/// Everything running, and bob, who has a password and no device. `settings` follow in the policy.
pub fn newcomer(settings: &str) -> Scene {
    let scene = Scene::new();
    let machine = &scene.site.machine;
    std::fs::write("/root/first.toml", format!("{POLICY}{settings}")).unwrap();
    machine.samekey(&["policy", "apply", "/root/first.toml"], "").unwrap();
    machine.samekey(&["account", "add", "bob"], "").unwrap();
    let words = ["account", "password", "bob", "--password-stdin"];
    machine.samekey(&words, WEB_PASSWORD).unwrap();
    scene
}

/// Up to the page that has bob bind a device.
fn up_to_the_choice(scene: &Scene, window: &Window) {
    scene.ask_to_sign_in(window, "mfa");
    give_name_and_password(window, "bob", WEB_PASSWORD);
    window.see("Your administrator requires a second factor. Bind one now to go on.");
}

/// Keeps the codes, and puts a second kind off.
fn keep_the_codes(window: &Window) {
    window.see("Recovery codes");
    assert_eq!(window.texts("#recovery-codes code").len(), 10);
    window.click("#continue");
    window.see("Keep the recovery codes first");
    window.click("#kept");
    window.click("#continue");
}

fn put_off(window: &Window) {
    window.see("Add a second kind so that you are not locked out");
    window.click("#later");
}

/// Takes the key that the page shows into an app, and types its code.
fn bind_the_app(window: &Window) -> App {
    window.click("button[value=bind-totp]");
    window.see("Add manually");
    let app = App::typed(&window.texts("#app-key")[0]).unwrap();
    window.fill("#code", &app.wrong_code());
    window.click("#bind");
    window.see("That code is not right");
    window.fill("#code", &app.code(app.step()));
    window.click("#bind");
    app
}

boxed! {
    fn a_first_sign_in_binds_a_passkey_and_goes_on_to_the_application() {
        let scene = newcomer("");
        let window = scene.window_without_autofill();
        let phone = window.plug(&Key::platform());
        up_to_the_choice(&scene, &window);
        assert_eq!(window.texts(".picker button strong"), ["Passkey", "Security key", "Authenticator app"]);
        window.click("button[value=bind-passkey]");
        window.fill("#name", "laptop");
        window.click("#create");
        keep_the_codes(&window);
        assert_eq!(window.held(&phone).len(), 1);
        window.click("#use-key");
        put_off(&window);
        let claims = scene.claims(&window);
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "pop", "mfa"]), "{claims}");
        assert!(scene.site.told(&["device-bound", "bob", "laptop"]), "{}", scene.site.trail());
        assert!(held_against(&window).is_empty(), "{:?}", held_against(&window));
        // The next sign-in asks for what was bound.
        scene.sign_out(&window);
        scene.ask_to_sign_in(&window, "mfa");
        give_name_and_password(&window, "bob", WEB_PASSWORD);
        window.click("#use-key");
        scene.claims(&window);
    }

    fn a_first_sign_in_binds_an_app_and_goes_on_to_the_application() {
        let scene = newcomer("");
        let window = scene.window_without_autofill();
        up_to_the_choice(&scene, &window);
        bind_the_app(&window);
        keep_the_codes(&window);
        put_off(&window);
        let claims = scene.claims(&window);
        assert_eq!(claims["amr"], serde_json::json!(["pwd", "otp", "mfa"]), "{claims}");
        assert!(held_against(&window).is_empty(), "{:?}", held_against(&window));
    }

    fn without_scripts_a_first_sign_in_binds_an_app() {
        let scene = newcomer("");
        let window = scene.chromium.window();
        window.scripts(false);
        up_to_the_choice(&scene, &window);
        window.click("button[value=bind-passkey]");
        window.see("need scripts");
        bind_the_app(&window);
        keep_the_codes(&window);
        put_off(&window);
        scene.claims(&window);
    }

    fn a_ticket_opens_the_binding_after_user_name_and_password() {
        let scene = newcomer("first-bind = \"ticket\"\n");
        let window = scene.chromium.window();
        scene.ask_to_sign_in(&window, "mfa");
        give_name_and_password(&window, "bob", WEB_PASSWORD);
        window.see("Show your enrolment ticket");
        let said = scene.site.machine.samekey(&["ticket", "new", "bob", "--json"], "").unwrap();
        let ticket: serde_json::Value = serde_json::from_str(&said).unwrap();
        window.fill("#ticket", &ticket["code"].as_str().unwrap().to_lowercase());
        window.click("button[value=ticket]");
        bind_the_app(&window);
        keep_the_codes(&window);
        put_off(&window);
        scene.claims(&window);
        assert!(scene.site.told(&["ticket-used", "bob"]), "{}", scene.site.trail());
    }
}
