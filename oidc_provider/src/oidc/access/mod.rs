//! The one place that looks at a presented access token: where it comes, what it is bound to, what it still allows, and the
//! challenge that answers a wrong one (RFC 6750, RFC 9449 section 7, RFC 8705 section 3, RFC 9470).
//!
//! ```text
//! one token, in the header or the form ─► found, alive, its grant still holds ─► its proof or certificate ─► its scopes
//!      │ none: both challenges                  │ invalid_token                      │ invalid_dpop_proof
//! ```
//!
//! A token is used as it was given out: one that is bound to a key never as `Bearer`, one that is not never as `DPoP`, so that
//! nobody gains by taking the weaker way (RFC 9449 sections 7.1 and 7.2). Never in the query: addresses are logged (RFC 6750 5.3).

mod challenge;

pub use challenge::{AccessError, StepUp};

use super::client_auth::{Call, ClientCertificate};
use super::dpop::{self, DpopError, Expected};
use super::scope::{Scope, Scopes};
use crate::app::App;
use crate::grants::{self, Binding, Found};
use crate::http::{Fault, Params};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Uri};
use subtle::ConstantTimeEq;

/// How a token was presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// `Authorization: Bearer`, or the form (RFC 6750 section 2.2).
    Bearer,
    /// `Authorization: DPoP` (RFC 9449 section 7.1).
    Dpop,
}

/// What is asked with a token.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The request's method.
    pub method: &'a str,
    /// Its address, for the path and for refusing a token in the query.
    pub uri: &'a Uri,
    /// Its form, where the endpoint takes one.
    pub form: Option<&'a Params>,
    /// What the token must cover.
    pub scope: Scope,
}

/// The token of this request with its grant and its person, everything held against it.
pub fn presented(app: &App, call: &Call, asked: &Asked<'_>) -> Result<Found, Fault> {
    let (scheme, text) = shown(&call.headers, asked)?;
    let found = grants::find(app, &text)?.ok_or(AccessError::Token(scheme))?;
    held(app, call, asked, (scheme, &text), &found.token.binding)?;
    // What an API of somebody else's was given must not open ours (RFC 8707 section 2).
    let issuer = app.config.issuer.as_str();
    if !found.token.audience.iter().any(|one| one == issuer) {
        return Err(AccessError::Token(scheme).into());
    }
    if !Scopes::read(&found.token.scope).has(asked.scope) {
        return Err(AccessError::Scope(scheme, asked.scope).into());
    }
    Ok(found)
}

/// Whether a request brings a token at all: where people come with cookies and programs with tokens.
pub fn is_shown(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION)
}

/// How this token has to be presented: what a challenge about it names.
pub fn scheme_of(binding: &Binding) -> Scheme {
    match binding {
        Binding::Dpop(_) => Scheme::Dpop,
        Binding::None | Binding::Certificate(_) => Scheme::Bearer,
    }
}

fn shown(headers: &HeaderMap, asked: &Asked<'_>) -> Result<(Scheme, String), AccessError> {
    if has_token(asked.uri.query().unwrap_or_default()) {
        return Err(AccessError::Request("an access token never stands in the query"));
    }
    let in_form = asked.form.and_then(|form| form.value("access_token"));
    let mut lines = headers.get_all(AUTHORIZATION).iter();
    let Some(line) = lines.next() else {
        let token = in_form.ok_or(AccessError::Absent)?;
        return Ok((Scheme::Bearer, token.to_owned()));
    };
    if lines.next().is_some() {
        return Err(AccessError::Request("the Authorization header comes twice"));
    }
    if in_form.is_some() {
        return Err(AccessError::Request("the access token comes twice"));
    }
    let (word, token) = line
        .to_str()
        .ok()
        .and_then(|line| line.split_once(' '))
        .ok_or(AccessError::Token(Scheme::Bearer))?;
    let scheme = if word.eq_ignore_ascii_case("bearer") {
        Scheme::Bearer
    } else if word.eq_ignore_ascii_case("dpop") {
        Scheme::Dpop
    } else {
        return Err(AccessError::Token(Scheme::Bearer));
    };
    Ok((scheme, token.to_owned()))
}

/// Whether a query names a token, however it is encoded; one that cannot be read is not ours to judge.
fn has_token(query: &str) -> bool {
    Params::parse(query.as_bytes()).is_ok_and(|params| params.value("access_token").is_some())
}

/// Whether who presents the token holds what it is bound to.
fn held(
    app: &App,
    call: &Call,
    asked: &Asked<'_>,
    (scheme, text): (Scheme, &str),
    binding: &Binding,
) -> Result<(), Fault> {
    match (binding, scheme) {
        (Binding::None, Scheme::Bearer) => Ok(()),
        (Binding::Certificate(bound), Scheme::Bearer) => {
            let here = call.certificate.as_ref().map(ClientCertificate::thumbprint);
            let same = here.is_some_and(|here| bool::from(here.as_bytes().ct_eq(bound.as_bytes())));
            if same {
                Ok(())
            } else {
                Err(AccessError::Token(Scheme::Bearer).into())
            }
        }
        (Binding::Dpop(bound), Scheme::Dpop) => {
            let expected = Expected {
                method: asked.method,
                path: asked.uri.path(),
                access_token: Some(text),
            };
            let proven = dpop::shown(app, &call.headers, &expected).map_err(fault)?;
            match proven {
                Some(jkt) if jkt == *bound => Ok(()),
                Some(_) => Err(AccessError::Token(Scheme::Dpop).into()),
                None => Err(AccessError::Proof("the DPoP header is missing").into()),
            }
        }
        // Told by the scheme that it must come with.
        (Binding::Dpop(_), Scheme::Bearer) | (Binding::None | Binding::Certificate(_), Scheme::Dpop) => {
            Err(AccessError::Token(Scheme::Dpop).into())
        }
    }
}

fn fault(error: DpopError) -> Fault {
    match error {
        DpopError::Invalid(what) => AccessError::Proof(what).into(),
        DpopError::UseNonce => AccessError::Nonce.into(),
        DpopError::Failure(failure) => Fault::as_json(&failure),
    }
}
