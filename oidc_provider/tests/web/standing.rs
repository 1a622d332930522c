//! What administrators decide about one account beside its devices: a security e-mail for it (W14), the end of what "this was not me"
//! holds, a ticket as a picture; and that somebody who may administer is always left.

use crate::desk::{Office, Seated};
use crate::post_office::link;
use crate::scene::PASSWORD;
use axum::http::StatusCode;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::objections::{self, Objection};
use samekey_shared::roles::Role;
use serde_json::{Value, json};

const ADDRESS: &str = "ann@mail.example";
const EMAIL: &str = "/admin/accounts/ann/email";
const RELEASE: &str = "/admin/accounts/ann/release";

/// Somebody said "this was not me" of ann's account.
fn hold(office: &Office) {
    let now = office.scene.now();
    let objection = Objection {
        account: office.scene.ann,
        about: "device-bound".into(),
        happened_at: now,
    };
    let store = &office.scene.test.realm.store;
    store.write(|tx| objections::hold(tx, &objection, now)).unwrap();
}

fn is_held(office: &Office) -> bool {
    let store = &office.scene.test.realm.store;
    store.read(|tx| objections::is_held(tx, office.scene.ann)).unwrap()
}

#[tokio::test]
async fn an_address_set_on_the_page_is_confirmed_by_its_person() {
    let office = Office::with_letters();
    let admin = office.seated("admin").await;
    let detail = admin.browser.get("/admin/accounts/ann").await;
    assert!(
        detail.body.contains("href=\"/admin/accounts/ann/email\""),
        "{}",
        detail.body
    );
    for wrong in [
        "",
        "ann",
        "ann@localhost",
        "<b>@example.org",
        "a@mail.example, b@mail.example",
    ] {
        let refused = admin.press(EMAIL, &[("address", wrong)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{wrong}");
        assert!(
            refused.body.contains("name_invalid") && !refused.body.contains("<b>@"),
            "{wrong}: {}",
            refused.body
        );
    }
    assert!(office.scene.letters().is_empty());
    let done = admin.press(EMAIL, &[("address", ADDRESS)]).await;
    assert_eq!(done.location(), "/admin/accounts/ann?done=email");
    assert!(
        admin
            .browser
            .get(&done.location())
            .await
            .body
            .contains("A letter asks for a confirmation")
    );
    assert_eq!(office.scene.events("email-proposed"), 1);
    let letter = office.scene.letter();
    assert!(letter.contains(&format!("To: {ADDRESS}")), "{letter}");

    let ann = office.scene.browser();
    office.scene.test.clock.advance(30);
    office.scene.sign_in(&ann, "/login").await;
    let page = ann.get(&link(&letter, "/security/email/confirm")).await;
    assert!(
        page.body
            .contains("admin gave your account the security e-mail ann@mail.example"),
        "{}",
        page.body
    );
    let (csrf, link) = (page.field("csrf"), page.field("link"));
    let fields = [("csrf", csrf.as_str()), ("link", link.as_str())];
    assert_eq!(
        ann.post("/security/email/confirm", &fields).await.location(),
        "/security?done=email-bound"
    );
    let detail = admin.browser.get("/admin/accounts/ann").await;
    assert!(
        !detail.body.contains("href=\"/admin/accounts/ann/email\""),
        "one is bound"
    );
}

#[tokio::test]
async fn programs_set_an_address_and_lift_a_hold_and_the_helpdesk_does_neither() {
    let office = Office::with_letters();
    hold(&office);
    let (path, body) = ("/api/v1/accounts/ann/email", json!({"address": ADDRESS}));
    let helpdesk = office.seated("helpdesk").await;
    for (method, path) in [("PUT", path), ("POST", "/api/v1/accounts/ann/release")] {
        let refused = helpdesk.call(method, path, &body).await;
        assert_eq!(refused.json()["code"], "denied_by_rule", "{path}");
    }
    assert!(is_held(&office) && office.scene.letters().is_empty());
    let owner = office.seated("owner").await;
    let refused = owner.call("PUT", path, &json!({"address": "nobody"})).await;
    assert_eq!(
        (refused.status, refused.json()["code"].clone()),
        (StatusCode::UNPROCESSABLE_ENTITY, json!("name_invalid"))
    );
    assert_eq!(owner.call("PUT", path, &body).await.json(), json!({"changed": true}));
    let shown = owner.call("GET", "/api/v1/accounts/ann", &Value::Null).await.json();
    assert_eq!(shown["held"], true);
    let release = "/api/v1/accounts/ann/release";
    assert_eq!(
        owner.call("POST", release, &Value::Null).await.json(),
        json!({"changed": true})
    );
    assert_eq!(
        owner.call("POST", release, &Value::Null).await.json(),
        json!({"changed": false})
    );
    assert!(!is_held(&office));
    assert_eq!(office.scene.events("objection-settled"), 1);
}

#[tokio::test]
async fn where_no_letters_are_sent_no_address_is_set() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let refused = owner.press(EMAIL, &[("address", ADDRESS)]).await;
    assert!(
        refused.body.contains("method_not_allowed") && refused.body.contains("switched off"),
        "{}",
        refused.body
    );
    let refused = owner
        .call("PUT", "/api/v1/accounts/ann/email", &json!({"address": ADDRESS}))
        .await;
    assert_eq!(refused.json()["code"], "method_not_allowed");
}

#[tokio::test]
async fn what_this_was_not_me_holds_is_lifted_on_the_page() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let detail = owner.browser.get("/admin/accounts/ann").await;
    assert!(!detail.body.contains(RELEASE), "nothing is held");
    hold(&office);
    let detail = owner.browser.get("/admin/accounts/ann").await;
    assert!(
        detail.body.contains(RELEASE) && detail.body.contains("are held"),
        "{}",
        detail.body
    );
    let done = owner.press(RELEASE, &[]).await;
    assert_eq!(done.location(), "/admin/accounts/ann?done=released");
    assert!(!is_held(&office));
    assert_eq!(
        owner.press(RELEASE, &[]).await.location(),
        "/admin/accounts/ann?done=nothing"
    );
    assert_eq!(office.scene.events("objection-settled"), 1);
}

/// R67: the ticket's link as a picture too, which a phone's camera reads.
#[tokio::test]
async fn a_ticket_is_shown_as_a_qr_code_too() {
    let office = Office::new();
    let helpdesk = office.seated("helpdesk").await;
    let page = helpdesk.press("/admin/accounts/ann/ticket", &[("lasts", "1h")]).await;
    let link = page.body.split("<code>").nth(1).unwrap().split('<').next().unwrap();
    assert!(link.contains("/bind?ticket="), "{}", page.body);
    let drawn = samekey_shared::qr::outline(link).unwrap();
    assert!(page.body.contains(&drawn.path), "the picture is of this link");
    assert!(page.body.contains("aria-label=\"QR code of the link\""));
    assert!(!page.body.contains("style="), "{}", page.body);
}

/// Who may administer at all, of those that sign in.
fn owners(office: &Office) -> usize {
    let store = &office.scene.test.realm.store;
    let active = |name: &&str| {
        let found = store.read(|tx| rows::by_id(tx, office.id(name))).unwrap().unwrap();
        found.state == AccountState::Active && found.role == Role::Owner
    };
    ["owner", "second"].into_iter().filter(active).count()
}

/// Another owner beside the one called so.
fn second(office: &Office) {
    let store = &office.scene.test.realm.store;
    let id = office.scene.test.account("second", PASSWORD).unwrap();
    store.write(|tx| rows::set_role(tx, id, Role::Owner)).unwrap();
    let admin = office.id("admin");
    store
        .write(|tx| rows::set_state(tx, admin, AccountState::Locked))
        .unwrap();
}

/// Two owners take each other's standing at the same moment, one on a page, one as a program: one of them is left.
#[tokio::test]
async fn of_two_owners_who_shut_each_other_out_at_once_one_is_left() {
    for deed in ["lock", "disable", "role"] {
        let office = Office::new();
        // Both sit there with an app: the one called admin becomes the second owner.
        let store = &office.scene.test.realm.store;
        let other = office.id("admin");
        store.write(|tx| rows::set_role(tx, other, Role::Owner)).unwrap();
        let (one, two): (Seated, Seated) = (office.seated("owner").await, office.seated("admin").await);
        let page = format!("/admin/accounts/admin/{deed}");
        let call = format!("/api/v1/accounts/owner/{deed}");
        let (method, body) = if deed == "role" {
            ("PUT", json!({"role": "user"}))
        } else {
            ("POST", Value::Null)
        };
        let (on_page, by_program) = tokio::join!(one.press(&page, &[("role", "user")]), two.call(method, &call, &body));
        let standing = ["owner", "admin"].iter().filter(|name| {
            let found = store.read(|tx| rows::by_id(tx, office.id(name))).unwrap().unwrap();
            found.state == AccountState::Active && found.role == Role::Owner
        });
        assert_eq!(
            standing.count(),
            1,
            "{deed}: {} / {} {}",
            on_page.status,
            by_program.status,
            by_program.body
        );
        let went = [
            on_page.status == StatusCode::SEE_OTHER && on_page.location().contains("done="),
            by_program.status == StatusCode::OK,
        ];
        assert_eq!(
            went.iter().filter(|went| **went).count(),
            1,
            "{deed}: {} {}",
            on_page.body,
            by_program.body
        );
    }
}

/// The last owner is nobody's to take: not the admins', not their own, not by removing.
#[tokio::test]
async fn the_last_owner_stays_at_page_and_api() {
    let office = Office::new();
    second(&office);
    assert_eq!(owners(&office), 2);
    let owner = office.seated("owner").await;
    let gone = owner.press("/admin/accounts/second/disable", &[]).await;
    assert_eq!(gone.location(), "/admin/accounts/second?done=disabled");
    for deed in ["lock", "disable", "remove", "role"] {
        let page = owner
            .press(
                &format!("/admin/accounts/owner/{deed}"),
                &[("confirmation", "YES"), ("role", "user")],
            )
            .await;
        assert!(page.body.contains("denied_by_rule"), "{deed}: {}", page.body);
    }
    let calls = [
        ("POST", "/api/v1/accounts/owner/lock", Value::Null),
        ("POST", "/api/v1/accounts/owner/disable", Value::Null),
        ("DELETE", "/api/v1/accounts/owner", json!({"confirmation": "YES"})),
        ("PUT", "/api/v1/accounts/owner/role", json!({"role": "user"})),
    ];
    for (method, path, body) in &calls {
        let refused = owner.call(method, path, body).await;
        assert_eq!(refused.json()["code"], "denied_by_rule", "{path}");
    }
    // Root's command is asked the same question, and is told.
    let name = "owner".parse().unwrap();
    let refused = office.scene.test.as_root(|desk| desk.lock(&name)).unwrap_err();
    assert!(
        refused.to_string().contains("last account that may administer"),
        "{refused}"
    );
    assert_eq!(owners(&office), 1);
}
