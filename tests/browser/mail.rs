//! Security e-mail in a real browser and through a real mail server: bound, used in an emergency, disputed by the link in a letter; with
//! scripts and without them.

use super::scene::{Scene, WEB_PASSWORD, give_name_and_password, held_against, row};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use crate::support::post_office::{PostOffice, Security, after, link, text};
use crate::support::site::{Person, Site};
use serde_json::json;

/// An e-mailed code suffices where a device is lost (Q4).
const POLICY: &str = "version = 1\n[default]\nlevel = \"medium\"\ngrace = \"0s\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"email\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";
const ADDRESS: &str = "ann@mail.example";

/// Everything running, with a mail server, and somebody who has an app.
fn stage() -> (Scene, PostOffice, Person) {
    let site = Site::new();
    let office = PostOffice::open(Security::Starttls);
    site.machine.configure(&office.section()).unwrap();
    let scene = Scene::at(site);
    scene.site.policy(POLICY);
    let ann = scene.person("ann");
    (scene, office, ann)
}

/// Has seen this page, and that the browser has nothing against it.
fn seen(window: &Window, text: &str) {
    window.see(text);
    assert_eq!(held_against(window), [], "on the page that says {text:?}");
}

/// Binds the address from the page of one's devices on: what is no address, a wrong code, the right one.
fn bind_the_address(scene: &Scene, window: &Window, office: &PostOffice) {
    window.click("#bind-email");
    seen(window, "is for reference only; it is not used for verification.");
    window.fill("#address", "ann at home");
    window.click("#send-code");
    seen(window, "That is no e-mail address");
    assert_eq!(
        window.attribute("#address", "value").as_deref(),
        Some("ann at home"),
        "what was typed stays"
    );
    window.fill("#address", ADDRESS);
    window.click("#send-code");
    seen(window, "We sent a code to a…@m….example. It is valid for 10 minutes.");

    let letter = office.letter("With this code you bind this address");
    assert_eq!(letter["to"], json!([ADDRESS]));
    assert_eq!(
        (&letter["user"], &letter["auto"]),
        (&json!("samekey"), &json!("auto-generated"))
    );
    assert!(letter["tls"].as_str().unwrap().starts_with("TLSv1."), "{letter}");
    let code = after(&letter, "Your code: ");
    assert!(
        letter["html"]
            .as_str()
            .unwrap()
            .contains(&format!("<strong>{code}</strong>")),
        "{letter}"
    );

    window.fill("#code", if code == "000000" { "000001" } else { "000000" });
    window.click("#bind-address");
    seen(window, "That code is not right.");
    window.fill("#code", &code);
    window.click("#bind-address");
    seen(window, "The security e-mail is bound.");
    window.see(ADDRESS);
    window.go(&scene.page("/security"));
    assert!(row(window, "email").contains("Medium"), "{}", row(window, "email"));
}

/// Signs in to the application without a device: the code from the letter, and the word to look after one's devices first.
fn sign_in_by_letter(scene: &Scene, window: &Window, office: &PostOffice) {
    window.forget_cookies();
    window.go(&format!("{}/sign-in", scene.web.app));
    give_name_and_password(window, "ann", WEB_PASSWORD);
    window.see("Open your authenticator app");
    window.press("I can't use my device");
    seen(window, "We sent a code to a…@m….example.");
    let code = after(&office.letter("With this code you go on signing in."), "Your code: ");
    window.fill("#code", &code);
    window.click("button[value=code]");
    seen(window, "Signed in with an e-mail code. Check your devices now.");
    window.click("#go-on");
    let claims = scene.claims(window);
    assert_eq!(
        (&claims["acr"], &claims["amr"]),
        (&json!("urn:samekey:acr:medium"), &json!(["pwd", "email"]))
    );
    assert_eq!(
        claims["userinfo"].get("email"),
        None,
        "the bound address is told to nobody (R60)"
    );
    // It let in; it does not let change what is bound.
    window.go(&scene.page("/security"));
    window.until("the way to a fresh proof", |window| {
        !window.texts("#confirm-it-is-you").is_empty()
    });
}

/// Reads the letter elsewhere and says that this was somebody else; the first browser is signed out by that.
fn dispute(scene: &Scene, window: &Window, office: &PostOffice, scripts: bool) {
    let letter = office.letter("in the place of a device");
    assert!(text(&letter).contains("This was not me"), "{letter}");
    let mailbox = scene.chromium.window();
    mailbox.scripts(scripts);
    mailbox.go(&link(&letter, "/not-me?link="));
    seen(&mailbox, "Was this not you?");
    window.go(&scene.page("/security"));
    window.see("This browser");
    mailbox.press("This was not me: sign out everywhere");
    seen(&mailbox, "Your account is signed out everywhere");
    window.go(&scene.page("/security"));
    window.see("User name");
    office.letter("Somebody pressed \"This was not me\"");
    mailbox.go(&link(&letter, "/not-me?link="));
    seen(&mailbox, "This link is no longer valid");
    assert!(scene.site.told(&["objection-made", "ann"]), "{}", scene.site.trail());
}

/// From then on nothing of the devices can be changed, until an administrator says so.
fn held_until_released(scene: &Scene, window: &Window, office: &PostOffice, code: &str) {
    give_name_and_password(window, "ann", WEB_PASSWORD);
    window.fill("#code", code);
    window.click("button[value=code]");
    window.until("the list, for reading", |window| !window.texts("#read-only").is_empty());
    scene.site.machine.samekey(&["account", "release", "ann"], "").unwrap();
    office.letter("You can change your devices again.");
    window.go(&scene.page("/security"));
    window.see("Unbind");
    assert!(window.texts("#read-only").is_empty());
}

fn walk(scripts: bool) {
    let (scene, office, mut ann) = stage();
    let window = scene.window_without_autofill();
    window.scripts(scripts);
    scene.security(&window, "ann", &ann.code());
    bind_the_address(&scene, &window, &office);
    let bound = office.letter("A Security e-mail named email was bound to your account.");
    assert!(
        text(&bound).contains("from 127.0.0.1") && text(&bound).contains("help@example.org"),
        "{bound}"
    );
    sign_in_by_letter(&scene, &window, &office);
    dispute(&scene, &window, &office, scripts);
    held_until_released(&scene, &window, &office, &ann.code());
    let ids: std::collections::BTreeSet<String> = office.letters().iter().map(|one| one["id"].to_string()).collect();
    assert_eq!(ids.len(), office.letters().len(), "no letter came twice");
}

boxed! {
    fn an_address_is_bound_lets_in_in_an_emergency_and_its_owner_can_say_it_was_not_me() {
        walk(true);
    }

    fn without_scripts_all_of_it_goes_the_same() {
        walk(false);
    }

    /// W14: an administrator's address is confirmed by whoever reads the letter and signs in.
    fn an_administrators_address_is_confirmed_by_the_link_in_its_letter() {
        let (scene, office, mut ann) = stage();
        let mut olga = scene.person("olga");
        scene.site.machine.samekey(&["account", "role", "olga", "owner"], "").unwrap();
        let window = scene.chromium.window();
        window.scripts(false);
        window.go(&scene.page("/admin/accounts/ann"));
        give_name_and_password(&window, "olga", WEB_PASSWORD);
        window.fill("#code", &olga.code());
        window.press("Verify");
        window.press("Set security e-mail");
        window.fill("#address", ADDRESS);
        window.click("#do");
        seen(&window, "A letter asks");

        let letter = office.letter("Your administrator gave your account this address");
        let reader = scene.chromium.window();
        reader.scripts(false);
        reader.go(&link(&letter, "/security/email/confirm?link="));
        give_name_and_password(&reader, "ann", WEB_PASSWORD);
        reader.fill("#code", &ann.code());
        reader.press("Verify");
        seen(&reader, ADDRESS);
        reader.click("#confirm-email");
        reader.see("The security e-mail is bound.");
        assert!(row(&reader, "email").contains("Medium"));
        assert!(scene.site.told(&["email-proposed", "account:olga"]), "{}", scene.site.trail());
    }
}
