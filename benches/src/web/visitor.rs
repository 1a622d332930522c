//! A person with a browser who signs in at any provider whose pages are plain forms, and the relying party behind.

use super::server::{CALLBACK, CLIENT, Server};
use crate::{Trouble, load, people};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use ring::digest::{SHA256, digest};
use samekey_demo::{Browser, Page};
use url::{Url, form_urlencoded};

const VERIFIER: &str = "a-code-verifier-of-more-than-forty-three-characters";
/// More pages than any sign-in has.
const PAGES: usize = 12;

/// One person and their browser.
#[derive(Debug)]
pub struct Visitor {
    name: String,
    browser: Browser,
}

impl Visitor {
    /// Person number `at`, with an empty browser.
    pub fn number(at: usize) -> Self {
        Self {
            name: people::name(at),
            browser: Browser::default(),
        }
    }

    /// Goes to the provider as a relying party sends people there, signs in if asked, and comes back with a code.
    pub fn code(&mut self, server: &Server) -> Result<String, Trouble> {
        let challenge = challenge();
        let address = format!(
            "{}?response_type=code&client_id={CLIENT}&scope=openid&state=s&nonce=n&code_challenge_method=S256\
             &code_challenge={challenge}&redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback",
            server.address("authorization_endpoint")?
        );
        let mut page = self.go(&address, None)?;
        for _ in 0..PAGES {
            if let Some(target) = page.header("location") {
                return code_in(target).ok_or_else(|| Trouble::Answer(target.to_owned()));
            }
            page = self.fill(&page)?;
        }
        Err(Trouble::Answer(format!(
            "{PAGES} pages and still no code: {}",
            page.text()
        )))
    }

    fn fill(&mut self, page: &Page) -> Result<Page, Trouble> {
        let answers = [
            // The last asked comes first: a page may repeat what was given before.
            ("code", people::code(&self.name)),
            ("password", people::PASSWORD.to_owned()),
            ("username", self.name.clone()),
        ];
        for (field, answer) in answers {
            if let Ok(form) = page.fill(field, &answer) {
                let body = form_urlencoded::Serializer::new(String::new())
                    .extend_pairs(&form.fields)
                    .finish();
                return self.go(form.action.as_str(), Some(body));
            }
        }
        Err(Trouble::Answer(format!("{} {}", page.status, page.text())))
    }
}

impl Visitor {
    /// A page of the provider's own, signing in on the way where that is asked.
    pub fn own_page(&mut self, address: &str) -> Result<Page, Trouble> {
        let mut page = self.go(address, None)?;
        for _ in 0..PAGES {
            if is_there(&page) {
                return Ok(page);
            }
            page = self.fill(&page)?;
        }
        Err(Trouble::Answer(format!("{PAGES} pages and still not at {address}")))
    }

    /// Follows redirects, but not to the relying party, which is not there.
    fn go(&mut self, address: &str, mut posted: Option<String>) -> Result<Page, Trouble> {
        let mut address = Url::parse(address).map_err(|_| Trouble::Answer(address.to_owned()))?;
        for _ in 0..PAGES {
            let page = self.browser.request(&address, posted.take().as_deref())?;
            match page.header("location").filter(|_| (300..400).contains(&page.status)) {
                Some(target) if !target.starts_with(CALLBACK) => {
                    address = address.join(target).map_err(|_| Trouble::Answer(target.to_owned()))?;
                }
                _ => return Ok(page),
            }
        }
        Err(Trouble::Answer(format!("{address}: redirected in circles")))
    }
}

fn code_in(target: &str) -> Option<String> {
    let query = target.split_once('?')?.1;
    query
        .split('&')
        .find_map(|pair| Some(pair.strip_prefix("code=")?.to_owned()))
}

/// The PKCE challenge of every request.
pub fn challenge() -> String {
    BASE64URL_NOPAD.encode(digest(&SHA256, VERIFIER.as_bytes()).as_ref())
}

/// What the relying party sends to turn a code into tokens bound to the key of this DPoP proof.
pub fn exchange_bound(server: &Server, code: &str, proof: &str) -> Result<Vec<u8>, Trouble> {
    redemption(server, code, &format!("dpop: {proof}\r\n"))
}

/// What the relying party sends to turn a code into tokens (RFC 6749, section 4.1.3).
pub fn exchange(server: &Server, code: &str) -> Result<Vec<u8>, Trouble> {
    redemption(server, code, "")
}

fn redemption(server: &Server, code: &str, headers: &str) -> Result<Vec<u8>, Trouble> {
    let basic = BASE64.encode(format!("{CLIENT}:{}", server.client_secret).as_bytes());
    let form = format!(
        "grant_type=authorization_code&code={code}&code_verifier={VERIFIER}\
         &redirect_uri=http%3A%2F%2F127.0.0.1%3A1%2Fcallback"
    );
    let path = server.path("token_endpoint")?;
    Ok(load::post(
        server.port,
        path,
        &format!("authorization: Basic {basic}\r\n{headers}"),
        &form,
    ))
}

/// Turns a code into tokens: the answer as it came.
pub fn tokens(server: &Server, code: &str) -> Result<String, Trouble> {
    load::single(server.port, &exchange(server, code)?)
}

/// Turns a code into an access token.
pub fn access_token(server: &Server, code: &str) -> Result<String, Trouble> {
    let body = tokens(server, code)?;
    let answer: serde_json::Value = serde_json::from_str(&body).map_err(|_| Trouble::Answer(body.clone()))?;
    answer
        .get("access_token")
        .and_then(serde_json::Value::as_str)
        .map(str::to_owned)
        .ok_or(Trouble::Answer(body))
}

/// Whether this is a page at last, and asks nothing more.
fn is_there(page: &Page) -> bool {
    page.status == 200
        && ["code", "password", "username"]
            .iter()
            .all(|field| page.fill(field, "").is_err())
}
