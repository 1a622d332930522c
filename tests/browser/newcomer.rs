//! A part of the way through every page: somebody who has a password and no device binds one on the way in, by ticket too.

use super::looks::Eyes;
use super::scene::Scene;
use super::tour::{People, give_name, sign_out};
use crate::support::chromium::Window;
use samekey_demo::App;

/// Up to the page after the password.
fn give_password(scene: &Scene, window: &Window, people: &People) {
    window.go(&scene.page("/login"));
    give_name(window, people.newcomer);
    window.fill("#password", people.password);
    window.click("button[value=password]");
}

/// Everything between the password and the first page of theirs.
pub fn binds(scene: &Scene, eyes: &Eyes<'_>, people: &People) {
    let (window, machine) = (eyes.window, &scene.site.machine);
    machine.samekey(&["account", "add", people.newcomer], "").unwrap();
    let words = ["account", "password", people.newcomer, "--password-stdin"];
    machine.samekey(&words, people.password).unwrap();
    give_password(scene, window, people);
    eyes.see("bind-choose", "button[value=bind-totp]");
    window.click("button[value=bind-passkey]");
    eyes.see("bind-passkey", "#create");
    window.click("button[value=bind-totp]");
    eyes.see("bind-app", "#app-key");
    let app = App::typed(&window.texts("#app-key")[0]).unwrap();
    window.fill("#code", &app.wrong_code());
    window.click("#bind");
    eyes.see("bind-app-code-wrong", "#problem");
    window.fill("#code", &app.code(app.step()));
    window.click("#bind");
    eyes.see("bind-recovery-codes", "#kept");
    window.click("#continue");
    eyes.see("bind-recovery-codes-not-kept", "#problem");
    window.click("#kept");
    window.click("#continue");
    eyes.see("bind-second-kind", "#later");
    window.click("#later");
    window.until("signed in", |window| !window.texts(".account summary").is_empty());
    sign_out(scene, eyes);

    // Without any device again: after a reset a ticket is asked.
    unbind_all(scene, people);
    give_password(scene, window, people);
    eyes.see("bind-ticket", "#ticket");
    window.fill("#ticket", "BCDF-GHJK");
    window.click("button[value=ticket]");
    eyes.see("bind-ticket-wrong", "#problem");
}

/// Whoever signs in with a password that is easy to guess is told so.
pub fn weak_password(scene: &Scene, eyes: &Eyes<'_>, people: &People) {
    let window = eyes.window;
    let machine = &scene.site.machine;
    let words = ["account", "password", people.newcomer, "--password-stdin"];
    machine.samekey(&words, "Welcome2026!").unwrap();
    let said = machine.samekey(
        &["account", "rescue", people.newcomer, "--for", "1h", "--reason", "tour"],
        "",
    );
    said.unwrap();
    window.go(&scene.page("/login"));
    give_name(window, people.newcomer);
    window.fill("#password", "Welcome2026!");
    window.click("button[value=password]");
    eyes.see("weak-password", "#weak-password");
    window.click("#go-on");
    window.until("signed in", |window| !window.texts(".account summary").is_empty());
    sign_out(scene, eyes);
}

/// Whatever the app was called.
fn unbind_all(scene: &Scene, people: &People) {
    let machine = &scene.site.machine;
    let said = machine
        .samekey(&["device", "list", "--user", people.newcomer, "--json"], "")
        .unwrap();
    let list: serde_json::Value = serde_json::from_str(&said).unwrap();
    for device in list["devices"].as_array().unwrap() {
        let id = device["id"].as_str().unwrap();
        let words = [
            "device",
            "unbind",
            "--user",
            people.newcomer,
            "--device",
            id,
            "--yes",
            "--force",
        ];
        machine.samekey(&words, "").unwrap();
    }
}
