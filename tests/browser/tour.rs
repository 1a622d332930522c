//! The way through every page, one after another, in whatever language: it knows fields and buttons, not their words.

use super::looks::Eyes;
use super::scene::Scene;
use crate::support::chromium::{Key, Window};

/// What marks a page that says something and offers no form.
const MESSAGE: &str = "main h1";

/// Sees every page. Whoever adds one adds it here.
pub fn of_everything(scene: &Scene, eyes: &Eyes<'_>, person: &'static str, password: &str) {
    let mut owner = scene.person(person);
    scene
        .site
        .machine
        .samekey(&["account", "role", person, "owner"], "")
        .unwrap();
    let window = eyes.window;
    strangers(scene, eyes);
    refused(scene, eyes, person, password);
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
    approving(scene, eyes);
    administering(scene, eyes, person);
    window.go(&scene.page("/logout"));
    eyes.see("sign-out", "form[action='/sign-out']");
    window.click("form[action='/sign-out'] button");
    eyes.see("signed-out", MESSAGE);
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

fn give_name(window: &Window, person: &str) {
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

/// The administrators' pages: all that can be looked at, and the questions before what they do.
fn administering(scene: &Scene, eyes: &Eyes<'_>, person: &str) {
    let account = format!("/admin/accounts/{person}");
    let pages = [
        ("admin", "/admin".to_owned()),
        ("admin-accounts", "/admin/accounts".to_owned()),
        ("admin-add-account", "/admin/accounts/add".to_owned()),
        ("admin-account", account.clone()),
        ("admin-ticket", format!("{account}/ticket")),
        ("admin-lock", format!("{account}/lock")),
        ("admin-role", format!("{account}/role")),
        ("admin-rescue", format!("{account}/rescue")),
        ("admin-settings", "/admin/settings".to_owned()),
        ("admin-settings-mfa", "/admin/settings/mfa".to_owned()),
        ("admin-policy", "/admin/policy".to_owned()),
        ("admin-clients", "/admin/clients".to_owned()),
        ("admin-client", "/admin/clients/sample".to_owned()),
        ("admin-add-client", "/admin/clients/add".to_owned()),
        ("admin-sessions", "/admin/sessions".to_owned()),
        ("admin-audit", "/admin/audit".to_owned()),
    ];
    for (name, path) in pages {
        eyes.window.go(&scene.page(&path));
        eyes.see(name, MESSAGE);
    }
}

fn approving(scene: &Scene, eyes: &Eyes<'_>) {
    let window = eyes.window;
    window.go(&scene.page("/approve"));
    eyes.see("approve", "#code");
    window.fill("#code", "BCDF-GHJK");
    window.click("button[value=find]");
    eyes.see("approve-unknown", "#problem");
}
