//! Show 8: what `samekey policy explain` says is what the real module and the real provider then do.

use super::installation::{Installation, Person};
use super::visitor::after_the_password;
use crate::support::boxed::boxed;
use crate::support::pam_host::{AUTH_ERR, Item, PERM_DENIED, Reply, SUCCESS};
use samekey_shared::audit;
use samekey_shared::realm::Realm;
use std::cell::Cell;
use std::rc::Rc;

/// Rules and exceptions that bring about every decision, by user, service, source and first factor.
const POLICY: &str = include_str!("explained.toml");

/// A decision in the words of `explain`, by its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Allow,
    Challenge,
    Enrol,
    Nag,
    Deny,
}

impl Said {
    fn of(exit: i32) -> Self {
        match exit {
            0 => Self::Allow,
            10 => Self::Challenge,
            11 => Self::Enrol,
            12 => Self::Nag,
            20 => Self::Deny,
            other => panic!("explain exited with {other}"),
        }
    }
}

/// Whether somebody has an app.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Has {
    App,
    Nothing,
}

const USERS: [(&str, Has); 6] = [
    ("ann", Has::App),
    ("new", Has::Nothing),
    ("boss", Has::App),
    ("robot", Has::App),
    ("banned", Has::App),
    ("torn", Has::App),
];
const SHELLS: [(&str, &str, &str); 7] = [
    ("sshd", "192.0.2.10", "none"),
    ("sshd", "203.0.113.9", "none"),
    ("sshd", "198.51.100.7", "publickey"),
    ("sshd", "198.51.100.7", "none"),
    ("strict", "192.0.2.10", "none"),
    ("easy", "192.0.2.10", "none"),
    ("office", "203.0.113.9", "none"),
];
const APPS: [&str; 4] = ["wiki", "strict", "easy", "away"];

fn somebody(home: &Installation, realm: &Realm, name: &str, has: Has) -> Person {
    match has {
        Has::App => home.person(realm, name),
        Has::Nothing => home.without_app(realm, name),
    }
}

/// Asks the command.
fn explained(home: &Installation, user: &str, service: &str, source: &str, first: &str) -> Said {
    let arguments = [
        "policy",
        "explain",
        "--user",
        user,
        "--service",
        service,
        "--source",
        source,
        "--first-factor",
    ];
    let done = home.program("samekey").args(arguments).arg(first).output().unwrap();
    Said::of(done.status.code().unwrap())
}

/// How the latest refusal of this person stands in the trail.
fn refused_for(realm: &Realm, person: &str) -> Option<String> {
    let records = realm.store.read(|tx| audit::about(tx, person, None, 50)).unwrap();
    let refusal = records.into_iter().find(|record| record.kind == "sign-in-refused")?;
    let (_, result) = refusal.event.split_once("\"result\":\"")?;
    result.split('"').next().map(str::to_owned)
}

fn from_refusal(realm: &Realm, person: &str) -> Said {
    match refused_for(realm, person).as_deref() {
        Some("enrollment_required") => Said::Enrol,
        Some("denied_by_rule" | "no_method_reaches_level") => Said::Deny,
        other => panic!("{person} was refused for {other:?}"),
    }
}

/// Goes through the module: what was asked and what came of it.
fn at_the_shell(home: &Installation, realm: &Realm, person: &Person, service: &str, source: &str, first: &str) -> Said {
    home.pam()
        .service(service, &format!("auth required pam_permit.so\n{}", home.module_line()));
    let mut login = home.pam().login(service, &person.name, Vec::new());
    login.item(Item::RHost, source.as_bytes());
    if first == "publickey" {
        login.variable(b"SSH_AUTH_INFO_0=publickey ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJgjd2cnMVyZBvmYxPSLwV5sGgpTMDQ0oC+0ljEBoXcJ\n");
    }
    let (asked, code) = (Rc::new(Cell::new(0)), person.code());
    let counted = Rc::clone(&asked);
    login.answers(move |_| {
        counted.set(counted.get() + 1);
        Reply::text(&code)
    });
    let result = login.authenticate();
    match (asked.get(), result) {
        (1, SUCCESS) => Said::Challenge,
        (0, SUCCESS) if login.transcript().trim().is_empty() => Said::Allow,
        (0, SUCCESS) => Said::Nag,
        // Who has a device that is too weak shows it first, and is then told where to bind a stronger one.
        (0..=2, PERM_DENIED | AUTH_ERR) => from_refusal(realm, &person.name),
        other => panic!("{}: {other:?} {}", person.name, login.transcript()),
    }
}

/// Goes through the pages.
fn on_a_page(home: &Installation, realm: &Realm, person: &Person, client: &str) -> Said {
    let standing = after_the_password(home, person, client).unwrap();
    if standing.is_through() {
        let records = realm.store.read(|tx| audit::about(tx, &person.name, None, 50)).unwrap();
        let proven = records.iter().any(|record| record.kind == "sign-in-granted");
        return if proven { Said::Allow } else { Said::Nag };
    }
    if standing.has_to_bind() {
        return if standing.can_wait() { Said::Nag } else { Said::Enrol };
    }
    if standing.is_asked() {
        let after = standing.after(&person.code()).unwrap();
        // Who has a device that is too weak shows it, and then binds a stronger one.
        assert!(
            after.is_through() || after.has_to_bind(),
            "{}: a right code was refused",
            person.name
        );
        return if after.is_through() {
            Said::Challenge
        } else {
            Said::Enrol
        };
    }
    from_refusal(realm, &person.name)
}

boxed! {
    fn what_explain_says_is_what_both_doors_do() {
        let mut home = Installation::new(POLICY);
        for client in APPS {
            home.client(client);
        }
        home.start();
        let realm = home.realm();
        let mut seen = Vec::new();
        for (user, has) in USERS {
            for (number, (service, source, first)) in SHELLS.into_iter().enumerate() {
                let person = somebody(&home, &realm, &format!("{user}-s{number}"), has);
                let said = explained(&home, &person.name, &format!("pam:{service}"), source, first);
                let done = at_the_shell(&home, &realm, &person, service, source, first);
                assert_eq!(said, done, "{} at {service} from {source} with {first}\n{}", person.name, home.said());
                seen.push(said);
            }
            for client in APPS {
                let person = somebody(&home, &realm, &format!("{user}-w-{client}"), has);
                let said = explained(&home, &person.name, &format!("oidc:{client}"), "127.0.0.1", "password");
                let done = on_a_page(&home, &realm, &person, client);
                assert_eq!(said, done, "{} at {client}\n{}", person.name, home.said());
                seen.push(said);
            }
        }
        assert!(seen.len() >= 40, "only {} cases", seen.len());
        for decision in [Said::Allow, Said::Challenge, Said::Enrol, Said::Nag, Said::Deny] {
            let times = seen.iter().filter(|said| **said == decision).count();
            assert!(times >= 3, "{decision:?} came up {times} times: the table no longer tests it");
        }
        println!("explain and both doors agree in {} cases", seen.len());
    }
}
