//! The administrators' pages hang together without scripts: from the overview every link leads to a page, every page says where
//! it is, and every form is one that a browser without scripts can send.

use crate::desk::{Office, Seated};
use axum::http::StatusCode;
use samekey_provider::app::routes::every;
use std::collections::BTreeSet;

/// Longest way from the overview to any page.
const DEPTH: usize = 6;

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&").replace("&amp;", "&")
}

/// The values of an attribute.
fn values(body: &str, attribute: &str) -> Vec<String> {
    let marker = format!(" {attribute}=\"");
    let parts = body.split(marker.as_str()).skip(1);
    parts.map(|part| unescaped(part.split('"').next().unwrap())).collect()
}

/// Where the links of the administrators' pages lead.
fn links(body: &str) -> impl Iterator<Item = String> {
    values(body, "href")
        .into_iter()
        .filter(|link| link.starts_with("/admin"))
}

/// What is wrong with a page for somebody without scripts.
fn complaints(path: &str, body: &str) -> Vec<String> {
    let mut found = Vec::new();
    for (what, is_wrong) in [
        ("a script", body.contains("<script")),
        ("a style of its own", body.contains(" style=\"")),
        (
            "a handler of its own",
            body.contains(" onclick=") || body.contains(" onchange="),
        ),
        ("no heading", body.matches("<h1>").count() != 1),
        (
            "no tab that is current",
            body.matches("aria-current=\"page\"").count() != 1,
        ),
    ] {
        if is_wrong {
            found.push(format!("{path}: {what}"));
        }
    }
    for form in body.split("<form").skip(1) {
        let form = form.split("</form>").next().unwrap();
        let head = form.split('>').next().unwrap();
        let posts = head.contains("method=\"post\"");
        if !head.contains("action=\"/") || !form.contains("<button type=\"submit\"") {
            found.push(format!("{path}: a form without address or button: {head}"));
        }
        if posts && !head.contains("/language") && !form.contains("name=\"csrf\"") {
            found.push(format!("{path}: a form without token: {head}"));
        }
        for label in form.split("<label for=\"").skip(1) {
            let of = label.split('"').next().unwrap();
            if !form.contains(&format!(" id=\"{of}\"")) {
                found.push(format!("{path}: a label of nothing: {of}"));
            }
        }
    }
    found
}

fn is_picture(path: &str) -> bool {
    std::path::Path::new(path).extension() == Some("svg".as_ref())
}

async fn walk(seated: &Seated) -> (BTreeSet<String>, Vec<String>) {
    let (mut seen, mut found) = (BTreeSet::new(), Vec::new());
    let mut next = vec!["/admin".to_owned()];
    for _ in 0..DEPTH {
        let mut further = Vec::new();
        for path in next {
            if is_picture(&path) || !seen.insert(path.clone()) {
                continue;
            }
            let page = seated.browser.get(&path).await;
            if page.status != StatusCode::OK {
                found.push(format!("{path}: {}", page.status));
            }
            found.extend(complaints(&path, &page.body));
            further.extend(links(&page.body));
        }
        next = further;
    }
    assert!(
        next.iter().all(|path| seen.contains(path)),
        "a way of more than {DEPTH} pages: {next:?}"
    );
    (seen, found)
}

/// Every page that a role is led to is there for it, and works without scripts.
#[tokio::test]
async fn every_link_of_every_role_leads_to_a_page_that_works_without_scripts() {
    let office = Office::new();
    for (role, least) in [("owner", 40), ("admin", 30), ("helpdesk", 15), ("auditor", 8)] {
        let seated = office.seated(role).await;
        let (seen, found) = walk(&seated).await;
        assert!(found.is_empty(), "{role}: {found:#?}");
        assert!(
            seen.len() >= least,
            "{role} is led to {} pages only: {seen:#?}",
            seen.len()
        );
    }
}

/// The other way round: each page of the table that shows something is led to from the overview.
#[tokio::test]
async fn every_page_of_the_table_is_led_to() {
    let office = Office::new();
    let owner = office.seated("owner").await;
    let (seen, _) = walk(&owner).await;
    let pattern = |path: &str| -> String {
        let path = path.split('?').next().unwrap();
        let parts: Vec<&str> = path.split('/').collect();
        let named = |at: usize, part: &&str| match (parts.get(2), at) {
            (Some(&"accounts"), 3) if *part != "add" => "{name}".to_owned(),
            (Some(&"accounts"), 5) => "{device}".to_owned(),
            (Some(&"clients"), 3) if *part != "add" => "{id}".to_owned(),
            (Some(&"settings"), 3) => "{group}".to_owned(),
            _ => (*part).to_owned(),
        };
        let named: Vec<String> = parts.iter().enumerate().map(|(at, part)| named(at, part)).collect();
        named.join("/")
    };
    let led: BTreeSet<String> = seen.iter().map(|path| pattern(path)).collect();
    let shown = every()
        .into_iter()
        .filter(|route| route.method == "GET" && route.path.starts_with("/admin"));
    // The picture is on the overview, and the last two are there only for who is locked or held.
    let missing: Vec<&str> = shown
        .map(|route| route.path)
        .filter(|path| !is_picture(path) && !path.ends_with("/unlock") && !path.ends_with("/release"))
        .filter(|path| !led.contains(*path))
        .collect();
    assert!(missing.is_empty(), "nothing leads to {missing:?} among {led:#?}");
}
