//! The ordered list of checks, one function each.
//!
//! The order is the security: until client and redirect address are known to belong together, a wrong request is told to
//! the person on a page; only afterwards to the application by redirect (RFC 6749 section 4.1.2.1).

use super::effective::{Effective, Way};
use super::request::{AuthorizeRequest, PROMPTS, Prompt, RESPONSE_MODES, ResponseMode, ReturnTo};
use crate::clients::{Client, Consent, GrantType, redirect};
use crate::http::Params;
use crate::keys::KeySet;
use crate::oidc::claims::{self, Requested};
use crate::oidc::errors::AuthorizeError;
use crate::oidc::scope::{Scope, Scopes};
use crate::oidc::token::pkce;
use crate::oidc::{fapi2, id_token};
use crate::pages::problem::Problem;
use samekey_shared::texts::Language;
use serde_json::Value;
use std::collections::BTreeSet;

/// Longest `state` and `nonce` that we carry; longer ones are refused, never cut.
const LONGEST: usize = 1024;
/// Longest hint that is shown.
const LONGEST_HINT: usize = 256;
/// Most levels that a request may name.
const MOST_LEVELS: usize = 16;
/// Most resources that a request may name.
const MOST_RESOURCES: usize = 8;

/// First half: where may any answer go?
pub fn return_to(params: &Params, client: &Client) -> Result<ReturnTo, Problem> {
    // Required even when only one is registered (oidc.md section 7, 14).
    let named = params.value("redirect_uri").ok_or(Problem::UnknownReturnAddress)?;
    let redirect_uri = client.redirect(named).ok_or(Problem::UnknownReturnAddress)?;
    // Once more, although registration asked the same: a row that somebody wrote past it must not run code either.
    redirect::acceptable(redirect_uri, client.kind.owner()).map_err(|_| Problem::UnknownReturnAddress)?;
    if !fapi2::may_return_to(client, redirect_uri) {
        return Err(Problem::UnknownReturnAddress);
    }
    // A mode that we do not know cannot carry an error either, so the error goes by query.
    let (mode, as_jwt) = known_mode(params).unwrap_or((ResponseMode::Query, false));
    let signing = client.settings.response_alg.unwrap_or(client.settings.id_token_alg);
    Ok(ReturnTo {
        client: client.id.clone(),
        redirect_uri: redirect_uri.to_owned(),
        mode,
        signed: (as_jwt || fapi2::signs_answers(client)).then_some(signing),
        state: params
            .value("state")
            .filter(|state| state.len() <= LONGEST)
            .map(str::to_owned),
    })
}

/// A request, and what it is held against.
pub struct Given<'a> {
    /// Its parameters.
    pub effective: &'a Effective,
    /// Whose.
    pub client: &'a Client,
    /// Our own keys, for ID tokens that come back as hints.
    pub keys: &'a KeySet,
    /// Ourselves.
    pub issuer: &'a str,
}

/// Second half: is it a request that we serve?
pub fn request(given: &Given<'_>, return_to: ReturnTo) -> Result<AuthorizeRequest, AuthorizeError> {
    let (params, client) = (&given.effective.params, given.client);
    may_ask(client)?;
    came_rightly(given.effective, client)?;
    no_registration(params)?;
    response_type(params)?;
    response_mode(params, client)?;
    let prompt = prompt(params)?;
    let scopes = scopes(params, client, &prompt)?;
    let claims = requested_claims(params, &scopes)?.within(client.settings.scopes.as_ref());
    Ok(AuthorizeRequest {
        scopes: claims::widened(&scopes, &claims),
        nonce: nonce(params)?,
        challenge: challenge(params, client)?,
        prompt,
        max_age: max_age(params, client)?,
        acr_values: acr_values(params, client, &claims)?,
        login_hint: params
            .value("login_hint")
            .map(|hint| hint.chars().take(LONGEST_HINT).collect()),
        // Tags that nobody speaks are no error (OpenID Connect Core 3.1.2.1).
        language: params.value("ui_locales").and_then(Language::of_list),
        hinted_subject: hinted_subject(given)?,
        claims,
        resources: resources(params, client)?,
        dpop_jkt: dpop_jkt(params)?,
        pushed: given.effective.pushed,
        return_to,
    })
}

/// RFC 6749 section 4.1.2.1, `unauthorized_client`.
fn may_ask(client: &Client) -> Result<(), AuthorizeError> {
    if !client.may_use(GrantType::AuthorizationCode) {
        return Err(AuthorizeError::UnauthorizedClient(
            "the application is not registered for authorization codes",
        ));
    }
    // Registration refuses these; a row that somebody wrote past it gets nothing weaker either.
    if fapi2::is(client) && !fapi2::contradictions(client.kind, &client.settings).is_empty() {
        return Err(AuthorizeError::UnauthorizedClient(
            "the registration contradicts the FAPI 2.0 profile",
        ));
    }
    Ok(())
}

/// Pushed where it must be (RFC 9126 section 6), and signed where it must be (RFC 9101 section 10.5).
fn came_rightly(effective: &Effective, client: &Client) -> Result<(), AuthorizeError> {
    let pushed = effective.pushed.is_some() || effective.way == Way::Pushing;
    if !pushed && fapi2::must_push(client) {
        return Err(AuthorizeError::InvalidRequest(
            "this application must push its requests (RFC 9126)",
        ));
    }
    if !effective.signed && fapi2::must_sign(client) {
        return Err(AuthorizeError::InvalidRequest(
            "this application must sign its requests (RFC 9101)",
        ));
    }
    Ok(())
}

/// OpenID Connect Core section 7.2.1: self-issued providers only.
fn no_registration(params: &Params) -> Result<(), AuthorizeError> {
    match params.value("registration") {
        Some(_) => Err(AuthorizeError::RegistrationNotSupported),
        None => Ok(()),
    }
}

fn response_type(params: &Params) -> Result<(), AuthorizeError> {
    match params.value("response_type") {
        Some("code") => Ok(()),
        Some(_) => Err(AuthorizeError::UnsupportedResponseType),
        None => Err(AuthorizeError::InvalidRequest("response_type is missing")),
    }
}

fn known_mode(params: &Params) -> Option<(ResponseMode, bool)> {
    let word = params.value("response_mode").unwrap_or("query");
    let known = RESPONSE_MODES.iter().find(|(known, _, _)| *known == word);
    known.map(|(_, mode, as_jwt)| (*mode, *as_jwt))
}

fn response_mode(params: &Params, client: &Client) -> Result<(), AuthorizeError> {
    match (params.value("response_mode"), known_mode(params)) {
        (_, None) => Err(AuthorizeError::InvalidRequest(
            "response_mode is query, form_post, query.jwt, form_post.jwt or jwt",
        )),
        (Some(_), Some((_, false))) if fapi2::signs_answers(client) => Err(AuthorizeError::InvalidRequest(
            "this application gets signed answers alone: response_mode is jwt, query.jwt or form_post.jwt",
        )),
        _ => Ok(()),
    }
}

/// Without `openid` it is plain OAuth: no ID token comes of it (OpenID Connect Core 3.1.2.1). What the client may not ask for
/// is left out (RFC 6749 section 3.3).
fn scopes(params: &Params, client: &Client, prompt: &BTreeSet<Prompt>) -> Result<Scopes, AuthorizeError> {
    let asked = Scopes::read(params.value("scope").unwrap_or_default());
    let kept: Vec<&str> = asked
        .iter()
        .filter(|scope| client.may_ask(*scope))
        .map(Scope::name)
        .collect();
    let scopes = offline_by_consent(Scopes::read(&kept.join(" ")), prompt, client);
    if scopes.iter().next().is_none() {
        return Err(AuthorizeError::InvalidScope);
    }
    Ok(scopes)
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
        None if client.may_omit_pkce() && !fapi2::is(client) => Ok(None),
        None => Err(AuthorizeError::InvalidRequest(
            "PKCE is required: code_challenge is missing",
        )),
    }
}

fn prompt(params: &Params) -> Result<BTreeSet<Prompt>, AuthorizeError> {
    const UNKNOWN: AuthorizeError = AuthorizeError::InvalidRequest("prompt has a value that is not supported");
    let words = params.value("prompt").unwrap_or_default().split(' ');
    let known = |word: &str| {
        let found = PROMPTS.iter().find(|(known, _)| *known == word);
        found.map(|(_, prompt)| *prompt).ok_or(UNKNOWN)
    };
    let prompt: BTreeSet<Prompt> = words
        .filter(|word| !word.is_empty())
        .map(known)
        .collect::<Result<_, _>>()?;
    if prompt.contains(&Prompt::None) && prompt.len() > 1 {
        return Err(AuthorizeError::InvalidRequest("prompt=none goes with no other value"));
    }
    Ok(prompt)
}

fn max_age(params: &Params, client: &Client) -> Result<Option<i64>, AuthorizeError> {
    let Some(text) = params.value("max_age") else {
        return Ok(client.settings.default_max_age);
    };
    let digits = text.len() <= 10 && text.bytes().all(|b| b.is_ascii_digit());
    let seconds = text.parse().ok().filter(|_| digits);
    seconds
        .map(Some)
        .ok_or(AuthorizeError::InvalidRequest("max_age is a number of seconds"))
}

/// Claims are of ID tokens and of `/userinfo`: plain OAuth has neither.
fn requested_claims(params: &Params, scopes: &Scopes) -> Result<Requested, AuthorizeError> {
    match params.value("claims") {
        Some(text) if scopes.has(Scope::Openid) => Requested::read(text),
        _ => Ok(Requested::default()),
    }
}

/// The `claims` parameter goes before `acr_values`, since it is the one that can insist; what was registered comes last.
fn acr_values(params: &Params, client: &Client, claims: &Requested) -> Result<Vec<String>, AuthorizeError> {
    let values: Vec<String> = if !claims.acr.is_empty() {
        claims.acr.clone()
    } else if let Some(words) = params.value("acr_values") {
        words
            .split(' ')
            .filter(|word| !word.is_empty())
            .map(str::to_owned)
            .collect()
    } else {
        client.settings.default_acr_values.clone()
    };
    let most = values.len() <= MOST_LEVELS && values.iter().all(|value| value.len() <= LONGEST);
    if most {
        Ok(values)
    } else {
        Err(AuthorizeError::InvalidRequest("too many acr_values"))
    }
}

/// A hint must be one of our ID tokens, for this client; it may be expired (OpenID Connect Core 3.1.2.1). The `claims`
/// parameter may name somebody too (5.5.1); both together must mean the same person.
fn hinted_subject(given: &Given<'_>) -> Result<Option<String>, AuthorizeError> {
    let params = &given.effective.params;
    let named = params.value("claims").and_then(asked_subject);
    let Some(token) = params.value("id_token_hint") else {
        return Ok(named);
    };
    let hint = id_token::hint(given.keys, given.issuer, token);
    let hint = hint.filter(|hint| hint.aud == given.client.id.as_str());
    let hint = hint.ok_or(AuthorizeError::InvalidRequest(
        "id_token_hint is no ID token of this client",
    ))?;
    if named.is_some_and(|named| named != hint.sub) {
        return Err(AuthorizeError::InvalidRequest(
            "id_token_hint and claims name two persons",
        ));
    }
    Ok(Some(hint.sub))
}

/// `sub` with a `value`, wherever it is asked for.
fn asked_subject(claims: &str) -> Option<String> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    let value = |of: &str| claims.get(of)?.get("sub")?.get("value")?.as_str().map(str::to_owned);
    value("id_token").or_else(|| value("userinfo"))
}

/// RFC 8707 section 2: absolute, without a fragment, and one that this application may ask for.
fn resources(params: &Params, client: &Client) -> Result<Vec<String>, AuthorizeError> {
    let asked = params.each(&["resource"]);
    let known = |one: &String| client.settings.resources.contains(one) && one.contains(':') && !one.contains('#');
    if asked.len() <= MOST_RESOURCES && asked.iter().all(known) {
        Ok(asked)
    } else {
        Err(AuthorizeError::InvalidTarget)
    }
}

/// RFC 9449 section 10: the thumbprint of a key, which has the shape of a PKCE challenge.
fn dpop_jkt(params: &Params) -> Result<Option<String>, AuthorizeError> {
    match params.value("dpop_jkt") {
        Some(jkt) if !pkce::is_challenge(jkt) => {
            Err(AuthorizeError::InvalidRequest("dpop_jkt is no SHA-256 in base64url"))
        }
        jkt => Ok(jkt.map(str::to_owned)),
    }
}
