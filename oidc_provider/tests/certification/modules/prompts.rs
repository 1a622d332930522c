//! When the person is asked, and when not: `display`, `prompt`, `max_age` and hints (OpenID Connect Core 3.1.2.1).

use crate::suite::{Mode, Question, Suite, Tokens};
use axum::http::StatusCode;

/// `oidcc-display-page`, `oidcc-display-popup`: a sign-in page comes whatever is wished.
async fn display(mode: Mode, wished: &str) {
    let mut suite = Suite::new(mode);
    let asked = suite.ask().with("display", wished);
    let page = suite.page_at(&asked.address()).await;
    assert_eq!(page.status, StatusCode::OK);
    assert_eq!(crate::suite::person::asked(&page), Some(Question::Name));
    suite.forget();
    suite.tokens(&asked).await;
}

/// `oidcc-display-page`
pub async fn display_page(mode: Mode) {
    display(mode, "page").await;
}

/// `oidcc-display-popup`
pub async fn display_popup(mode: Mode) {
    display(mode, "popup").await;
}

/// Signs in, and again some seconds later with this parameter: the password is asked, and the later time is told.
async fn asked_again(mode: Mode, seconds: i64, parameter: (&str, &str)) -> (Suite, [Tokens; 2]) {
    let suite = Suite::new(mode);
    let first = suite.tokens(&suite.ask()).await;
    suite.scene.test.clock.advance(seconds);
    let asked = suite.ask().with(parameter.0, parameter.1);
    let again = suite.authorize(&asked).await;
    assert!(again.questions.contains(&Question::Password), "{:?}", again.questions);
    let second = suite.redeem(&asked, again.callback.code()).await;
    assert!(second.auth_time() > first.auth_time());
    (suite, [first, second])
}

/// `oidcc-prompt-login`: asked again although signed in, and the later time is told.
pub async fn prompt_login(mode: Mode) {
    let (_, [first, second]) = asked_again(mode, 1, ("prompt", "login")).await;
    assert_eq!(second.claims["sub"], first.claims["sub"]);
}

/// `oidcc-prompt-none-not-logged-in`
pub async fn prompt_none_not_logged_in(mode: Mode) {
    let suite = Suite::new(mode);
    let refused = suite.authorize(&suite.ask().with("prompt", "none")).await;
    assert_eq!(refused.questions, []);
    let allowed = [
        "login_required",
        "interaction_required",
        "consent_required",
        "account_selection_required",
    ];
    assert!(allowed.contains(&refused.callback.error()), "{:?}", refused.callback);
    assert_eq!(refused.callback.error(), "login_required");
}

/// `oidcc-prompt-none-logged-in`
pub async fn prompt_none_logged_in(mode: Mode) {
    let suite = Suite::new(mode);
    silently_again(&suite, |asked, _| asked.with("prompt", "none")).await;
}

/// `oidcc-id-token-hint`
pub async fn id_token_hint(mode: Mode) {
    let suite = Suite::new(mode);
    silently_again(&suite, |asked, hint| {
        asked.with("prompt", "none").with("id_token_hint", hint)
    })
    .await;
}

/// `oidcc-max-age-10000`: young enough, so nothing is asked, and the time is told both times.
pub async fn max_age_10000(mode: Mode) {
    let suite = Suite::new(mode);
    let first = suite.tokens(&suite.ask().with("max_age", "15000")).await;
    suite.scene.test.clock.advance(5);
    let asked = suite.ask().with("max_age", "10000");
    let again = suite.authorize(&asked).await;
    assert_eq!(again.questions, []);
    let second = suite.redeem(&asked, again.callback.code()).await;
    assert_eq!(
        (second.auth_time(), &second.claims["sub"]),
        (first.auth_time(), &first.claims["sub"])
    );
}

/// A second authorization that asks nothing and tells the same person and time.
async fn silently_again(suite: &Suite, change: impl Fn(crate::suite::Asked, &str) -> crate::suite::Asked) {
    let first = suite.tokens(&suite.ask()).await;
    suite.scene.test.clock.advance(5);
    let asked = change(suite.ask(), &first.id_token);
    let again = suite.authorize(&asked).await;
    assert_eq!(again.questions, []);
    let second = suite.redeem(&asked, again.callback.code()).await;
    assert_eq!(
        (second.auth_time(), &second.claims["sub"]),
        (first.auth_time(), &first.claims["sub"])
    );
}

/// `oidcc-max-age-1`: two seconds later the proof is too old.
pub async fn max_age_1(mode: Mode) {
    let (suite, [_, second]) = asked_again(mode, 2, ("max_age", "1")).await;
    assert!(suite.scene.now() - second.auth_time() <= 1);
}

/// `oidcc-login-hint`
pub async fn login_hint(mode: Mode) {
    let mut suite = Suite::new(mode);
    let asked = suite.ask().with("login_hint", "buffy@id.example.org");
    let page = suite.page_at(&asked.address()).await;
    assert!(page.body.contains("value=\"buffy@id.example.org\""), "{}", page.body);
    suite.forget();
    suite.tokens(&asked).await;
}

/// `oidcc-ui-locales`: a language that nobody speaks here is no error, and one that is spoken is used.
pub async fn ui_locales(mode: Mode) {
    let mut suite = Suite::new(mode);
    for (wished, spoken) in [("se", "en"), ("se zh-CN en", "zh-CN")] {
        suite.forget();
        let asked = suite.ask().with("ui_locales", wished);
        let page = suite.page_at(&asked.address()).await;
        assert!(
            page.body.contains(&format!("lang=\"{spoken}\"")),
            "{wished}: {}",
            page.body
        );
        suite.forget();
        suite.tokens(&asked).await;
    }
}

/// `oidcc-claims-locales`
pub async fn claims_locales(mode: Mode) {
    let suite = Suite::new(mode);
    suite.tokens(&suite.ask().with("claims_locales", "se")).await;
}
