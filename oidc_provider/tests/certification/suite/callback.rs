//! What the provider sends back through the browser: by the query of a redirect, or by a form that is posted.

use super::Mode;
use crate::browser::Page;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use std::collections::BTreeMap;

/// See the module.
#[derive(Debug)]
pub struct Callback {
    /// Where it went, without its parameters.
    pub address: String,
    params: BTreeMap<String, String>,
}

impl Callback {
    /// Reads what came, which must have come in this way and in no other.
    pub fn read(page: &Page, mode: Mode) -> Self {
        let (address, params) = match mode {
            Mode::Query => redirected(page),
            Mode::FormPost => posted(page),
        };
        let mut once = BTreeMap::new();
        for (name, value) in params {
            assert!(once.insert(name.clone(), value).is_none(), "{name} came twice");
        }
        Self { address, params: once }
    }

    pub fn get(&self, name: &str) -> Option<&str> {
        self.params.get(name).map(String::as_str)
    }

    /// The code; an error stops the test.
    pub fn code(&self) -> &str {
        assert!(self.get("error").is_none(), "{:?}", self.params);
        self.get("code").unwrap_or_else(|| panic!("no code: {:?}", self.params))
    }

    /// The error, in the characters that RFC 6749 allows, and with nothing that belongs to a success.
    pub fn error(&self) -> &str {
        assert!(self.get("code").is_none(), "{:?}", self.params);
        let described = self.get("error_description").unwrap_or_default();
        let allowed = |b: u8| matches!(b, 0x20..=0x21 | 0x23..=0x5B | 0x5D..=0x7E);
        assert!(described.bytes().all(allowed), "{described}");
        let known = [
            "error",
            "error_description",
            "error_uri",
            "state",
            "iss",
            "session_state",
        ];
        for name in self.params.keys() {
            assert!(known.contains(&name.as_str()), "{name} in an error");
        }
        self.get("error")
            .unwrap_or_else(|| panic!("no error: {:?}", self.params))
    }
}

type Sent = (String, Vec<(String, String)>);

fn redirected(page: &Page) -> Sent {
    let location = page.location();
    assert!(!location.contains('#'), "{location}");
    let (address, query) = location.split_once('?').unwrap_or((&location, ""));
    let pairs = query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let params = samekey_provider::http::Params::parse(pair.as_bytes()).unwrap();
        let name = pair.split('=').next().unwrap();
        (name.to_owned(), params.value(name).unwrap_or_default().to_owned())
    });
    (address.to_owned(), pairs.collect())
}

fn posted(page: &Page) -> Sent {
    assert_eq!(page.status, StatusCode::OK, "{}", page.body);
    assert!(page.headers[CONTENT_TYPE].to_str().unwrap().starts_with("text/html"));
    let (_, form) = page
        .body
        .split_once("<form method=\"post\" action=\"")
        .unwrap_or_else(|| panic!("no form: {}", page.body));
    let (address, fields) = form.split_once('"').unwrap();
    let pairs = fields.split("<input type=\"hidden\" name=\"").skip(1).map(|field| {
        let (name, rest) = field.split_once("\" value=\"").unwrap();
        (name.to_owned(), plain(rest.split('"').next().unwrap()))
    });
    (plain(address), pairs.collect())
}

/// An attribute's text, its character references undone.
fn plain(text: &str) -> String {
    let mut parts = text.split("&#");
    let mut whole = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let (number, rest) = part.split_once(';').unwrap();
        whole.push(char::from_u32(number.parse().unwrap()).unwrap());
        whole.push_str(rest);
    }
    whole
}
