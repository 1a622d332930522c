//! `policy simulate` and `why` on sign-ins that really happened: recorded by the machine that both doors run.

use super::place::Place;
use samekey_shared::clock::{Clock, UnixTime};
use samekey_shared::config::Config;
use samekey_shared::entropy::SystemEntropy;
use samekey_shared::flows::{Answer, Asked, Doorway, FirstFactorCheck, Means, SignIn, SignInRequest, Step, Visit};
use samekey_shared::methods::FirstFactor;
use samekey_shared::realm::Realm;
use samekey_shared::secrets::SecretText;
use samekey_shared::source::{Door, Source};
use serde_json::Value;
use std::sync::Arc;

/// A moment that stands still: a minute ahead, so that the codes are not those that bound the apps.
#[derive(Debug)]
struct Standing(UnixTime);

impl Clock for Standing {
    fn now(&self) -> UnixTime {
        self.0
    }
}

fn json(place: &Place, words: &[&str], input: &str, exit: i32) -> Value {
    let ended = place.run(words, input);
    assert_eq!(ended.exit, exit, "{words:?}: {} {}", ended.out, ended.err);
    serde_json::from_str(&ended.out).unwrap()
}

/// An account with an app; its key.
fn person(place: &Place, name: &str) -> String {
    json(place, &["account", "add", name, "--json"], "", 0);
    let bind = ["device", "bind", "totp", "--user", name, "--json"];
    let drawn = json(place, &[&bind[..], &["--draw"]].concat(), "", 0);
    let key = drawn["key"].as_str().unwrap().to_owned();
    let code = super::place::code(&key);
    let proof = ["--secret-file", "-", "--code", &code];
    json(place, &[&bind[..], &proof].concat(), &key, 0);
    key
}

/// A login at sshd with the app's code; the request's id.
fn logs_in(realm: &Realm, name: &str, key: &str, at: UnixTime) -> String {
    let doorway = Doorway {
        door: Door::Shell,
        service: "pam:sshd".to_owned(),
        host: Some("shell.example.org".to_owned()),
        source: Source::remote_host("192.0.2.7"),
    };
    let visit = Visit {
        realm,
        doorway: &doorway,
    };
    let request = SignInRequest {
        login: name,
        first: FirstFactorCheck::Done(FirstFactor::Password),
        prior: None,
        asked: Asked::default(),
        means: Means::default(),
        browser: None,
    };
    let (mut machine, step) = SignIn::start(&visit, request, &mut |_, _| Ok(())).unwrap();
    assert!(matches!(step, Step::Ask(_)), "{step:?}");
    let code = super::place::code_at(key, at);
    let step = machine
        .answer(&visit, Answer::Code(SecretText::from(code)), &mut |_, _| Ok(()))
        .unwrap();
    match step {
        Step::Granted(grant) => grant.request.to_string(),
        other => panic!("{other:?}"),
    }
}

fn recorded(place: &Place, people: &[(&str, &str)]) -> Vec<String> {
    let now = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap() + 60;
    let config = Config::load(&place.config()).unwrap();
    let realm = Realm::open(&config, Arc::new(Standing(now)), Arc::new(SystemEntropy::default())).unwrap();
    people
        .iter()
        .map(|(name, key)| logs_in(&realm, name, key, now))
        .collect()
}

#[test]
fn a_stricter_policy_tells_whom_it_would_have_stopped() {
    let place = Place::made();
    let (alice, bob) = (person(&place, "alice"), person(&place, "bob"));
    recorded(&place, &[("alice", &alice), ("bob", &bob)]);
    let same = json(&place, &["policy", "simulate", "-", "--json"], "version = 1\n", 0);
    assert_eq!(same["sign_ins"], 2);
    assert_eq!(same["otherwise"], Value::Array(Vec::new()));

    let stricter = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\n[[rule]]\nname = \"keys-for-alice\"\n\
        when = { users = [\"alice\"] }\nrequire = { level = \"highest\", grace = \"0s\" }\n";
    let found = json(&place, &["policy", "simulate", "-", "--json"], stricter, 0);
    assert_eq!(found["sign_ins"], 2);
    assert_eq!(found["otherwise"].as_array().unwrap().len(), 1);
    assert_eq!(found["otherwise"][0]["account"], "alice");
    assert_eq!(found["otherwise"][0]["was"], "let in");
    assert_eq!(found["otherwise"][0]["would"]["decision"], "enrol");
    let each = place.run(&["policy", "simulate", "-", "--each"], stricter);
    assert!(
        each.out.contains("alice") && each.out.contains("enrol passkey"),
        "{each:?}"
    );
    assert!(!each.out.contains("bob"), "{each:?}");
    assert!(
        each.err.contains("2 sign-ins replayed, 1 otherwise: 1 enrol"),
        "{each:?}"
    );

    let later = json(
        &place,
        &["policy", "simulate", "-", "--since", "2100-01-01", "--json"],
        stricter,
        0,
    );
    assert_eq!(later["sign_ins"], 0);

    json(&place, &["account", "lock", "alice", "--json"], "", 0);
    let without = json(&place, &["policy", "simulate", "-", "--json"], stricter, 0);
    assert_eq!(without["no_account_any_more"], serde_json::json!(["alice"]));
}

#[test]
fn why_tells_the_events_and_the_policy_that_decided() {
    let place = Place::made();
    let key = person(&place, "alice");
    let requests = recorded(&place, &[("alice", &key)]);
    let told = json(&place, &["why", &requests[0], "--json"], "", 0);
    let last = told["events"].as_array().unwrap().last().unwrap();
    assert_eq!(last["kind"], "sign-in-granted");
    assert_eq!(told["policy"]["version"], 1);
    assert_eq!(told["policy"]["holds_now"], true);
    let text = place.run(&["why", &requests[0]], "").out;
    assert!(
        text.contains("alice at pam:sshd from 192.0.2.7: sign-in-granted, ok."),
        "{text}"
    );
    assert!(text.contains("version 1 of the policy"), "{text}");

    place.run(&["policy", "apply", "-"], "version = 1\n[default]\ngrace = \"3d\"\n");
    assert_eq!(
        json(&place, &["why", &requests[0], "--json"], "", 0)["policy"]["holds_now"],
        false
    );
    let nobody = json(&place, &["why", "00000000000000000000000000000000", "--json"], "", 3);
    assert_eq!(nobody["error"]["code"], "not_found");
}

/// One sign-in of a day: the hour, who, where, from where, and whether with the right code, a wrong one, or none because
/// the policy decided without asking.
type Moment = (i64, &'static str, &'static str, &'static str, Shows);

#[derive(Clone, Copy, PartialEq)]
enum Shows {
    Code,
    WrongCodes,
    Nothing,
}

#[rustfmt::skip]
const DAY: [Moment; 11] = [
    (7, "alice", "pam:sshd", "192.0.2.7", Shows::Code),
    (8, "bob", "pam:sshd", "192.0.2.8", Shows::Code),
    (8, "robot", "pam:sshd", "192.0.2.9", Shows::Nothing),
    (9, "alice", "pam:sudo", "", Shows::Code),
    (10, "carol", "pam:sshd", "198.51.100.7", Shows::Nothing),
    (11, "bob", "pam:sshd", "203.0.113.9", Shows::WrongCodes),
    (12, "bob", "pam:sshd", "203.0.113.9", Shows::Code),
    (13, "alice", "pam:login", "", Shows::Code),
    (14, "robot", "pam:sshd", "192.0.2.9", Shows::Nothing),
    (15, "dora", "pam:sshd", "192.0.2.10", Shows::Nothing),
    (16, "alice", "pam:sshd", "192.0.2.7", Shows::Code),
];

/// What holds on that day: the robot is let through, nobody comes in from 198.51.100.0/24, dora has time to enrol.
const HOLDS: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"14d\"\n\
    [[rule]]\nname = \"not-from-there\"\nwhen = { source = [\"198.51.100.0/24\"] }\nrequire = { deny = true }\n\
    [[exception]]\nname = \"robot\"\nwhen = { users = [\"robot\"], services = [\"pam:sshd\"] }\nallow = { level = \"none\" }\n\
    reason = \"backup\"\napproved-by = \"bob\"\nautomation = true\n";

fn lives(place: &Place, keys: &std::collections::BTreeMap<&str, String>) {
    let config = Config::load(&place.config()).unwrap();
    let midnight = i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
    for (hour, name, service, source, shows) in DAY {
        let now = midnight + hour * 3600;
        let realm = Realm::open(&config, Arc::new(Standing(now)), Arc::new(SystemEntropy::default())).unwrap();
        let doorway = Doorway {
            door: Door::Shell,
            service: service.to_owned(),
            host: Some("shell.example.org".to_owned()),
            source: match source {
                "" => Source::Local {
                    by: Some(name.to_owned()),
                },
                address => Source::remote_host(address),
            },
        };
        let visit = Visit {
            realm: &realm,
            doorway: &doorway,
        };
        let request = SignInRequest {
            login: name,
            first: FirstFactorCheck::Done(FirstFactor::Password),
            prior: None,
            asked: Asked::default(),
            means: Means::default(),
            browser: None,
        };
        let (mut machine, mut step) = SignIn::start(&visit, request, &mut |_, _| Ok(())).unwrap();
        while let Step::Ask(_) = step {
            let code = match shows {
                Shows::Code => super::place::code_at(&keys[name], now),
                _ => "000000".to_owned(),
            };
            step = machine
                .answer(&visit, Answer::Code(SecretText::from(code)), &mut |_, _| Ok(()))
                .unwrap();
        }
        let let_in = matches!(step, Step::Granted(_));
        assert_eq!(
            let_in,
            shows == Shows::Code || ["robot", "dora"].contains(&name),
            "{name} at {hour}: {step:?}"
        );
    }
}

#[test]
fn a_recorded_day_is_replayed_under_another_policy_and_its_sign_ins_are_told_one_by_one() {
    let place = Place::made();
    assert_eq!(place.run(&["policy", "apply", "-"], HOLDS).exit, 0);
    let mut keys = std::collections::BTreeMap::new();
    for name in ["alice", "bob"] {
        keys.insert(name, person(&place, name));
    }
    for name in ["carol", "dora", "robot"] {
        json(&place, &["account", "add", name, "--json"], "", 0);
    }
    lives(&place, &keys);

    let same = json(&place, &["policy", "simulate", "-", "--json"], HOLDS, 0);
    // A wrong code is nobody's policy: ten of the eleven.
    assert_eq!(
        (&same["sign_ins"], &same["otherwise"]),
        (&Value::from(10), &Value::Array(Vec::new()))
    );

    // Keys for becoming root, nobody from 203.0.113.0/24, carol's network open, no robot, no time to enrol.
    let other = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
        [[rule]]\nname = \"keys-for-root\"\nwhen = { services = [\"pam:sudo\"] }\nrequire = { level = \"highest\" }\n\
        [[rule]]\nname = \"not-from-there\"\nwhen = { source = [\"203.0.113.0/24\"] }\nrequire = { deny = true }\n\
        [[exception]]\nname = \"carol\"\nwhen = { users = [\"carol\"] }\nallow = { level = \"single\" }\n\
        reason = \"no phone\"\napproved-by = \"bob\"\nexpires = 2100-01-01\n";
    let told = json(&place, &["policy", "simulate", "-", "--json"], other, 0);
    let changes: Vec<(String, String, String)> = told["otherwise"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (
                format!("{} {}", text(&one["account"]), text(&one["service"])),
                text(&one["was"]),
                text(&one["would"]["decision"]),
            )
        })
        .collect();
    let line = |who: &str, was: &str, would: &str| (who.to_owned(), was.to_owned(), would.to_owned());
    assert_eq!(
        changes,
        [
            line("robot pam:sshd", "let in", "enrol"),
            line("alice pam:sudo", "let in", "enrol"),
            line("carol pam:sshd", "refused", "allow"),
            line("bob pam:sshd", "let in", "deny"),
            line("robot pam:sshd", "let in", "enrol"),
            line("dora pam:sshd", "let in", "enrol"),
        ]
    );
    let told = place.run(&["policy", "simulate", "-"], other);
    assert!(
        told.err
            .contains("10 sign-ins replayed, 6 otherwise: 1 allow, 1 deny, 4 enrol."),
        "{told:?}"
    );
    assert_eq!(place.run(&["audit", "verify"], "").exit, 0);
}
