//! R25, R27, R30, R32, R83: the page of settings says what each is called, takes the switches of `[default]` too, and keeps
//! everything else of the policy.

use crate::browser::Page;
use crate::desk::{Office, Seated};
use crate::language::choose;
use crate::scene::{ISSUER, STRICT};
use axum::http::StatusCode;
use axum::http::header::ACCEPT_LANGUAGE;
use serde_json::{Value, json};

/// Every field of a form with the value that stands there.
fn standing(page: &Page) -> Vec<(String, String)> {
    let fields = page.body.split("<label for=\"").skip(1);
    let read = |field: &str| {
        let name = field.split('"').next().unwrap().to_owned();
        let control = field.split("<select").nth(1);
        let value = match control.filter(|_| !field.split("<select").next().unwrap().contains("<input")) {
            Some(options) => options
                .split("<option value=\"")
                .skip(1)
                .find(|option| option.split('>').next().unwrap().contains("selected"))
                .map(|option| option.split('"').next().unwrap().to_owned()),
            None => field
                .split("value=\"")
                .nth(1)
                .map(|rest| rest.split('"').next().unwrap().to_owned()),
        };
        (name, value.unwrap_or_default())
    };
    fields.map(read).collect()
}

/// Sends the form of a group as it stands, but for these.
async fn change(owner: &Seated, group: &str, changes: &[(&str, &str)]) -> Page {
    let path = format!("/admin/settings/{group}");
    let mut fields = standing(&owner.browser.get(&path).await);
    for (key, value) in changes {
        let Some((_, standing)) = fields.iter_mut().find(|(name, _)| name == key) else {
            panic!("no {key}");
        };
        (*value).clone_into(standing);
    }
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (&**name, &**value)).collect();
    owner.press(&path, &fields).await
}

#[tokio::test]
async fn settings_have_names_in_the_readers_language_and_the_key_of_the_file() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let page = owner.browser.get("/admin/settings").await.body;
    for text in [
        "Allow users to log on with passkeys</dt><dd>On</dd>",
        "Remember MFA verification for</dt>",
        "Allow users to manage their own MFA devices</dt><dd>Yes, bind and unbind</dd>",
        "Networks that people may sign in from</dt><dd>Not set</dd>",
    ] {
        assert!(page.contains(text), "{text}: {page}");
    }
    let asked = owner.browser.get("/admin/settings/security").await.body;
    assert!(asked.contains("In the file: lockout.hard-stop"), "{asked}");
    let chinese = axum::http::Request::get("/admin/settings/mfa").header(ACCEPT_LANGUAGE, "zh-CN");
    let chinese = owner.browser.send(chinese, axum::body::Body::empty()).await.body;
    assert!(
        chinese.contains("允许用户自主管理MFA设备") && chinese.contains(">是，可绑定和解绑</option>"),
        "{chinese}"
    );
}

#[tokio::test]
async fn a_form_sent_as_it_stands_changes_nothing() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    for group in ["security", "mfa", "network"] {
        let same = change(&owner, group, &[]).await;
        assert_eq!(same.location(), "/admin/settings?done=nothing", "{group}");
    }
    assert_eq!(office.scene.events("policy-applied"), 0);
}

#[tokio::test]
async fn remembering_is_a_switch_of_the_page_and_its_box_comes_and_goes() {
    let policy = format!("# ours\n{STRICT}");
    let office = Office::with(&policy);
    let owner = office.seated("owner").await;
    let sees_box = || {
        let browser = office.scene.browser();
        async move {
            let first = browser.get("/login").await;
            let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
            let password = [("password", crate::scene::PASSWORD)];
            let asks = browser.press(&asks.location(), "password", &password).await;
            let page = browser.get(&asks.location()).await.body;
            page.contains("Remember this device and do not ask for verification within 7 days.")
        }
    };
    assert!(!sees_box().await, "off by default");
    let on = change(&owner, "security", &[("default.remember", "7d")]).await;
    assert_eq!(on.location(), "/admin/settings?done=changed");
    assert!(sees_box().await);
    let told = owner.call("GET", "/api/v1/policy", &Value::Null).await.text("text");
    assert!(
        told.starts_with("# ours\n") && told.contains("remember = \"7d\""),
        "{told}"
    );
    let shown = owner.call("GET", "/api/v1/settings", &Value::Null).await.json();
    assert_eq!(shown["settings"]["default.remember"], "7d");
    let off = owner
        .call("PATCH", "/api/v1/settings", &json!({"default.remember": ""}))
        .await;
    assert_eq!(off.json(), json!({"changed": true}), "{}", off.body);
    assert!(!sees_box().await);
}

#[tokio::test]
async fn two_kinds_and_grace_are_switches_too_and_nonsense_changes_nothing() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let done = change(&owner, "mfa", &[("default.two-types", "warn"), ("default.grace", "3d")]).await;
    assert_eq!(done.location(), "/admin/settings?done=changed");
    for (group, key, wrong) in [
        ("mfa", "default.two-types", "perhaps"),
        ("mfa", "default.grace", "soon"),
        ("security", "default.remember", "for ever"),
        ("security", "weak-passwords", "refuse"),
        ("network", "login-networks", "nowhere"),
    ] {
        let refused = change(&owner, group, &[(key, wrong)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{key}");
        assert!(refused.body.contains("policy_refused"), "{key}: {}", refused.body);
    }
    assert_eq!(office.scene.events("policy-applied"), 1);
}

#[tokio::test]
async fn what_is_typed_wrong_is_told_in_the_language_of_the_page() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    for (language, key, typed, expected) in [
        (
            "zh-CN",
            "session",
            "soon",
            "未被接受，未作任何更改。“浏览器会话最长时间”可用的值：时间长度，例如 90s",
        ),
        ("zh-CN", "lockout.attempts", "many", "可用的值：整数，例如5。"),
        ("zh-CN", "weak-passwords", "refuse", "可用的值："),
        ("en", "lockout.attempts", "-1", "takes: A whole number such as 5."),
    ] {
        choose(&owner.browser, language, ISSUER, "").await;
        let refused = change(&owner, "security", &[(key, typed)]).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{key}");
        assert!(refused.body.contains(expected), "{key}: {}", refused.body);
    }
}
