//! The way through every page, one after another, in whatever language: it knows fields and buttons, not their words.

use super::looks::Eyes;
use super::newcomer;
use super::scene::Scene;
use crate::support::chromium::{Key, Window};
use crate::support::post_office::{PostOffice, link};
use crate::support::site::Person;
use samekey_shared::approvals::{self, NewApproval};
use samekey_shared::clock::SystemClock;
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::ids::RequestId;
use samekey_shared::realm::Realm;
use samekey_shared::source::Source;
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// What marks a page that says something and offers no form.
const MESSAGE: &str = "main h1";

/// Who walks: an owner with an app, and somebody who has nothing yet.
pub struct People {
    pub owner: &'static str,
    pub newcomer: &'static str,
    pub password: &'static str,
}

/// Sees every page. Whoever adds one adds it here.
pub fn of_everything(scene: &Scene, office: &PostOffice, eyes: &Eyes<'_>, people: &People) {
    let (person, password) = (people.owner, people.password);
    let mut owner = scene.person(person);
    scene
        .site
        .machine
        .samekey(&["account", "role", person, "owner"], "")
        .unwrap();
    let window = eyes.window;
    strangers(scene, eyes);
    newcomer::binds(scene, eyes, people);
    refused(scene, eyes, person, password);
    newcomer::weak_password(scene, eyes, people);
    remembered(scene, eyes, &owner, password);
    signing_in(scene, eyes, person, password);
    window.fill("#code", &owner.code());
    window.click("button[value=code]");
    applications(scene, eyes);
    window.go(&scene.page("/"));
    eyes.see("home", "a[href='/security']");
    window.click(".account summary");
    eyes.see("account-menu", ".account nav");
    devices(scene, eyes);
    window.go(&scene.page("/security/totp"));
    eyes.see("one-app-already", "a.button[href^='/security/totp']");
    window.click("a.button[href^='/security/totp']");
    eyes.see("replace-app", "#app-key");
    window.fill("#code", "000000");
    window.click("#bind");
    eyes.see("app-code-wrong", "#problem");
    window.go(&scene.page("/security"));
    window.click("a[href^='/security/rename']");
    eyes.see("rename", "#save-name");
    window.fill("#name", "no blanks");
    window.click("#save-name");
    eyes.see("rename-refused", "#problem");
    window.go(&scene.page("/security/recovery-codes"));
    eyes.see("new-recovery-codes", "#make-codes");
    window.click("#make-codes");
    eyes.see("recovery-codes", "#recovery-codes");
    letters(scene, office, eyes, person);
    approving(scene, eyes, person);
    a_device_elsewhere(scene, eyes);
    administering(scene, eyes, people);
    sign_out(scene, eyes);
    eyes.see("signed-out", MESSAGE);
    emergency(scene, office, eyes, person, password);
    not_me(office, eyes, person);
}

/// Signs out, by the page that asks.
pub fn sign_out(scene: &Scene, eyes: &Eyes<'_>) {
    let window = eyes.window;
    window.go(&scene.page("/logout"));
    eyes.see_once("sign-out", "form[action='/sign-out']");
    window.click("form[action='/sign-out'] button");
    window.until("signed out", |window| {
        !window.texts(MESSAGE).is_empty() && window.texts("form[action='/sign-out']").is_empty()
    });
}

/// The box on the second step, and what it leaves among one's own browsers.
fn remembered(scene: &Scene, eyes: &Eyes<'_>, owner: &Person, password: &str) {
    let window = eyes.window;
    window.go(&scene.page("/login"));
    give_name(window, owner.name);
    window.fill("#password", password);
    window.click("button[value=password]");
    eyes.see("sign-in-code-remember", "input[name=remember]");
    window.click("button[value=choose-recovery-code]");
    window.until("the codes' turn", |window| {
        !window.texts("button[value=choose-totp]").is_empty()
    });
    window.click("input[name=remember]");
    window.fill("#code", &owner.recovery_codes[0]);
    window.click("button[value=code]");
    window.until("signed in", |window| !window.texts(".account summary").is_empty());
    window.go(&scene.page("/security"));
    eyes.see("security-remembered", "[data-remembered]");
    sign_out(scene, eyes);
}

/// The newest letter to this address whose HTML holds this.
fn letter(office: &PostOffice, to: &str, holds: &str) -> Value {
    let fits = |one: &Value| one["to"][0] == to && one["html"].as_str().is_some_and(|html| html.contains(holds));
    office.wait_for(&format!("{holds} to {to}"), fits)
}

/// The code that stands large in a letter.
fn code(letter: &Value) -> String {
    let html = letter["html"].as_str().unwrap();
    html.split("<strong>")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap()
        .to_owned()
}

/// Security e-mail: an administrator's, to be confirmed; one's own, with what can go wrong.
fn letters(scene: &Scene, office: &PostOffice, eyes: &Eyes<'_>, person: &str) {
    let (window, address) = (eyes.window, format!("{person}@mail.example"));
    let words = ["device", "bind", "email", "--user", person, "--address", &address];
    scene.site.machine.samekey(&words, "").unwrap();
    window.go(&link(
        &letter(office, &address, "/security/email/confirm"),
        "/security/email/confirm?link=",
    ));
    eyes.see("confirm-email", "#confirm-email");
    window.go(&scene.page("/security/email"));
    eyes.see("security-email", "#address");
    window.fill("#address", "nobody");
    window.click("#send-code");
    eyes.see("security-email-invalid", "#problem");
    window.fill("#address", &address);
    window.click("#send-code");
    eyes.see("security-email-code", "#sent");
    let code = code(&letter(office, &address, "<strong>"));
    window.fill("#code", if code == "000000" { "000001" } else { "000000" });
    window.click("#bind-address");
    eyes.see("security-email-code-wrong", "#problem");
    window.fill("#code", &code);
    window.click("#bind-address");
    eyes.see("security-email-bound", "#notice");
    window.go(&scene.page("/security"));
    eyes.see("security-with-email", "a[href^='/security/unbind']");
}

/// "I can't use my device".
fn emergency(scene: &Scene, office: &PostOffice, eyes: &Eyes<'_>, person: &str, password: &str) {
    let (window, address) = (eyes.window, format!("{person}@mail.example"));
    let before = code(&letter(office, &address, "<strong>"));
    window.go(&format!("{}/sign-in", scene.web.app));
    give_name(window, person);
    window.fill("#password", password);
    window.click("button[value=password]");
    // The key comes first, and its button needs a click: e-mail is among the other ways.
    window.click("button[value=choose-email]");
    eyes.see("sign-in-email", "#send-again");
    let fits = |one: &Value| {
        one["to"][0] == address.as_str()
            && one["html"].as_str().is_some_and(|html| html.contains("<strong>"))
            && code(one) != before
    };
    let sent = office.wait_for("another code", fits);
    window.fill("#code", &code(&sent));
    window.click("button[value=code]");
    eyes.see("check-devices", "#emergency");
    window.click("#to-security");
    eyes.see("security-after-emergency", "#confirm-it-is-you");
}

/// The page behind the link in letters.
fn not_me(office: &PostOffice, eyes: &Eyes<'_>, person: &str) {
    let (window, address) = (eyes.window, format!("{person}@mail.example"));
    let link = link(&letter(office, &address, "/not-me"), "/not-me?link=");
    window.go(&link);
    eyes.see("not-me", "form[action='/not-me'] button");
    window.click("form[action='/not-me'] button");
    window.until("the answer", |window| window.texts("form[action='/not-me']").is_empty());
    eyes.see("not-me-done", MESSAGE);
    window.go(&link);
    eyes.see("not-me-over", MESSAGE);
}

/// What anybody may see.
fn strangers(scene: &Scene, eyes: &Eyes<'_>) {
    for (name, path) in [
        ("forgot-password", "/forgot-password"),
        ("no-such-page", "/nowhere"),
        ("unknown-application", "/authorize?client_id=nobody"),
        ("sign-in-gone", "/sign-in"),
        ("which-one", "/methods"),
    ] {
        eyes.window.go(&scene.page(path));
        eyes.see(name, MESSAGE);
    }
}

pub fn give_name(window: &Window, person: &str) {
    window.fill("#username", person);
    window.click("button[value=name]");
}

fn refused(scene: &Scene, eyes: &Eyes<'_>, person: &str, password: &str) {
    let window = eyes.window;
    window.go(&scene.page("/login"));
    give_name(window, person);
    window.fill("#password", password);
    window.click("button[value=password]");
    for _ in 0..3 {
        window.fill("#code", "000000");
        window.click("button[value=code]");
        window.until("an answer", |window| !window.texts(".problem, main code").is_empty());
    }
    eyes.see("refused", "main code");
}

fn signing_in(scene: &Scene, eyes: &Eyes<'_>, person: &str, password: &str) {
    let window = eyes.window;
    window.go(&format!("{}/sign-in?acr_values=urn:samekey:acr:mfa", scene.web.app));
    eyes.see("sign-in-name", "#username");
    window.click("button[value=name]");
    eyes.see("sign-in-name-missing", "#problem");
    give_name(window, person);
    eyes.see("sign-in-password", "#password");
    window.fill("#password", "not it");
    window.click("button[value=password]");
    eyes.see("sign-in-password-wrong", "#problem");
    window.fill("#password", password);
    window.click("button[value=password]");
    eyes.see("sign-in-code", "#code");
    window.click("button[value=choose-recovery-code]");
    eyes.see("sign-in-recovery-code", "button[value=choose-totp]");
    window.click("button[value=choose-totp]");
    window.until("the app's turn", |window| {
        !window.texts("button[value=choose-recovery-code]").is_empty()
    });
}

/// The sample app is trusted, and asks for consent all the same; then for the answer as a form, which is kept from going on by itself.
fn applications(scene: &Scene, eyes: &Eyes<'_>) {
    let window = eyes.window;
    window.until("the application", |window| !window.texts("pre").is_empty());
    let asked = format!(
        "/authorize?client_id=sample&redirect_uri={}/callback&response_type=code&scope=openid%20profile&state=s&nonce=n\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        scene.web.app
    );
    window.go(&scene.page(&format!("{asked}&prompt=consent")));
    eyes.see("consent", "button[value=allow]");
    window.before_every_page("if (location.pathname === '/authorize') HTMLFormElement.prototype.submit = () => {};");
    window.go(&scene.page(&format!("{asked}&response_mode=form_post")));
    eyes.see("going-on", "form[data-submit] button");
}

fn devices(scene: &Scene, eyes: &Eyes<'_>) {
    let window = eyes.window;
    window.go(&scene.page("/security"));
    eyes.see("security", "#create-passkey");
    let phone = window.plug(&Key::platform());
    window.click("#create-passkey button[data-ceremony]");
    eyes.see("device-added", "#continue");
    window.unplug(&phone);
    let old = window.plug(&Key::u2f());
    window.click("#continue");
    window.click("#add-security-key button[data-ceremony]");
    window.click("#continue");
    eyes.see("security-with-devices", "a[href^='/security/update']");
    window.unplug(&old);
    window.click("a[href^='/security/update']");
    eyes.see("update-to-passkey", "#update-to-passkey");
    window.go(&scene.page("/security"));
    window.click("a[href^='/security/unbind']");
    eyes.see("unbind", "#confirmation");
    window.fill("#confirmation", "no");
    window.click("#unbind");
    eyes.see("unbind-not-confirmed", "#problem");
}

/// Signing in a device without a browser: the page that asks for its code, and what it says of a wrong one.
fn a_device_elsewhere(scene: &Scene, eyes: &Eyes<'_>) {
    let window = eyes.window;
    window.go(&scene.page("/device"));
    eyes.see("device", "#user_code");
    window.fill("#user_code", "BCDF-GHJK");
    window.click("button[value=find]");
    eyes.see("device-unknown", "#problem");
}

/// The administrators' pages: all that can be looked at, and the questions before what they do.
fn administering(scene: &Scene, eyes: &Eyes<'_>, people: &People) {
    let account = format!("/admin/accounts/{}", people.newcomer);
    let pages = [
        ("admin", "/admin".to_owned()),
        ("admin-accounts", "/admin/accounts".to_owned()),
        ("admin-add-account", "/admin/accounts/add".to_owned()),
        ("admin-account", account.clone()),
        ("admin-ticket", format!("{account}/ticket")),
        ("admin-lock", format!("{account}/lock")),
        ("admin-role", format!("{account}/role")),
        ("admin-rescue", format!("{account}/rescue")),
        ("admin-email", format!("{account}/email")),
        ("admin-release", format!("{account}/release")),
        ("admin-own-account", format!("/admin/accounts/{}", people.owner)),
        ("admin-settings", "/admin/settings".to_owned()),
        ("admin-settings-security", "/admin/settings/security".to_owned()),
        ("admin-policy", "/admin/policy".to_owned()),
        ("admin-clients", "/admin/clients".to_owned()),
        ("admin-client", "/admin/clients/sample".to_owned()),
        ("admin-add-client", "/admin/clients/add".to_owned()),
        ("admin-sessions", "/admin/sessions".to_owned()),
        ("admin-audit", "/admin/audit".to_owned()),
        ("admin-api", "/api".to_owned()),
    ];
    for (name, path) in pages {
        eyes.window.go(&scene.page(&path));
        eyes.see(name, MESSAGE);
    }
    for (name, path) in [
        ("admin-change", format!("{account}/change")),
        ("admin-sign-out", format!("{account}/sign-out")),
        ("admin-disable", format!("{account}/disable")),
        ("admin-remove", format!("{account}/remove")),
        ("admin-settings-mfa", "/admin/settings/mfa".to_owned()),
        ("admin-settings-network", "/admin/settings/network".to_owned()),
        ("admin-client-change", "/admin/clients/sample/change".to_owned()),
        ("admin-client-secret", "/admin/clients/sample/secret".to_owned()),
        ("admin-client-remove", "/admin/clients/sample/remove".to_owned()),
    ] {
        eyes.picture(name, &scene.page(&path), "#do");
    }
    let explained = "/admin/policy?user=somebody&service=pam:sshd&source=203.0.113.9&first=password";
    eyes.picture("admin-policy-explained", &scene.page(explained), "#explained");
    eyes.window.go(&scene.page(&format!("{account}/rescue")));
    eyes.window.fill("#lasts", "9d");
    eyes.window.click("#do");
    eyes.see("admin-rescue-refused", "#problem");
    eyes.window.go(&scene.page(&format!("{account}/ticket")));
    eyes.window.click("#do");
    eyes.see("admin-ticket-made", "#ticket");
}

/// Opens a login that waits, as a shell's agent does; its code.
fn wait_at_a_shell(person: &str) -> String {
    let config = Config::load(Path::new("/etc/samekey/samekey.toml")).unwrap();
    let realm = Realm::open(&config, Arc::new(SystemClock), Arc::new(SystemEntropy::default())).unwrap();
    let login = person.parse().unwrap();
    let opened = realm.store.write(|tx| {
        let account = samekey_shared::accounts::rows::find(tx, &login)?.unwrap();
        let new = NewApproval {
            account: account.id,
            login: &login,
            request: RequestId::draw(realm.entropy.as_ref())?,
            host: Some("build-7.example.org"),
            service: "pam:sudo",
            source: &Source::address("198.51.100.23".parse().unwrap()),
            key_fingerprint: Some("SHA256:6qFqEl0xHNXbT4Hcf3mUgQmB3vYrPYYkV4t3o7tJzbA"),
            command: Some("systemctl restart nginx"),
            lives: 600,
        };
        approvals::open(
            tx,
            realm.entropy.as_ref(),
            &new,
            samekey_shared::clock::Clock::now(&SystemClock),
        )
    });
    opened.unwrap().code.to_string()
}

fn approving(scene: &Scene, eyes: &Eyes<'_>, person: &str) {
    let window = eyes.window;
    window.go(&scene.page("/approve"));
    eyes.see("approve", "#code");
    window.fill("#code", "BCDF-GHJK");
    window.click("button[value=find]");
    eyes.see("approve-unknown", "#problem");
    window.fill("#code", &wait_at_a_shell(person));
    window.click("button[value=find]");
    eyes.see("approve-waiting", "#approve-with-passkey");
    window.click("#deny");
    window.until("the answer", |window| window.texts("#deny").is_empty());
    eyes.see("approve-denied", MESSAGE);
}
