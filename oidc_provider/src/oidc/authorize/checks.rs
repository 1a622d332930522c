//! The ordered list of checks, one function each.
//!
//! The order is the security: until client and redirect address are known to belong together, a wrong request is told to
//! the person on a page; only afterwards to the application by redirect (RFC 6749 section 4.1.2.1).

use super::request::{AuthorizeRequest, Prompt, ResponseMode, ReturnTo};
use crate::clients::{Client, Consent, redirect};
use crate::http::Params;
use crate::keys::KeySet;
use crate::oidc::claims::{self, Requested};
use crate::oidc::errors::AuthorizeError;
use crate::oidc::id_token;
use crate::oidc::scope::{Scope, Scopes};
use crate::oidc::token::pkce;
use crate::pages::problem::Problem;
use samekey_shared::texts::Language;
use std::collections::BTreeSet;

/// Longest `state` and `nonce` that we carry; longer ones are refused, never cut.
const LONGEST: usize = 1024;
/// Longest hint that is shown.
const LONGEST_HINT: usize = 256;
/// Most levels that a request may name.
const MOST_LEVELS: usize = 16;

/// First half: where may any answer go?
pub fn return_to(params: &Params, client: Option<&Client>) -> Result<ReturnTo, Problem> {
    let client = client.ok_or(Problem::UnknownApplication)?;
    // Required even when only one is registered (oidc.md section 7, 14).
    let named = params.value("redirect_uri").ok_or(Problem::UnknownReturnAddress)?;
    let redirect_uri = client.redirect(named).ok_or(Problem::UnknownReturnAddress)?;
    // Once more, although registration asked the same: a row that somebody wrote past it must not run code either.
    redirect::acceptable(redirect_uri, client.kind.owner()).map_err(|_| Problem::UnknownReturnAddress)?;
    // A mode that we do not know cannot carry an error either, so the error goes by query.
    let mode = match params.value("response_mode") {
        Some("form_post") => ResponseMode::FormPost,
        _ => ResponseMode::Query,
    };
    Ok(ReturnTo {
        client: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        mode,
        state: params
            .value("state")
            .filter(|state| state.len() <= LONGEST)
            .map(str::to_owned),
    })
}

/// Second half: is it a request that we serve?
pub fn request(
    params: &Params,
    client: &Client,
    return_to: ReturnTo,
    keys: &KeySet,
    issuer: &str,
) -> Result<AuthorizeRequest, AuthorizeError> {
    no_request_object(params)?;
    response_type(params)?;
    response_mode(params)?;
    let scopes = offline_by_consent(scopes(params)?, &prompt(params)?, client);
    let claims = requested_claims(params)?;
    Ok(AuthorizeRequest {
        scopes: claims::widened(&scopes, &claims),
        nonce: nonce(params)?,
        challenge: challenge(params, client)?,
        prompt: prompt(params)?,
        max_age: max_age(params)?,
        acr_values: acr_values(params, &claims)?,
        login_hint: params
            .value("login_hint")
            .map(|hint| hint.chars().take(LONGEST_HINT).collect()),
        // Tags that nobody speaks are no error (OpenID Connect Core 3.1.2.1).
        language: params.value("ui_locales").and_then(Language::of_list),
        hinted_subject: hinted_subject(params, client, keys, issuer)?,
        claims,
        return_to,
    })
}

/// OpenID Connect Core section 6 and RFC 9101: not served, and said so.
fn no_request_object(params: &Params) -> Result<(), AuthorizeError> {
    if params.value("request").is_some() {
        return Err(AuthorizeError::RequestNotSupported);
    }
    if params.value("request_uri").is_some() {
        return Err(AuthorizeError::RequestUriNotSupported);
    }
    if params.value("registration").is_some() {
        return Err(AuthorizeError::RegistrationNotSupported);
    }
    Ok(())
}

fn response_type(params: &Params) -> Result<(), AuthorizeError> {
    match params.value("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::UnsupportedResponseType),
        None => Err(AuthorizeError::InvalidRequest("response_type is missing")),
    }
}

fn response_mode(params: &Params) -> Result<(), AuthorizeError> {
    match params.value("response_mode") {
        None | Some("query" | "form_post") => Ok(()),
        Some(_) => Err(AuthorizeError::InvalidRequest("response_mode is query or form_post")),
    }
}

fn scopes(params: &Params) -> Result<Scopes, AuthorizeError> {
    let scopes = Scopes::read(params.value("scope").unwrap_or_default());
    if scopes.has(Scope::Openid) {
        Ok(scopes)
    } else {
        Err(AuthorizeError::InvalidScope)
    }
}

/// OpenID Connect Core section 11: `offline_access` is left out unless the person is asked for consent with this very request;
/// the other condition that the section allows is the operator's, who consented for everybody. A client that gets no
/// refresh tokens has no use for it either.
fn offline_by_consent(scopes: Scopes, prompt: &BTreeSet<Prompt>, client: &Client) -> Scopes {
    let agreed = prompt.contains(&Prompt::Consent) || client.settings.consent == Consent::Given;
    if agreed && client.may_refresh() {
        scopes
    } else {
        scopes.without(Scope::OfflineAccess)
    }
}

fn nonce(params: &Params) -> Result<Option<String>, AuthorizeError> {
    if params.value("state").is_some_and(|state| state.len() > LONGEST) {
        return Err(AuthorizeError::InvalidRequest("state is longer than 1024 bytes"));
    }
    match params.value("nonce") {
        Some(nonce) if nonce.len() > LONGEST => Err(AuthorizeError::InvalidRequest("nonce is longer than 1024 bytes")),
        nonce => Ok(nonce.map(str::to_owned)),
    }
}

/// RFC 7636 section 4.4.1, with S256 alone.
fn challenge(params: &Params, client: &Client) -> Result<Option<String>, AuthorizeError> {
    let method = params.value("code_challenge_method");
    match params.value("code_challenge") {
        Some(_) if method != Some("S256") => Err(AuthorizeError::InvalidRequest("code_challenge_method must be S256")),
        Some(challenge) if !pkce::is_challenge(challenge) => Err(AuthorizeError::InvalidRequest(
            "code_challenge is no SHA-256 in base64url",
        )),
        Some(challenge) => Ok(Some(challenge.to_owned())),
        None if method.is_some() => Err(AuthorizeError::InvalidRequest("code_challenge is missing")),
        None if client.may_omit_pkce() => Ok(None),
        None => Err(AuthorizeError::InvalidRequest(
            "PKCE is required: code_challenge is missing",
        )),
    }
}

fn prompt(params: &Params) -> Result<BTreeSet<Prompt>, AuthorizeError> {
    let words = params.value("prompt").unwrap_or_default();
    let mut prompt = BTreeSet::new();
    for word in words.split(' ').filter(|word| !word.is_empty()) {
        prompt.insert(match word {
            "none" => Prompt::None,
            "login" => Prompt::Login,
            "consent" => Prompt::Consent,
            "select_account" => Prompt::SelectAccount,
            _ => {
                return Err(AuthorizeError::InvalidRequest(
                    "prompt has a value that is not supported",
                ));
            }
        });
    }
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err(AuthorizeError::InvalidRequest("prompt=none goes with no other value"));
    }
    Ok(prompt)
}

fn max_age(params: &Params) -> Result<Option<i64>, AuthorizeError> {
    let Some(text) = params.value("max_age") else {
        return Ok(None);
    };
    let digits = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    seconds
        .map(Some)
        .ok_or(AuthorizeError::InvalidRequest("max_age is a number of seconds"))
}

fn requested_claims(params: &Params) -> Result<Requested, AuthorizeError> {
    params
        .value("claims")
        .map_or_else(|| Ok(Requested::default()), Requested::read)
}

/// The `claims` parameter goes before `acr_values`: it is the one that can insist.
fn acr_values(params: &Params, claims: &Requested) -> Result<Vec<String>, AuthorizeError> {
    let values: Vec<String> = if claims.acr.is_empty() {
        let words = params.value("acr_values").unwrap_or_default().split(' ');
        words.filter(|word| !word.is_empty()).map(str::to_owned).collect()
    } else {
        claims.acr.clone()
    };
    let most = values.len() <= MOST_LEVELS && values.iter().all(|value| value.len() <= LONGEST);
    if most {
        Ok(values)
    } else {
        Err(AuthorizeError::InvalidRequest("too many acr_values"))
    }
}

/// A hint must be one of our ID tokens, for this client; it may be expired (OpenID Connect Core 3.1.2.1).
fn hinted_subject(
    params: &Params,
    client: &Client,
    keys: &KeySet,
    issuer: &str,
) -> Result<Option<String>, AuthorizeError> {
    let Some(token) = params.value("id_token_hint") else {
        return Ok(None);
    };
    let hint = id_token::hint(keys, issuer, token).filter(|hint| hint.aud == client.id.as_str());
    hint.map(|hint| Some(hint.sub)).ok_or(AuthorizeError::InvalidRequest(
        "id_token_hint is no ID token of this client",
    ))
}
