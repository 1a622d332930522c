//! What a browser does for applications at a sign-out: front-channel frames, and the frame of session management, each in a real page of
//! another origin.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::application::Application;
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use samekey_demo::Browser;
use serde_json::{Value, json};
use url::Url;
use url::form_urlencoded::Serializer;

/// Asks the frame of session management, as an application's page does (Session Management 1.0 section 3.1).
const ASK: &str = "const [text, origin] = arguments;
    const frame = document.querySelector('iframe');
    return await new Promise((answered) => {
        addEventListener('message', (event) => answered([event.origin, event.data]), { once: true });
        frame.contentWindow.postMessage(text, origin);
    });";

/// An application that is registered.
struct Registered<'a> {
    scene: &'a Scene,
    application: &'a Application,
    secret: String,
}

impl<'a> Registered<'a> {
    fn new(scene: &'a Scene, application: &'a Application) -> Self {
        let [callback, bye, out] = ["/cb", "/bye", "/out"].map(|path| application.at(path));
        let further = format!("frontchannel-logout-uri = \"{out}\"");
        let words = [
            "--json",
            "client",
            "add",
            "mail",
            "--redirect",
            &callback,
            "--post-logout",
            &bye,
        ];
        let words = [words.as_slice(), &["--pkce-optional", "--set", &further]].concat();
        let told = scene.site.machine.samekey(&words, "").unwrap();
        let told: Value = serde_json::from_str(&told).unwrap();
        Self {
            scene,
            application,
            secret: told["secret"].as_str().unwrap().to_owned(),
        }
    }

    /// Where it sends people to sign in.
    fn request(&self, further: &[(&str, &str)]) -> String {
        let callback = self.application.at("/cb");
        let plain = [
            ("client_id", "mail"),
            ("redirect_uri", callback.as_str()),
            ("response_type", "code"),
            ("scope", "openid"),
            ("state", "s"),
        ];
        let query = Serializer::new(String::new())
            .extend_pairs(plain)
            .extend_pairs(further)
            .finish();
        self.scene.page(&format!("/authorize?{query}"))
    }

    /// What the browser brings back to it.
    fn returned(&self, window: &Window, name: &str) -> String {
        window.arrive(&self.application.at("/cb?"));
        let address = Url::parse(&window.address()).unwrap();
        let found = address.query_pairs().find(|(known, _)| known == name);
        found.unwrap_or_else(|| panic!("no {name} in {address}")).1.into_owned()
    }

    /// Redeems the code that the browser brought: from then on the session is its session too. The ID token.
    fn redeem(&self, window: &Window) -> String {
        let (code, callback) = (self.returned(window, "code"), self.application.at("/cb"));
        let body = Serializer::new(String::new())
            .extend_pairs([
                ("grant_type", "authorization_code"),
                ("client_id", "mail"),
                ("client_secret", self.secret.as_str()),
                ("redirect_uri", callback.as_str()),
                ("code", code.as_str()),
            ])
            .finish();
        let token = Url::parse(&self.scene.page("/token")).unwrap();
        let told = Browser::default().request(&token, Some(&body)).unwrap();
        let told: Value = serde_json::from_str(&told.body).unwrap();
        told["id_token"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned()
    }

    /// What the frame in its page says of this `session_state`.
    fn judged(&self, window: &Window, session_state: &str) -> String {
        window.go(&self.application.at("/page"));
        let text = format!("mail {session_state}");
        let told = window.run_async(ASK, &json!([text, self.scene.web.issuer])).unwrap();
        assert_eq!(told[0], self.scene.web.issuer.as_str(), "who answered");
        told[1].as_str().unwrap().to_owned()
    }
}

boxed! {
    fn signing_out_loads_each_applications_frame_and_then_goes_on() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let application = Application::open("the application");
        let mail = Registered::new(&scene, &application);
        let window = scene.chromium.window();
        window.go(&mail.request(&[]));
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        let id_token = mail.redeem(&window);

        let bye = application.at("/bye");
        let query = Serializer::new(String::new())
            .extend_pairs([("id_token_hint", id_token.as_str()), ("post_logout_redirect_uri", bye.as_str()), ("state", "left")])
            .finish();
        window.go(&scene.page(&format!("/logout?{query}")));
        window.arrive(&format!("{bye}?state=left"));
        window.until("the frame", |_| !application.queries("/out").is_empty());
        let told = application.queries("/out");
        assert_eq!(told.len(), 1, "{told:?}");
        let pairs: Vec<_> = url::form_urlencoded::parse(told[0].as_bytes()).into_owned().collect();
        let value = |name: &str| pairs.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        assert_eq!(value("iss").as_deref(), Some(scene.web.issuer.as_str()));
        assert!(value("sid").is_some_and(|sid| sid.len() == 32), "{told:?}");
        assert_eq!(held_against(&window), [], "the page's own rules let its frames in");

        // The session is over: the next request asks again, and there is no second frame.
        window.go(&mail.request(&[("prompt", "none")]));
        assert_eq!(mail.returned(&window, "error"), "login_required");
        window.go(&scene.page("/logout"));
        window.see("You are signed out");
        assert_eq!(application.queries("/out").len(), 1);
    }

    fn the_frame_of_session_management_tells_what_its_cookie_tells() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let frame = format!("<iframe src=\"{}\" title=\"session\"></iframe>", scene.page("/check-session"));
        let application = Application::open(&frame);
        let mail = Registered::new(&scene, &application);
        let window = scene.chromium.window();
        window.go(&mail.request(&[("prompt", "none")]));
        assert_eq!(mail.returned(&window, "error"), "login_required");
        let nobody = mail.returned(&window, "session_state");
        assert_eq!(mail.judged(&window, &nobody), "unchanged", "until somebody signs in");

        window.go(&mail.request(&[]));
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        let somebody = mail.returned(&window, "session_state");
        assert_eq!(mail.judged(&window, &somebody), "unchanged");
        assert_eq!(mail.judged(&window, &nobody), "changed");
        assert_eq!(mail.judged(&window, &somebody.to_uppercase()), "changed");
        assert_eq!(mail.judged(&window, "no state"), "error");

        window.go(&scene.page("/logout"));
        window.press("Sign out");
        window.see("You are signed out");
        assert_eq!(mail.judged(&window, &somebody), "changed");
        assert_eq!(mail.judged(&window, &nobody), "unchanged");
        assert_eq!(held_against(&window), []);
    }
}
