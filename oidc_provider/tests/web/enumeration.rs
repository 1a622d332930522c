//! Row 32: known, unknown, locked and disabled names look alike: status, headers and page.

use crate::browser::Page;
use crate::scene::{PASSWORD, Scene};
use samekey_shared::accounts::{AccountState, rows};

/// What a stranger can compare, without what is random in every answer or follows from the length of the name typed.
fn seen(page: &Page, name: &str) -> (u16, Vec<(String, String)>, String) {
    let mut headers: Vec<(String, String)> = page
        .headers
        .iter()
        .filter(|(header, _)| !matches!(header.as_str(), "set-cookie" | "location" | "content-length"))
        .map(|(header, value)| (header.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    headers.sort();
    // The name as a page shows it; three letters may well stand inside a word of ours.
    let shown = |frame: &str| frame.replace("NAME", name);
    let mut body = page.body.clone();
    for frame in ["\"NAME\"", ">NAME<"] {
        body = body.replace(&shown(frame), frame);
    }
    for field in ["flow", "csrf"] {
        if body.contains(&format!("name=\"{field}\"")) {
            body = body.replace(&page.field(field), field);
        }
    }
    let request = body.find("Request: <code>").map(|at| body[at + 15..at + 47].to_owned());
    if let Some(request) = request {
        body = body.replace(&request, "ID");
    }
    (page.status.as_u16(), headers, body)
}

async fn shown_after(
    scene: &Scene,
    name: &str,
    password: &str,
    code: &str,
) -> Vec<(u16, Vec<(String, String)>, String)> {
    let browser = scene.browser();
    let first = browser.get(&scene.wiki().request(&[])).await;
    let asks = browser.press(&first.location(), "name", &[("username", name)]).await;
    let mut all = vec![seen(&browser.get(&asks.location()).await, name)];
    let answer = browser
        .press(&asks.location(), "password", &[("password", password)])
        .await;
    let page = browser.get(&answer.location()).await;
    all.push(seen(&page, name));
    if page.body.contains("name=\"code\"") {
        let answer = browser.press(&answer.location(), "code", &[("code", code)]).await;
        all.push(seen(&browser.get(&answer.location()).await, name));
    }
    all
}

#[tokio::test]
async fn a_wrong_password_looks_the_same_for_every_name() {
    let scene = Scene::new();
    for (name, state) in [("lou", AccountState::Locked), ("dee", AccountState::Disabled)] {
        let id = scene.test.account(name, PASSWORD).unwrap();
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_state(tx, id, state))
            .unwrap();
    }
    let known = shown_after(&scene, "ann", "not the password", "").await;
    assert_eq!(known.len(), 2);
    for name in ["nobody", "lou", "dee"] {
        assert_eq!(shown_after(&scene, name, "not the password", "").await, known, "{name}");
    }
    let odd = shown_after(&scene, "no:body", "not the password", "").await;
    assert_eq!(odd, known, "a name that cannot be one");
}

#[tokio::test]
async fn a_closed_account_with_its_right_password_looks_like_a_wrong_one() {
    let scene = Scene::new();
    let wrong = shown_after(&scene, "ann", "not the password", "").await;
    for state in [AccountState::Locked, AccountState::Disabled] {
        let name = if state == AccountState::Locked { "lou" } else { "dee" };
        let id = scene.test.account(name, PASSWORD).unwrap();
        scene
            .test
            .realm
            .store
            .write(|tx| rows::set_state(tx, id, state))
            .unwrap();
        assert_eq!(shown_after(&scene, name, PASSWORD, "000000").await, wrong, "{name}");
    }
}

/// Row 27: one throttle for a name, whether anybody has it or not, and in whatever form it is typed.
#[tokio::test]
async fn guesses_are_counted_for_the_canonical_name_known_or_not() {
    let scene = Scene::new();
    for (forms, last) in [
        (["ann", "ann@example.org", "ANN", "ann@corp", " ann"], "ann"),
        (["bob", "bob@example.org", "BOB", "bob@corp", " bob"], "bob"),
    ] {
        for form in forms {
            shown_after(&scene, form, "not the password", "").await;
        }
        let browser = scene.browser();
        let first = browser.get(&scene.wiki().request(&[])).await;
        let asks = browser.press(&first.location(), "name", &[("username", last)]).await;
        let page = browser.get(&asks.location()).await;
        assert!(page.body.contains("too_many_attempts"), "{last}: {}", page.body);
    }
}
