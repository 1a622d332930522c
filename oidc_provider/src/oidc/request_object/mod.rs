//! Request objects (RFC 9101, OpenID Connect Core section 6): a JWT whose claims are an authorization request.

mod claims;
mod rules;

use crate::app::App;
use crate::clients::{self, Client, RequestObjectAlg};
use crate::http::{Failure, Params};
use crate::jose;
use crate::keys::Alg;
use crate::oidc::errors::AuthorizeError;
use crate::oidc::fapi2;
use crate::outbound::{self, Fetched};
use serde_json::{Map, Value};

/// Longest object that is read at all.
const LONGEST: usize = 16 * 1024;

/// How an object came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Carried {
    /// In the request itself.
    Value,
    /// Fetched over TLS from an address that the client registered.
    Reference,
}

/// An object that holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Read {
    /// Its claims as parameters.
    pub params: Params,
    /// Whether the client's key signed it.
    pub signed: bool,
}

/// Why an object does not hold.
#[derive(Debug)]
pub enum Trouble {
    /// The client is to blame.
    Wrong(AuthorizeError),
    /// We are.
    Ours(Failure),
}

impl From<AuthorizeError> for Trouble {
    fn from(error: AuthorizeError) -> Self {
        Self::Wrong(error)
    }
}

fn wrong(what: &'static str) -> Trouble {
    AuthorizeError::InvalidRequestObject(what).into()
}

/// What an object says, whoever made it. Good for one thing: to find where an error is told.
pub fn said(object: &str) -> Option<Params> {
    let read = jose::unverified(object).ok()?;
    claims::params(&read.claims).ok()
}

/// The object's parameters, if it holds.
pub fn verified(app: &App, client: &Client, object: &str, carried: Carried) -> Result<Read, Trouble> {
    if object.len() > LONGEST {
        return Err(wrong("the request object is longer than 16 KiB"));
    }
    let header = jose::header(object).map_err(|_| wrong("the request object is no signed JWT"))?;
    // Nothing, `JWT`, or the type of request objects; never another kind of JWT (RFC 9101 section 10.8).
    if header.typ.is_some() && !header.is("jwt") && !header.is("oauth-authz-req+jwt") {
        return Err(wrong("the request object is a JWT of another type"));
    }
    let signed = header.alg != "none";
    let claims = if signed {
        by_its_key(app, client, object)?
    } else {
        unsigned(client, object, carried)?
    };
    let (issuer, now) = (app.config.issuer.as_str(), app.realm.clock.now());
    rules::hold(&claims, client, issuer, now, fapi2::must_sign(client))?;
    let params = claims::params(&claims)?;
    Ok(Read { params, signed })
}

/// The algorithms that this client may sign with.
fn algs(client: &Client) -> Vec<Alg> {
    let of_profile = fapi2::algs(client);
    match client.settings.request_object_alg {
        None => of_profile.to_vec(),
        Some(RequestObjectAlg::Signed(alg)) if of_profile.contains(&alg) => vec![alg],
        Some(_) => Vec::new(),
    }
}

fn by_its_key(app: &App, client: &Client, object: &str) -> Result<Map<String, Value>, Trouble> {
    let verified = clients::verified(app, client, object, &algs(client));
    let verified =
        verified.map_err(|_| wrong("the request object is not signed by a key and algorithm of the client"))?;
    Ok(verified.claims)
}

/// Without a signature only where registered so, or where nothing was registered and TLS vouches for it: fetched from the
/// client's own address (RFC 9101 section 10.2).
fn unsigned(client: &Client, object: &str, carried: Carried) -> Result<Map<String, Value>, Trouble> {
    if fapi2::must_sign(client) || fapi2::is(client) {
        return Err(wrong("the request object must be signed"));
    }
    match (client.settings.request_object_alg, carried) {
        (Some(RequestObjectAlg::Unsigned), _) | (None, Carried::Reference) => {}
        (Some(RequestObjectAlg::Signed(_)), _) => return Err(wrong("the request object must be signed")),
        (None, Carried::Value) => return Err(AuthorizeError::RequestNotSupported.into()),
    }
    if !object.ends_with('.') {
        return Err(wrong("an unsigned request object has no signature"));
    }
    let read = jose::unverified(object).map_err(|_| wrong("the claims of the request object cannot be read"))?;
    Ok(read.claims)
}

/// Fetches an object from an address that the client registered, exact but for what follows a `#` (OpenID Connect Core
/// section 6.2); another address is never asked.
pub fn fetch(app: &App, client: &Client, uri: &str) -> Result<String, AuthorizeError> {
    const GONE: AuthorizeError = AuthorizeError::InvalidRequestUri("no request object could be fetched there");
    let known = &client.settings.request_uris;
    if known.is_empty() {
        return Err(AuthorizeError::RequestUriNotSupported);
    }
    let bare = |uri: &str| uri.split('#').next().unwrap_or_default().to_owned();
    if !known.iter().any(|one| bare(one) == bare(uri)) {
        return Err(AuthorizeError::InvalidRequestUri("the request_uri is not registered"));
    }
    let fetched = outbound::get(app, &bare(uri), outbound::DOCUMENT).and_then(Fetched::document);
    let document = fetched.map_err(|error| {
        tracing::info!(client = %client.id, %error, "a request_uri could not be fetched");
        GONE
    })?;
    let text = String::from_utf8(document).map_err(|_| GONE)?;
    Ok(text.trim().to_owned())
}
