//! A browser without scripts: follows links and redirects, fills forms, keeps cookies.
//!
//! It reads HTML as far as forms need it. Cookies are kept by host, not by port, as real browsers do.

use std::time::Duration;
use url::{Url, form_urlencoded};

/// More redirects than any sign-in has; a loop ends here.
const REDIRECTS: usize = 20;
/// Longer than any page of ours.
const LARGEST_PAGE: u64 = 4 * 1024 * 1024;

/// A browser with its cookie jar.
#[derive(Debug)]
pub struct Browser {
    http: ureq::Agent,
    cookies: Vec<Cookie>,
}

#[derive(Debug)]
struct Cookie {
    host: String,
    name: String,
    value: String,
}

/// A page as it came.
#[derive(Debug, Clone)]
pub struct Page {
    /// Where it came from, after all redirects.
    pub address: Url,
    /// The HTTP status.
    pub status: u16,
    /// Its headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// Its text, HTML or not.
    pub body: String,
}

/// One form of a page, with what its fields hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Form {
    /// Where it goes.
    pub action: Url,
    /// Whether it is posted; else its fields go into the address.
    pub post: bool,
    /// Its fields in order: name and value. Buttons are not among them.
    pub fields: Vec<(String, String)>,
    /// Its buttons that have a name: name and value.
    pub buttons: Vec<(String, String)>,
}

/// Why a page could not be had.
#[derive(Debug, thiserror::Error)]
pub enum BrowserError {
    /// Not an address.
    #[error("{0:?} is no address")]
    Address(String),
    /// The server could not be reached or answered nonsense.
    #[error("{address}: {source}")]
    Http {
        /// What was asked for.
        address: Url,
        /// What went wrong.
        source: Box<ureq::Error>,
    },
    /// Redirected in circles.
    #[error("{0}: redirected in circles")]
    Circle(Url),
    /// The page has not what was looked for.
    #[error("no {what} on this page:\n{page}")]
    Missing {
        /// What was looked for.
        what: String,
        /// The page's status, address and text.
        page: String,
    },
}

impl Default for Browser {
    fn default() -> Self {
        let http = ureq::Agent::config_builder()
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .timeout_global(Some(Duration::from_secs(30)))
            .build()
            .into();
        Self {
            http,
            cookies: Vec::new(),
        }
    }
}

impl Browser {
    /// Opens an address, following redirects.
    pub fn open(&mut self, address: &str) -> Result<Page, BrowserError> {
        let address = Url::parse(address).map_err(|_| BrowserError::Address(address.to_owned()))?;
        self.go(address, None)
    }

    /// Sends a form, following redirects.
    pub fn submit(&mut self, form: &Form) -> Result<Page, BrowserError> {
        let encoded = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&form.fields)
            .finish();
        let mut action = form.action.clone();
        if form.post {
            return self.go(action, Some(encoded));
        }
        action.set_query(Some(&encoded));
        self.go(action, None)
    }

    /// Sends one request and follows nothing: for those who look at redirects themselves.
    pub fn request(&mut self, address: &Url, posted: Option<&str>) -> Result<Page, BrowserError> {
        let trouble = |source| BrowserError::Http {
            address: address.clone(),
            source: Box::new(source),
        };
        let cookies = self.cookies_for(address);
        let answer = match posted {
            Some(body) => self
                .http
                .post(address.as_str())
                .header("origin", address.origin().ascii_serialization())
                .header("content-type", "application/x-www-form-urlencoded")
                .header("cookie", cookies)
                .send(body),
            None => self.http.get(address.as_str()).header("cookie", cookies).call(),
        };
        let (head, body) = answer.map_err(trouble)?.into_parts();
        let body = body
            .into_with_config()
            .limit(LARGEST_PAGE)
            .lossy_utf8(true)
            .read_to_string()
            .map_err(trouble)?;
        let headers: Vec<(String, String)> = head
            .headers
            .iter()
            .map(|(name, value)| {
                (
                    name.as_str().to_owned(),
                    String::from_utf8_lossy(value.as_bytes()).into_owned(),
                )
            })
            .collect();
        for (_, cookie) in headers.iter().filter(|(name, _)| name == "set-cookie") {
            self.keep(address, cookie);
        }
        Ok(Page {
            address: address.clone(),
            status: head.status.as_u16(),
            headers,
            body,
        })
    }

    /// The value of a cookie held for the host of `address`.
    pub fn cookie(&self, address: &Url, name: &str) -> Option<&str> {
        let host = address.host_str()?;
        self.cookies
            .iter()
            .find(|cookie| cookie.host == host && cookie.name == name)
            .map(|cookie| cookie.value.as_str())
    }

    /// The values of all cookies held.
    pub fn cookie_values(&self) -> impl Iterator<Item = &str> {
        self.cookies.iter().map(|cookie| cookie.value.as_str())
    }

    fn go(&mut self, mut address: Url, mut posted: Option<String>) -> Result<Page, BrowserError> {
        for _ in 0..REDIRECTS {
            let page = self.request(&address, posted.as_deref())?;
            let Some(target) = page.header("location").filter(|_| (300..400).contains(&page.status)) else {
                return Ok(page);
            };
            let fragment = address.fragment().map(str::to_owned);
            address = address
                .join(target)
                .map_err(|_| BrowserError::Address(target.to_owned()))?;
            if address.fragment().is_none() {
                address.set_fragment(fragment.as_deref());
            }
            // 307 and 308 repeat the body (RFC 9110 section 15.4); all others go on with GET.
            if !matches!(page.status, 307 | 308) {
                posted = None;
            }
        }
        Err(BrowserError::Circle(address))
    }

    fn cookies_for(&self, address: &Url) -> String {
        let host = address.host_str().unwrap_or_default();
        let held: Vec<String> = self
            .cookies
            .iter()
            .filter(|cookie| cookie.host == host)
            .map(|cookie| format!("{}={}", cookie.name, cookie.value))
            .collect();
        held.join("; ")
    }

    fn keep(&mut self, address: &Url, set_cookie: &str) {
        let host = address.host_str().unwrap_or_default().to_owned();
        let mut parts = set_cookie.split(';');
        let Some((name, value)) = parts.next().and_then(|pair| pair.trim().split_once('=')) else {
            return;
        };
        let gone = parts.any(|attribute| attribute.trim().eq_ignore_ascii_case("max-age=0"));
        self.cookies.retain(|cookie| cookie.host != host || cookie.name != name);
        if !gone {
            self.cookies.push(Cookie {
                host,
                name: name.to_owned(),
                value: value.to_owned(),
            });
        }
    }
}

impl Page {
    /// A header's first value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    /// What a person reads: the text without tags, white space folded.
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut rest = self.body.as_str();
        while let Some(open) = rest.find('<') {
            text.push_str(&rest[..open]);
            text.push(' ');
            let close = rest[open..].find('>').map_or(rest.len(), |at| open + at + 1);
            rest = &rest[close..];
        }
        text.push_str(rest);
        decoded(&text).split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// The page's forms.
    pub fn forms(&self) -> Vec<Form> {
        let mut forms = Vec::new();
        for tag in tags(&self.body) {
            if tag.name == "form" {
                let action = self.address.join(tag.attribute("action").as_deref().unwrap_or(""));
                forms.push(Form {
                    action: action.unwrap_or_else(|_| self.address.clone()),
                    post: tag
                        .attribute("method")
                        .is_some_and(|method| method.eq_ignore_ascii_case("post")),
                    fields: Vec::new(),
                    buttons: Vec::new(),
                });
            }
            let (Some(form), Some(name)) = (forms.last_mut(), tag.attribute("name")) else {
                continue;
            };
            let value = tag.attribute("value").unwrap_or_default();
            let kind = tag.attribute("type").unwrap_or_default();
            match (tag.name, kind.as_str()) {
                ("button", _) | ("input", "submit") => form.buttons.push((name, value)),
                ("input", "checkbox" | "radio") if !tag.has("checked") => {}
                ("input" | "select" | "textarea", _) => form.fields.push((name, value)),
                _ => {}
            }
        }
        forms
    }

    /// The first form that has a field of this name, with `value` filled in and Enter pressed there: of the form's buttons
    /// that is the first (HTML, section "Implicit submission").
    pub fn fill(&self, field: &str, value: &str) -> Result<Form, BrowserError> {
        let mut forms = self.forms().into_iter();
        let found = forms.find(|form| form.fields.iter().any(|(name, _)| name == field));
        found
            .map(|form| match form.buttons.first().cloned() {
                Some((name, pressed)) => form.with(field, value).with(&name, &pressed),
                None => form.with(field, value),
            })
            .ok_or_else(|| self.missing(&format!("field {field}")))
    }

    fn missing(&self, what: &str) -> BrowserError {
        BrowserError::Missing {
            what: what.to_owned(),
            page: format!("{} {}\n{}", self.status, self.address, self.text()),
        }
    }
}

impl Form {
    /// The form with a field set, which need not have been there.
    #[must_use]
    pub fn with(mut self, field: &str, value: &str) -> Self {
        self.fields.retain(|(name, _)| name != field);
        self.fields.push((field.to_owned(), value.to_owned()));
        self
    }
}

struct Tag<'a> {
    name: &'a str,
    inside: &'a str,
}

/// The opening tags of a page, in order.
fn tags(html: &str) -> impl Iterator<Item = Tag<'_>> {
    html.split('<').skip(1).filter_map(|piece| {
        let inside = &piece[..piece.find('>')?];
        let end = inside
            .find(|c: char| c.is_whitespace() || c == '/')
            .unwrap_or(inside.len());
        (end > 0).then(|| Tag {
            name: &inside[..end],
            inside: &inside[end..],
        })
    })
}

impl Tag<'_> {
    /// An attribute's value; values are expected in double quotes, as our pages write them.
    fn attribute(&self, name: &str) -> Option<String> {
        let start = self.inside.find(&format!(" {name}=\""))? + name.len() + 3;
        let rest = &self.inside[start..];
        Some(decoded(&rest[..rest.find('"')?]))
    }

    fn has(&self, name: &str) -> bool {
        self.inside.split_whitespace().any(|word| word == name)
    }
}

fn decoded(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#x27;", "'")
        .replace("&amp;", "&")
        .replace("&#38;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(body: &str) -> Page {
        let address = Url::parse("http://127.0.0.1:1/a/b?c=d").unwrap();
        Page {
            address,
            status: 200,
            headers: Vec::new(),
            body: body.to_owned(),
        }
    }

    #[test]
    fn a_form_is_read_with_hidden_fields_and_filled() {
        let page = page(
            "<h1>Hi</h1><form method=\"post\" action=\"/sign-in\">\n<input type=\"hidden\" name=\"csrf\" value=\"a&amp;b\">\
             <input name=\"user\" required>\n<input type=\"checkbox\" name=\"keep\" value=\"1\">\
             <button name=\"act\" value=\"next\">Next</button></form>",
        );
        let form = page.fill("user", "ann").unwrap();
        assert_eq!(form.action.as_str(), "http://127.0.0.1:1/sign-in");
        assert!(form.post);
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(
            form.fields,
            [pair("csrf", "a&b"), pair("user", "ann"), pair("act", "next")]
        );
        assert_eq!(form.buttons, [pair("act", "next")]);
        assert_eq!(page.text(), "Hi Next");
        assert!(page.fill("password", "x").is_err());
    }

    #[test]
    fn cookies_are_kept_by_host_replaced_and_dropped() {
        let (mut browser, here) = (Browser::default(), Url::parse("http://127.0.0.1:1/").unwrap());
        let other_port = Url::parse("http://127.0.0.1:2/").unwrap();
        browser.keep(&here, "a=1; Path=/; HttpOnly");
        browser.keep(&here, "b=2");
        browser.keep(&here, "a=3");
        assert_eq!(browser.cookies_for(&other_port), "b=2; a=3");
        assert_eq!(browser.cookies_for(&Url::parse("http://localhost/").unwrap()), "");
        browser.keep(&here, "b=; Max-Age=0");
        assert_eq!(
            (browser.cookie(&here, "a"), browser.cookie(&here, "b")),
            (Some("3"), None)
        );
    }
}
