//! The first and last thing that every request meets: refuses what no address of ours can look like, finds out who calls,
//! and gives every answer its headers.

use super::client_ip::{self, Refused};
use super::{Fault, browser, cookies, headers, language};
use crate::app::{App, routes};
use crate::oidc::dpop;
use crate::pages::{error_page, problem::Problem};
use axum::extract::{ConnectInfo, MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use samekey_shared::ids::RequestId;
use samekey_shared::source::Source;
use samekey_shared::texts::Texts;
use samekey_shared::trust::Browser;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

/// Most bytes in the target and in all headers together; what a browser of ours sends is far below.
const MOST_TARGET: usize = 16 * 1024;
const MOST_HEADERS: usize = 32 * 1024;

/// Who calls, as every handler may ask.
#[derive(Debug, Clone)]
pub struct Visitor {
    /// Joins log, page and audit trail.
    pub request: RequestId,
    /// Where the call comes from.
    pub source: Source,
    /// What the browser calls itself.
    pub browser: String,
    /// What it shows of its earlier sign-ins.
    pub shows: Browser,
    /// The sentences in the language chosen here, or preferred by the browser.
    pub t: Texts,
}

/// Runs a request between both checks, and counts its answer.
pub async fn pass(State(app): State<App>, request: Request, next: Next) -> Response {
    let began = Instant::now();
    let method = request.method().clone();
    let route = routes::known(
        request
            .extensions()
            .get::<MatchedPath>()
            .map_or("", MatchedPath::as_str),
    );
    let response = answered(&app, request, next).await;
    app.figures.count(route, &method, response.status(), began.elapsed());
    response
}

async fn answered(app: &App, mut request: Request, next: Next) -> Response {
    let admitted = admit(app, &request);
    let proves = request.headers().contains_key(dpop::HEADER);
    let visitor = match RequestId::draw(app.realm.entropy.as_ref()) {
        Ok(id) => Visitor {
            request: id,
            source: Source::Unknown,
            browser: String::new(),
            shows: Browser::default(),
            t: language::of(request.headers(), None),
        },
        Err(error) => {
            tracing::error!(%error, "a request was refused");
            return StatusCode::SERVICE_UNAVAILABLE.into_response();
        }
    };
    let response = match admitted {
        Ok(source) => {
            let browser = browser::words(request.headers());
            let shows = cookies::shown(request.headers(), &browser);
            request.extensions_mut().insert(Visitor {
                source,
                browser,
                shows,
                ..visitor.clone()
            });
            next.run(request).await
        }
        Err(problem) => Fault::from(problem).into_response(),
    };
    let mut response = finish(app, &visitor, response);
    // The next nonce comes with every answer to a proof, so that nobody has to be refused to learn it (RFC 9449 section 8.2).
    let nonce = proves.then(|| app.nonces.current(app.realm.clock.now()));
    if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::from_str(&nonce).ok()) {
        response.headers_mut().insert(dpop::NONCE_HEADER, nonce);
    }
    response
}

/// Who calls, if this may be looked at at all.
pub fn admit<B>(app: &App, request: &axum::http::Request<B>) -> Result<Source, Problem> {
    let target = request.uri().path_and_query().map_or(0, |target| target.as_str().len());
    let headers: usize = request
        .headers()
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    if target > MOST_TARGET || headers > MOST_HEADERS {
        return Err(Problem::TooLarge);
    }
    if !is_clean(request.uri().path()) {
        return Err(Problem::BadAddress);
    }
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|info| info.0.ip());
    let Some(peer) = peer else {
        return Ok(Source::Unknown);
    };
    if !app.config.exposure.admits(peer, &app.config.proxies) {
        return Err(Problem::NotThroughProxy);
    }
    client_ip::of(peer, request.headers(), &app.config.proxies).map_err(|Refused| Problem::BadAddress)
}

/// Our own paths are plain words, so everything else is refused before any router reads it: path parameters, encoded
/// slashes, dots or line ends, empty and dot segments, backslashes (oidc.md row 35).
fn is_clean(path: &str) -> bool {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-._~/".contains(&b);
    path.starts_with('/')
        && path.bytes().all(plain)
        && !path.contains("//")
        && !path.split('/').any(|segment| segment == "." || segment == "..")
}

fn finish(app: &App, visitor: &Visitor, mut response: Response) -> Response {
    if let Some(fault) = response.extensions_mut().remove::<Arc<Fault>>() {
        let carried = std::mem::take(response.headers_mut());
        response = told(app, visitor, &fault);
        // What CORS or a cookie jar already added stays.
        response.headers_mut().extend(carried);
    }
    headers::complete(&mut response);
    response
}

fn told(app: &App, visitor: &Visitor, fault: &Fault) -> Response {
    let id = visitor.request;
    match fault {
        Fault::Page { problem, cause } => {
            if let Some(cause) = cause {
                tracing::error!(request = %id, cause, "a page could not be served");
            }
            error_page(app, visitor, *problem)
        }
        Fault::Json { error, cause } => {
            if let Some(cause) = cause {
                tracing::error!(request = %id, cause, "an application could not be answered");
            }
            error.response()
        }
        Fault::Token(error) => error.response(),
    }
}

#[cfg(test)]
mod tests {
    use super::is_clean;

    #[test]
    fn only_plain_paths_pass() {
        for right in [
            "/",
            "/authorize",
            "/.well-known/openid-configuration",
            "/d/example.org/login",
        ] {
            assert!(is_clean(right), "{right}");
        }
        for wrong in [
            "",
            "authorize",
            "/authorize;x=1",
            "/..;/admin",
            "/a/../b",
            "/a/./b",
            "/a//b",
            "/%2e%2e/x",
            "/a%2fb",
            "/a%252fb",
            "/a\\b",
            "/a%0d%0ab",
            "/é",
        ] {
            assert!(!is_clean(wrong), "{wrong}");
        }
    }
}
