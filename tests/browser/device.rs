//! `/device` (RFC 8628) in a browser: a code typed wrong, one that nobody has, one approved, one refused; and what the program hears.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use samekey_demo::Browser;
use serde_json::Value;
use url::Url;

const GRANT: &str = "urn:ietf:params:oauth:grant-type:device_code";

/// A program without a browser of its own.
struct Program {
    http: Browser,
    token: Url,
    codes: Value,
}

impl Program {
    /// Asks for its codes.
    fn begin(scene: &Scene) -> Self {
        let mut http = Browser::default();
        let address = Url::parse(&scene.page("/device_authorization")).unwrap();
        let told = http
            .request(&address, Some("client_id=tv&scope=openid+profile"))
            .unwrap();
        assert_eq!(told.status, 200, "{}", told.body);
        Self {
            http,
            token: Url::parse(&scene.page("/token")).unwrap(),
            codes: serde_json::from_str(&told.body).unwrap(),
        }
    }

    fn code(&self) -> &str {
        self.codes["user_code"].as_str().unwrap()
    }

    /// What it is told when it asks whether somebody decided.
    fn poll(&mut self) -> Value {
        let code = self.codes["device_code"].as_str().unwrap();
        let body = format!("grant_type={GRANT}&client_id=tv&device_code={code}");
        let told = self.http.request(&self.token, Some(&body)).unwrap();
        serde_json::from_str(&told.body).unwrap()
    }
}

fn type_code(window: &Window, code: &str) {
    window.fill("#user_code", code);
    window.click("button[value=find]");
}

boxed! {
    fn a_person_signs_in_their_device_by_its_code_and_refuses_another() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let further = format!("grant-types = [\"authorization_code\", \"{GRANT}\"]");
        let words = ["client", "add", "tv", "--name", "The television", "--public", "--redirect", "http://127.0.0.1/cb"];
        let words = [words.as_slice(), &["--set", &further]].concat();
        scene.site.machine.samekey(&words, "").unwrap();
        let (mut mine, mut theirs) = (Program::begin(&scene), Program::begin(&scene));
        assert_eq!(mine.poll()["error"], "authorization_pending");

        // Whoever is not signed in signs in, and comes back.
        let window = scene.chromium.window();
        window.go(&scene.page("/device"));
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        window.see("Code of the device");

        type_code(&window, "no code");
        window.see("A code has eight letters");
        assert_eq!(window.attribute("#user_code", "aria-invalid").as_deref(), Some("true"));
        let unknown = if mine.code() == "BCDF-GHJK" { "BCDF-GHJL" } else { "BCDF-GHJK" };
        type_code(&window, unknown);
        window.see("No device waits with that code");
        assert_eq!(window.attribute("#user_code", "value").as_deref(), Some(unknown), "to be compared");

        // As people type it.
        type_code(&window, &mine.code().to_lowercase().replace('-', " "));
        window.see("Is this your own device");
        window.see("The television");
        window.see("your name, user name");
        assert!(!window.texts("#phishing").is_empty(), "the warning");
        window.click("#allow");
        window.see("Device signed in");
        let tokens = mine.poll();
        assert!(tokens["access_token"].is_string() && tokens["id_token"].is_string(), "{tokens}");
        assert_eq!(mine.poll()["error"], "invalid_grant", "once");

        // The link that a device shows as a picture fills the field, and decides nothing.
        window.go(theirs.codes["verification_uri_complete"].as_str().unwrap());
        assert_eq!(window.attribute("#user_code", "value").as_deref(), Some(theirs.code()));
        assert_eq!(theirs.poll()["error"], "authorization_pending");
        window.click("button[value=find]");
        window.see("Is this your own device");
        window.click("#deny");
        window.see("Device refused");
        assert_eq!(theirs.poll()["error"], "access_denied");
        window.press("Sign in another device");
        type_code(&window, theirs.code());
        window.see("No device waits with that code");
        assert_eq!(held_against(&window), []);
    }
}
