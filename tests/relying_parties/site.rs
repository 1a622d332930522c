//! A realm with a provider of its own, and somebody with a browser who answers what its pages ask.

use crate::together::installation::{Installation, PASSWORD, Person};
use samekey_demo::{Browser, Page};
use serde_json::Value;
use url::{Url, form_urlencoded};

/// A password suffices, unless a relying party asks for more.
pub const LAX: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"single\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n";
/// Two factors for everybody.
pub const STRICT: &str = "version = 1\n[groups]\nsource = \"store\"\n[default]\nlevel = \"high\"\ngrace = \"0s\"\n\
    methods = [\"totp\", \"recovery-code\"]\n[settings]\ncontact = \"help@example.org\"\n";
/// Where a relying party without a listener of its own would be called back; only the redirect is looked at.
pub const CALLBACK: &str = "http://127.0.0.1:1/callback";
/// Where people go after signing out of such a one.
pub const SIGNED_OUT: &str = "http://127.0.0.1:1/bye";
/// More pages than any sign-in has.
const PAGES: usize = 30;

/// The realm, its provider running, with one person.
pub struct Site {
    pub home: Installation,
    pub surfer: Surfer,
}

/// A client as it was registered.
pub struct Registered {
    pub id: String,
    pub secret: String,
}

impl Site {
    pub fn new(policy: &str) -> Self {
        let mut home = Installation::new(policy);
        let person = home.person(&home.realm(), "ann");
        home.start();
        Self {
            home,
            surfer: Surfer {
                browser: Browser::default(),
                person,
            },
        }
    }

    pub fn issuer(&self) -> String {
        format!("http://127.0.0.1:{}", self.home.port)
    }

    /// Registers a client by the administrator's command.
    pub fn register(&self, id: &str, further: &[&str]) -> Registered {
        let mut words = vec!["client", "add", id, "--json"];
        words.extend(further);
        let answer: Value = serde_json::from_str(&self.home.samekey(&words)).unwrap();
        Registered {
            id: id.to_owned(),
            secret: answer["secret"].as_str().unwrap_or_default().to_owned(),
        }
    }
}

/// Somebody with a browser and an app.
pub struct Surfer {
    pub browser: Browser,
    person: Person,
}

/// Where a way through pages ended.
#[derive(Debug)]
pub enum Arrived {
    /// The browser was sent to an address where nobody listens.
    Sent(Url),
    /// At a page that asks nothing.
    At(Box<Page>),
}

impl Arrived {
    /// The address that the browser was sent to.
    pub fn sent(self) -> Url {
        match self {
            Self::Sent(address) => address,
            Self::At(page) => panic!("{} {}: {}", page.status, page.address, page.text()),
        }
    }

    /// The page where it ended.
    pub fn page(self) -> Page {
        match self {
            Self::At(page) => *page,
            Self::Sent(address) => panic!("sent to {address}"),
        }
    }
}

impl Surfer {
    /// Goes to an address, follows every redirect but those to port 1, and answers what the provider's pages ask.
    pub fn go(&mut self, address: &str) -> Arrived {
        let (mut address, mut posted) = (Url::parse(address).unwrap(), None::<String>);
        for _ in 0..PAGES {
            let page = self.browser.request(&address, posted.take().as_deref()).unwrap();
            let redirected = page.header("location").filter(|_| (300..400).contains(&page.status));
            if let Some(target) = redirected.map(str::to_owned).or_else(|| refreshed(&page)) {
                address = address.join(&target).unwrap();
                if address.port() == Some(1) {
                    return Arrived::Sent(address);
                }
                continue;
            }
            let Some((field, answer)) = self.answer(&page) else {
                return Arrived::At(Box::new(page));
            };
            let form = page.fill(field, &answer).unwrap();
            let body = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(&form.fields)
                .finish();
            (address, posted) = (form.action, Some(body));
        }
        panic!("{address}: pages without end")
    }

    /// What this page asks of a person, with the answer.
    fn answer(&self, page: &Page) -> Option<(&'static str, String)> {
        let asks = |action: &str| page.body.contains(&format!("name=\"action\" value=\"{action}\""));
        if asks("password") {
            Some(("password", PASSWORD.to_owned()))
        } else if asks("name") {
            Some(("username", self.person.name.clone()))
        } else if asks("code") {
            Some(("code", self.person.code()))
        } else {
            None
        }
    }
}

/// Where a page sends its reader by itself (HTML, `http-equiv="refresh"`), as mod_auth_openidc does for a step-up.
fn refreshed(page: &Page) -> Option<String> {
    let (_, rest) = page.body.split_once("http-equiv=\"refresh\"")?;
    let (_, rest) = rest.split_once("url=")?;
    Some(rest.split('"').next()?.replace("&amp;", "&"))
}
