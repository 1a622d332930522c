//! The scene of a browser test: a small site whose web door is open, people with passwords there, and a Chromium.

use crate::support::chromium::{Chromium, Complaint, Window};
use crate::support::site::{Person, Site};
use samekey_demo::machine::WebDoor;
use serde_json::Value;

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
        let mut site = Site::new();
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
        window.go(&format!("{}/sign-in?acr_values=urn:samekey:acr:{level}", self.web.app));
        give_name_and_password(window, person, WEB_PASSWORD);
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
    window.press("Next");
    window.fill("#password", password);
    window.press("Log on");
}

/// Types a code.
pub fn give_code(window: &Window, code: &str) {
    window.fill("#code", code);
    window.press("Verify");
}

/// What the browser holds against the pages seen so far: everything but answers with an error's status, which some are.
pub fn held_against(window: &Window) -> Vec<Complaint> {
    let mut complaints = window.complaints();
    complaints.retain(|complaint| !complaint.text.contains("the server responded with a status of"));
    complaints
}
