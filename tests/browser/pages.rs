//! The pages that need no key, as a real browser shows them: in, out, refused; and nothing that their own policy forbids.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use serde_json::{Value, json};

/// Has seen this page, and that the browser has nothing against it.
fn seen(window: &Window, text: &str) {
    window.see(text);
    assert_eq!(held_against(window), [], "on the page that says {text:?}");
}

boxed! {
    fn password_and_code_open_the_sample_app_and_signing_out_closes_it() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let window = scene.chromium.window();
        window.go(&format!("{}/", scene.web.app));
        window.press("Sign in, two factors demanded");
        seen(&window, "to go on to Sample app");
        give_name_and_password(&window, "ann", "almost horse battery");
        seen(&window, "User name or password is not right.");
        window.fill("#password", &format!("{WEB_PASSWORD}\u{E007}"));
        seen(&window, "Open your authenticator app");
        give_code(&window, &ann.app.wrong_code());
        seen(&window, "That code is not right.");
        give_code(&window, &ann.code());
        let claims = scene.claims(&window);
        assert_eq!(claims["acr"], "urn:samekey:acr:mfa");
        assert_eq!(claims["amr"], json!(["pwd", "otp", "mfa"]));
        assert_eq!(claims["userinfo"]["preferred_username"], "ann");

        window.go(&scene.page("/"));
        seen(&window, "You are signed in");
        assert_eq!(window.title(), "You are signed in · Samekey");
        let cookies = window.cookies();
        // One is for a script: what applications' frames watch (Session Management 1.0, 3.2). It opens nothing.
        let watched = |cookie: &&Value| cookie["name"] == "__Host-samekey-state";
        assert_eq!(cookies.iter().filter(watched).count(), 1, "{cookies:?}");
        let kept = cookies.iter().filter(|cookie| !watched(cookie)).all(|cookie| cookie["httpOnly"] == true);
        assert!(cookies.len() > 1 && kept, "{cookies:?}");
        window.go(&format!("{}/", scene.web.app));
        window.press("Sign out");
        window.see("Nobody is signed in.");
        // The way back leads to the page that said who was signed in; nothing of it was kept.
        window.back();
        window.back();
        seen(&window, "User name");
        assert!(window.address().starts_with(&scene.page("/")), "{}", window.address());
        assert_eq!(window.attribute("#username", "autocapitalize").as_deref(), Some("none"));
    }

    fn pages_of_refusal_say_what_happened() {
        let scene = Scene::new();
        scene.person("ann");
        let window = scene.chromium.window();
        for (path, text) in [
            ("/nowhere", "There is no such page"),
            ("/forgot-password", "Passwords cannot be retrieved."),
            ("/authorize?client_id=nobody", "not registered"),
            ("/authorize?client_id=sample&response_type=code&redirect_uri=http://evil.example/", "not registered"),
            ("/sign-in", "This sign-in is over"),
        ] {
            window.go(&scene.page(path));
            seen(&window, text);
        }

        let pictures = ["light", "dark"].map(|scheme| {
            window.looks(320, scheme);
            window.go(&scene.page("/login"));
            seen(&window, "User name");
            let width = window.run("return document.documentElement.scrollWidth", &json!([]));
            assert_eq!(width, 320, "it scrolls sideways");
            window.picture()
        });
        assert_ne!(pictures[0], pictures[1], "the dark scheme is honoured");

        // Scripts are not needed up to here: the pages themselves have none.
        window.scripts(false);
        scene.up_to_the_second_factor(&window, "ann", "mfa");
        seen(&window, "Open your authenticator app");
        window.scripts(true);

        window.forget_cookies();
        give_code(&window, "000000");
        seen(&window, "Error code:");

        // The control: what a page's policy forbids is noticed.
        window.run("document.body.insertAdjacentHTML('beforeend', '<p style=\"color: red\">red</p>')", &json!([]));
        let complaints = held_against(&window);
        assert!(complaints.iter().any(|complaint| complaint.text.contains("Content Security Policy")), "{complaints:?}");
    }
}
