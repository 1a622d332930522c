//! The scene of a browser test: a small site whose web door is open, people with passwords there, and a Chromium.

use crate::support::chromium::{Chromium, Complaint, Window};
use crate::support::drawn_keys;
use crate::support::site::{Person, Site};
use samekey_demo::machine::WebDoor;
use serde_json::Value;
use std::path::Path;

/// Everybody's password at the web door.
pub const WEB_PASSWORD: &str = "web horse battery";

/// Site, web door and browser. The browser ends first.
pub struct Scene {
    pub chromium: Chromium,
    pub site: Site,
    pub web: WebDoor,
}

impl Scene {
    /// Everything running, nobody known yet. Only inside a box.
    pub fn new() -> Self {
        Self::at(Site::new())
    }

    /// The same at a site whose configuration has further sections already.
    pub fn at(mut site: Site) -> Self {
        // Not there where sudo keeps what it is given from a box: then the provider draws its own.
        if let Some(drawn) = std::env::var_os(drawn_keys::VARIABLE) {
            drawn_keys::give(Path::new("/etc/samekey/samekey.toml"), drawn.to_str().unwrap());
        }
        let web = site.machine.open_web_door([0, 0]).unwrap();
        Self {
            chromium: Chromium::start(),
            site,
            web,
        }
    }

    /// A person with an app, and a password at the web door.
    pub fn person(&self, name: &'static str) -> Person {
        let person = self.site.person(name);
        let words = ["account", "password", name, "--password-stdin"];
        self.site.machine.samekey(&words, WEB_PASSWORD).unwrap();
        person
    }

    /// The address of one of the provider's pages.
    pub fn page(&self, path: &str) -> String {
        format!("{}{path}", self.web.issuer)
    }

    /// Follows the sample app's link that demands this level (`mfa`, `phr`), and gives name and password.
    pub fn up_to_the_second_factor(&self, window: &Window, person: &str, level: &str) {
        self.ask_to_sign_in(window, level);
        give_name_and_password(window, person, WEB_PASSWORD);
    }

    /// A window in whose name fields no passkey is suggested, as in browsers without that: there the buttons count.
    pub fn window_without_autofill(&self) -> Window {
        let window = self.chromium.window();
        window.before_every_page("PublicKeyCredential.isConditionalMediationAvailable = async () => false;");
        window
    }

    /// Signs in without an application and opens the page of one's own devices.
    pub fn security(&self, window: &Window, person: &str, code: &str) {
        window.go(&self.page("/security"));
        give_name_and_password(window, person, WEB_PASSWORD);
        give_code(window, code);
        window.until("the page of one's devices", |window| {
            !window.texts("#create-passkey").is_empty()
        });
    }

    /// The sample app's link; the provider's first page comes.
    pub fn ask_to_sign_in(&self, window: &Window, level: &str) {
        // What resists phishing has a name of the specification's (EAP ACR Values 1.0), the rest have ours.
        let acr = if level.starts_with("phr") {
            level.to_owned()
        } else {
            format!("urn:samekey:acr:{level}")
        };
        window.go(&format!("{}/sign-in?acr_values={acr}", self.web.app));
    }

    /// Signs out at the sample app, and through it at the provider.
    pub fn sign_out(&self, window: &Window) {
        window.go(&format!("{}/", self.web.app));
        window.press("Sign out");
        window.see("Nobody is signed in.");
    }

    /// The claims that the sample app has verified; waits until it has.
    pub fn claims(&self, window: &Window) -> Value {
        window.arrive(&format!("{}/", self.web.app));
        window.see("Signed in as");
        serde_json::from_str(&window.texts("pre")[0]).unwrap()
    }
}

/// Types name and password, page by page.
pub fn give_name_and_password(window: &Window, person: &str, password: &str) {
    window.fill("#username", person);
    window.click("button[value=name]");
    window.fill("#password", password);
    window.click("button[value=password]");
}

/// Types a code of the app; a recovery code after asking for that way.
pub fn give_code(window: &Window, code: &str) {
    if code.contains('-') {
        window.press("Use a recovery code");
        window.see("Type one of the codes you kept");
    }
    window.fill("#code", code);
    window.press("Verify");
}

/// On the page of one's devices: binds what is plugged in, under this name, by the form `#create-passkey` or
/// `#add-security-key`.
pub fn bind(window: &Window, form: &str, name: &str) {
    window.fill(&format!("{form} input[name=name]"), name);
    window.click(&format!("{form} button[data-ceremony]"));
}

/// The same, and goes back to the page of one's devices after the page that says it worked.
pub fn bind_well(window: &Window, form: &str, name: &str) {
    bind(window, form, name);
    window.click("#continue");
    window.see(name);
}

/// What the page of one's devices says of the device of this name.
pub fn row(window: &Window, name: &str) -> String {
    let rows = window.texts("[data-device]");
    let row = rows.iter().find(|row| row.contains(name));
    row.unwrap_or_else(|| panic!("no {name} among {rows:?}")).clone()
}

/// What the browser holds against the pages seen so far: everything but answers with an error's status, which some are.
pub fn held_against(window: &Window) -> Vec<Complaint> {
    let mut complaints = window.complaints();
    complaints.retain(|complaint| !complaint.text.contains("the server responded with a status of"));
    complaints
}
