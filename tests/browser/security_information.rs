//! Security Information as a person walks it: every row and every button, with scripts and without them.

use super::scene::{Scene, WEB_PASSWORD, bind, bind_well, give_code, give_name_and_password, held_against, row};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Window};
use samekey_demo::App;
use serde_json::json;

/// Has seen this page, and that the browser has nothing against it.
fn seen(window: &Window, text: &str) {
    window.see(text);
    assert_eq!(held_against(window), [], "on the page that says {text:?}");
}

/// Follows the link beside the device of this name.
fn follow(window: &Window, action: &str, name: &str) {
    window.click(&format!("[data-device] a[aria-label=\"{action} {name}\"]"));
}

/// What the person calls their app: the only device of that kind.
fn app_name(window: &Window) -> String {
    let row = row(window, "Authenticator app");
    row.split_whitespace().next().unwrap().to_owned()
}

/// What a camera reads from the picture on the page: its path is drawn anew, four pixels a module.
fn camera(window: &Window) -> String {
    const PIXELS: usize = 4;
    let side: usize = window
        .attribute("svg.qr", "viewBox")
        .and_then(|view| view.rsplit(' ').next()?.parse().ok())
        .unwrap();
    let path = window.attribute("svg.qr path", "d").unwrap();
    let mut dark = vec![false; side * side];
    for run in path.split('M').skip(1) {
        let numbers: Vec<usize> = run
            .split(|c: char| !c.is_ascii_digit())
            .filter_map(|number| number.parse().ok())
            .collect();
        let start = numbers[1] * side + numbers[0];
        dark[start..start + numbers[2]].fill(true);
    }
    let pixels = side * PIXELS;
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(pixels, pixels, |x, y| {
        if dark[y / PIXELS * side + x / PIXELS] { 0 } else { 255 }
    });
    let codes = picture.detect_grids();
    assert_eq!(codes.len(), 1);
    codes[0].decode().unwrap().1
}

/// Replaces the app, after one wrong code; the new one.
fn replace_app(window: &Window, old: &str, new: &str) -> App {
    follow(window, "Replace", old);
    seen(window, "Scan QR code (recommended)");
    window.see(&format!("{old} stays valid until"));
    let app = App::typed(&window.texts("#app-key")[0]).unwrap();
    assert_eq!(
        App::scan(&camera(window)).unwrap().key_text(),
        app.key_text(),
        "picture and text are one key"
    );
    window.fill("#name", new);
    window.fill("#code", &app.wrong_code());
    window.click("#bind");
    seen(window, "That code is not right.");
    assert_eq!(
        window.attribute("#name", "value").as_deref(),
        Some(new),
        "what was typed stays"
    );
    assert_eq!(
        App::typed(&window.texts("#app-key")[0]).unwrap().key_text(),
        app.key_text(),
        "the same key"
    );
    window.fill("#code", &app.code(app.step()));
    window.click("#bind");
    seen(window, "MFA device is added");
    window.click("#continue");
    row(window, new);
    app
}

fn rename(window: &Window, old: &str, new: &str) {
    follow(window, "Rename", old);
    window.fill("#name", "not a name");
    window.click("#save-name");
    seen(window, "Only letters, digits, hyphens (-) and underscores (_)");
    assert_eq!(window.attribute("#name", "value").as_deref(), Some("not a name"));
    window.fill("#name", new);
    window.click("#save-name");
    seen(window, "The device has its new name.");
    row(window, new);
}

fn unbind(window: &Window, name: &str) {
    follow(window, "Unbind", name);
    seen(window, &format!("Type YES to unbind {name}."));
    window.fill("#confirmation", "no");
    window.click("#unbind");
    seen(window, "Nothing was changed.");
    window.fill("#confirmation", "yes");
    window.click("#unbind");
    seen(window, "The device is unbound.");
    let rows = window.texts("[data-device]").concat();
    assert!(!rows.contains(name), "{rows}");
}

/// Makes new recovery codes, and takes them down.
fn new_codes(window: &Window) -> Vec<String> {
    window.click("#new-codes");
    seen(window, "stop working at once");
    window.click("#make-codes");
    seen(window, "no earlier one does");
    let codes = window.texts("#recovery-codes code");
    assert_eq!(codes.len(), 10);
    window.click("#continue");
    window.see("10 left");
    codes
}

/// Signs in in another window by a recovery code.
fn elsewhere(scene: &Scene, code: &str) -> Window {
    let window = scene.chromium.window();
    window.go(&scene.page("/security"));
    give_name_and_password(&window, "ann", WEB_PASSWORD);
    give_code(&window, code);
    window.see("This browser");
    window
}

fn is_signed_out(scene: &Scene, window: &Window) {
    window.go(&scene.page("/security"));
    window.see("User name");
}

boxed! {
    fn every_row_and_every_button_does_what_it_says() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        scene.security(&window, "ann", &ann.code());
        seen(&window, "To avoid being locked out, bind at least two different types");
        assert!(row(&window, "Authenticator app").contains("on the web (sign-in)"), "{}", row(&window, "Authenticator app"));

        // Two kinds of key.
        let laptop = window.plug(&Key::platform());
        bind_well(&window, "#create-passkey", "laptop");
        assert!(row(&window, "laptop").contains("Highest"));
        window.unplug(&laptop);
        let blue = window.plug(&Key::touch_only());
        bind(&window, "#add-security-key", "not a name");
        seen(&window, "Only letters, digits, hyphens (-) and underscores (_)");
        assert_eq!(window.attribute("#add-security-key input[name=name]", "value").as_deref(), Some("not a name"));
        bind_well(&window, "#add-security-key", "blue");
        assert!(row(&window, "blue").contains("Update to passkey"));
        window.unplug(&blue);
        assert!(!window.text().contains("To avoid being locked out"));

        // Names, the app, the codes.
        rename(&window, "blue", "Blue-2");
        let old = app_name(&window);
        let app = replace_app(&window, &old, "Pixel-9");
        assert_ne!(app.key_text(), ann.app.key_text());
        let codes = new_codes(&window);

        // Browsers: one by one, all others, everywhere.
        let other = elsewhere(&scene, &codes[0]);
        window.go(&scene.page("/security"));
        assert_eq!(window.texts("[data-session]").len(), 2);
        assert!(window.texts("[data-session]")[0].contains("This browser"));
        assert!(window.texts("[data-session]")[1].contains("Chrome (Linux)"), "{:?}", window.texts("[data-session]"));
        window.press("End");
        seen(&window, "The session is ended.");
        is_signed_out(&scene, &other);
        let (one, two) = (elsewhere(&scene, &codes[1]), elsewhere(&scene, &codes[2]));
        window.go(&scene.page("/security"));
        window.press("Sign out all other browsers");
        seen(&window, "All other browsers are signed out.");
        is_signed_out(&scene, &one);
        is_signed_out(&scene, &two);

        // Unbinding, to the last.
        unbind(&window, "Blue-2");
        unbind(&window, "Pixel-9");
        follow(&window, "Unbind", "laptop");
        seen(&window, "This is your last usable device.");
        assert!(window.texts("#unbind").is_empty());
        window.press("Back");

        window.press("Sign out everywhere");
        seen(&window, "You are signed out");
        is_signed_out(&scene, &window);
        for event in ["device-bound", "device-renamed", "device-unbound", "recovery-codes-made", "session-ended"] {
            assert!(scene.site.told(&[event, "account:ann", "\"door\":\"web\"", "\"source\":\"127.0.0.1\""]), "{event}: {}", scene.site.trail());
        }
    }

    fn without_scripts_everything_but_keys_is_done() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        window.scripts(false);
        window.go(&scene.page("/security"));
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        seen(&window, "Passkeys and security keys need scripts, and this browser runs none.");
        let dead = "return document.querySelector('#create-passkey button[data-ceremony]').hidden";
        assert_eq!(window.run(dead, &json!([])), json!(true), "no dead button");
        let old = app_name(&window);
        rename(&window, &old, "Old-app");
        replace_app(&window, "Old-app", "New-app");
        let codes = new_codes(&window);
        let other = elsewhere(&scene, &codes[0]);
        window.go(&scene.page("/security"));
        window.press("End");
        seen(&window, "The session is ended.");
        is_signed_out(&scene, &other);
        follow(&window, "Unbind", "New-app");
        seen(&window, "This is your last usable device.");
        window.press("Back");
        unbind(&window, "recovery-codes");
        seen(&window, "You have no recovery codes.");
        window.press("Sign out everywhere");
        seen(&window, "You are signed out");
        is_signed_out(&scene, &window);
    }

    /// R47.
    fn after_a_sign_in_with_the_phone_a_passkey_of_this_device_is_offered() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        scene.security(&window, "ann", &ann.code());
        let phone = window.plug(&Key::phone());
        bind_well(&window, "#create-passkey", "phone-1");
        assert!(window.texts("#offer").is_empty(), "nobody has signed in with it yet");
        window.forget_cookies();
        window.go(&scene.page("/login"));
        window.click("#with-passkey");
        window.arrive(&scene.page("/"));
        window.until("the end of the sign-in", |window| !window.address().contains("sign-in"));
        window.go(&scene.page("/security"));
        seen(&window, "Create one on this device, and next time you need only this one.");
        window.unplug(&phone);
        window.plug(&Key::platform());
        bind_well(&window, "#create-passkey", "laptop");
        assert!(window.texts("#offer").is_empty(), "the offer was taken");
    }
}
