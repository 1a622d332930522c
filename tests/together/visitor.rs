//! Somebody at one of the two doors, up to the moment before the code is given and from there to the end.

use super::installation::{CALLBACK, CLIENT, Installation, PASSWORD, Person, SERVICE};
use crate::support::pam_host::{Reply, SUCCESS};
use samekey_demo::{Browser, Page};
use std::cell::Cell;
use std::rc::Rc;
use url::{Url, form_urlencoded};

/// What libpam calls a conversation that failed: the person is gone.
const GONE: i32 = 19;
/// A code challenge (RFC 7636); what it is made of does not matter here.
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
/// More pages than any sign-in has.
const PAGES: usize = 10;

/// Logs in through libpam; `before_code` runs right before the code is given. True when let in.
pub fn by_shell(home: &Installation, person: &Person, code: String, before_code: impl FnOnce() + 'static) -> bool {
    let (mut before, asked) = (Some(before_code), Rc::new(Cell::new(false)));
    let mut login = home.pam().login(SERVICE, &person.name, Vec::new());
    let noticed = Rc::clone(&asked);
    login.answers(move |_| {
        let Some(before) = before.take() else {
            // Asked again: the code was not taken.
            return Reply::Code(GONE);
        };
        noticed.set(true);
        before();
        Reply::text(&code)
    });
    let entered = login.authenticate() == SUCCESS;
    assert!(asked.get() || !entered, "let in without being asked");
    entered
}

/// A browser that stands before the page where the code goes.
#[derive(Debug)]
pub struct AtTheCode {
    browser: Browser,
    page: Page,
}

/// Goes to the provider as this relying party sends people there, and gives name and password. The error says why no
/// page came.
pub fn after_the_password(home: &Installation, person: &Person, client: &str) -> Result<AtTheCode, String> {
    let mut browser = Browser::default();
    let address = format!(
        "http://127.0.0.1:{}/authorize?response_type=code&client_id={client}&scope=openid&state=s&nonce=n\
         &code_challenge_method=S256&code_challenge={CHALLENGE}&redirect_uri={}",
        home.port,
        form_urlencoded::byte_serialize(CALLBACK.as_bytes()).collect::<String>()
    );
    let mut page = go(&mut browser, &address, None)?;
    for (field, answer) in [("username", person.name.as_str()), ("password", PASSWORD)] {
        page = give(&mut browser, &page, field, answer)?;
    }
    Ok(AtTheCode { browser, page })
}

/// As [`after_the_password`], and then stands before the page where the code goes.
pub fn up_to_the_code(home: &Installation, person: &Person) -> Result<AtTheCode, String> {
    let standing = after_the_password(home, person, CLIENT)?;
    if standing.is_asked() {
        Ok(standing)
    } else {
        Err(standing.page.body)
    }
}

impl AtTheCode {
    /// Whether a code is asked here.
    pub fn is_asked(&self) -> bool {
        self.page.fill("code", "").is_ok()
    }

    /// Whether binding a device is asked.
    pub fn has_to_bind(&self) -> bool {
        self.page.body.contains("name=\"action\" value=\"bind-")
    }

    /// Whether that may be put off.
    pub fn can_wait(&self) -> bool {
        self.page
            .body
            .contains("<button type=\"submit\" class=\"second\" id=\"later\"")
    }

    /// Whether the browser is sent back with an authorization code already.
    pub fn is_through(&self) -> bool {
        is_sent_back(&self.page)
    }

    /// Gives the code; true when the browser is sent back with an authorization code.
    pub fn give(self, code: &str) -> bool {
        self.after(code).is_ok_and(|standing| standing.is_through())
    }

    /// Gives the code, and stands before what comes then.
    pub fn after(mut self, code: &str) -> Result<Self, String> {
        self.page = give(&mut self.browser, &self.page, "code", code)?;
        Ok(self)
    }
}

fn is_sent_back(page: &Page) -> bool {
    page.header("location")
        .is_some_and(|target| target.starts_with(CALLBACK) && target.contains("code="))
}

/// Fills the form that has this field and sends it.
fn give(browser: &mut Browser, page: &Page, field: &str, answer: &str) -> Result<Page, String> {
    let form = page.fill(field, answer).map_err(|error| error.to_string())?;
    let body = form_urlencoded::Serializer::new(String::new())
        .extend_pairs(&form.fields)
        .finish();
    go(browser, form.action.as_str(), Some(body))
}

/// Follows redirects, but not to the relying party, which is not there.
fn go(browser: &mut Browser, address: &str, mut posted: Option<String>) -> Result<Page, String> {
    let mut address = Url::parse(address).map_err(|error| error.to_string())?;
    for _ in 0..PAGES {
        let answer = browser.request(&address, posted.take().as_deref());
        let page = answer.map_err(|error| error.to_string())?;
        match page.header("location").filter(|_| (300..400).contains(&page.status)) {
            Some(target) if !target.starts_with(CALLBACK) => {
                address = address.join(target).map_err(|error| error.to_string())?;
            }
            _ => return Ok(page),
        }
    }
    Err(format!("{address}: redirected in circles"))
}
