//! Which language a page speaks: the person's own choice, then the application's, then the browser's.

use crate::browser::{Browser, Page};
use crate::desk::Office;
use crate::scene::{ISSUER, Scene};
use axum::body::Body;
use axum::http::Request;
use axum::http::StatusCode;
use axum::http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE, ORIGIN, REFERER};

const ENGLISH: &str = "<html lang=\"en\">";
const CHINESE: &str = "<html lang=\"zh-CN\">";

async fn preferring(browser: &Browser, address: &str, languages: &str) -> Page {
    let request = Request::get(address).header(ACCEPT_LANGUAGE, languages);
    browser.send(request, Body::empty()).await
}

/// Presses the switch of languages.
pub async fn choose(browser: &Browser, language: &str, origin: &str, from: &str) -> Page {
    let request = Request::post("/language")
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .header(ORIGIN, origin)
        .header(REFERER, from);
    browser.send(request, Body::from(format!("language={language}"))).await
}

#[tokio::test]
async fn a_page_speaks_what_the_browser_prefers() {
    let scene = Scene::new();
    let browser = scene.browser();
    let page = preferring(&browser, "/forgot-password", "de, zh-CN;q=0.9, en;q=0.1").await;
    assert!(
        page.body.contains(CHINESE) && page.body.contains("忘记密码"),
        "{}",
        page.body
    );
    for other in ["de", "zh-TW", "", "en, zh;q=0.9"] {
        let page = preferring(&browser, "/forgot-password", other).await;
        assert!(page.body.contains(ENGLISH), "{other}: {}", page.body);
    }
    let missing = preferring(&browser, "/no/such/page", "zh").await;
    assert_eq!(missing.status, StatusCode::NOT_FOUND);
    assert!(
        missing.body.contains(CHINESE) && missing.body.contains("没有此页面"),
        "{}",
        missing.body
    );
    assert!(missing.body.contains("not_found"), "codes are not translated");
}

/// OpenID Connect Core 3.1.2.1: the person's page follows `ui_locales`, and an unknown tag is no error.
#[tokio::test]
async fn an_application_may_say_the_language() {
    let scene = Scene::new();
    for (asked, expected) in [("fr zh-Hans en", CHINESE), ("en", ENGLISH), ("xx-nothing", CHINESE)] {
        let browser = scene.browser();
        let first = preferring(&browser, &scene.wiki().request(&[("ui_locales", asked)]), "zh").await;
        let page = preferring(&browser, &first.location(), "zh").await;
        assert!(page.body.contains(expected), "{asked}: {}", page.body);
    }
}

#[tokio::test]
async fn the_switch_is_kept_and_goes_before_everything_else() {
    let scene = Scene::new();
    let browser = scene.browser();
    let first = browser
        .get(&scene.wiki().request(&[("ui_locales", "en")]))
        .await
        .location();
    let back = choose(&browser, "zh-CN", ISSUER, &format!("{ISSUER}{first}")).await;
    assert_eq!(back.location(), first);
    let page = preferring(&browser, &first, "en").await;
    assert!(page.body.contains(CHINESE), "{}", page.body);
    assert!(
        page.body
            .contains("value=\"zh-CN\" lang=\"zh-CN\" aria-current=\"true\""),
        "{}",
        page.body
    );
    choose(&browser, "en", ISSUER, "").await;
    assert!(preferring(&browser, &first, "zh").await.body.contains(ENGLISH));
}

#[tokio::test]
async fn the_switch_takes_nothing_else_and_leads_nowhere_else() {
    let scene = Scene::new();
    let browser = scene.browser();
    for language in [
        "",
        "xx",
        "..%2F..%2Fetc",
        "zh-CN%0D%0ASet-Cookie%3A+a%3Db",
        &"z".repeat(9000),
    ] {
        let page = choose(&browser, language, ISSUER, "https://evil.example/").await;
        assert!(
            matches!(page.status, StatusCode::SEE_OTHER | StatusCode::BAD_REQUEST),
            "{}",
            page.status
        );
        assert!(browser.cookies().is_empty(), "{language}");
    }
    let forged = choose(&browser, "zh-CN", "https://evil.example", "https://evil.example/").await;
    assert_eq!(forged.location(), "/");
    assert!(browser.cookies().is_empty(), "another site chose the language");
}

/// What an administrator typed wrong is told in the language of the page, not in the one that programs are answered in.
#[tokio::test]
async fn what_is_wrong_is_told_in_the_language_of_the_page() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    choose(&owner.browser, "zh-CN", ISSUER, &format!("{ISSUER}/admin")).await;
    let shop = |changes: &[(&'static str, &'static str)]| {
        let mut fields = vec![
            ("id", "shop"),
            ("name", "Shop"),
            ("redirects", "https://shop.example/cb"),
        ];
        for change in changes {
            fields.retain(|(name, _)| *name != change.0);
            fields.push(*change);
        }
        fields
    };
    let wrong: [(&[(&str, &str)], &str); 9] = [
        (&[("name", "")], "向用户显示的名称由1到100个字符组成"),
        (&[("redirects", "")], "供用户登录的应用至少需要一个回调地址"),
        (
            &[("redirects", "javascript:alert(1)")],
            "javascript:alert(1)：地址必须以https开头",
        ),
        (&[("redirects", "https://*.example/")], "不得包含“*”"),
        (&[("redirects", "https://shop.example/#a")], "地址不得包含片段"),
        (&[("initiate", "http://localhost/go")], "initiate-login-uri：仅限https"),
        (&[("frontchannel", "https://other.example/")], "必须与某个回调地址同源"),
        (&[("logo", "https://shop.example/../x")], "logo-uri：地址的路径"),
        (
            &[("further", "profile = \"fapi2\"")],
            "不符合FAPI 2.0规范。auth-method：必须为private_key_jwt",
        ),
    ];
    for (changes, expected) in wrong {
        let refused = owner.press("/admin/clients/add", &shop(changes)).await;
        assert_eq!(refused.status, StatusCode::CONFLICT, "{changes:?}");
        let told = refused.body.contains("未被接受，未作任何更改。") && refused.body.contains(expected);
        assert!(told, "{expected}: {}", refused.body);
    }
}
