//! The pages: home, sign in, the way back from the provider, the claims as JSON, sign out.

use crate::protocol::{Answer, Provider, ProviderError, SignedIn, Wishes};
use crate::visits::{Visit, Visits};
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use std::sync::Arc;

#[derive(Clone)]
struct App {
    provider: Arc<Provider>,
    visits: Arc<Visits>,
}

/// The app, ready to be served.
pub fn router(provider: Arc<Provider>) -> Router {
    Router::new()
        .route("/", get(home))
        .route("/sign-in", get(sign_in))
        .route("/callback", get(callback))
        .route("/claims", get(claims))
        .route("/sign-out", post(sign_out))
        .with_state(App {
            provider,
            visits: Arc::default(),
        })
}

async fn home(State(app): State<App>, headers: HeaderMap) -> Html<String> {
    Html(match app.visits.claims(&headers) {
        None => page(
            "<p>Nobody is signed in.</p><p><a href=\"/sign-in\">Sign in with Samekey</a></p>\
             <p><a href=\"/sign-in?acr_values=urn:samekey:acr:mfa\">Sign in, two factors demanded</a></p>",
        ),
        Some(claims) => {
            let name = claims["userinfo"]["preferred_username"]
                .as_str()
                .or(claims["sub"].as_str())
                .unwrap_or("?");
            let pretty = serde_json::to_string_pretty(&claims).unwrap_or_default();
            page(&format!(
                "<p>Signed in as <strong>{}</strong>, proven as <strong>{}</strong>.</p>\
                 <form method=\"post\" action=\"/sign-out\"><button>Sign out</button></form>\
                 <p>The verified ID token (<a href=\"/claims\">as JSON</a>):</p><pre>{}</pre>",
                escaped(name),
                escaped(claims["acr"].as_str().unwrap_or("?")),
                escaped(&pretty),
            ))
        }
    })
}

async fn sign_in(State(app): State<App>, Query(wishes): Query<Wishes>) -> Result<Response, Failure> {
    let provider = app.provider.clone();
    let (address, pending) = blocking(move || provider.begin(&wishes)).await?;
    let cookie = app.visits.remember(Visit::Underway(pending));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to(&address)).into_response())
}

async fn callback(
    State(app): State<App>,
    headers: HeaderMap,
    Query(answer): Query<Answer>,
) -> Result<Response, Failure> {
    // Taken, not read: an answer is good once.
    let Some(Visit::Underway(pending)) = app.visits.forget(&headers) else {
        return Err(Failure(ProviderError::ForeignAnswer));
    };
    let provider = app.provider.clone();
    let person = blocking(move || provider.finish(pending, answer)).await?;
    let cookie = app.visits.remember(Visit::SignedIn(person));
    Ok(([(header::SET_COOKIE, cookie)], Redirect::to("/")).into_response())
}

async fn claims(State(app): State<App>, headers: HeaderMap) -> Response {
    match app.visits.claims(&headers) {
        Some(claims) => ([(header::CONTENT_TYPE, "application/json")], claims.to_string()).into_response(),
        None => (StatusCode::UNAUTHORIZED, "nobody is signed in\n").into_response(),
    }
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Redirect {
    match app.visits.forget(&headers) {
        Some(Visit::SignedIn(SignedIn {
            sign_out: Some(address),
            ..
        })) => Redirect::to(&address),
        _ => Redirect::to("/"),
    }
}

/// The protocol's calls block; they run off the async threads.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, ProviderError> + Send + 'static,
) -> Result<T, Failure> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result.map_err(Failure),
        Err(error) => Err(Failure(ProviderError::Provider {
            doing: "asking it",
            why: error.to_string(),
        })),
    }
}

/// A sign-in that failed, as a page.
struct Failure(ProviderError);

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let status = match self.0 {
            ProviderError::Address { .. } | ProviderError::Provider { .. } => StatusCode::BAD_GATEWAY,
            ProviderError::Refused { .. } | ProviderError::IdToken(_) => StatusCode::FORBIDDEN,
            ProviderError::ForeignAnswer => StatusCode::BAD_REQUEST,
        };
        let body = page(&format!(
            "<p>Not signed in: {}</p><p><a href=\"/\">Back</a></p>",
            escaped(&self.0.to_string())
        ));
        (status, Html(body)).into_response()
    }
}

fn page(body: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sample app</title>\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <body style=\"font-family: sans-serif; max-width: 45em; margin: 2em auto\"><h1>Sample app</h1>{body}</body></html>"
    )
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}
