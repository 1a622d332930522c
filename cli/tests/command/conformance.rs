//! `samekey client conformance`: the public suite's clients, and the configurations that the suite reads.

use super::place::Place;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

fn place() -> Place {
    let place = Place::made();
    let config = std::fs::read_to_string(place.config()).unwrap();
    let section = "\n[provider]\nissuer = \"https://id.example.org\"\n";
    std::fs::write(place.config(), format!("{config}{section}")).unwrap();
    place
}

fn told(place: &Place, words: &[&str]) -> Value {
    let ended = place.run(&[words, &["--json"]].concat(), "");
    assert_eq!(ended.exit, 0, "{words:?}: {ended:?}");
    serde_json::from_str(&ended.out).unwrap()
}

#[test]
fn registers_the_suites_clients_and_writes_what_it_reads() {
    let place = place();
    std::fs::write(place.root().join("password.txt"), "typed by a script\n").unwrap();
    let words = ["client", "conformance", "--alias", "mine", "--out", "plans"];
    let person = ["--user", "conformance", "--password-file", "password.txt"];
    told(&place, &[&words[..], &person].concat());
    let read = |name: &str| -> Value {
        let file = place.root().join("plans").join(name);
        let mode = std::fs::metadata(&file).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name} holds secrets");
        serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
    };
    let (oidc, fapi) = (read("oidc.json"), read("fapi2.json"));
    assert_eq!(
        oidc["server"]["discoveryUrl"],
        "https://id.example.org/.well-known/openid-configuration"
    );
    assert_eq!(oidc["alias"], "mine");
    let way = oidc["browser"][0]["tasks"].to_string();
    assert!(
        way.contains("typed by a script") && way.contains("with-password"),
        "{way}"
    );
    for (client, document, id) in [
        ("client", &oidc, "conformance-1"),
        ("client2", &oidc, "conformance-2"),
        ("client_secret_post", &oidc, "conformance-post"),
        ("client", &fapi, "conformance-fapi-1"),
        ("client2", &fapi, "conformance-fapi-2"),
    ] {
        assert_eq!(document[client]["client_id"], id);
        let shown = told(&place, &["client", "show", id]);
        let settings = &shown["client"]["settings"];
        let base = "https://www.certification.openid.net/test/a/mine/callback";
        assert_eq!(settings["redirect-uris"][0], base);
        if let Some(secret) = document[client]["client_secret"].as_str() {
            assert!(secret.len() >= 40);
            continue;
        }
        assert_eq!(
            (&settings["profile"], &settings["auth-method"]),
            (&"fapi2".into(), &"private_key_jwt".into())
        );
        let (theirs, ours) = (&document[client]["jwks"]["keys"][0], &settings["jwks"]["keys"][0]);
        assert_eq!((&theirs["x"], &theirs["kid"]), (&ours["x"], &ours["kid"]));
        assert!(
            theirs["d"].is_string() && ours.get("d").is_none(),
            "the private half is the suite's alone"
        );
    }
    // Again, for another suite and for Message Signing: anew, not twice.
    let words = [
        "client",
        "conformance",
        "--out",
        "plans",
        "--signed",
        "--suite",
        "https://suite.example.org/",
    ];
    told(&place, &words);
    let shown = told(&place, &["client", "show", "conformance-fapi-2"]);
    assert_eq!(shown["client"]["settings"]["profile"], "fapi2-signed");
    assert_eq!(
        told(&place, &["client", "list"])["clients"].as_array().unwrap().len(),
        5
    );
    assert_eq!(told(&place, &["client", "conformance", "--remove"])["changed"], true);
    assert_eq!(told(&place, &["client", "conformance", "--remove"])["changed"], false);
    assert_eq!(told(&place, &["client", "list"])["clients"], serde_json::json!([]));
}

#[test]
fn wants_a_folder_and_a_password_for_its_person() {
    let place = place();
    assert_eq!(place.run(&["client", "conformance"], "").exit, 2);
    let words = ["client", "conformance", "--out", "plans", "--user", "conformance"];
    assert_eq!(place.run(&words, "").exit, 2);
}
