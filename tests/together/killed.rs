//! Show 4: agent, provider and command die at any moment; the store is whole, nothing acknowledged is lost, nothing
//! is accepted twice.

use super::installation::{Installation, Person, new_key};
use super::visitor::{by_shell, up_to_the_code};
use crate::support::boxed::boxed;
use samekey_demo::App;
use samekey_shared::accounts::{LoginName, rows};
use samekey_shared::entropy::{Entropy, SeededEntropy, SystemEntropy};
use samekey_shared::methods::Method;
use samekey_shared::realm::Realm;
use samekey_shared::{audit, devices};
use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, Sender, channel};

const ROUNDS: usize = 100;
/// Who comes by each door in a round: each line of people enters one after the other.
const BY_SHELL: usize = 3;
const BY_WEB: usize = 2;
const IN_LINE: usize = 4;

/// The shipped policy, but codes that are offered again do not lock anybody out.
const PATIENT: &str = "version = 1\n[default]\nlevel = \"high\"\n\
    [settings]\nlockout = { attempts = 100, window = \"15m\", for = \"15m\" }\n";

/// A code that was offered, and whether somebody got in by it.
struct Offer {
    person: Person,
    code: String,
    entered: bool,
}

/// What the administrator's command said it had done.
enum Done {
    Added(String),
    Bound(String),
}

/// The command that runs at the moment, for the one who kills it.
type Running = Mutex<Option<Child>>;

/// People come in and are enrolled until, after so many acknowledgements, everything dies.
fn until_the_end(
    home: &mut Installation,
    people: &[Person],
    names: &[String],
    after: usize,
) -> (Vec<Offer>, Vec<Done>) {
    let (tell, told) = channel();
    let running = Running::default();
    let (shell, web) = people.split_at(BY_SHELL * IN_LINE);
    let mut dying = [home.agent.take(), home.provider.take()];
    let home = &*home;
    let running = &running;
    let ends = std::thread::scope(|scope| {
        let mut lines = Vec::new();
        for line in shell.chunks(IN_LINE) {
            let tell = tell.clone();
            lines.push(scope.spawn(move || {
                line.iter()
                    .map(|person| offer_at_shell(home, person, &tell))
                    .collect::<Vec<_>>()
            }));
        }
        for line in web.chunks(IN_LINE) {
            let tell = tell.clone();
            lines.push(scope.spawn(move || {
                line.iter()
                    .filter_map(|person| offer_on_web(home, person, &tell))
                    .collect()
            }));
        }
        let office = scope.spawn(move || enrol(home, names, running, &tell));
        wait_for(&told, after);
        for child in dying.iter_mut().flatten() {
            child.kill().unwrap();
        }
        if let Some(child) = running.lock().unwrap().as_mut() {
            child.kill().unwrap();
        }
        drop(told);
        let offers = lines.into_iter().flat_map(|line| line.join().unwrap()).collect();
        (offers, office.join().unwrap())
    });
    for child in dying.iter_mut().flatten() {
        child.wait().unwrap();
    }
    ends
}

/// Returns once so many acknowledgements came, or nobody is left who could give one.
fn wait_for(told: &Receiver<()>, after: usize) {
    for _ in 0..after {
        if told.recv().is_err() {
            return;
        }
    }
}

fn offer_at_shell(home: &Installation, person: &Person, tell: &Sender<()>) -> Offer {
    let code = person.code();
    let entered = by_shell(home, person, code.clone(), || ());
    if entered {
        let _ = tell.send(());
    }
    Offer {
        person: person.clone(),
        code,
        entered,
    }
}

/// `None` when the provider died before the code was asked.
fn offer_on_web(home: &Installation, person: &Person, tell: &Sender<()>) -> Option<Offer> {
    let standing = up_to_the_code(home, person).ok()?;
    let code = person.code();
    let entered = standing.give(&code);
    if entered {
        let _ = tell.send(());
    }
    Some(Offer {
        person: person.clone(),
        code,
        entered,
    })
}

/// Adds accounts and binds apps by the command, until one run of it fails.
fn enrol(home: &Installation, names: &[String], running: &Running, tell: &Sender<()>) -> Vec<Done> {
    let mut done = Vec::new();
    for name in names {
        if !command(home, running, &["account", "add", name], "") {
            break;
        }
        done.push(Done::Added(name.clone()));
        let key = new_key(&SystemEntropy::default());
        let app = App::typed(&key).unwrap();
        let code = app.code(app.step());
        let bind = [
            "device",
            "bind",
            "totp",
            "--user",
            name,
            "--secret-file",
            "-",
            "--code",
            &code,
        ];
        // Nobody listens any more: the others are dead, and so is the one who was to be told.
        if tell.send(()).is_err() || !command(home, running, &bind, &key) {
            break;
        }
        done.push(Done::Bound(name.clone()));
        if tell.send(()).is_err() {
            break;
        }
    }
    done
}

/// Runs the command to its end, whichever that is; true when it said that it did its work.
fn command(home: &Installation, running: &Running, arguments: &[&str], stdin: &str) -> bool {
    let mut child = home
        .program("samekey")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    *running.lock().unwrap() = Some(child);
    let _ = input.write_all(stdin.as_bytes());
    drop(input);
    let _ = output.read_to_string(&mut String::new());
    let ended = running.lock().unwrap().take();
    ended.is_some_and(|mut child| child.wait().unwrap().success())
}

/// The store, the chain, and everything that was acknowledged.
fn all_is_there(home: &Installation, offers: &[Offer], done: &[Done]) {
    home.samekey(&["store", "check"]);
    let realm = home.realm();
    let report = audit::verify(&realm.store).unwrap();
    assert_eq!(report.broken_at, None);
    for offer in offers.iter().filter(|offer| offer.entered) {
        let records = realm
            .store
            .read(|tx| audit::about(tx, &offer.person.name, None, 100))
            .unwrap();
        assert!(
            records.iter().any(|record| record.kind == "sign-in-granted"),
            "{}",
            offer.person.name
        );
    }
    for one in done {
        match one {
            Done::Added(name) => assert!(account(&realm, name).is_some(), "{name} was added and is lost"),
            Done::Bound(name) => assert!(has_app(&realm, name), "{name}'s app was bound and is lost"),
        }
    }
}

fn account(realm: &Realm, name: &str) -> Option<samekey_shared::accounts::Account> {
    let login = LoginName::parse(name, &realm.names).unwrap();
    realm.store.read(|tx| rows::find(tx, &login)).unwrap()
}

fn has_app(realm: &Realm, name: &str) -> bool {
    let account = account(realm, name).unwrap();
    realm
        .store
        .read(|tx| devices::rows::bound(tx, account.id))
        .unwrap()
        .methods()
        .contains(&Method::Totp)
}

/// Every code once more: whoever got in by it does not do so again.
fn nothing_twice(home: &Installation, offers: &[Offer]) {
    for offer in offers {
        let again = by_shell(home, &offer.person, offer.code.clone(), || ());
        assert!(!(offer.entered && again), "{}'s code opened twice", offer.person.name);
    }
}

boxed! {
    fn killed_at_any_moment_nothing_is_lost_and_nothing_opens_twice() {
        let mut home = Installation::new(PATIENT);
        let chance = SeededEntropy::new(4);
        let (mut offered, mut entered, mut enrolled) = (0, 0, 0);
        for round in 0..ROUNDS {
            let realm = home.realm();
            let people: Vec<Person> = (0..(BY_SHELL + BY_WEB) * IN_LINE)
                .map(|number| home.person(&realm, &format!("p{round}-{number}")))
                .collect();
            drop(realm);
            let names: Vec<String> = (0..IN_LINE).map(|number| format!("new{round}-{number}")).collect();
            let mut byte = [0];
            chance.fill(&mut byte).unwrap();
            home.start();
            let (offers, done) = until_the_end(&mut home, &people, &names, usize::from(byte[0] % 16));
            all_is_there(&home, &offers, &done);
            home.start();
            nothing_twice(&home, &offers);
            home.kill();
            offered += offers.len();
            entered += offers.iter().filter(|offer| offer.entered).count();
            enrolled += done.len();
        }
        println!("{ROUNDS} rounds: {offered} codes offered, {entered} let in, {enrolled} enrolments acknowledged");
        assert!(entered > ROUNDS && enrolled > ROUNDS / 4, "too little went on to tell anything");
    }
}
