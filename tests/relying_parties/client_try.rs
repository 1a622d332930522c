//! `samekey client try`: a whole sign-in with an app's registration, without the app and its secret; nothing of it stays.

use super::site::{STRICT, Site};
use serde_json::Value;
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::Stdio;

#[test]
fn shows_what_an_app_would_get_and_leaves_nothing_behind() {
    let mut site = Site::new(STRICT);
    let app = "https://wiki.example.org/cb";
    site.register("wiki", &["--redirect", app]);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let mut trial = site
        .home
        .program("samekey")
        .args([
            "client",
            "try",
            "wiki",
            "--json",
            "--scope",
            "openid profile offline_access",
        ])
        .args(["--port", &port.to_string()])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = BufReader::new(trial.stderr.take().unwrap());
    let mut line = String::new();
    while !line.trim_start().starts_with(&site.issuer()) {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "no address was told");
    }
    let page = site.surfer.go(line.trim()).page();
    assert!(page.body.contains("Go on in the terminal"), "{}", page.body);
    let mut told = String::new();
    trial.stdout.take().unwrap().read_to_string(&mut told).unwrap();
    said.read_to_string(&mut line).unwrap();
    assert!(trial.wait().unwrap().success(), "{told}{line}");

    let told: Value = serde_json::from_str(&told).unwrap();
    let claims = &told["id_token"]["claims"];
    assert_eq!(
        (claims["aud"].as_str(), claims["iss"].as_str()),
        (Some("wiki"), Some(site.issuer().as_str()))
    );
    assert_eq!(claims["acr"], "urn:samekey:acr:mfa");
    assert_eq!(told["id_token"]["header"]["alg"], "RS256");
    assert_eq!(
        (told["user"].as_str(), told["userinfo"]["preferred_username"].as_str()),
        (Some("ann"), Some("ann"))
    );
    assert_eq!(told["refresh_token"], true);
    assert!(told["policy"].is_object(), "{told}");
    assert!(!told.to_string().contains("eyJ"), "no token is told itself: {told}");

    let shown: Value = serde_json::from_str(&site.home.samekey(&["client", "show", "wiki", "--json"])).unwrap();
    assert_eq!(shown["client"]["settings"]["redirect-uris"], serde_json::json!([app]));
    let trail = site.home.samekey(&["audit", "export"]);
    assert!(
        trail.contains("trial began") && trail.contains("trial ended"),
        "{trail}"
    );
}
