//! A browser without scripts: keeps cookies, reads forms, follows nothing by itself.

use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::header::{CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::http::{HeaderMap, Request, StatusCode};
use samekey_provider::app::Front;
use samekey_provider::http::params::encode;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Mutex;
use tower::ServiceExt;

/// One person's browser.
pub struct Browser {
    router: Front,
    jar: Mutex<BTreeMap<String, String>>,
    peer: SocketAddr,
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Page {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: String,
}

impl Browser {
    pub fn new(router: Front) -> Self {
        Self {
            router,
            jar: Mutex::default(),
            peer: SocketAddr::from(([192, 0, 2, 7], 50_000)),
        }
    }

    /// The same browser, as seen from another address.
    pub fn from(mut self, address: [u8; 4]) -> Self {
        self.peer = SocketAddr::from((address, 50_000));
        self
    }

    pub async fn get(&self, path: &str) -> Page {
        self.send(Request::get(path), Body::empty()).await
    }

    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let body = encode(fields.iter().copied());
        let request = Request::post(path).header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request, Body::from(body)).await
    }

    pub async fn send(&self, request: axum::http::request::Builder, body: Body) -> Page {
        let cookies = self.cookies();
        let line: Vec<String> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let mut request = request.extension(ConnectInfo(self.peer)).body(body).unwrap();
        if !line.is_empty() {
            request.headers_mut().insert(COOKIE, line.join("; ").parse().unwrap());
        }
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for line in parts.headers.get_all(SET_COOKIE) {
            self.keep(line.to_str().unwrap());
        }
        let bytes = to_bytes(body, usize::MAX).await.unwrap();
        Page {
            status: parts.status,
            headers: parts.headers,
            body: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    fn keep(&self, line: &str) {
        // Of all cookies one is for scripts: that of Session Management, which opens nothing.
        let closed = if line.starts_with("__Host-samekey-state=") {
            "; Secure; SameSite=None"
        } else {
            "; Secure; HttpOnly; SameSite=Lax"
        };
        assert!(line.starts_with("__Host-") && line.contains(closed), "{line}");
        let (name, rest) = line.split_once('=').unwrap();
        let value = rest.split(';').next().unwrap();
        let mut jar = self.jar.lock().unwrap();
        if line.ends_with("Max-Age=0") {
            jar.remove(name);
        } else {
            jar.insert(name.to_owned(), value.to_owned());
        }
    }

    pub fn cookies(&self) -> BTreeMap<String, String> {
        self.jar.lock().unwrap().clone()
    }

    pub fn set_cookies(&self, cookies: BTreeMap<String, String>) {
        *self.jar.lock().unwrap() = cookies;
    }

    /// Presses a button of the sign-in page that this address shows.
    pub async fn press(&self, address: &str, action: &str, fields: &[(&str, &str)]) -> Page {
        let page = self.get(address).await;
        assert!(
            page.body.contains("name=\"csrf\""),
            "no form on {address}: {}",
            page.body
        );
        let (flow, csrf) = (page.field("flow"), page.field("csrf"));
        let mut all = vec![("flow", flow.as_str()), ("csrf", csrf.as_str()), ("action", action)];
        all.extend(fields);
        self.post("/sign-in", &all).await
    }
}

impl Page {
    /// Where it sends the browser.
    pub fn location(&self) -> String {
        assert_eq!(self.status, StatusCode::SEE_OTHER, "no redirect: {}", self.body);
        self.headers[LOCATION].to_str().unwrap().to_owned()
    }

    /// The value of a field of its form.
    pub fn field(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let start = self
            .body
            .find(&marker)
            .unwrap_or_else(|| panic!("no field {name}: {}", self.body))
            + marker.len();
        self.body[start..].split('"').next().unwrap().to_owned()
    }

    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// A text of its JSON.
    pub fn text(&self, name: &str) -> String {
        let json = self.json();
        let text = json[name].as_str();
        text.unwrap_or_else(|| panic!("no {name}: {}", self.body)).to_owned()
    }

    /// Its status, and the error that it tells as JSON.
    pub fn refusal(&self) -> (u16, String) {
        (self.status.as_u16(), self.text("error"))
    }

    /// The value of a parameter of the address it sends the browser to.
    pub fn returned(&self, name: &str) -> Option<String> {
        let location = self.location();
        let query = location.split_once('?')?.1;
        let params = samekey_provider::http::Params::parse(query.as_bytes()).unwrap();
        params.value(name).map(str::to_owned)
    }
}
