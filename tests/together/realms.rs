//! Q16: one process serves two realms, each at a host of its own; a path leads to the right one, and neither knows the other's people.

use crate::support::boxed::target;
use samekey_demo::machine::{attempt, free_port};
use samekey_demo::{Browser, Page};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use tempfile::TempDir;

/// A password suffices here.
const POLICY: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"single\"\n";

/// A realm's folder, and where its pages are.
struct Home {
    folder: TempDir,
    issuer: String,
    port: u16,
}

impl Home {
    /// With ann in it, whose password is the realm's name.
    fn new(realm: &str, host: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port(0).unwrap();
        let home = Self {
            issuer: format!("http://{host}:{port}"),
            folder,
            port,
        };
        let root = home.folder.path().display().to_string();
        home.samekey(&["init", "--root", &root, "--realm", realm], "");
        let text = std::fs::read_to_string(home.config()).unwrap();
        let provider = format!(
            "[provider]\nissuer = \"{}\"\nlisten = \"127.0.0.1:{port}\"\n",
            home.issuer
        );
        std::fs::write(home.config(), format!("{text}\n{provider}")).unwrap();
        home.samekey(&["policy", "apply", "-"], POLICY);
        home.samekey(&["account", "add", "ann"], "");
        home.samekey(&["account", "password", "ann", "--password-stdin"], realm);
        home
    }

    fn config(&self) -> PathBuf {
        self.folder.path().join("etc/samekey/samekey.toml")
    }

    fn samekey(&self, words: &[&str], stdin: &str) {
        let mut command = program("samekey");
        let done = attempt(command.args(words).arg("--config").arg(self.config()), stdin).unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(done.status.success(), "{words:?}: {said}");
    }

    /// Name and password, from this address on.
    fn sign_in(&self, browser: &mut Browser, from: &str, password: &str) -> Page {
        let page = browser.open(from).unwrap();
        assert!(page.address.as_str().starts_with(&self.issuer), "{}", page.address);
        let page = browser.submit(&page.fill("username", "ann").unwrap()).unwrap();
        browser.submit(&page.fill("password", password).unwrap()).unwrap()
    }
}

/// The one process; it ends with this value.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn program(name: &str) -> Command {
    Command::new(target().join("debug").join(name))
}

fn provider(configs: &[&Path]) -> Command {
    let mut command = program("samekey-provider");
    for config in configs {
        command.arg("--config").arg(config);
    }
    command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .stdout(Stdio::null());
    command
}

fn start(homes: [&Home; 2]) -> Process {
    let configs = homes.map(Home::config);
    let mut command = provider(&[&configs[0], &configs[1]]);
    let mut process = Process(command.stderr(Stdio::null()).spawn().unwrap());
    let listens = |home: &Home| TcpStream::connect(("127.0.0.1", home.port)).is_ok();
    while !homes.iter().all(|home| listens(home)) {
        assert_eq!(process.0.try_wait().unwrap(), None, "the provider ended");
        std::thread::yield_now();
    }
    process
}

#[test]
fn one_process_serves_two_realms_and_neither_knows_the_others_people() {
    let (one, two) = (
        Home::new("one.example", "localhost"),
        Home::new("two.example", "127.0.0.1"),
    );
    let _process = start([&one, &two]);
    let mut browser = Browser::default();

    // A path names the realm: each of the hosts leads to the right one, with the name that was given.
    let elsewhere = format!("{}/d/two.example/login?username=ann", one.issuer);
    let page = browser.open(&elsewhere).unwrap();
    assert!(page.address.as_str().starts_with(&two.issuer), "{}", page.address);
    assert!(
        page.body.contains("value=\"ann\"") && page.body.contains("two.example"),
        "{}",
        page.body
    );
    assert_eq!(
        browser
            .open(&format!("{}/three.example/login.htm", one.issuer))
            .unwrap()
            .status,
        404
    );

    // A password of one realm is none of the other.
    let page = two.sign_in(&mut browser, &elsewhere, "one.example");
    assert!(
        page.body.contains("User name or password is not right."),
        "{}",
        page.body
    );
    let page = two.sign_in(
        &mut browser,
        &format!("{}/two.example/login.htm", one.issuer),
        "two.example",
    );
    assert_eq!(page.address.as_str(), format!("{}/", two.issuer), "{}", page.body);

    // Signed in there, and nowhere else.
    let page = browser.open(&format!("{}/security", one.issuer)).unwrap();
    assert!(page.fill("username", "ann").is_ok(), "{}", page.body);
    assert_eq!(
        browser
            .open(&format!("{}/security", two.issuer))
            .unwrap()
            .address
            .path(),
        "/security"
    );
    for home in [&one, &two] {
        let document = browser
            .open(&format!("{}/.well-known/openid-configuration", home.issuer))
            .unwrap();
        assert!(
            document.body.contains(&format!("\"issuer\":\"{}\"", home.issuer)),
            "{}",
            document.body
        );
    }
}

#[test]
fn realms_that_would_share_cookies_or_a_name_do_not_start() {
    for ([first, second], host, why) in [
        (["one.example", "two.example"], "localhost", "keep cookies by host"),
        (
            ["one.example", "one.example"],
            "127.0.0.1",
            "two realms are called one.example",
        ),
    ] {
        let (one, two) = (Home::new(first, "localhost"), Home::new(second, host));
        let done = provider(&[&one.config(), &two.config()]).output().unwrap();
        let said = String::from_utf8_lossy(&done.stderr).into_owned();
        assert!(!done.status.success() && said.contains(why), "{said}");
    }
}
