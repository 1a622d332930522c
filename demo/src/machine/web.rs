//! The web door on the machine: the provider, a registered sample app, and a person's way through their real pages.

use super::daemon::Daemon;
use super::{DAEMON_USER, Machine, MachineError, broken, free_port, run, write};
use crate::{Browser, BrowserError, Page};

/// Where the sample app finds its secret.
const SECRET_FILE: &str = "/run/sample-app.secret";

/// The web door, open.
#[derive(Debug, Clone)]
pub struct WebDoor {
    /// The sample app's address, without a slash at its end.
    pub app: String,
    /// The provider's.
    pub issuer: String,
    /// What the app authenticates itself with.
    pub client_secret: String,
}

impl Machine {
    /// Configures and starts the provider, registers the app as `sample`, and starts it; on these two ports where they are
    /// free, 0 for any.
    ///
    /// The issuer has a name, not a number: browsers keep passkeys for names only, and take `localhost` for secure without TLS.
    pub fn open_web_door(&mut self, ports: [u16; 2]) -> Result<WebDoor, MachineError> {
        let (provider_port, app_port) = (free_port(ports[0])?, free_port(ports[1])?);
        let issuer = format!("http://localhost:{provider_port}");
        let app = format!("http://127.0.0.1:{app_port}");
        self.configure(&format!(
            "[provider]\nissuer = \"{issuer}\"\nlisten = \"127.0.0.1:{provider_port}\"\n"
        ))?;
        let client_secret = self.register(&app)?;
        self.keep(Daemon::start("samekey-provider", &[], Some(DAEMON_USER))?.until_listening(provider_port)?);

        write(SECRET_FILE, &client_secret, 0o400)?;
        run("chown", &["nobody", SECRET_FILE], "")?;
        let listen = format!("127.0.0.1:{app_port}");
        let arguments = [
            "--listen",
            &listen,
            "--issuer",
            &issuer,
            "--client-id",
            "sample",
            "--client-secret-file",
            SECRET_FILE,
        ];
        self.keep(Daemon::start("sample-app", &arguments, Some("nobody"))?.until_listening(app_port)?);
        Ok(WebDoor {
            app,
            issuer,
            client_secret,
        })
    }

    /// Registers the sample app; its secret.
    fn register(&self, app: &str) -> Result<String, MachineError> {
        let (redirect, home) = (format!("{app}/callback"), format!("{app}/"));
        let words = ["--json", "client", "add", "sample", "--name", "Sample app"];
        let addresses = ["--redirect", &redirect, "--post-logout", &home];
        let answer = self.samekey(&[words.as_slice(), addresses.as_slice()].concat(), "")?;
        let trouble = |why: String| broken("samekey client add", why);
        let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|why| trouble(why.to_string()))?;
        let secret = answer["secret"]
            .as_str()
            .ok_or_else(|| trouble("it told no secret".to_owned()))?;
        Ok(secret.to_owned())
    }
}

impl WebDoor {
    /// Follows the app's sign-in link, gives name and password; the page after it: the one that asks for the code.
    pub fn up_to_the_code(&self, browser: &mut Browser, person: &str, password: &str) -> Result<Page, BrowserError> {
        let page = browser.open(&format!("{}/sign-in?acr_values=urn:samekey:acr:mfa", self.app))?;
        let page = browser.submit(&page.fill("username", person)?)?;
        browser.submit(&page.fill("password", password)?)
    }

    /// Gives the code; the page after it, at the provider or, if all went well, at the app.
    pub fn give_code(&self, browser: &mut Browser, page: &Page, code: &str) -> Result<Page, BrowserError> {
        browser.submit(&page.fill("code", code)?)
    }

    /// Whether this page is the app's own, and fine.
    pub fn let_in(&self, page: &Page) -> bool {
        page.status == 200 && page.address.as_str().starts_with(&format!("{}/", self.app))
    }

    /// The claims that the app verified.
    pub fn claims(&self, browser: &mut Browser) -> Result<serde_json::Value, BrowserError> {
        let page = browser.open(&format!("{}/claims", self.app))?;
        serde_json::from_str(&page.body).map_err(|_| BrowserError::Missing {
            what: "JSON".to_owned(),
            page: page.text(),
        })
    }
}
