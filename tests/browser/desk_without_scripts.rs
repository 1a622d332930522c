//! The administrators' pages in a real browser that runs no scripts: every tab, every row and every button of theirs, with what
//! can go wrong on the way.

use super::scene::{Scene, WEB_PASSWORD, give_code, give_name_and_password, held_against};
use crate::support::boxed::boxed;
use crate::support::chromium::Window;
use crate::support::post_office::{PostOffice, Security, link};
use crate::support::site::{Person, Site};

/// An administrator at work.
struct Desk<'a> {
    scene: &'a Scene,
    window: &'a Window,
}

impl Desk<'_> {
    /// Has seen this, and that the browser has nothing against the page.
    fn sees(&self, text: &str) {
        self.window.see(text);
        assert_eq!(held_against(self.window), [], "on the page that says {text:?}");
    }

    fn goes(&self, path: &str) {
        self.window.go(&self.scene.page(path));
    }

    /// Follows the button of this label to its question, types, and does it.
    fn does(&self, deed: &str, typed: &[(&str, &str)], told: &str) {
        self.window.press(deed);
        self.window.until(&format!("the question of {deed}"), |window| {
            !window.texts("#do").is_empty()
        });
        self.sends(typed, told);
    }

    /// Types into the question that is open, and does it.
    fn sends(&self, typed: &[(&str, &str)], told: &str) {
        for (field, text) in typed {
            self.window.fill(&format!("[id='{field}']"), text);
        }
        self.window.click("#do");
        self.sees(told);
    }

    /// Chooses from a list of the question that is open.
    fn chooses(&self, field: &str, value: &str) {
        self.window.click(&format!("[id='{field}'] option[value='{value}']"));
    }
}

fn overview_and_tabs(desk: &Desk<'_>) {
    desk.sees("Sign-ins of the last 30 days");
    let shown = desk.window.run(
        "return document.querySelector('.chart img').naturalWidth",
        &serde_json::json!([]),
    );
    assert_eq!(shown, 640, "the picture is shown");
    desk.window.press("The same as a table");
    desk.sees("Day (UTC)");
    for (tab, says) in [
        ("Accounts", "Add account"),
        ("Sessions", "Live browser sessions"),
        ("Applications", "Sample app"),
        ("Settings", "Allow users to log on with passkeys"),
        ("Policy", "The policy that holds"),
        ("Audit trail", "Export as JSON lines"),
        ("Overview", "Addresses to sign in at"),
    ] {
        desk.window.press(tab);
        desk.sees(says);
        assert_eq!(desk.window.texts("nav.tabs [aria-current]"), [tab]);
    }
}

fn somebody_new(desk: &Desk<'_>) {
    desk.goes("/admin/accounts");
    desk.does(
        "Add account",
        &[("name", "Not A Name"), ("display-name", "Zoe")],
        "name_invalid",
    );
    assert_eq!(
        desk.window.attribute("#display-name", "value").as_deref(),
        Some("Zoe"),
        "what was typed stays"
    );
    let typed = [("name", "zoe"), ("email", "zoe@mail.example"), ("groups", "staff")];
    desk.sends(&typed, "The account was added.");
    desk.does(
        "Change",
        &[("groups", "staff wheel"), ("flags", "mfa-required")],
        "Changed.",
    );
    desk.sees("staff, wheel");
    desk.window.press("Change role");
    desk.chooses("role", "helpdesk");
    desk.sends(&[], "The role was changed.");
    desk.does("Lock", &[], "The account is locked.");
    desk.does("Unlock", &[], "The account may sign in again.");
    desk.does("Sign out everywhere", &[], "nothing was changed");
    desk.does("Let in without device", &[], "Say why, in 1 to 200 characters.");
    desk.sends(
        &[("lasts", "2d"), ("reason", "lost her phone")],
        "Look at the hint beside the field.",
    );
    desk.sends(&[("lasts", "1h")], "The person may sign in without a device");
    desk.does(
        "Set security e-mail",
        &[("address", "zoe at home")],
        "That is no e-mail address",
    );
    desk.sends(&[("address", "zoe@mail.example")], "A letter asks for a confirmation");
    desk.does(
        "Issue enrolment ticket",
        &[("lasts", "2d")],
        "Look at the hint beside the field.",
    );
    desk.sends(&[("lasts", "30m")], "This is shown now and never again.");
    assert_eq!(desk.window.texts("svg.qr").len(), 1, "the link as a picture too");
    desk.window.press("Back");
    desk.window.press("Audit trail");
    desk.sees("ticket-issued");
}

/// Somebody says "this was not me", and an administrator allows changes again.
fn an_objection(desk: &Desk<'_>, office: &PostOffice) {
    let to_zoe = |one: &serde_json::Value| {
        one["to"][0] == "zoe@mail.example" && one["html"].as_str().is_some_and(|html| html.contains("/not-me"))
    };
    desk.scene.site.machine.enrol("zoe").unwrap();
    let letter = office.wait_for("a letter with the way to object", to_zoe);
    let mailbox = desk.scene.chromium.window();
    mailbox.scripts(false);
    mailbox.go(&link(&letter, "/not-me?link="));
    mailbox.click("form[action='/not-me'] button");
    mailbox.see("Your account is signed out everywhere");
    desk.goes("/admin/accounts/zoe");
    desk.sees("Changes of the account’s own devices are held");
    desk.does("Allow changes again", &[], "The person may change their devices again.");
}

fn a_lost_device(desk: &Desk<'_>, ann: &Window) {
    desk.goes("/admin/accounts");
    desk.window.fill("#text", "an");
    desk.window.click("[id='which'] option[value='one-kind']");
    desk.window.click("#search");
    desk.window.press("ann");
    desk.sees("Security settings");
    desk.window
        .click("//tr[td[contains(., 'uthenticator app')]]//a[normalize-space()='Unbind']");
    desk.sends(&[("confirmation", "no")], "Type YES to confirm; nothing was changed.");
    desk.sends(&[("confirmation", "yes")], "The device is unbound.");
    ann.go(&desk.scene.page("/security"));
    ann.see("User name");
}

fn sessions(desk: &Desk<'_>, bea: &Window) {
    desk.goes("/admin/sessions");
    desk.sees("This session");
    desk.window.click("//tr[td[contains(., 'bea')]]//button");
    desk.sees("Signed out.");
    bea.go(&desk.scene.page("/security"));
    bea.see("User name");
}

fn applications(desk: &Desk<'_>) {
    desk.goes("/admin/clients");
    let shop = [("name", "The shop"), ("redirects", "https://shop.example/cb")];
    desk.does("Add application", &[("id", "a shop"), shop[0], shop[1]], "name_invalid");
    desk.sends(&[("id", "shop")], "This is shown now and never again.");
    desk.window.press("Back");
    desk.does(
        "Change",
        &[("redirects", "javascript:alert(1)")],
        "That was not accepted; nothing was changed.",
    );
    desk.chooses("consent", "asked");
    desk.sends(&[shop[1]], "Changed.");
    desk.sees("Asked of everybody");
    desk.window.press("New secret");
    desk.chooses("overlap", "1h");
    desk.sends(&[], "This is shown now and never again.");
    desk.window.press("Back");
    desk.does(
        "Remove",
        &[("confirmation", "perhaps")],
        "Type YES to confirm; nothing was changed.",
    );
    desk.sends(&[("confirmation", "YES")], "Removed.");
    assert!(!desk.window.text().contains("The shop"));
}

fn settings_and_policy(desk: &Desk<'_>) {
    desk.goes("/admin/settings/security");
    desk.sends(&[("session", "1 day")], "That was not accepted; nothing was changed.");
    assert_eq!(
        desk.window.attribute("#session", "value").as_deref(),
        Some("1 day"),
        "what was typed stays"
    );
    desk.sends(
        &[("session", "8h"), ("default.remember", "7d")],
        "The settings were changed.",
    );
    desk.goes("/admin/settings/mfa");
    desk.chooses("self-service", "add-only");
    desk.sends(&[], "The settings were changed.");
    desk.goes("/admin/settings/network");
    desk.sends(
        &[("login-networks", "nowhere")],
        "That was not accepted; nothing was changed.",
    );
    desk.window.press("Cancel");
    desk.sees("Bind only");
    desk.goes("/admin/policy");
    desk.window.fill("#user", "bea");
    desk.window.fill("#service", "pam:sshd");
    desk.window.click("#search");
    desk.sees("decision");
    desk.sees("web:olga");
}

fn the_trail(desk: &Desk<'_>) {
    desk.goes("/admin/audit");
    desk.window.click("[id='kind'] option[value='role-changed']");
    desk.window.fill("#account", "zoe");
    desk.window.click("#search");
    desk.sees("role-changed");
    let rows = desk.window.texts("tbody tr");
    assert!(rows.len() == 1 && rows[0].contains("account:olga"), "{rows:?}");
    desk.window.click("tbody a");
    desk.window.until("the request's own events", |window| {
        window.address().contains("request=")
    });
    desk.sees("role-changed");
    desk.window.fill("#from", "the day before");
    desk.window.click("#search");
    desk.sees("this cannot be read");
}

boxed! {
    fn without_scripts_every_row_and_button_of_the_administrators_pages_does_what_it_says() {
        let site = Site::new();
        let office = PostOffice::open(Security::Starttls);
        site.machine.configure(&office.section()).unwrap();
        let scene = Scene::at(site);
        let (mut olga, mut ann, mut bea) = (scene.person("olga"), scene.person("ann"), scene.person("bea"));
        scene.site.machine.samekey(&["account", "role", "olga", "owner"], "").unwrap();
        let signed_in = |person: &mut Person, path: &str| {
            let window = scene.chromium.window();
            window.scripts(false);
            window.go(&scene.page(path));
            give_name_and_password(&window, person.name, WEB_PASSWORD);
            give_code(&window, &person.code());
            window.arrive(&scene.page(path));
            window
        };
        let (anns, beas) = (signed_in(&mut ann, "/security"), signed_in(&mut bea, "/security"));
        let window = signed_in(&mut olga, "/admin");
        let desk = Desk { scene: &scene, window: &window };
        overview_and_tabs(&desk);
        somebody_new(&desk);
        an_objection(&desk, &office);
        a_lost_device(&desk, &anns);
        sessions(&desk, &beas);
        applications(&desk);
        settings_and_policy(&desk);
        the_trail(&desk);
        desk.goes("/admin/accounts/zoe");
        desk.does("Disable", &[], "The account is disabled.");
        desk.does("Remove", &[("confirmation", "no")], "Type YES to confirm; nothing was changed.");
        desk.sends(&[("confirmation", "YES")], "Removed.");
        desk.goes("/admin/accounts/olga");
        desk.sees("Nobody administers their own account.");
    }
}
