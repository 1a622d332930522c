//! R16, R40, R44, R57, R69, R71, R95, R104, R105: what the pages of ceremonies say before, while and after something is done.

use crate::desk::Office;
use crate::keys::KEYS;
use crate::scene::{LAX, Scene};
use crate::security::{newcomer, signed_in};
use crate::security_totp::id_of;
use samekey_shared::testing::SoftAuthenticator;
use samekey_shared::testing::soft_authenticator::Habits;

/// R104: what happens now, what to do, and what if it fails.
#[tokio::test]
async fn every_ceremony_says_what_happens_what_to_do_and_what_if_it_fails() {
    let (scene, browser) = signed_in(KEYS).await;
    browser
        .bind_new(&mut SoftAuthenticator::touch_only(), "security-key", "blue")
        .await;
    let list = browser.get("/security").await;
    let (app, blue) = (id_of(&list, "phone"), id_of(&list, "blue"));
    let form = |id: &str| {
        list.body
            .split(&format!("id=\"{id}\""))
            .nth(1)
            .unwrap()
            .split("</form>")
            .next()
            .unwrap()
            .to_owned()
    };
    let update = browser.get(&format!("/security/update?device={blue}")).await.body;
    let replace = browser.get(&format!("/security/totp?replace={app}")).await.body;
    let other = scene.browser();
    let asks = scene.with_password(&other, "/login").await;
    let second_factor = other.get(&asks.location()).await.body;
    for (page, body, says) in [
        (
            "create passkey",
            form("create-passkey"),
            [
                "your browser asks for your fingerprint",
                "Press the button",
                "If nothing happens",
            ],
        ),
        (
            "add security key",
            form("add-security-key"),
            [
                "a second factor after your password",
                "Insert it and touch it",
                "If nothing happens",
            ],
        ),
        (
            "update to passkey",
            update,
            [
                "It keeps working",
                "Insert the same key",
                "If it does not answer, nothing changes.",
            ],
        ),
        (
            "replace the app",
            replace,
            [
                "shows a new six-digit code",
                "point the camera at this picture",
                "If no code is accepted",
            ],
        ),
        (
            "second factor",
            second_factor,
            [
                "Use security key",
                "Insert your security key and touch it.",
                "an administrator can unbind it",
            ],
        ),
    ] {
        for text in says {
            assert!(body.contains(text), "{page} does not say {text:?}: {body}");
        }
    }
}

/// R16: several makers' apps, each with where it is had, none of them opened in the place of this page.
#[tokio::test]
async fn several_free_apps_are_named_with_where_they_are_had() {
    let scene = Scene::with("", LAX);
    let browser = newcomer(&scene).await;
    let page = browser.get("/security/totp").await.body;
    let links: Vec<&str> = page.split("<a href=\"https://").skip(1).collect();
    assert!(links.len() >= 3, "{page}");
    let makers: std::collections::BTreeSet<&str> = links.iter().map(|link| link.split('/').next().unwrap()).collect();
    assert_eq!(makers.len(), links.len(), "each of another maker");
    assert!(
        links
            .iter()
            .all(|link| link.contains("target=\"_blank\" rel=\"noopener noreferrer\"")),
        "{page}"
    );
}

/// R40: the account menu of every page of one's own leads there.
#[tokio::test]
async fn the_account_menu_leads_to_security_information() {
    let (_scene, browser) = signed_in(KEYS).await;
    for path in ["/", "/security", "/security/totp", "/security/recovery-codes"] {
        let page = browser.get(path).await.body;
        let menu = page
            .split("<nav aria-label=\"Account\">")
            .nth(1)
            .unwrap_or_else(|| panic!("{path}: {page}"));
        let menu = menu.split("</nav>").next().unwrap();
        assert!(
            menu.contains("<a href=\"/security\">Security Information</a>"),
            "{path}: {menu}"
        );
    }
}

/// R57, R69: what uninstalling first comes to, and what a name may be made of, before anything is sent.
#[tokio::test]
async fn warnings_and_rules_stand_beside_what_they_are_about() {
    let (_scene, browser) = signed_in(KEYS).await;
    let list = browser.get("/security").await;
    let app = id_of(&list, "phone");
    let unbind = browser.get(&format!("/security/unbind?device={app}")).await.body;
    assert!(unbind.contains("This is your last usable device."), "{unbind}");
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "laptop")
        .await;
    let unbind = browser.get(&format!("/security/unbind?device={app}")).await.body;
    assert!(
        unbind.contains("Delete its entry in the app only after this."),
        "{unbind}"
    );
    for path in [
        "/security".to_owned(),
        format!("/security/rename?device={app}"),
        format!("/security/totp?replace={app}"),
    ] {
        let page = browser.get(&path).await.body;
        assert!(
            page.contains("Letters, digits, hyphens (-) and underscores (_)."),
            "{path}: {page}"
        );
        assert!(
            page.contains(r#"pattern="[\p{L}\p{M}\p{N}_\-]{1,64}""#),
            "{path}: {page}"
        );
    }
}

/// R95: general and dedicated addresses on the overview, one's own on the account; as a QR code too.
#[tokio::test]
async fn addresses_to_sign_in_at_are_shown_for_all_and_for_one() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let overview = owner.browser.get("/admin").await.body;
    for address in [
        "https://id.example.org/login",
        "https://id.example.org/d/example.org/login",
    ] {
        assert!(overview.contains(&format!("href=\"{address}\"")), "{overview}");
    }
    assert!(overview.contains("<svg class=\"qr\""), "{overview}");
    let account = owner.browser.get("/admin/accounts/ann").await.body;
    assert!(
        account.contains("href=\"https://id.example.org/d/example.org/login?username=ann\""),
        "{account}"
    );
    // It leads to the page with the name filled in, and sends nothing.
    let browser = office.scene.browser();
    let first = browser.get("/d/example.org/login?username=ann").await;
    assert!(browser.get(&first.location()).await.body.contains("value=\"ann\""));
}

/// R44: the model, where the key's number tells it.
#[tokio::test]
async fn the_model_is_named_where_its_number_tells_it() {
    let (_scene, browser) = signed_in(KEYS).await;
    let habits = Habits {
        aaguid: 0x2fc0_579f_8113_47ea_b116_bb5a_8db9_202a_u128.to_be_bytes(),
        ..Habits::default()
    };
    browser
        .bind_new(&mut SoftAuthenticator::with(habits), "passkey", "yubi")
        .await;
    browser
        .bind_new(&mut SoftAuthenticator::new(), "passkey", "other")
        .await;
    let list = browser.get("/security").await.body;
    assert_eq!(list.matches("YubiKey 5 NFC").count(), 1, "{list}");
}

/// R105: whatever was refused, the page says who can help.
#[tokio::test]
async fn every_refusal_says_whom_to_ask() {
    let (scene, browser) = signed_in(KEYS).await;
    let stranger = scene.browser();
    for path in [
        "/nowhere",
        "/sign-in",
        "/sign-in?flow=x",
        "/authorize?client_id=nobody",
        "/authorize",
        "/d/other.org/login",
        "/not-me?link=x",
        "/forgot-password",
        "/admin/accounts/%3Cb%3E",
    ] {
        for from in [&browser, &stranger] {
            let page = from.get(path).await;
            if page.status.is_redirection() {
                continue;
            }
            assert!(page.body.contains("help@example.org"), "{path}: {}", page.body);
        }
    }
    let refused = browser.get("/admin").await;
    assert!(
        refused.body.contains("Your role does not allow this."),
        "{}",
        refused.body
    );
    assert!(refused.body.contains("help@example.org"), "{}", refused.body);
    let mut at = scene.with_password(&stranger, "/login").await.location();
    for _ in 0..3 {
        at = stranger.press(&at, "code", &[("code", "000000")]).await.location();
    }
    let page = stranger.get(&at).await.body;
    assert!(
        page.contains("You were not signed in") && page.contains("help@example.org"),
        "{page}"
    );
}
