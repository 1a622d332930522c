//! Administrators in a real browser: a lost phone is unbound, a ticket handed over, a new app bound; and nobody gets what
//! their role does not allow.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use crate::support::site::Person;
use samekey_demo::App;

/// Goes to a page of administrators, signing in on the way.
fn seated(scene: &Scene, window: &Window, person: &mut Person, path: &str) {
    window.go(&scene.page(path));
    give_name_and_password(window, person.name, WEB_PASSWORD);
    give_code(window, &person.code());
    window.arrive(&scene.page(path));
}

/// The value beside a label on the page.
fn fact(window: &Window, label: &str) -> String {
    let labels = window.texts("dt");
    let at = labels.iter().position(|text| text == label);
    let at = at.unwrap_or_else(|| panic!("no {label} among {labels:?}"));
    window.texts("dd")[at].clone()
}

boxed! {
    fn an_administrator_unbinds_hands_over_a_ticket_and_a_new_app_is_bound() {
        let scene = Scene::new();
        let mut olga = scene.person("olga");
        scene.site.machine.samekey(&["account", "role", "olga", "owner"], "").unwrap();
        let ann = scene.person("ann");
        let window = scene.chromium.window();
        seated(&scene, &window, &mut olga, "/admin");
        window.see("Sign-ins of the last 30 days");
        let shown = window.run("return document.querySelector('.chart img').naturalWidth", &serde_json::json!([]));
        assert_eq!(shown, 640, "the picture is shown");
        assert_eq!(held_against(&window), []);

        window.press("Accounts");
        window.fill("#text", "an");
        window.click("#search");
        window.press("ann");
        window.see("Security settings");
        window.click("//tr[td[contains(., 'uthenticator app')]]//a[normalize-space()='Unbind']");
        window.see("is unbound and all sessions of theirs end");
        window.fill("#confirmation", "no");
        window.click("#do");
        window.see("Type YES to confirm; nothing was changed.");
        window.fill("#confirmation", "yes");
        window.click("#do");
        window.see("The device is unbound.");
        window.press("Issue enrolment ticket");
        window.click("#do");
        window.see("This is shown now and never again.");
        let link = fact(&window, "Link");
        assert!(link.contains("/bind?ticket="), "{link}");
        assert_eq!(held_against(&window), []);

        let phone = scene.chromium.window();
        phone.go(&link);
        give_name_and_password(&phone, "ann", WEB_PASSWORD);
        // What is left of hers is asked first: the codes on paper stayed bound.
        phone.fill("#code", &ann.recovery_codes[0]);
        phone.press("Verify");
        phone.click("button[value=bind-totp]");
        phone.see("Scan");
        let app = App::typed(&phone.texts("#app-key")[0]).unwrap();
        phone.fill("#code", &app.code(app.step()));
        phone.click("#bind");
        phone.until("going on", |phone| !phone.texts("#later").is_empty() || phone.address().contains("/security"));
        if !phone.texts("#later").is_empty() {
            phone.click("#later");
        }
        phone.arrive(&scene.page("/security"));
        phone.see("Authenticator app");
        assert!(scene.site.told(&["ticket-issued", "account:olga"]));
        assert!(scene.site.told(&["ticket-used", "ann"]));
    }

    fn each_role_is_refused_what_it_may_not() {
        let scene = Scene::new();
        let mut ann = scene.person("ann");
        let mut otto = scene.person("otto");
        let mut hedy = scene.person("hedy");
        let mut adam = scene.person("adam");
        scene.person("olga");
        for (name, role) in [("otto", "auditor"), ("hedy", "helpdesk"), ("adam", "admin"), ("olga", "owner")] {
            scene.site.machine.samekey(&["account", "role", name, role], "").unwrap();
        }
        let window = scene.chromium.window();
        window.go(&scene.page("/login"));
        give_name_and_password(&window, "ann", WEB_PASSWORD);
        give_code(&window, &ann.code());
        window.arrive(&scene.page("/"));
        assert!(!window.text().contains("Administration"), "{}", window.text());
        window.go(&scene.page("/admin"));
        window.see("Your role does not allow this.");
        window.forget_cookies();

        seated(&scene, &window, &mut otto, "/admin/accounts");
        window.press("ann");
        window.see("Your role does not allow this.");
        assert_eq!(window.texts("a[href*='/unbind']").len(), 0);
        window.go(&scene.page("/admin/accounts/ann/lock"));
        window.see("Your role does not allow this.");
        window.forget_cookies();

        seated(&scene, &window, &mut hedy, "/admin/accounts/ann");
        assert_eq!(window.texts("a[href*='/unbind']").len(), 2, "the app and the codes on paper");
        window.go(&scene.page("/admin/accounts/otto"));
        assert_eq!(window.texts("a[href*='/unbind']").len(), 0, "the helpdesk looks after users only");
        window.go(&scene.page("/admin/settings"));
        window.see("Your role does not allow this.");
        assert!(scene.site.told(&["administration-refused", "account:hedy"]));
        window.forget_cookies();

        seated(&scene, &window, &mut adam, "/admin/accounts/ann");
        assert_eq!(window.texts("a[href*='/unbind']").len(), 2);
        window.go(&scene.page("/admin/accounts/olga"));
        assert_eq!(window.texts("a[href*='/unbind']").len(), 0, "administrators do not look after owners");
        window.go(&scene.page("/admin/accounts/olga/lock"));
        window.click("#do");
        window.see("Your role does not allow this.");
        assert!(!scene.site.told(&["account-locked", "olga"]), "{}", scene.site.trail());
    }

    fn the_page_of_the_api_shows_every_call_and_leads_to_each() {
        let scene = Scene::new();
        let mut olga = scene.person("olga");
        scene.site.machine.samekey(&["account", "role", "olga", "owner"], "").unwrap();
        let window = scene.chromium.window();
        seated(&scene, &window, &mut olga, "/admin");
        window.go(&scene.page("/api"));
        window.see("The administrators' API");
        window.press("POST /api/v1/accounts/{name}/lock");
        window.arrive(&scene.page("/api#post-accounts-name-lock"));
        window.see("Stops an account from signing in, at every door.");
        assert_eq!(held_against(&window), []);
    }
}
