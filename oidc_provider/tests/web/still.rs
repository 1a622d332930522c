//! Row 16: at every use of a token it is asked anew whether account, groups, consent, client and policy still hold.

use crate::browser::Browser;
use crate::relying_party::{RelyingParty, claims};
use crate::scene::{LAX, STRICT, Scene, settings};
use axum::http::StatusCode;
use samekey_provider::clients::{self, ClientKind, ClientSettings, Consent};
use samekey_provider::grants::consents;
use samekey_provider::sessions;
use samekey_shared::accounts::{AccountState, rows};
use samekey_shared::store::StoreError;

const OFFLINE: [(&str, &str); 2] = [("scope", "openid offline_access"), ("prompt", "consent")];

/// Somebody signed in to an application that asks for consent, with tokens for offline access.
struct Held {
    scene: Scene,
    browser: Browser,
    app: RelyingParty,
    access: String,
    refresh: String,
}

impl Held {
    async fn new(policy: &str) -> Self {
        Self::under(Scene::with("", policy)).await
    }

    async fn under(scene: Scene) -> Self {
        let asking = ClientSettings {
            consent: Consent::Asked,
            ..settings()
        };
        let secret = scene.register("app", ClientKind::Confidential, asking);
        let app = RelyingParty::new(&scene, "app", secret.as_deref());
        let browser = scene.browser();
        let asks = scene.sign_in_as_asked(&browser, &app.request(&OFFLINE)).await;
        let back = browser.press(&asks.location(), "allow", &[]).await;
        let tokens = app.redeem(&back.returned("code").unwrap(), &[]).await;
        let (access, refresh) = (tokens.text("access_token"), tokens.text("refresh_token"));
        let held = Self {
            scene,
            browser,
            app,
            access,
            refresh,
        };
        assert_eq!(held.app.userinfo(&held.access).await.status, StatusCode::OK);
        held
    }

    fn write(&self, work: impl Fn(&mut samekey_shared::store::Tx<'_>) -> Result<(), StoreError> + Sync) {
        self.scene.test.realm.store.write(|tx| work(tx)).unwrap();
    }

    async fn works(&mut self) -> (bool, bool) {
        let access = self.app.userinfo(&self.access).await.status == StatusCode::OK;
        for token in [&self.access, &self.refresh] {
            let told = self.app.post("/introspect", &[("token", token)]).await.json();
            if told["active"] != access {
                // Only a refresh token can be too old where an access token is not.
                assert!(token == &self.refresh && access, "{told}");
            }
        }
        let answer = self.app.refresh(&self.refresh, &[]).await;
        let refresh = answer.status == StatusCode::OK;
        if refresh {
            self.refresh = answer.text("refresh_token");
        } else {
            assert_eq!(answer.refusal(), (400, "invalid_grant".to_owned()));
        }
        (access, refresh)
    }
}

#[tokio::test]
async fn an_account_that_is_closed_opens_nothing_and_one_that_is_opened_again_does() {
    let mut held = Held::new(STRICT).await;
    let ann = held.scene.ann;
    for state in [AccountState::Locked, AccountState::Disabled] {
        held.write(|tx| rows::set_state(tx, ann, state).map_err(|why| StoreError::Inconsistent(why.to_string())));
        assert_eq!(held.works().await, (false, false), "{state:?}");
    }
    held.write(|tx| {
        rows::set_state(tx, ann, AccountState::Active).map_err(|why| StoreError::Inconsistent(why.to_string()))
    });
    assert_eq!(held.works().await, (true, true));
}

#[tokio::test]
async fn consent_withdrawn_ends_every_token_for_good() {
    let mut held = Held::new(STRICT).await;
    let ann = held.scene.ann;
    held.write(|tx| consents::withdraw(tx, ann, "app").map(drop));
    assert_eq!(held.works().await, (false, false));
    // Agreeing anew gives new tokens, and does not wake the old ones.
    let asks = held.browser.get(&held.app.request(&OFFLINE)).await;
    let back = held.browser.press(&asks.location(), "allow", &[]).await;
    assert!(back.returned("code").is_some());
    assert_eq!(held.works().await, (false, false));
}

#[tokio::test]
async fn a_client_that_is_gone_has_nothing() {
    let held = Held::new(STRICT).await;
    let id = "app".parse().unwrap();
    held.scene
        .test
        .realm
        .store
        .write(|tx| clients::remove(tx, &id))
        .unwrap();
    assert_eq!(held.app.userinfo(&held.access).await.status, StatusCode::UNAUTHORIZED);
    let answer = held.app.refresh(&held.refresh, &[]).await;
    assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
}

/// A scope that the operator takes away from a client is gone from what it holds; nor does asking by name bring it back.
#[tokio::test]
async fn a_scope_taken_away_is_felt_at_the_next_use() {
    let mut held = Held::new(STRICT).await;
    let id = "app".parse().unwrap();
    held.scene
        .change(&id, |settings| settings.scopes = Some(["openid".to_owned()].into()));
    assert_eq!(held.works().await, (false, false));
    let named = r#"{"userinfo":{"email":{"essential":true}},"id_token":{"name":null}}"#;
    // Nothing is left to consent to that was not consented to before.
    let back = held
        .browser
        .get(&held.app.request(&[("claims", named), ("scope", "openid email")]))
        .await;
    let tokens = held.app.redeem(&back.returned("code").unwrap(), &[]).await;
    assert_eq!(tokens.text("scope"), "openid");
    let told = held.app.userinfo(&tokens.text("access_token")).await.json();
    assert_eq!(told.as_object().unwrap().len(), 1, "{told}");
    assert!(claims(&tokens.text("id_token")).get("name").is_none());
}

/// A stricter policy holds at once: what was shown no longer suffices.
#[tokio::test]
async fn a_policy_made_stricter_is_felt_at_the_next_use() {
    let mut held = Held::new(LAX).await;
    held.scene.test.policy(STRICT).unwrap();
    assert_eq!(
        held.works().await,
        (false, false),
        "a password was shown, two factors are asked"
    );
    held.scene.test.policy(LAX).unwrap();
    assert_eq!(held.works().await, (true, true));
    let closed = format!(
        "{LAX}[[rule]]\nname = \"closed\"\nwhen = {{ services = [\"oidc:app\"] }}\nrequire = {{ deny = true }}\n"
    );
    held.scene.test.policy(&closed).unwrap();
    assert_eq!(held.works().await, (false, false));
}

/// Who comes into a group comes under its rules.
#[tokio::test]
async fn a_group_that_somebody_came_into_is_felt_at_the_next_use() {
    let barred = format!(
        "{LAX}[[rule]]\nname = \"guests\"\nwhen = {{ services = [\"oidc:app\"], groups = [\"guests\"] }}\n\
         require = {{ deny = true }}\n"
    );
    let mut held = Held::new(&barred).await;
    let ann = held.scene.ann;
    assert_eq!(held.works().await, (true, true));
    held.write(|tx| rows::add_group(tx, ann, "guests").map_err(|why| StoreError::Inconsistent(why.to_string())));
    assert_eq!(held.works().await, (false, false));
    held.write(|tx| rows::remove_group(tx, ann, "guests"));
    assert_eq!(held.works().await, (true, true));
}

/// The same with groups that the host's name service tells of somebody whom it knows.
#[tokio::test]
async fn a_group_of_the_host_is_felt_at_the_next_use() {
    let mut held = Held::new(LAX).await;
    // On every Debian there is a user of this name, in a group of this name and in no other.
    held.write(|tx| {
        tx.execute("UPDATE accounts SET name = 'daemon' WHERE name = 'ann'", &[])
            .map(drop)
    });
    let without = LAX.replace("source = \"store\"", "source = \"nss\"");
    for (group, works) in [("games", true), ("daemon", false), ("games", true)] {
        let barred = format!(
            "{without}[[rule]]\nname = \"barred\"\nwhen = {{ services = [\"oidc:app\"], groups = [\"{group}\"] }}\n\
             require = {{ deny = true }}\n"
        );
        held.scene.test.policy(&barred).unwrap();
        assert_eq!(held.works().await, (works, works), "{group}");
    }
}

/// An exception that ended holds for tokens no longer either.
#[tokio::test]
async fn an_exception_that_ended_is_felt_at_the_next_use() {
    let spared = format!(
        "{STRICT}[[exception]]\nname = \"ann\"\nwhen = {{ users = [\"ann\"] }}\nallow = {{ level = \"single\" }}\n\
         reason = \"a test\"\napproved-by = \"test\"\nexpires = 2026-05-02\n"
    );
    let mut held = Held::new(&spared).await;
    assert_eq!(held.works().await, (true, true));
    held.scene.test.clock.advance(24 * 3600);
    assert_eq!(held.works().await, (false, false));
}

/// A proof that is too old is none at a refresh; a token of minutes was fresh when it was made.
#[tokio::test]
async fn a_rules_age_bounds_what_renews_itself() {
    let policy = format!("{STRICT}[[rule]]\nname = \"fresh\"\nrequire = {{ max-age = \"5m\" }}\n");
    let mut held = Held::new(&policy).await;
    assert_eq!(held.works().await, (true, true));
    held.scene.test.clock.advance(301);
    assert_eq!(held.works().await, (true, false));
}

/// A device that is bound no longer vouches for nothing.
#[tokio::test]
async fn an_unbound_device_takes_along_what_it_opened() {
    let mut held = Held::new(STRICT).await;
    held.write(|tx| {
        tx.execute("UPDATE devices SET unbound_at = 1 WHERE kind = 'totp'", &[])
            .map(drop)
    });
    assert_eq!(held.works().await, (false, false));
}

/// One's own sign-out leaves what was granted for offline access; every other ending takes all.
#[tokio::test]
async fn signing_out_leaves_offline_access_and_whoever_ends_sessions_does_not() {
    let mut held = Held::new(STRICT).await;
    let home = held.browser.get("/").await;
    held.browser.post("/sign-out", &[("csrf", &home.field("csrf"))]).await;
    assert_eq!(held.works().await, (true, true));
    let ann = held.scene.ann;
    held.write(|tx| sessions::end_all(tx, ann, None).map(drop));
    assert_eq!(held.works().await, (false, false));
}

/// Whoever goes on while its person is away stands on their page, also where the operator consented for everybody.
#[tokio::test]
async fn what_goes_on_offline_is_seen_and_ended_on_ones_own_page() {
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let back = scene.sign_in(&browser, &wiki.request(&[])).await;
    wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    assert!(!browser.get("/").await.body.contains("The wiki"), "nothing goes on");
    let back = browser.get(&wiki.request(&[("scope", "openid offline_access")])).await;
    let tokens = wiki.redeem(&back.returned("code").unwrap(), &[]).await;
    let home = browser.get("/").await;
    assert!(home.body.contains("The wiki"));
    let fields = [("csrf", home.field("csrf")), ("application", "wiki".to_owned())];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(name, value)| (*name, value.as_str())).collect();
    assert_eq!(
        browser.post("/applications/withdraw", &fields).await.location(),
        "/?done=withdrawn"
    );
    assert!(!browser.get("/").await.body.contains("The wiki"));
    let dead = wiki.refresh(&tokens.text("refresh_token"), &[]).await;
    assert_eq!(dead.refusal(), (400, "invalid_grant".to_owned()));
    assert_eq!(
        wiki.userinfo(&tokens.text("access_token")).await.status,
        StatusCode::UNAUTHORIZED
    );
}
