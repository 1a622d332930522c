//! `/revoke` (RFC 7009).

use crate::browser::Page;
use crate::own_tokens::client;
use crate::relying_party::RelyingParty;
use crate::scene::{Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{AccessTokenForm, ClientKind, ClientSettings};
use samekey_shared::store::StoreError;

const OFFLINE: [(&str, &str); 1] = [("scope", "openid offline_access")];

async fn tokens(scene: &Scene, app: &RelyingParty) -> Page {
    let back = scene.sign_in(&scene.browser(), &app.request(&OFFLINE)).await;
    scene.test.clock.advance(30);
    app.redeem(&back.returned("code").unwrap(), &[]).await
}

#[tokio::test]
async fn takes_back_what_is_the_callers_and_says_nothing_of_the_rest() {
    let scene = Scene::new();
    for (id, form) in [("plain", AccessTokenForm::Opaque), ("signed", AccessTokenForm::Jwt)] {
        let with = ClientSettings {
            access_token: form,
            ..settings()
        };
        let app = client(&scene, id, with);
        let tokens = tokens(&scene, &app).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        for hint in ["access_token", "refresh_token", "id_token", ""] {
            for wrong in ["nothing", "a.b.c", &refresh.to_uppercase()] {
                let page = app
                    .post("/revoke", &[("token", wrong), ("token_type_hint", hint)])
                    .await;
                assert_eq!(
                    (page.status, page.body.as_str()),
                    (StatusCode::OK, ""),
                    "{hint} {wrong}"
                );
            }
        }
        assert_eq!(app.userinfo(&access).await.status, StatusCode::OK);
        // An access token goes alone, whatever the hint says.
        let page = app
            .post("/revoke", &[("token", &access), ("token_type_hint", "refresh_token")])
            .await;
        assert_eq!(page.status, StatusCode::OK);
        assert_eq!(page.headers["cache-control"], "no-store");
        assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
        let next = app.refresh(&refresh, &[]).await;
        let (access, refresh) = (next.text("access_token"), next.text("refresh_token"));
        // A refresh token takes its whole grant along.
        assert_eq!(app.post("/revoke", &[("token", &refresh)]).await.status, StatusCode::OK);
        assert_eq!(app.userinfo(&access).await.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            app.refresh(&refresh, &[]).await.refusal(),
            (400, "invalid_grant".to_owned())
        );
    }
    assert_eq!(scene.events("token-revoked"), 4);
    assert_eq!(scene.events("refresh-reuse-detected"), 0);
}

#[tokio::test]
async fn nobody_takes_back_anothers() {
    let scene = Scene::new();
    let app = client(&scene, "app", settings());
    let evil = client(&scene, "evil", settings());
    let tokens = tokens(&scene, &app).await;
    for name in ["access_token", "refresh_token"] {
        let page = evil.post("/revoke", &[("token", &tokens.text(name))]).await;
        assert_eq!(page.refusal(), (400, "invalid_grant".to_owned()), "{name}");
        let anybody = scene.browser().post("/revoke", &[("token", &tokens.text(name))]).await;
        assert_eq!(anybody.refusal(), (401, "invalid_client".to_owned()));
    }
    assert_eq!(
        app.post("/revoke", &[]).await.refusal(),
        (400, "invalid_request".to_owned())
    );
    let twice = app.post("/revoke", &[("token", "a"), ("token", "b")]).await;
    assert_eq!(twice.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(app.userinfo(&tokens.text("access_token")).await.status, StatusCode::OK);
    assert_eq!(
        app.refresh(&tokens.text("refresh_token"), &[]).await.status,
        StatusCode::OK
    );
    assert_eq!(scene.events("token-revoked"), 0);
}

/// A public client shows its token and its name.
#[tokio::test]
async fn a_public_client_takes_back_its_own() {
    let scene = Scene::new();
    scene.register("app", ClientKind::Public, settings());
    let app = RelyingParty::new(&scene, "app", None);
    let tokens = tokens(&scene, &app).await;
    let refresh = tokens.text("refresh_token");
    let page = app.post("/revoke", &[("token", &refresh), ("client_id", "app")]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        app.refresh(&refresh, &[]).await.refusal(),
        (400, "invalid_grant".to_owned())
    );
}

/// Row 17: what was not written down is not told as done.
#[tokio::test]
async fn a_store_that_fails_is_told_as_a_failure() {
    let scene = Scene::new();
    let app = client(&scene, "app", settings());
    let tokens = tokens(&scene, &app).await;
    let store = &scene.test.realm.store;
    for (take, put) in [
        (
            "ALTER TABLE refresh_tokens RENAME TO away",
            "ALTER TABLE away RENAME TO refresh_tokens",
        ),
        (
            "ALTER TABLE audit_head RENAME TO away",
            "ALTER TABLE away RENAME TO audit_head",
        ),
    ] {
        let run = |sql: &'static str| {
            store
                .write(|tx| tx.execute(sql, &[]))
                .map_err(|error: StoreError| error)
        };
        run(take).unwrap();
        let page = app.post("/revoke", &[("token", &tokens.text("access_token"))]).await;
        assert_eq!(page.refusal(), (500, "server_error".to_owned()), "{take}");
        run(put).unwrap();
        assert_eq!(
            app.userinfo(&tokens.text("access_token")).await.status,
            StatusCode::OK,
            "nothing was half done"
        );
    }
    let page = app.post("/revoke", &[("token", &tokens.text("access_token"))]).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(
        app.userinfo(&tokens.text("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
}
