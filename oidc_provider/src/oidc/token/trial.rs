//! A code redeemed without its client, for `samekey client try`: by whoever holds the store and the keys anyway, so that an app's
//! registration can be tried without its secret. Everything else is as at `/token` and `/userinfo`; afterwards nothing is left.

use super::{Asking, code_grant};
use crate::app::{App, Front, routes};
use crate::clients::{Client, GrantType};
use crate::grants::{self, Binding};
use crate::http::params::encode;
use crate::http::{Params, Visitor, language};
use crate::oidc::client_auth::Call;
use axum::body::{Body, to_bytes};
use axum::http::header::AUTHORIZATION;
use axum::http::{HeaderMap, Request};
use axum::response::{IntoResponse, Response};
use samekey_shared::accounts::{self, LoginName};
use samekey_shared::ids::RequestId;
use samekey_shared::secrets::opaque;
use samekey_shared::source::Source;
use samekey_shared::store::StoreError;
use samekey_shared::trust::Browser;
use serde_json::Value;
use tower_service::Service;

/// Longest answer of ours.
const LONGEST: usize = 1024 * 1024;

/// What the client would have got.
#[derive(Debug, Clone)]
pub struct Tried {
    /// Who signed in.
    pub user: LoginName,
    /// The sign-in, as the trail knows it.
    pub grant: RequestId,
    /// The answer of `/token`.
    pub response: Value,
    /// The answer of `/userinfo`: an object, or a JWT as a text.
    pub userinfo: Value,
}

/// Why there is nothing to show.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// No such code, or nobody's.
    #[error("the code is not in this store: is this the provider that gave it?")]
    Foreign,
    /// What an endpoint answered instead.
    #[error("{0} answered: {1}")]
    Refused(&'static str, String),
    /// No thread for it, or no random bytes.
    #[error("the trial could not be run: {0}")]
    Broken(String),
}

/// Redeems the code as this client, asks who it is, and ends the grant.
pub fn redeem(app: &App, client: &Client, code: &str, redirect_uri: &str, verifier: &str) -> Result<Tried, TrialError> {
    let broken = |error: &dyn std::fmt::Display| TrialError::Broken(error.to_string());
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| broken(&error))?;
    let found = app.realm.store.read(|tx| {
        let code = grants::code(tx, &opaque::hash(code))?;
        let Some(code) = code else { return Ok(None) };
        let account = accounts::rows::by_id(tx, code.account)?;
        Ok::<_, StoreError>(account.map(|account| (code.grant, account.name)))
    })?;
    let (grant, user) = found.ok_or(TrialError::Foreign)?;
    let request = RequestId::draw(app.realm.entropy.as_ref()).map_err(|error| broken(&error))?;
    let params = encode(
        [
            ("code", code),
            ("redirect_uri", redirect_uri),
            ("code_verifier", verifier),
        ]
        .into_iter(),
    );
    let params = Params::parse(params.as_bytes()).map_err(|_| TrialError::Foreign)?;
    let call = call(request);
    let asking = Asking {
        app,
        call: &call,
        client,
        binding: Binding::None,
        proof: None,
        grant_type: GrantType::AuthorizationCode,
    };
    let answer = code_grant::redeem(&asking, &params).unwrap_or_else(IntoResponse::into_response);
    let response = runtime.block_on(read(routes::TOKEN, answer))?;
    let token = response["access_token"].as_str().unwrap_or_default().to_owned();
    let userinfo = runtime.block_on(userinfo(app, &token));
    app.realm.store.write(|tx| grants::end_grant(tx, grant))?;
    Ok(Tried {
        user,
        grant,
        response,
        userinfo: userinfo?,
    })
}

/// A call from this machine that shows nothing.
fn call(request: RequestId) -> Call {
    let headers = HeaderMap::new();
    Call {
        visitor: Visitor {
            request,
            source: Source::Local { by: None },
            browser: String::new(),
            shows: Browser::default(),
            t: language::of(&headers, None),
        },
        headers,
        endpoint: routes::TOKEN,
        certificate: None,
    }
}

async fn userinfo(app: &App, token: &str) -> Result<Value, TrialError> {
    let request = Request::get(routes::USERINFO)
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty())
        .map_err(|error| TrialError::Broken(error.to_string()))?;
    let answer = Front::new(app.clone())
        .call(request)
        .await
        .unwrap_or_else(|never| match never {});
    read(routes::USERINFO, answer).await
}

/// The body of a good answer.
async fn read(endpoint: &'static str, answer: Response) -> Result<Value, TrialError> {
    let good = answer.status().is_success();
    let bytes = to_bytes(answer.into_body(), LONGEST)
        .await
        .map_err(|error| TrialError::Broken(error.to_string()))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    if !good {
        return Err(TrialError::Refused(endpoint, text));
    }
    Ok(serde_json::from_str(&text).unwrap_or(Value::String(text)))
}
