//! Show 2: a key bound once, in the browser, signs in there and confirms `sudo` and a console `login`: one device at both doors.

use crate::browser::scene::{Scene, bind_well};
use crate::support::boxed::boxed;
use crate::support::chromium::{Key, Plugged, Window};
use crate::support::seat::at_the_machine;
use crate::support::site::{PASSWORD, PASSWORD_PROMPT};
use crate::support::soft_key::SoftKey;
use samekey_demo::Terminal;
use samekey_soft_key::order::Touch;
use serde_json::Value;
use std::collections::BTreeSet;

const KEY_PROMPT: &str = "Security key: press Enter";

/// The key of the browser, plugged into the machine.
fn carried(window: &Window, key: &Plugged) -> SoftKey {
    let exported = window.exported(key);
    assert_eq!(exported.len(), 1, "{exported:?}");
    let soft = SoftKey::start();
    soft.import_json(&exported[0].to_string());
    soft
}

/// From the password to the touch.
fn confirm(terminal: &mut Terminal, key: &SoftKey) {
    terminal.see(PASSWORD_PROMPT.trim_end_matches(": ")).unwrap();
    terminal.line(PASSWORD).unwrap();
    terminal.see(KEY_PROMPT).unwrap();
    terminal.line("").unwrap();
    key.until_it_waits();
    key.tap();
}

/// The events of this kind in the trail, oldest first.
fn events(trail: &str, kind: &str) -> Vec<Value> {
    let all = trail
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["event"].take());
    all.filter(|event| event["kind"] == kind).collect()
}

boxed! {
    fn a_key_bound_in_the_browser_confirms_sudo_and_a_console_login_as_the_same_device() {
        let mut scene = Scene::new();
        // It began before the web door, whose address keys are bound for, was in the configuration.
        scene.site.machine.stop("samekey-agent");
        scene.site.machine.start_agent().unwrap();
        let mut ann = scene.person("ann");
        let window = scene.window_without_autofill();
        let virtual_key = window.plug(&Key::security_key());
        scene.security(&window, "ann", &ann.code());
        bind_well(&window, "#create-passkey", "Blue-key");
        window.forget_cookies();
        scene.ask_to_sign_in(&window, "phr");
        window.click("#with-passkey");
        let claims = scene.claims(&window);
        assert_eq!(claims["acr"], "phr", "{claims}");

        let key = carried(&window, &virtual_key);
        key.touch(Touch::Wait);
        let mut sudo = at_the_machine("ann", ["runuser", "-u", "ann", "--", "sudo", "id", "-un"]);
        confirm(&mut sudo, &key);
        sudo.see("root").unwrap();
        assert!(sudo.end().unwrap().success(), "{}", sudo.shown());

        let mut login = at_the_machine("ann", ["login"]);
        login.see("login: ").unwrap();
        login.line("ann").unwrap();
        confirm(&mut login, &key);
        login.see("$ ").unwrap();
        login.line("id -un; exit").unwrap();
        login.see("ann\n").unwrap();

        let trail = scene.site.trail();
        let granted = events(&trail, "sign-in-granted");
        let at = |service: &str| {
            let found = granted.iter().find(|event| event["service"] == service);
            found.unwrap_or_else(|| panic!("no sign-in at {service}:\n{trail}"))["detail"]["device"].clone()
        };
        let devices = [at("oidc:sample"), at("pam:sudo"), at("pam:login")];
        let distinct: BTreeSet<String> = devices.iter().map(Value::to_string).collect();
        assert!(distinct.len() == 1 && devices[0].is_string(), "{devices:?}\n{trail}");
        scene.site.machine.samekey(&["audit", "verify"], "").unwrap();
    }
}
