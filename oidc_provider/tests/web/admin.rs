//! The administrators' pages, without scripts: lists, details, every deed asked and told, and bad input.

use crate::desk::{Office, Seated};
use crate::scene::{LAX, PASSWORD};
use axum::http::StatusCode;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::roles::Role;

async fn owner() -> (Office, Seated) {
    let office = Office::new();
    let owner = office.seated("owner").await;
    (office, owner)
}

fn state(office: &Office, name: &str) -> AccountState {
    let store = &office.scene.test.realm.store;
    store
        .read(|tx| rows::by_id(tx, office.id(name)))
        .unwrap()
        .unwrap()
        .state
}

#[tokio::test]
async fn the_overview_counts_draws_and_tells_where_to_sign_in() {
    let (office, owner) = owner().await;
    let page = owner.browser.get("/admin").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(
        page.body.contains("<strong>6</strong> With a second factor"),
        "{}",
        page.body
    );
    assert!(page.body.contains("https://id.example.org/d/example.org/login"));
    assert!(page.body.contains("src=\"/admin/sign-ins.svg\"") && page.body.contains("1 let in, 0 refused"));
    let picture = owner.browser.get("/admin/sign-ins.svg").await;
    assert_eq!(picture.headers["content-type"], "image/svg+xml");
    assert!(
        picture.body.starts_with("<svg") && !picture.body.contains("style"),
        "{}",
        picture.body
    );
    // What the background work adds up is told once, not twice.
    samekey_provider::admin::days::follow(&office.scene.test.realm.store).unwrap();
    assert!(owner.browser.get("/admin").await.body.contains("1 let in, 0 refused"));
    assert!(
        !page.body.contains("style=") && !page.body.contains("<script"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn signing_in_on_the_way_to_a_page_of_administrators_ends_there() {
    let office = Office::new();
    let browser = office.scene.browser();
    let first = browser.get("/admin/accounts").await;
    let asks = browser.press(&first.location(), "name", &[("username", "owner")]).await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let code = office.code("owner");
    let done = browser.press(&asks.location(), "code", &[("code", &code)]).await;
    assert_eq!(done.location(), "/admin/accounts");
    assert_eq!(browser.get("/admin/accounts").await.status, StatusCode::OK);
}

#[tokio::test]
async fn whoever_signed_in_by_password_alone_proves_a_second_factor_first() {
    let office = Office::with(LAX);
    let browser = office.scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "owner")]).await;
    assert_eq!(
        browser
            .press(&asks.location(), "password", &[("password", PASSWORD)])
            .await
            .location(),
        "/"
    );
    let asks = browser.get("/admin").await;
    assert!(asks.location().starts_with("/sign-in?flow="));
    let code = office.code("owner");
    let done = browser.press(&asks.location(), "code", &[("code", &code)]).await;
    assert_eq!(done.location(), "/admin");
    assert_eq!(browser.get("/admin").await.status, StatusCode::OK);
}

#[tokio::test]
async fn an_administrator_without_a_device_is_sent_to_bind_one() {
    let office = Office::with(LAX);
    let bob = office.scene.test.account("bob", PASSWORD).unwrap();
    office
        .scene
        .test
        .realm
        .store
        .write(|tx| rows::set_role(tx, bob, Role::Owner))
        .unwrap();
    let browser = office.scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    assert_eq!(
        browser
            .press(&asks.location(), "password", &[("password", PASSWORD)])
            .await
            .location(),
        "/"
    );
    let page = browser.get("/admin").await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(
        page.body.contains("Administrators need a second factor"),
        "{}",
        page.body
    );
}

#[tokio::test]
async fn a_stale_change_is_confirmed_and_comes_back_to_its_question() {
    let (office, owner) = owner().await;
    office.scene.test.clock.advance(601);
    assert_eq!(
        owner.browser.get("/admin/accounts/ann/lock").await.status,
        StatusCode::OK,
        "asking changes nothing"
    );
    let confirm = owner.press("/admin/accounts/ann/lock", &[]).await;
    assert!(
        confirm.location().starts_with("/sign-in?flow="),
        "{}",
        confirm.location()
    );
    assert_eq!(state(&office, "ann"), AccountState::Active);
    let mut at = confirm.location();
    let page = owner.browser.get(&at).await;
    if page.body.contains("name=\"password\"") {
        at = owner
            .browser
            .press(&at, "password", &[("password", PASSWORD)])
            .await
            .location();
    }
    let code = office.code("owner");
    let done = owner.browser.press(&at, "code", &[("code", &code)]).await;
    assert_eq!(done.location(), "/admin/accounts/ann/lock");
}

#[tokio::test]
async fn the_list_is_searched_and_pages_by_key() {
    let (office, owner) = owner().await;
    for number in 0..60 {
        office.scene.test.account(&format!("person{number:02}"), "").unwrap();
    }
    let first = owner.browser.get("/admin/accounts").await.body;
    assert!(first.contains(">person00<") && !first.contains(">person59<") && first.contains("id=\"next\""));
    let next = first.split("href=\"").find(|part| part.contains("after=")).unwrap();
    let next = next
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&")
        .replace("&amp;", "&");
    let second = owner.browser.get(&next).await.body;
    assert!(
        second.contains(">person59<") && !second.contains("id=\"next\""),
        "{next}"
    );
    let found = owner
        .browser
        .get("/admin/accounts?text=person4&which=unenrolled")
        .await
        .body;
    assert_eq!(found.matches("<tr>").count(), 11, "ten and the head");
    let nobody = owner.browser.get("/admin/accounts?text=%3Cscript%3E").await.body;
    assert!(nobody.contains("Nobody found.") && !nobody.contains("<script>"));
}

#[tokio::test]
async fn an_account_is_added_shown_changed_and_removed() {
    let (office, owner) = owner().await;
    for (name, code) in [
        ("", "name_invalid"),
        ("Not A Name", "name_invalid"),
        ("ann", "name_taken"),
    ] {
        let refused = owner
            .press("/admin/accounts/add", &[("name", name), ("display-name", "X")])
            .await;
        assert_eq!(refused.status, StatusCode::CONFLICT);
        assert!(
            refused.body.contains(code) && refused.body.contains("value=\"X\""),
            "{name}: {}",
            refused.body
        );
    }
    let added = owner
        .press(
            "/admin/accounts/add",
            &[("name", "zoe"), ("display-name", "Zoë <b>"), ("groups", "staff wheel")],
        )
        .await;
    assert_eq!(added.location(), "/admin/accounts/zoe?done=added");
    let page = owner.browser.get(&added.location()).await.body;
    assert!(
        page.contains("The account was added.") && page.contains("staff, wheel"),
        "{page}"
    );
    assert!(page.contains("Zoë &#60;b&#62;") && !page.contains("<b>"));
    let changed = owner
        .press(
            "/admin/accounts/zoe/change",
            &[("display-name", "Zoë"), ("groups", "staff")],
        )
        .await;
    assert_eq!(changed.location(), "/admin/accounts/zoe?done=changed");
    let role = owner.press("/admin/accounts/zoe/role", &[("role", "helpdesk")]).await;
    assert_eq!(role.location(), "/admin/accounts/zoe?done=role");
    let unsure = owner
        .press("/admin/accounts/zoe/remove", &[("confirmation", "no")])
        .await;
    assert!(unsure.body.contains("confirmation_required"), "{}", unsure.body);
    let gone = owner
        .press("/admin/accounts/zoe/remove", &[("confirmation", "yes")])
        .await;
    assert_eq!(gone.location(), "/admin/accounts?done=removed");
    assert_eq!(
        owner.browser.get("/admin/accounts/zoe").await.status,
        StatusCode::NOT_FOUND
    );
    assert_eq!(state(&office, "ann"), AccountState::Active);
}

#[tokio::test]
async fn deeds_ask_first_and_are_told_afterwards() {
    let (office, owner) = owner().await;
    for (deed, word, after) in [
        ("lock", "locked", AccountState::Locked),
        ("unlock", "unlocked", AccountState::Active),
        ("disable", "disabled", AccountState::Disabled),
        ("unlock", "unlocked", AccountState::Active),
        ("sign-out", "nothing", AccountState::Active),
    ] {
        let asked = owner.browser.get(&format!("/admin/accounts/user/{deed}")).await;
        assert!(asked.body.contains("name=\"csrf\""), "{deed}: {}", asked.body);
        let done = owner.press(&format!("/admin/accounts/user/{deed}"), &[]).await;
        assert_eq!(done.location(), format!("/admin/accounts/user?done={word}"), "{deed}");
        assert_eq!(state(&office, "user"), after, "{deed}");
    }
    let forged = owner.browser.post("/admin/accounts/user/lock", &[("csrf", "x")]).await;
    assert_eq!(forged.status, StatusCode::FORBIDDEN);
    let own = owner.press("/admin/accounts/owner/lock", &[]).await;
    assert_eq!(own.status, StatusCode::FORBIDDEN);
    assert!(own.body.contains("Nobody administers their own account"));
    let rescued = owner
        .press("/admin/accounts/user/rescue", &[("lasts", "1h"), ("reason", "lost")])
        .await;
    assert_eq!(rescued.location(), "/admin/accounts/user?done=rescued");
    for (lasts, reason) in [("1s", "x"), ("soon", "x"), ("1h", ""), ("2d", "x")] {
        let refused = owner
            .press("/admin/accounts/user/rescue", &[("lasts", lasts), ("reason", reason)])
            .await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{lasts} {reason}");
    }
}

#[tokio::test]
async fn a_lost_device_is_unbound_and_a_ticket_handed_over() {
    let (office, _) = owner().await;
    let helpdesk = office.seated("helpdesk").await;
    let page = helpdesk.browser.get("/admin/accounts/user").await.body;
    let row = page.split("<tr").find(|row| row.contains("phone")).unwrap();
    let at = row.find("/admin/accounts/user/devices/").unwrap();
    let path = row[at..].split('"').next().unwrap().to_owned();
    let asked = helpdesk.browser.get(&path).await.body;
    assert!(asked.contains("phone of user is unbound"), "{asked}");
    let unsure = helpdesk.press(&path, &[("confirmation", "")]).await;
    assert!(unsure.body.contains("confirmation_required"));
    let done = helpdesk.press(&path, &[("confirmation", "YES")]).await;
    assert_eq!(done.location(), "/admin/accounts/user?done=unbound");
    assert_eq!(helpdesk.browser.get(&path).await.status, StatusCode::NOT_FOUND);
    let refused = helpdesk.press("/admin/accounts/user/ticket", &[("lasts", "2d")]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    let ticket = helpdesk.press("/admin/accounts/user/ticket", &[("lasts", "30m")]).await;
    assert!(
        ticket.body.contains("https://id.example.org/bind?ticket="),
        "{}",
        ticket.body
    );
    assert!(ticket.body.contains("This is shown now and never again."));
    let of_owner = helpdesk
        .press("/admin/accounts/owner/ticket", &[("lasts", "30m")])
        .await;
    assert_eq!(of_owner.status, StatusCode::FORBIDDEN);
    assert_eq!(office.scene.events("ticket-issued"), 1);
}

#[tokio::test]
async fn settings_are_shown_in_three_groups_and_modified() {
    let (_office, owner) = owner().await;
    let page = owner.browser.get("/admin/settings").await.body;
    for group in ["Security", "MFA", "Network"] {
        assert!(page.contains(&format!(">{group}</h2>")), "{group}: {page}");
    }
    let asked = owner.browser.get("/admin/settings/security").await;
    let value = |name: &str| {
        let at = asked.body.find(&format!("name=\"{name}\"")).unwrap();
        asked.body[at..]
            .split("value=\"")
            .nth(1)
            .unwrap()
            .split('"')
            .next()
            .unwrap()
            .to_owned()
    };
    let session = value("session");
    assert_eq!(session, "6h");
    let all = [
        ("session", "8h"),
        ("idle", "1h"),
        ("lockout.attempts", "5"),
        ("lockout.window", "15m"),
        ("lockout.for", "15m"),
        ("lockout.hard-stop", "100"),
        ("passkey-sign-in", "true"),
        ("default.remember", ""),
        ("weak-passwords", "off"),
        ("idle-disable", "730d"),
        ("contact", "help@example.org"),
    ];
    let done = owner.press("/admin/settings/security", &all).await;
    assert_eq!(done.location(), "/admin/settings?done=changed");
    let mut wrong = all;
    wrong[0].1 = "1 day";
    let refused = owner.press("/admin/settings/security", &wrong).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(
        refused.body.contains("value=\"1 day\"") && refused.body.contains("policy_refused"),
        "{}",
        refused.body
    );
    let policy = owner.browser.get("/admin/policy").await.body;
    assert!(
        policy.contains("web:owner") && policy.contains("session = &#34;8h&#34;"),
        "{policy}"
    );
    assert_eq!(
        owner.browser.get("/admin/settings/other").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn the_policy_explains_a_sign_in() {
    let (_office, owner) = owner().await;
    let told = owner
        .browser
        .get("/admin/policy?user=ann&service=pam:sshd&source=203.0.113.9&first=password")
        .await;
    assert!(told.body.contains("decision challenge with totp"), "{}", told.body);
    let wrong = owner
        .browser
        .get("/admin/policy?user=ann&service=pam:sshd&source=moon")
        .await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn applications_are_registered_changed_and_removed() {
    let (_office, owner) = owner().await;
    let shop = [
        ("id", "shop"),
        ("kind", "confidential"),
        ("name", "Shop"),
        ("redirects", "https://shop.example/cb"),
    ];
    let made = owner.press("/admin/clients/add", &shop).await;
    assert!(
        made.body.contains("This is shown now and never again."),
        "{}",
        made.body
    );
    let twice = owner
        .press(
            "/admin/clients/add",
            &[("id", "shop"), ("name", "Evil"), ("redirects", "https://e.example/")],
        )
        .await;
    assert_eq!(twice.status, StatusCode::CONFLICT, "{}", twice.body);
    let wrong = owner
        .press(
            "/admin/clients/shop/change",
            &[("name", "Shop"), ("redirects", "javascript:alert(1)")],
        )
        .await;
    assert_eq!(wrong.status, StatusCode::CONFLICT);
    let changed = owner
        .press(
            "/admin/clients/shop/change",
            &[
                ("name", "The shop"),
                ("redirects", "https://shop.example/cb https://shop.example/b"),
            ],
        )
        .await;
    assert_eq!(changed.location(), "/admin/clients/shop?done=changed");
    assert!(
        owner
            .browser
            .get("/admin/clients/shop")
            .await
            .body
            .contains("https://shop.example/b")
    );
    every_setting_has_a_place(&owner).await;
    let secret = owner.press("/admin/clients/shop/secret", &[]).await;
    assert!(secret.body.contains("New secret"));
    let unsure = owner.press("/admin/clients/shop/remove", &[]).await;
    assert!(unsure.body.contains("confirmation_required"));
    let gone = owner
        .press("/admin/clients/shop/remove", &[("confirmation", "YES")])
        .await;
    assert_eq!(gone.location(), "/admin/clients?done=removed");
}

/// What most applications need has a field, all else a line in the words of `samekey client ensure`; a form that lacks a field changes
/// nothing there.
async fn every_setting_has_a_place(owner: &Seated) {
    const CHANGE: &str = "/admin/clients/shop/change";
    const PLAIN: [(&str, &str); 2] = [("name", "The shop"), ("redirects", "https://shop.example/cb")];
    let change = async |more: &[(&str, &str)]| {
        let mut fields = PLAIN.to_vec();
        fields.extend(more);
        owner.press(CHANGE, &fields).await
    };
    let all = [
        ("auth", "client_secret_post"),
        ("alg", "ES256"),
        ("scopes", "openid groups"),
        ("home", "https://shop.example/"),
        ("backchannel", "https://shop.example/out"),
        (
            "further",
            "subject-type = \"pairwise\", default-acr-values = [\"phr\"], dpop-bound = true",
        ),
    ];
    assert_eq!(change(&all).await.location(), "/admin/clients/shop?done=changed");
    let form = owner.browser.get(CHANGE).await.body;
    for there in [
        "<option value=\"client_secret_post\" selected>",
        "<option value=\"ES256\" selected>",
        "name=\"scopes\" type=\"text\" value=\"groups openid\"",
        "name=\"backchannel\" type=\"text\" value=\"https://shop.example/out\"",
        "default-acr-values = [&#34;phr&#34;], dpop-bound = true, subject-type = &#34;pairwise&#34;",
    ] {
        assert!(form.contains(there), "{there} in {form}");
    }
    for (wrong, told) in [
        ("no-such-setting = 1", "no-such-setting"),
        ("redirect-uris = []", "redirect-uris is not set here"),
        ("subject-type = pairwise", "further settings cannot be used"),
        ("dpop-bound = true }, more = { a = 1", "further settings cannot be used"),
        ("resources = [\"relative\"]", "resources"),
    ] {
        let page = change(&[("further", wrong)]).await;
        assert_eq!(page.status, StatusCode::CONFLICT, "{wrong}: {}", page.body);
        assert!(page.body.contains(told), "{wrong}: {}", page.body);
    }
    change(&[]).await.location();
    assert_eq!(owner.browser.get(CHANGE).await.body, form, "what is not sent stays");
    change(&[("scopes", ""), ("backchannel", ""), ("further", "")])
        .await
        .location();
    let shown = owner.browser.get("/admin/clients/shop").await.body;
    for gone in ["pairwise", "https://shop.example/out", "groups"] {
        assert!(!shown.contains(gone), "{gone} is there still: {shown}");
    }
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_the_trail_is_searched() {
    let (office, owner) = owner().await;
    let user = office.signed_in("user").await;
    let page = owner.browser.get("/admin/sessions").await.body;
    assert!(
        page.contains("This session") && page.contains("/admin/accounts/user"),
        "{page}"
    );
    let id = page
        .split("name=\"session\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .to_owned();
    let ended = owner.press("/admin/sessions", &[("session", &id)]).await;
    assert_eq!(ended.location(), "/admin/sessions?done=ended");
    assert_eq!(user.get("/").await.location(), "/login");
    let twice = owner.press("/admin/sessions", &[("session", &id)]).await;
    assert_eq!(twice.status, StatusCode::NOT_FOUND);
    let trail = owner
        .browser
        .get("/admin/audit?account=user&kind=session-ended")
        .await
        .body;
    assert_eq!(trail.matches("<tr>").count(), 2, "{trail}");
    assert!(trail.contains("account:owner"));
    let wrong = owner.browser.get("/admin/audit?from=yesterday").await;
    assert_eq!(wrong.status, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn pages_speak_chinese_and_show_what_a_role_may() {
    let office = Office::new();
    let auditor = office.seated("auditor").await;
    let page = auditor.browser.get("/admin/accounts/user").await.body;
    assert!(
        !page.contains("/unbind") && page.contains("Your role does not allow this"),
        "{page}"
    );
    let request = axum::http::Request::get("/admin").header("accept-language", "zh-CN");
    let page = auditor.browser.send(request, axum::body::Body::empty()).await.body;
    assert!(
        page.contains("lang=\"zh-CN\"") && page.contains("概览") && !page.contains("admin-"),
        "{page}"
    );
}

#[tokio::test]
async fn every_page_names_what_it_says() {
    let (_office, owner) = owner().await;
    for path in [
        "/admin",
        "/admin/accounts",
        "/admin/accounts/add",
        "/admin/accounts/ann",
        "/admin/sessions",
        "/admin/clients",
        "/admin/clients/wiki",
        "/admin/clients/wiki/change",
        "/admin/settings",
        "/admin/settings/mfa",
        "/admin/settings/network",
        "/admin/policy",
        "/admin/audit",
    ] {
        let page = owner.browser.get(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}");
        assert!(
            !page.body.contains(">admin-") && !page.body.contains("{ $"),
            "{path}: {}",
            page.body
        );
        assert_eq!(page.body.matches("<h1>").count(), 1, "{path}");
    }
}
