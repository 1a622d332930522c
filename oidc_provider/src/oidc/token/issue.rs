//! The one place where tokens are made, for every grant.
//!
//! ```text
//! Mint::prepare ─► (in the caller's unit of work) Mint::write ─► Minted ─► Minted::answer
//! randomness drawn     rows and the trail's line                 signatures made, once it is on disk
//! ```
//!
//! A unit of work may run more than once, so nothing is drawn inside; and signing holds up nobody who waits to write.

use super::Asking;
use super::access_jwt::{self, AccessClaims};
use super::span::refresh_span;
use crate::app::AppState;
use crate::clients::{AccessTokenForm, Client, ClientKind};
use crate::grants::{self, AccessToken, Binding, CodeDetails, Form, Grant, Holder, RefreshToken};
use crate::http::{Failure, Fault};
use crate::keys::jws;
use crate::oidc::claims;
use crate::oidc::id_token::{self, IdTokenClaims};
use crate::oidc::scope::{Scope, Scopes};
use crate::oidc::subject::subject;
use axum::body::Body;
use axum::http::HeaderName;
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::response::Response;
use samekey_shared::audit::{self, Event, EventKind};
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{RequestId, SessionId};
use samekey_shared::secrets::opaque::Token;
use samekey_shared::store::{StoreError, Tx};
use serde_json::{Map, Value};

/// What becomes of refresh tokens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshing {
    /// None is given.
    No,
    /// A new one, good until it idled so long.
    New(UnixTime),
    /// The one that was shown stays good: told again.
    Same(String),
}

/// Whether an ID token comes along.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdToken {
    /// None.
    No,
    /// The first, with the request's `nonce`.
    First(Option<String>),
    /// At a refresh: the same sign-in, without `nonce` (OpenID Connect Core 12.2).
    Again,
}

/// What tokens are made of.
#[derive(Debug, Clone)]
pub struct Granted {
    /// To whom.
    pub client: Client,
    /// What they rest on.
    pub grant: Grant,
    /// Whether that grant begins with them.
    pub begins: bool,
    /// The person, as they are now.
    pub holder: Option<Holder>,
    /// What these tokens are for: the grant's scope or less.
    pub scope: String,
    /// Where.
    pub audience: Vec<String>,
    /// In whose hands.
    pub binding: Binding,
    /// Who acts for the person.
    pub act: Option<Value>,
    /// The end of the access token.
    pub expires_at: UnixTime,
    /// What becomes of refresh tokens.
    pub refreshing: Refreshing,
    /// Whether an ID token comes along.
    pub id_token: IdToken,
}

/// The first tokens of a person's grant, as a code or an approved device gives them.
#[derive(Debug, Clone)]
pub struct First<'a> {
    /// To whom.
    pub client: &'a Client,
    /// The person.
    pub holder: Holder,
    /// Under which browser session.
    pub session: SessionId,
    /// The sign-in's id.
    pub grant: RequestId,
    /// What was agreed and proven.
    pub details: &'a CodeDetails,
    /// The APIs that the token request names; empty for all that were granted.
    pub resources: &'a [String],
    /// In whose hands.
    pub binding: Binding,
}

impl Granted {
    /// The first tokens of a person's grant; looks up how long its session goes on.
    pub fn first(app: &AppState, tx: &mut Tx<'_>, first: First<'_>) -> Result<Self, StoreError> {
        let now = app.realm.clock.now();
        let scopes = &first.details.scopes;
        let expires_at = now + app.config.token_seconds;
        let span = refresh_span(app, tx, first.client, scopes, first.session)?;
        Ok(Self {
            grant: Grant {
                id: first.grant,
                client: first.client.id.clone(),
                account: Some(first.holder.account.id),
                session: Some(first.session),
                offline: scopes.has(Scope::OfflineAccess) && span.is_some(),
                scope: scopes.to_string(),
                details: Some(CodeDetails {
                    nonce: None,
                    ..first.details.clone()
                }),
                given_at: now,
                ends_at: span.map_or(expires_at, |span| span.ends_at.max(expires_at)),
            },
            begins: true,
            scope: scopes.to_string(),
            audience: audience(app, scopes, &first.details.resources, first.resources),
            binding: first.binding,
            act: None,
            expires_at,
            refreshing: span.map_or(Refreshing::No, |span| Refreshing::New(span.next(now))),
            id_token: if scopes.has(Scope::Openid) {
                IdToken::First(first.details.nonce.clone())
            } else {
                IdToken::No
            },
            holder: Some(first.holder),
            client: first.client.clone(),
        })
    }
}

/// Where a token may be used: at the APIs that were named, or at all that were granted and, for whoever signed in with
/// `openid`, at our own `/userinfo`.
pub(super) fn audience(app: &AppState, scopes: &Scopes, granted: &[String], named: &[String]) -> Vec<String> {
    if !named.is_empty() {
        return named.to_vec();
    }
    let mut all = granted.to_vec();
    let issuer = app.config.issuer.as_str();
    if (all.is_empty() || scopes.has(Scope::Openid)) && !all.iter().any(|one| one == issuer) {
        all.push(issuer.to_owned());
    }
    all
}

/// Everything random that tokens need, drawn before the unit of work that writes them.
#[derive(Debug)]
pub struct Mint {
    access: Token,
    refresh: Token,
}

/// Tokens that are written; worth something once the unit of work is on disk.
#[derive(Debug)]
pub struct Minted {
    granted: Granted,
    issued_at: UnixTime,
    form: Form,
    access: Token,
    refresh: Option<String>,
}

impl Mint {
    /// Draws.
    pub fn prepare(app: &AppState) -> Result<Self, Fault> {
        let draw = || {
            Token::draw(app.realm.entropy.as_ref(), grants::SECRET_BYTES)
                .map_err(|error| Fault::as_json(&Failure::from(error)))
        };
        Ok(Self {
            access: draw()?,
            refresh: draw()?,
        })
    }

    /// Writes the rows and the trail's line, in the caller's unit of work.
    pub fn write(&self, asking: &Asking<'_>, tx: &mut Tx<'_>, granted: Granted) -> Result<Minted, StoreError> {
        let now = asking.app.realm.clock.now();
        if granted.begins {
            grants::insert_grant(tx, &granted.grant)?;
        }
        // The hash of a JWT's jti; of an opaque token's text: the same random text serves for either.
        let form = match granted.client.settings.access_token {
            AccessTokenForm::Opaque => Form::Opaque,
            AccessTokenForm::Jwt => Form::Jwt,
        };
        let token = AccessToken {
            grant: granted.grant.id,
            client: granted.client.id.clone(),
            scope: granted.scope.clone(),
            audience: granted.audience.clone(),
            binding: granted.binding.clone(),
            act: granted.act.clone(),
            issued_at: now,
            expires_at: granted.expires_at,
        };
        grants::insert_access(tx, &self.access.hash(), form, &token)?;
        let refresh = match &granted.refreshing {
            Refreshing::No => None,
            Refreshing::Same(text) => Some(text.clone()),
            Refreshing::New(expires_at) => {
                let token = RefreshToken {
                    grant: granted.grant.id,
                    // A confidential client proves itself at each use; for a public one the binding is all there is.
                    binding: match granted.client.kind {
                        ClientKind::Public => granted.binding.clone(),
                        ClientKind::Confidential => Binding::None,
                    },
                    expires_at: *expires_at,
                    used_at: None,
                };
                grants::insert_refresh(tx, &self.refresh.hash(), &token, now)?;
                Some(self.refresh.text().to_owned())
            }
        };
        audit::append(tx, &told(asking, &granted), now)?;
        Ok(Minted {
            granted,
            issued_at: now,
            form,
            access: self.access.clone(),
            refresh,
        })
    }
}

/// What the trail says.
fn told(asking: &Asking<'_>, granted: &Granted) -> Event {
    let event = asking
        .event(EventKind::TokenIssued, &granted.grant)
        .detail("grant_type", asking.grant_type)
        .detail("scope", &granted.scope);
    match &granted.holder {
        Some(holder) => event.about(&holder.account.name),
        None => event,
    }
}

impl Minted {
    /// Signs, and writes the answer (RFC 6749 section 5.1).
    pub fn answer(&self, app: &AppState) -> Result<Response, Fault> {
        self.answer_with(app, Map::new())
    }

    /// The same with further members (RFC 8693 section 2.2.1).
    pub fn answer_with(&self, app: &AppState, mut body: Map<String, Value>) -> Result<Response, Fault> {
        let access = match self.form {
            Form::Opaque => self.access.text().to_owned(),
            Form::Jwt => signed(app, &self.granted, self.access.text().to_owned(), self.issued_at)?,
        };
        let id_token = self.id_token(app, &access)?;
        body.insert("access_token".into(), access.into());
        body.insert("token_type".into(), self.granted.binding.token_type().into());
        body.insert("expires_in".into(), (self.granted.expires_at - self.issued_at).into());
        body.insert("scope".into(), self.granted.scope.as_str().into());
        if let Some(id_token) = id_token {
            body.insert("id_token".into(), id_token.into());
        }
        if let Some(refresh) = &self.refresh {
            body.insert("refresh_token".into(), refresh.as_str().into());
        }
        Ok(response(body))
    }

    fn id_token(&self, app: &AppState, access: &str) -> Result<Option<String>, Fault> {
        let granted = &self.granted;
        let (Some(holder), Some(details)) = (&granted.holder, &granted.grant.details) else {
            return Ok(None);
        };
        let nonce = match &granted.id_token {
            IdToken::No => return Ok(None),
            IdToken::First(nonce) => nonce.as_deref(),
            IdToken::Again => None,
        };
        let failed = |failure: Failure| Fault::as_json(&failure);
        let published = app.published();
        let key = published
            .keys
            .active(granted.client.settings.id_token_alg)
            .map_err(|why| failed(why.into()))?;
        // What scopes allow is told at /userinfo; only what was asked by name comes here too.
        let named = &details.claims.id_token;
        let about = claims::told(&app.realm.store, &holder.account, &Scopes::default(), named)
            .map_err(|why| failed(why.into()))?;
        let session = granted.grant.session.map(|session| session.to_string());
        let claims = IdTokenClaims {
            iss: app.config.issuer.as_str(),
            sub: &sub(app, granted),
            aud: granted.client.id.as_str(),
            exp: self.issued_at + app.config.token_seconds,
            iat: self.issued_at,
            auth_time: details.auth_time,
            acr: details.acr.as_deref(),
            amr: &details.amr,
            nonce,
            at_hash: jws::half_hash(key.alg, access),
            sid: session.as_deref(),
            about,
        };
        id_token::mint(key, &claims).map(Some).map_err(|why| failed(why.into()))
    }
}

/// The person as this client knows them, or the client itself (oidc.md section 7, 13).
fn sub(app: &AppState, granted: &Granted) -> String {
    match &granted.holder {
        Some(holder) => subject(app, &granted.client, holder.account.id),
        None => granted.client.id.to_string(),
    }
}

/// An access token as a JWT.
pub(super) fn signed(app: &AppState, granted: &Granted, jti: String, now: UnixTime) -> Result<String, Fault> {
    let settings = &granted.client.settings;
    let published = app.published();
    let failed = |failure: Failure| Fault::as_json(&failure);
    let key = published
        .keys
        .active(settings.access_token_alg.unwrap_or(settings.id_token_alg))
        .map_err(|why| failed(why.into()))?;
    let details = granted.grant.details.as_ref();
    let claims = AccessClaims {
        iss: app.config.issuer.as_str().to_owned(),
        exp: granted.expires_at,
        aud: granted.audience.clone(),
        sub: sub(app, granted),
        client_id: granted.client.id.to_string(),
        iat: now,
        jti,
        scope: granted.scope.clone(),
        auth_time: details.map(|details| details.auth_time),
        acr: details.and_then(|details| details.acr.clone()),
        amr: details.map(|details| details.amr.clone()).unwrap_or_default(),
        cnf: granted.binding.cnf(),
        act: granted.act.clone(),
    };
    access_jwt::mint(key, &claims).map_err(|why| failed(why.into()))
}

/// A successful answer of `/token`.
pub(super) fn response(body: Map<String, Value>) -> Response {
    let mut response = Response::new(Body::from(Value::Object(body).to_string()));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
    response
}
