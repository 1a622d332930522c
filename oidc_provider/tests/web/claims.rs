//! Claims about a person: what each scope and each name asked for brings, and what is never told (OpenID Connect Core 5.1 to 5.5).

use crate::desk::Office;
use crate::relying_party::claims;
use crate::scene::Scene;
use samekey_shared::accounts::attributes::{self, Attributes};
use samekey_shared::accounts::rows;
use samekey_shared::devices::email::{self, EmailAddress};
use samekey_shared::devices::{Unbinding, UnboundWhy, rows as devices};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Ann with everything that can be known about her.
fn known() -> Scene {
    let scene = Scene::new();
    let mut all = Attributes::default();
    for (name, value) in [
        ("given_name", "Ann"),
        ("family_name", "Sommer"),
        ("middle_name", "B."),
        ("nickname", "Annie"),
        ("profile", "https://people.example/ann"),
        ("picture", "https://people.example/ann.png"),
        ("website", "https://ann.example/"),
        ("gender", "female"),
        ("birthdate", "1980-02-29"),
        ("zoneinfo", "Europe/Berlin"),
        ("locale", "de"),
        ("phone_number", "+49 30 1234567"),
        ("address.street_address", "Hauptstraße 1"),
        ("address.locality", "Berlin"),
        ("address.country", "DE"),
    ] {
        all.set(name, value).unwrap();
    }
    let now = scene.now();
    scene
        .test
        .realm
        .store
        .write(|tx| {
            attributes::replace(tx, scene.ann, &all, now)?;
            rows::set_display_name(tx, scene.ann, Some("Ann Sommer"))?;
            rows::set_email(tx, scene.ann, Some("ann@example.org"))?;
            rows::add_group(tx, scene.ann, "staff")
        })
        .unwrap();
    scene
}

/// What the ID token and userinfo tell after a request with these changes.
async fn told(scene: &Scene, changes: &[(&str, &str)]) -> (Value, Value) {
    scene.test.clock.advance(30);
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.sign_in(&browser, &wiki.request(changes)).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await.json();
    let userinfo = wiki.userinfo(tokens["access_token"].as_str().unwrap()).await.json();
    (claims(tokens["id_token"].as_str().unwrap()), userinfo)
}

fn names(told: &Value) -> BTreeSet<&str> {
    told.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn each_scope_brings_its_claims_at_userinfo_and_no_other() {
    let scene = known();
    let (id_token, none) = told(&scene, &[("scope", "openid")]).await;
    assert_eq!(names(&none), BTreeSet::from(["sub"]));
    let plain = names(&id_token).into_iter().map(str::to_owned).collect::<BTreeSet<_>>();
    for (scope, expected) in [
        (
            "profile",
            json!({"name": "Ann Sommer", "given_name": "Ann", "family_name": "Sommer", "middle_name": "B.", "nickname": "Annie",
                "preferred_username": "ann", "profile": "https://people.example/ann", "picture": "https://people.example/ann.png",
                "website": "https://ann.example/", "gender": "female", "birthdate": "1980-02-29", "zoneinfo": "Europe/Berlin",
                "locale": "de"}),
        ),
        ("email", json!({"email": "ann@example.org", "email_verified": false})),
        (
            "address",
            json!({"address": {"street_address": "Hauptstraße 1", "locality": "Berlin", "country": "DE"}}),
        ),
        (
            "phone",
            json!({"phone_number": "+49 30 1234567", "phone_number_verified": false}),
        ),
        ("groups", json!({"groups": ["staff"]})),
    ] {
        let (id_token, mut userinfo) = told(&scene, &[("scope", &format!("openid {scope}"))]).await;
        assert_eq!(userinfo["sub"], scene.ann.to_string());
        let about = userinfo.as_object_mut().unwrap();
        about.remove("sub");
        if scope == "profile" {
            assert!(about.remove("updated_at").unwrap().is_i64());
        }
        assert_eq!(userinfo, expected, "{scope}");
        let inside: BTreeSet<_> = names(&id_token).into_iter().map(str::to_owned).collect();
        assert_eq!(inside, plain, "{scope}: the ID token stays small");
    }
}

#[tokio::test]
async fn what_is_asked_by_name_comes_where_it_was_asked() {
    let scene = known();
    let asked = r#"{"id_token":{"family_name":{"essential":true},"phone_number":null,"shoe_size":null},"userinfo":{"address":null,"email_verified":null}}"#;
    let (id_token, userinfo) = told(&scene, &[("scope", "openid"), ("claims", asked)]).await;
    assert_eq!(id_token["family_name"], "Sommer");
    assert_eq!(id_token["phone_number"], "+49 30 1234567");
    assert!(id_token.get("address").is_none() && id_token.get("shoe_size").is_none());
    // The person agreed to the scopes that these names belong to.
    assert!(names(&userinfo).is_superset(&BTreeSet::from(["address", "email_verified", "sub"])));
    assert!(userinfo.get("groups").is_none());
}

#[tokio::test]
async fn what_is_not_known_is_left_out_and_nothing_of_the_protocol_can_be_asked_away() {
    let scene = Scene::new();
    let all = "openid profile email address phone groups";
    let asked = r#"{"id_token":{"sub":null,"iss":{"value":"https://elsewhere.example"},"amr":null,"given_name":null}}"#;
    let (id_token, userinfo) = told(&scene, &[("scope", all), ("claims", asked)]).await;
    assert_eq!(
        names(&userinfo),
        BTreeSet::from(["groups", "preferred_username", "sub"])
    );
    assert_eq!(id_token["sub"], scene.ann.to_string());
    assert!(id_token.get("given_name").is_none());
}

/// Row 31. R60.
#[tokio::test]
async fn an_address_is_verified_only_by_our_own_proof_of_that_very_address() {
    let scene = known();
    let email_of = async |scene: &Scene| told(scene, &[("scope", "openid email")]).await.1;
    let realm = &scene.test.realm;
    let bound = |address: &str| {
        let address = EmailAddress::parse(address).unwrap();
        let name = "mail".parse().unwrap();
        let made = realm
            .store
            .write(|tx| email::insert(tx, realm.entropy.as_ref(), scene.ann, &name, &address, 5, scene.now()));
        made.unwrap()
    };
    let other = bound("secret@elsewhere.example");
    let told = email_of(&scene).await;
    assert_eq!(told["email_verified"], false);
    assert!(
        !told.to_string().contains("elsewhere"),
        "the security e-mail is never told"
    );
    let end = Unbinding {
        at: scene.now(),
        by: "ann".to_owned(),
        why: UnboundWhy::Own,
    };
    realm
        .store
        .write(|tx| devices::unbind(tx, scene.ann, other.id, &end))
        .unwrap();
    bound("ann@example.org");
    assert_eq!(email_of(&scene).await["email_verified"], true);
    // The proof was of the other address.
    realm
        .store
        .write(|tx| rows::set_email(tx, scene.ann, Some("ann@elsewhere.example")))
        .unwrap();
    let told = email_of(&scene).await;
    assert_eq!(
        (&told["email"], &told["email_verified"]),
        (&json!("ann@elsewhere.example"), &json!(false))
    );
}

/// An administrator writes it by the API; what does not fit is refused and changes nothing.
#[tokio::test]
async fn an_administrator_says_what_applications_are_told() {
    let office = Office::new();
    let admin = office.seated("admin").await;
    let path = "/api/v1/accounts/ann";
    let change = json!({"attributes": {"given_name": "Ann", "address.locality": "Berlin"}});
    assert_eq!(
        admin.call("PATCH", path, &change).await.json(),
        json!({"changed": true})
    );
    assert_eq!(
        admin.call("PATCH", path, &change).await.json(),
        json!({"changed": false})
    );
    for wrong in [
        json!({"attributes": {"given_name": "", "sub": "somebody-else"}}),
        json!({"attributes": {"given_name": "", "email_verified": "true"}}),
        json!({"attributes": {"given_name": "", "phone_number": "12"}}),
    ] {
        let refused = admin.call("PATCH", path, &wrong).await;
        assert!(refused.status.is_client_error(), "{wrong}: {}", refused.body);
    }
    let shown = admin.call("GET", path, &Value::Null).await.json();
    assert_eq!(shown["attributes"], change["attributes"]);
    let (_, userinfo) = told(&office.scene, &[("scope", "openid profile address")]).await;
    assert_eq!(
        (&userinfo["given_name"], &userinfo["address"]["locality"]),
        (&json!("Ann"), &json!("Berlin"))
    );
    admin
        .call("PATCH", path, &json!({"attributes": {"given_name": ""}}))
        .await;
    let shown = admin.call("GET", path, &Value::Null).await.json();
    assert_eq!(shown["attributes"], json!({"address.locality": "Berlin"}));
}
