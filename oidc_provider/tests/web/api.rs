//! The administrators' API: every route as every role, what each call changes, and what it refuses.

use crate::desk::{Office, Seated};
use axum::body::Body;
use axum::http::{Request, StatusCode};
use samekey_provider::admin::api::description::Description;
use samekey_provider::app::routes::{Who, every};
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::audit;
use samekey_shared::roles::{Role, may};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use utoipa::OpenApi;

/// A path with its holes filled in: the user that everybody may look at.
fn filled(path: &str) -> String {
    path.replace("{name}", "ann")
        .replace("{device}", "00000000000000000000000000000001")
        .replace("{session}", "00000000000000000000000000000001")
        .replace("{id}", "wiki")
        .replace("{group}", "security")
}

/// Every event of this kind, the newest last.
fn events(office: &Office, kind: &str) -> Vec<Value> {
    let records = office.scene.test.realm.store.read(|tx| audit::tail(tx, 1000)).unwrap();
    let of_kind = records.iter().filter(|record| record.kind == kind);
    of_kind
        .map(|record| serde_json::from_str(&record.event).unwrap())
        .collect()
}

#[tokio::test]
async fn every_route_answers_every_role_as_the_grid_says() {
    for role in Role::ALL {
        let office = Office::new();
        let seated = office.seated(role.as_str()).await;
        let mut tried = 0;
        for route in every() {
            let Who::Administrator(action) = route.who else {
                continue;
            };
            tried += 1;
            let path = filled(route.path);
            let page = if path.starts_with("/api/") || route.method == "GET" {
                seated.call(route.method, &path, &Value::Null).await
            } else {
                seated.press(&path, &[]).await
            };
            let refused = page.status == StatusCode::FORBIDDEN && page.body.contains("denied_by_rule");
            let told = format!("{role}: {} {path}: {} {}", route.method, page.status, page.body);
            assert_eq!(refused, !may(*role, action, None), "{told}");
            assert!(
                !page.status.is_server_error() && page.status != StatusCode::UNAUTHORIZED,
                "{told}"
            );
        }
        assert!(tried > 60, "only {tried} routes of administrators");
    }
}

#[tokio::test]
async fn nobody_and_programs_without_the_token_change_nothing() {
    let office = Office::new();
    let nobody = Seated {
        browser: office.scene.browser(),
        token: String::new(),
    };
    let anonymous = nobody.call("GET", "/api/v1/accounts", &Value::Null).await;
    assert_eq!(anonymous.status, StatusCode::UNAUTHORIZED);
    assert_eq!(anonymous.json()["code"], "sign_in_required");
    assert_eq!(anonymous.headers["content-type"], "application/problem+json");
    let mut owner = office.seated("owner").await;
    owner.token = "x".into();
    let forged = owner.call("POST", "/api/v1/accounts/ann/lock", &Value::Null).await;
    assert_eq!(
        (forged.status, forged.json()["code"].clone()),
        (StatusCode::FORBIDDEN, json!("form_from_elsewhere"))
    );
    let elsewhere = Request::post("/api/v1/accounts/ann/lock").header("origin", "https://evil.example");
    let elsewhere = owner.browser.send(elsewhere, Body::empty()).await;
    assert_eq!(elsewhere.status, StatusCode::FORBIDDEN);
    assert!(events(&office, "account-locked").is_empty());
}

#[tokio::test]
async fn a_change_needs_a_proof_of_the_last_ten_minutes_and_looking_does_not() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    office.scene.test.clock.advance(601);
    let page = owner.call("GET", "/api/v1/accounts", &Value::Null).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    let refused = owner.call("POST", "/api/v1/accounts/ann/lock", &Value::Null).await;
    assert_eq!(refused.json()["code"], "confirmation_required");
    assert!(events(&office, "account-locked").is_empty());
}

#[tokio::test]
async fn an_administrator_without_a_second_factor_gets_nowhere() {
    let office = Office::with(crate::scene::LAX);
    let store = &office.scene.test.realm.store;
    let bob = office.scene.test.account("bob", crate::scene::PASSWORD).unwrap();
    store.write(|tx| rows::set_role(tx, bob, Role::Owner)).unwrap();
    let browser = office.scene.browser();
    let first = browser.get("/login").await;
    let asks = browser.press(&first.location(), "name", &[("username", "bob")]).await;
    let password = [("password", crate::scene::PASSWORD)];
    assert_eq!(
        browser.press(&asks.location(), "password", &password).await.location(),
        "/"
    );
    let refused = browser.get("/api/v1/accounts").await;
    assert_eq!(refused.json()["code"], "enrollment_required");
}

#[tokio::test]
async fn accounts_are_listed_by_key_made_changed_and_removed() {
    let office = Office::new();
    let admin = office.seated("admin").await;
    let made = admin
        .call(
            "PUT",
            "/api/v1/accounts/zoe",
            &json!({"display_name": "Zoë", "groups": ["staff"]}),
        )
        .await;
    assert_eq!(made.json(), json!({"changed": true}), "{}", made.body);
    let again = admin
        .call(
            "PUT",
            "/api/v1/accounts/zoe",
            &json!({"display_name": "Zoë", "groups": ["staff"]}),
        )
        .await;
    assert_eq!(again.json(), json!({"changed": false}), "a retry makes nothing twice");
    let other = admin.call("PUT", "/api/v1/accounts/zoe", &json!({})).await;
    assert_eq!(other.json()["code"], "name_taken");
    let mut names = Vec::new();
    let mut after = String::new();
    loop {
        let page = admin
            .call("GET", &format!("/api/v1/accounts?limit=2&after={after}"), &Value::Null)
            .await
            .json();
        names.extend(
            page["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap().to_owned()),
        );
        match page["next"].as_str() {
            Some(next) => after = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(names, ["admin", "ann", "auditor", "helpdesk", "owner", "user", "zoe"]);
    let found = |query: &'static str| {
        let admin = &admin;
        async move {
            let page = admin
                .call("GET", &format!("/api/v1/accounts?{query}"), &Value::Null)
                .await
                .json();
            let names = page["accounts"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| one["name"].as_str().unwrap().to_owned());
            names.collect::<Vec<_>>()
        }
    };
    assert_eq!(found("text=zo%C3%AB").await, ["zoe"]);
    assert_eq!(found("text=au").await, ["auditor"]);
    assert_eq!(found("text=%25").await, [""; 0], "a joker is a letter");
    assert_eq!(found("which=owner").await, ["owner"]);
    assert_eq!(found("which=unenrolled").await, ["zoe"]);
    assert_eq!(found("which=one-kind").await.len(), 6);
    let changed = admin
        .call(
            "PATCH",
            "/api/v1/accounts/zoe",
            &json!({"flags": ["mfa-required"], "groups": []}),
        )
        .await;
    assert_eq!(changed.json(), json!({"changed": true}));
    let told = &events(&office, "account-changed")[0]["detail"];
    assert_eq!(told["before"], "name=\"Zoë\" flags= groups=staff");
    assert_eq!(told["after"], "name=\"Zoë\" flags=mfa-required groups=");
    let unsure = admin
        .call("DELETE", "/api/v1/accounts/zoe", &json!({"confirmation": "no"}))
        .await;
    assert_eq!(unsure.json()["code"], "confirmation_required");
    let gone = admin
        .call("DELETE", "/api/v1/accounts/zoe", &json!({"confirmation": "yes"}))
        .await;
    assert_eq!(gone.json(), json!({"changed": true}));
    let missing = admin.call("GET", "/api/v1/accounts/zoe", &Value::Null).await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_locked_account_is_out_at_once_and_its_sessions_are_gone() {
    let office = Office::new();
    let user = office.signed_in("user").await;
    assert_eq!(user.get("/").await.status, StatusCode::OK);
    let helpdesk = office.seated("helpdesk").await;
    let listed = helpdesk
        .call("GET", "/api/v1/accounts/user/sessions", &Value::Null)
        .await
        .json();
    assert_eq!(listed["sessions"].as_array().unwrap().len(), 1);
    assert_eq!(
        helpdesk
            .call("POST", "/api/v1/accounts/user/lock", &Value::Null)
            .await
            .json(),
        json!({"changed": true})
    );
    assert_eq!(user.get("/").await.location(), "/login");
    let unlocked = helpdesk
        .call("POST", "/api/v1/accounts/user/unlock", &Value::Null)
        .await;
    assert_eq!(unlocked.json(), json!({"changed": true}));
    assert_eq!(
        user.get("/").await.location(),
        "/login",
        "unlocking brings no session back"
    );
    let told = &events(&office, "account-locked")[0];
    assert_eq!(told["actor"], "account:helpdesk");
    assert_eq!(told["detail"], json!({"before": "active", "after": "locked"}));
    assert_eq!(told["source"], "192.0.2.7");
}

#[tokio::test]
async fn the_helpdesk_touches_users_only_and_nobody_touches_themselves() {
    let office = Office::new();
    let helpdesk = office.seated("helpdesk").await;
    let state = |name: &str| {
        let store = &office.scene.test.realm.store;
        store
            .read(|tx| rows::by_id(tx, office.id(name)))
            .unwrap()
            .unwrap()
            .state
    };
    for name in ["owner", "admin", "auditor", "helpdesk"] {
        let refused = helpdesk
            .call("POST", &format!("/api/v1/accounts/{name}/lock"), &Value::Null)
            .await;
        assert_eq!(refused.json()["code"], "denied_by_rule", "{name}");
        assert_eq!(state(name), AccountState::Active, "{name}");
    }
    let owner = office.seated("owner").await;
    let role = |name: &str, role: &str| (format!("/api/v1/accounts/{name}/role"), json!({"role": role}));
    let (path, body) = role("owner", "user");
    assert_eq!(
        owner.call("PUT", &path, &body).await.json()["code"],
        "denied_by_rule",
        "not oneself"
    );
    let admin = office.seated("admin").await;
    for (name, to) in [
        ("admin", "owner"),
        ("user", "admin"),
        ("owner", "user"),
        ("helpdesk", "owner"),
    ] {
        let (path, body) = role(name, to);
        assert_eq!(
            admin.call("PUT", &path, &body).await.json()["code"],
            "denied_by_rule",
            "{name} to {to}"
        );
    }
    let (path, body) = role("user", "helpdesk");
    assert_eq!(admin.call("PUT", &path, &body).await.json(), json!({"changed": true}));
    let told = &events(&office, "role-changed")[0]["detail"];
    assert_eq!(*told, json!({"before": "user", "after": "helpdesk"}));
}

#[tokio::test]
async fn somebody_who_can_put_things_right_is_always_left() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let second = json!({"role": "owner"});
    assert_eq!(
        owner.call("PUT", "/api/v1/accounts/admin/role", &second).await.json(),
        json!({"changed": true})
    );
    let admin = office.seated("admin").await;
    let locked = admin.call("POST", "/api/v1/accounts/owner/lock", &Value::Null).await;
    assert_eq!(locked.json(), json!({"changed": true}));
    // The first owner is locked; the second one is the last.
    let store = &office.scene.test.realm.store;
    store
        .write(|tx| rows::set_role(tx, office.id("user"), Role::Owner))
        .unwrap();
    let user = office.seated("user").await;
    assert_eq!(
        user.call("POST", "/api/v1/accounts/admin/lock", &Value::Null)
            .await
            .json(),
        json!({"changed": true})
    );
    store
        .write(|tx| rows::set_state(tx, office.id("admin"), AccountState::Active))
        .unwrap();
    let admin = office.seated("admin").await;
    store
        .write(|tx| rows::set_role(tx, office.id("admin"), Role::Owner))
        .unwrap();
    store
        .write(|tx| rows::set_state(tx, office.id("user"), AccountState::Locked))
        .unwrap();
    // Everybody else is locked: nobody but oneself could be taken, and oneself is not taken.
    let own = admin.call("POST", "/api/v1/accounts/admin/lock", &Value::Null).await;
    assert_eq!(own.json()["code"], "denied_by_rule");
}

#[tokio::test]
async fn a_device_is_unbound_for_its_person_and_their_sessions_end() {
    let office = Office::new();
    let user = office.signed_in("user").await;
    let helpdesk = office.seated("helpdesk").await;
    let devices = helpdesk
        .call("GET", "/api/v1/accounts/user/devices", &Value::Null)
        .await
        .json();
    let mut listed = devices["devices"].as_array().unwrap().iter();
    let device = listed.find(|one| one["kind"] == "totp").unwrap()["id"]
        .as_str()
        .unwrap();
    let path = format!("/api/v1/accounts/user/devices/{device}");
    let unsure = helpdesk.call("DELETE", &path, &json!({"confirmation": "maybe"})).await;
    assert_eq!(unsure.json()["code"], "confirmation_required");
    let others = helpdesk
        .call(
            "DELETE",
            &path.replace("/user/", "/ann/"),
            &json!({"confirmation": "YES"}),
        )
        .await;
    assert_eq!(others.status, StatusCode::NOT_FOUND, "another's device");
    let done = helpdesk.call("DELETE", &path, &json!({"confirmation": "Yes"})).await;
    assert_eq!(done.json(), json!({"changed": true}), "{}", done.body);
    assert_eq!(user.get("/").await.location(), "/login");
    let told = &events(&office, "device-unbound")[0];
    assert_eq!(
        (&told["actor"], &told["subject"]),
        (&json!("account:helpdesk"), &json!("user"))
    );
    let twice = helpdesk.call("DELETE", &path, &json!({"confirmation": "YES"})).await;
    assert_eq!(twice.json()["code"], "not_found");
}

#[tokio::test]
async fn settings_change_in_one_place_and_the_trail_tells_before_and_after() {
    let office = Office::new();
    let admin = office.seated("admin").await;
    let changed = admin
        .call(
            "PATCH",
            "/api/v1/settings",
            &json!({"session": "8h", "lockout.attempts": "4", "contact": ""}),
        )
        .await;
    assert_eq!(changed.json(), json!({"changed": true}), "{}", changed.body);
    let shown = admin.call("GET", "/api/v1/settings", &Value::Null).await.json();
    assert_eq!(shown["settings"]["session"], "8h");
    assert_eq!(shown["settings"]["contact"], "");
    let told = events(&office, "policy-applied").pop().unwrap()["detail"].clone();
    assert_eq!(told["before"], "session=6h lockout.attempts=5 contact=help@example.org");
    assert_eq!(told["after"], "session=8h lockout.attempts=4 contact=");
    let same = admin.call("PATCH", "/api/v1/settings", &json!({"session": "8h"})).await;
    assert_eq!(same.json(), json!({"changed": false}));
    for wrong in [
        json!({"session": "soon"}),
        json!({"session": "1s"}),
        json!({"sesion": "8h"}),
        json!({"self-service": "some"}),
        json!({"lockout.attempts": "-1"}),
        json!({"announcement": "a\"\nlevel = \"none\""}),
        json!({"first-bind.networks": "nowhere"}),
        json!([]),
    ] {
        let refused = admin.call("PATCH", "/api/v1/settings", &wrong).await;
        let is_refused = matches!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY | StatusCode::BAD_REQUEST
        );
        assert!(
            is_refused || wrong.get("announcement").is_some(),
            "{wrong}: {}",
            refused.body
        );
    }
    let policy = admin.call("GET", "/api/v1/policy", &Value::Null).await.json();
    assert!(
        !policy["text"].as_str().unwrap().contains("\nlevel = \"none\""),
        "{}",
        policy["text"]
    );
    assert!(policy["text"].as_str().unwrap().contains("level = \"high\""));
}

#[tokio::test]
async fn a_rescue_lets_somebody_in_for_a_while_and_says_who_answers_for_it() {
    let office = Office::new();
    let admin = office.seated("admin").await;
    for wrong in [
        json!({"seconds": 60, "reason": "x"}),
        json!({"seconds": 90_000, "reason": "x"}),
        json!({"seconds": 3600, "reason": " "}),
    ] {
        let refused = admin.call("PUT", "/api/v1/accounts/ann/rescue", &wrong).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{wrong}");
    }
    let body = json!({"seconds": 3600, "reason": "phone lost \"at\" the lake"});
    let rescued = admin.call("PUT", "/api/v1/accounts/ann/rescue", &body).await;
    assert_eq!(rescued.json()["until"], office.scene.now() + 3600, "{}", rescued.body);
    let browser = office.scene.browser();
    let done = office.scene.with_password(&browser, "/login").await;
    assert_eq!(done.location(), "/", "the password suffices");
    office.scene.test.clock.advance(3600);
    let browser = office.scene.browser();
    let asked = office.scene.with_password(&browser, "/login").await;
    assert!(asked.location().starts_with("/sign-in"), "it is over");
    let told = &events(&office, "rescue-granted")[0];
    assert_eq!(told["detail"]["reason"], "phone lost \"at\" the lake");
    assert_eq!(told["subject"], "ann");
    // The next rescue takes the old one with it.
    let admin = office.seated("admin").await;
    let body = json!({"seconds": 600, "reason": "again"});
    assert_eq!(
        admin.call("PUT", "/api/v1/accounts/user/rescue", &body).await.status,
        StatusCode::OK
    );
    let policy = admin.call("GET", "/api/v1/policy", &Value::Null).await.json();
    let text = policy["text"].as_str().unwrap();
    assert!(text.contains("rescue-user") && !text.contains("rescue-ann"), "{text}");
}

#[tokio::test]
async fn applications_are_kept_with_before_and_after() {
    let office = Office::new();
    let admin = office.seated("admin").await;
    let shop =
        json!({"name": "Shop", "kind": "confidential", "settings": {"redirect-uris": ["https://shop.example/cb"]}});
    let made = admin.call("PUT", "/api/v1/clients/shop", &shop).await.json();
    assert!(
        made["secret"].as_str().is_some_and(|secret| secret.len() > 40),
        "{made}"
    );
    let again = admin.call("PUT", "/api/v1/clients/shop", &shop).await.json();
    assert_eq!(again, json!({"changed": false, "secret": null}));
    let mut evil = shop.clone();
    evil["settings"]["redirect-uris"] = json!(["javascript:alert(1)"]);
    let refused = admin.call("PUT", "/api/v1/clients/shop", &evil).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{}", refused.body);
    let mut moved = shop.clone();
    moved["name"] = json!("The shop");
    assert_eq!(
        admin.call("PUT", "/api/v1/clients/shop", &moved).await.json()["changed"],
        true
    );
    let told = &events(&office, "client-changed")[0]["detail"];
    assert!(
        told["before"].as_str().unwrap().contains("\"Shop\"") && told["after"].as_str().unwrap().contains("The shop")
    );
    let secret = admin
        .call("POST", "/api/v1/clients/shop/secret", &Value::Null)
        .await
        .json();
    assert_ne!(secret["secret"], made["secret"]);
    assert_eq!(
        admin.call("DELETE", "/api/v1/clients/shop", &Value::Null).await.json(),
        json!({"changed": true})
    );
    assert_eq!(
        admin.call("GET", "/api/v1/clients/shop", &Value::Null).await.status,
        StatusCode::NOT_FOUND
    );
    assert!(
        !office_trail(&office).contains(secret["secret"].as_str().unwrap()),
        "no secret in the trail"
    );
}

fn office_trail(office: &Office) -> String {
    let records = office.scene.test.realm.store.read(|tx| audit::tail(tx, 1000)).unwrap();
    records.iter().map(|record| record.event.as_str()).collect()
}

#[tokio::test]
async fn the_trail_is_searched_by_account_kind_request_and_time_and_taken_away() {
    let office = Office::new();
    let auditor = office.seated("auditor").await;
    let search = |query: String| {
        let auditor = &auditor;
        async move {
            auditor
                .call("GET", &format!("/api/v1/audit?{query}"), &Value::Null)
                .await
        }
    };
    let all = search("limit=1000".into()).await.json();
    let events = all["events"].as_array().unwrap();
    assert!(
        events.len() > 5 && events[0]["seq"].as_i64() > events[1]["seq"].as_i64(),
        "the newest first"
    );
    let own = search("account=auditor&kind=sign-in-granted".into()).await.json();
    assert_eq!(own["events"].as_array().unwrap().len(), 1);
    let request = own["events"][0]["request"].as_str().unwrap();
    let joined = search(format!("request={request}")).await.json();
    assert!(!joined["events"].as_array().unwrap().is_empty());
    let now = office.scene.now();
    assert_eq!(search(format!("from={}", now + 1)).await.json()["events"], json!([]));
    let until = search(format!("until={}&limit=1000", now - 15)).await.json();
    assert!(until["events"].as_array().unwrap().len() < events.len());
    let first = search("limit=2".into()).await.json();
    let rest = search(format!("limit=1000&before={}", first["next"])).await.json();
    assert_eq!(rest["events"].as_array().unwrap().len() + 2, events.len());
    for wrong in ["kind=nonsense", "request=x", "from=yesterday", "before=x", "limit=0"] {
        assert_eq!(search(wrong.into()).await.status, StatusCode::BAD_REQUEST, "{wrong}");
    }
    let export = auditor.call("GET", "/api/v1/audit/export?after=1", &Value::Null).await;
    let lines: Vec<Value> = export
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines[0]["event"]["seq"], 2);
    assert_eq!(lines[1]["previous"], lines[0]["hash"]);
    assert_eq!(
        export.headers["x-samekey-next"].to_str().unwrap(),
        (lines.len() + 1).to_string()
    );
}

#[tokio::test]
async fn a_refusal_by_role_is_written_down() {
    let office = Office::new();
    let user = office.seated("user").await;
    let refused = user.call("GET", "/api/v1/accounts", &Value::Null).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);
    let told = &events(&office, "administration-refused")[1];
    assert_eq!(
        (&told["actor"], &told["detail"]["action"]),
        (&json!("account:user"), &json!("accounts-see"))
    );
}

#[test]
fn the_description_names_every_route_of_the_api_and_no_other() {
    let document = serde_json::to_value(Description::openapi()).unwrap();
    let (mut described, mut names) = (BTreeSet::new(), Vec::new());
    for (path, methods) in document["paths"].as_object().unwrap() {
        names.extend(
            methods
                .as_object()
                .unwrap()
                .values()
                .map(|told| told["operationId"].to_string()),
        );
        described.extend(
            methods
                .as_object()
                .unwrap()
                .keys()
                .map(|method| format!("{} {path}", method.to_uppercase())),
        );
    }
    let served: BTreeSet<String> = every()
        .into_iter()
        .filter(|route| route.path.starts_with("/api/v1/"))
        .map(|route| format!("{} {}", route.method, route.path))
        .collect();
    assert_eq!(described, served);
    // Programs made of the description call each by its name.
    let different: BTreeSet<&String> = names.iter().collect();
    assert_eq!(
        different.len(),
        described.len(),
        "a name stands for two calls: {names:?}"
    );
    for known in [
        "accounts-list",
        "accounts-show",
        "clients-list",
        "clients-new-secret",
        "sessions-end-all",
    ] {
        assert!(
            names.contains(&format!("{known:?}")),
            "{known} is called otherwise: {names:?}"
        );
    }
}

/// Every value of this attribute on the page.
fn values<'a>(body: &'a str, attribute: &str) -> Vec<&'a str> {
    let begin = format!(" {attribute}=\"");
    body.split(&begin)
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect()
}

#[tokio::test]
async fn the_page_of_the_api_shows_every_call_to_everybody() {
    let office = Office::new();
    let browser = office.scene.browser();
    let page = browser.get("/api").await;
    assert_eq!(page.status, StatusCode::OK);
    let document = serde_json::to_value(Description::openapi()).unwrap();
    let mut calls = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, told) in methods.as_object().unwrap() {
            calls += 1;
            let method = method.to_uppercase();
            let heading = format!("<span class=\"badge\">{method}</span> <code>{path}</code></a></h3>");
            assert!(page.body.contains(&heading), "{method} {path}");
            assert!(
                page.body.contains(&format!("<code>{method} {path}</code></a></li>")),
                "{path}"
            );
            let names = told["parameters"].as_array().into_iter().flatten();
            for name in names.map(|param| param["name"].as_str().unwrap()) {
                assert!(
                    page.body.contains(&format!("<code>{name}</code></th>")),
                    "{path}: {name}"
                );
            }
        }
    }
    assert_eq!(
        page.body
            .matches("<article class=\"operation\">\n<h3 id=\"shape-")
            .count(),
        { document["components"]["schemas"].as_object().unwrap().len() }
    );
    assert_eq!(page.body.matches("<pre class=\"line\">").count(), calls);
    let ids = values(&page.body, "id");
    let different: BTreeSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), different.len(), "an id stands twice: {ids:?}");
    for target in values(&page.body, "href").iter().filter_map(|to| to.strip_prefix('#')) {
        assert!(different.contains(target), "nothing to find at #{target}");
    }
    assert_eq!(browser.get("/api/openapi.json").await.json(), document);
    for gone in ["/api/swagger-ui-bundle.js", "/api/index.html", "/assets/viewer.js"] {
        assert_eq!(browser.get(gone).await.status, StatusCode::NOT_FOUND, "{gone}");
    }
}

#[tokio::test]
async fn the_page_of_the_api_tells_roles_fields_answers_and_a_line_to_copy() {
    let office = Office::new();
    let page = office.scene.browser().get("/api").await;
    let call = |id: &str| {
        let from = page.body.split(&format!("<h3 id=\"{id}\">")).nth(1).unwrap();
        from.split("</article>").next().unwrap().to_owned()
    };
    let rescue = call("put-accounts-name-rescue");
    for told in [
        "Lets somebody in without their device for a while.",
        "<span class=\"badge high\">Owner</span> <span class=\"badge high\">Administrator</span></p>",
        "<code>seconds</code> <code class=\"to\">int64</code> <span class=\"badge\">Needed</span>",
        "Seconds, from 300 to 86400.",
        "<a href=\"#shape-RescueAnswer\"><code>RescueAnswer</code></a>",
        "<dt><code>409</code></dt><dd><span lang=\"en\">Conflict</span>",
        "curl -X PUT -b &#34;__Host-samekey-session=$SESSION&#34; -H &#34;x-samekey-csrf: $CSRF&#34; \
         -H &#39;content-type: application/json&#39; -d &#39;{&#34;reason&#34;:&#34;string&#34;,&#34;seconds&#34;:0}&#39; ",
        "/api/v1/accounts/NAME/rescue&#39;</code>",
    ] {
        assert!(rescue.contains(told), "{told}: {rescue}");
    }
    let list = call("get-accounts");
    assert!(
        list.contains("<code>int32</code>") && list.contains("Auditor"),
        "{list}"
    );
    assert!(!list.contains("$CSRF") && !list.contains("curl -X"), "{list}");
    assert!(call("shape-AccountEntry").contains("string | null"));
    let shape = call("shape-AccountPage");
    assert!(
        shape.contains("AccountEntry[]") && shape.contains("first_sign_in_at"),
        "{shape}"
    );
}

#[tokio::test]
async fn the_page_of_the_api_runs_nothing_inline_and_speaks_the_readers_language() {
    let office = Office::new();
    let owner = office.signed_in("owner").await;
    let page = owner.get("/api").await;
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    assert!(
        policy.contains("script-src 'self'") && !policy.contains("unsafe") && !policy.contains("connect-src"),
        "{policy}"
    );
    assert_eq!(values(&page.body, "src"), ["/assets/icon.svg", "/assets/copy.js"]);
    assert!(!page.body.contains(" style=") && !page.body.contains(" onclick="));
    assert!(page.body.contains("href=\"/admin\""), "the owner's menu is there");
    let request = Request::get("/api").header("accept-language", "zh-CN");
    let page = owner.send(request, Body::empty()).await;
    assert!(page.body.contains("<html lang=\"zh-CN\">") && page.body.contains("管理API"));
    assert!(
        page.body
            .contains("<h2 id=\"group-accounts\" lang=\"en\">accounts</h2>")
    );
}
