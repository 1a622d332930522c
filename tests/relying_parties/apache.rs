//! Debian's Apache with mod_auth_openidc, configured as docs/clients/apache.md says: it shows the name, refuses a lower `acr`, and
//! asks for the higher one where it may.

use super::site::{LAX, Registered, Site};
use crate::support::boxed::tree;
use samekey_demo::Page;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const PROGRAM: &str = "/usr/sbin/apache2";
/// How long Apache may take to listen.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running Apache; ended with the value.
struct Apache {
    folder: TempDir,
    port: u16,
    process: Child,
}

impl Apache {
    fn start(issuer: &str, port: u16, client: &Registered) -> Self {
        assert!(
            Path::new("/usr/lib/apache2/modules/mod_auth_openidc.so").exists(),
            "mod_auth_openidc is missing, so this test was NOT RUN: `make setup` installs it"
        );
        let folder = tempfile::tempdir().unwrap();
        let open = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(folder.path(), open).unwrap();
        for page in ["", "vault/", "strict/"] {
            let place = folder.path().join("pages/protected").join(page);
            std::fs::create_dir_all(&place).unwrap();
            let text = format!("<p>{page} of <!--#echo var=\"REMOTE_USER\" --></p>");
            std::fs::write(place.join("index.shtml"), text).unwrap();
        }
        let config = std::fs::read_to_string(tree().join("tests/relying_parties/apache.conf")).unwrap();
        let config = config
            .replace("{protected}", &documented(issuer, port, client))
            .replace("{folder}", folder.path().to_str().unwrap())
            .replace("{port}", &port.to_string());
        let file = folder.path().join("apache.conf");
        std::fs::write(&file, config).unwrap();
        let process = Command::new(PROGRAM)
            .args(["-D", "FOREGROUND", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("said.log")).unwrap())
            .spawn()
            .unwrap();
        let mut apache = Self { folder, port, process };
        apache.wait();
        apache
    }

    fn wait(&mut self) {
        let until = Instant::now() + PATIENCE;
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let ended = self.process.try_wait().unwrap();
            assert!(
                ended.is_none() && Instant::now() < until,
                "Apache: {ended:?}\n{}",
                self.said()
            );
            std::thread::yield_now();
        }
    }

    fn said(&self) -> String {
        ["said.log", "error.log"]
            .map(|log| std::fs::read_to_string(self.folder.path().join(log)).unwrap_or_default())
            .concat()
    }

    fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}

impl Drop for Apache {
    fn drop(&mut self) {
        // Its children end with it: SIGTERM to the parent, as `apachectl stop` does.
        let _ = Command::new("kill").arg(self.process.id().to_string()).status();
        let _ = self.process.wait();
    }
}

/// The lines that docs/clients/apache.md tells people to write, with this site's values.
fn documented(issuer: &str, port: u16, client: &Registered) -> String {
    let page = std::fs::read_to_string(tree().join("docs/clients/apache.md")).unwrap();
    let (_, rest) = page.split_once("```apache\n").unwrap();
    let lines = rest.split_once("```").unwrap().0;
    lines
        .replace("https://id.example.org", issuer)
        .replace("https://wiki.example.org", &format!("http://127.0.0.1:{port}"))
        .replace("CLIENT_SECRET", &client.secret)
        .replace(
            "LONG_RANDOM_TEXT",
            "only for this test, and long enough for its cookies",
        )
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn is_page(page: &Page, apache: &Apache, name: &str) {
    assert_eq!(page.status, 200, "{}\n{}", page.text(), apache.said());
    assert_eq!(page.text(), format!("{name} of ann").trim());
}

#[test]
fn apache_shows_the_name_refuses_a_lower_acr_and_steps_up() {
    let mut site = Site::new(LAX);
    let port = free_port();
    let home = format!("http://127.0.0.1:{port}");
    let client = site.register(
        "wiki",
        &[
            "--redirect",
            &format!("{home}/protected/callback"),
            "--post-logout",
            &format!("{home}/"),
        ],
    );
    let apache = Apache::start(&site.issuer(), port, &client);
    let page = site.surfer.go(&apache.at("/protected/")).page();
    is_page(&page, &apache, "");
    // Signed in by password alone: here the level is demanded and nobody is sent to reach it.
    let refused = site.surfer.go(&apache.at("/protected/strict/")).page();
    assert!(
        [401, 403].contains(&refused.status),
        "{} {}",
        refused.status,
        refused.text()
    );
    assert!(!refused.text().contains("of ann"));
    // Here Apache sends the person to show a second factor, and then opens.
    let page = site.surfer.go(&apache.at("/protected/vault/")).page();
    is_page(&page, &apache, "vault/");
    let page = site.surfer.go(&apache.at("/protected/strict/")).page();
    is_page(&page, &apache, "strict/");
    // Signing out ends both sessions: Apache's, and the provider's.
    let out = format!("/protected/callback?logout={home}/");
    site.surfer.go(&apache.at(&out)).page();
    let asked = site.surfer.browser.open(&apache.at("/protected/")).unwrap();
    assert!(asked.address.as_str().starts_with(&site.issuer()), "{}", asked.address);
}
