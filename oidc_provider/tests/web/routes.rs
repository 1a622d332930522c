//! Every route tried as nobody. The router is made from the same table, so a route that is missing here does not exist.

use crate::scene::Scene;
use axum::http::StatusCode;
use samekey_provider::app::routes::{Route, Who, every};

#[tokio::test]
async fn nobody_gets_anything_about_a_person_from_any_route() {
    let scene = Scene::new();
    scene.sign_in(&scene.browser(), &scene.wiki().request(&[])).await;
    for route in every() {
        let mut path = route.path.replace("{realm}", "example.org");
        for hole in ["{name}", "{id}", "{device}", "{session}", "{group}"] {
            path = path.replace(hole, "ann");
        }
        let nobody = scene.browser();
        let page = match route.method {
            "GET" => nobody.get(&path).await,
            "POST" => nobody.post(&path, &[]).await,
            other => {
                let request = axum::http::Request::builder().method(other).uri(&path);
                nobody.send(request, axum::body::Body::empty()).await
            }
        };
        let expected: &[StatusCode] = match route.who {
            Who::Anybody => &[StatusCode::OK, StatusCode::SEE_OTHER, StatusCode::BAD_REQUEST],
            Who::Application | Who::TokenHolder => &[StatusCode::UNAUTHORIZED],
            Who::FlowHolder => &[StatusCode::BAD_REQUEST],
            Who::SignedIn => &[StatusCode::SEE_OTHER],
            Who::Operator | Who::Registrant => &[StatusCode::NOT_FOUND],
            Who::Administrator(_) if path.starts_with("/api/") => &[StatusCode::UNAUTHORIZED],
            Who::Administrator(_) if route.method == "GET" => &[StatusCode::SEE_OTHER],
            Who::SessionHolder | Who::Administrator(_) => &[StatusCode::FORBIDDEN],
        };
        assert!(
            expected.contains(&page.status),
            "{} {path}: {}",
            route.method,
            page.status
        );
        let account = scene.ann.to_string();
        assert!(
            !page.body.contains(&account) && !page.body.contains(">ann<"),
            "{path} tells about a person"
        );
        assert!(
            !nobody.cookies().contains_key("__Host-samekey-session"),
            "{path} signs nobody in"
        );
    }
}

#[test]
fn the_table_of_routes_is_the_reviewed_one() {
    let (desk, others): (Vec<Route>, Vec<Route>) = every().into_iter().partition(|route| {
        let of_desk = |prefix: &&str| route.path.starts_with(*prefix);
        ["/admin", "/api"].iter().any(of_desk)
    });
    let told = |routes: Vec<Route>| -> Vec<String> {
        let told = routes
            .iter()
            .map(|route| format!("{} {} {:?}", route.method, route.path, route.who));
        told.collect()
    };
    let table = told(others);
    let reviewed = include_str!("administrators_routes.txt");
    assert_eq!(told(desk).join("\n"), reviewed.trim_end());
    let reviewed = "GET /.well-known/openid-configuration Anybody
GET /jwks Anybody
GET /authorize Anybody
POST /authorize Anybody
POST /par Application
POST /token Application
POST /introspect Application
POST /revoke Application
GET /userinfo TokenHolder
POST /userinfo TokenHolder
POST /register Registrant
GET /register/{id} Registrant
PUT /register/{id} Registrant
DELETE /register/{id} Registrant
POST /device_authorization Application
GET /device SignedIn
POST /device SessionHolder
GET /logout Anybody
POST /logout Anybody
GET /check-session Anybody
POST /sign-out SessionHolder
GET /sign-in FlowHolder
POST /sign-in FlowHolder
POST /sign-in/passkey FlowHolder
POST /sign-in/bind FlowHolder
GET /sign-in/recovery-codes FlowHolder
GET /bind Anybody
GET / Anybody
GET /login Anybody
GET /d/{realm}/login Anybody
GET /{realm}/login.htm Anybody
GET /forgot-password Anybody
GET /methods Anybody
POST /applications/withdraw SessionHolder
POST /language Anybody
GET /security SignedIn
POST /security/confirm SessionHolder
POST /security/keys SessionHolder
POST /security/keys/options SessionHolder
GET /security/update SignedIn
GET /security/unbind SignedIn
POST /security/unbind SessionHolder
GET /security/rename SignedIn
POST /security/rename SessionHolder
GET /security/totp SignedIn
POST /security/totp SessionHolder
GET /security/recovery-codes SignedIn
POST /security/recovery-codes SessionHolder
POST /security/sessions SessionHolder
POST /security/remembered SessionHolder
GET /security/email SignedIn
POST /security/email SessionHolder
GET /security/email/confirm SignedIn
POST /security/email/confirm SessionHolder
GET /not-me Anybody
POST /not-me Anybody
GET /approve SignedIn
POST /approve SessionHolder
POST /approve/options SessionHolder
GET /.well-known/passkey-endpoints Anybody
GET /.well-known/webauthn Anybody
GET /healthz Anybody
GET /readyz Anybody
GET /metrics Operator
GET /assets/style.css Anybody
GET /assets/brand.css Anybody
GET /assets/logo Anybody
GET /assets/icon.svg Anybody
GET /assets/form_post.js Anybody
GET /assets/passkey.js Anybody
GET /assets/signed_out.js Anybody
GET /assets/check_session.js Anybody
GET /assets/copy.js Anybody
GET /assets/print.js Anybody";
    assert_eq!(table.join("\n"), reviewed);
}
