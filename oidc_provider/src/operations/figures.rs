//! `/metrics`: figures in OpenMetrics' text form, for Prometheus. Only for the addresses that the operator named: they tell
//! how many people there are and when they work.

use super::own_tokens::OwnTokens;
use crate::app::{App, blocking, routes};
use crate::config::Networks;
use crate::http::Fault;
use crate::pages::problem::Problem;
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_TYPE, HeaderValue};
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use prometheus_client::encoding::{EncodeLabelSet, text::encode};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};
use samekey_shared::store::StoreError;
use samekey_shared::{accounts, audit, devices, outbox};
use std::fmt;
use std::net::SocketAddr;
use std::time::Duration;

/// OpenMetrics 1.0.0, section on the exposition format.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Upper ends of the buckets of an answer's time, in seconds: a published document, a page, a password hash, a queue.
const SECONDS: [f64; 10] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0];

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Answered {
    route: &'static str,
    method: &'static str,
    status: u16,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OnRoute {
    route: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct InState {
    state: &'static str,
}

/// What is counted while requests are served, and what is looked up when somebody asks.
pub struct Figures {
    registry: Registry,
    requests: Family<Answered, Counter>,
    seconds: Family<OnRoute, Histogram>,
    accounts: Family<InState, Gauge>,
    enrolled: Gauge,
    events: Gauge,
    letters: Gauge,
    /// Plain answers of the metadata.
    pub discovery: Tally,
    /// Plain answers of the key set.
    pub jwks: Tally,
    /// Tokens that clients had for themselves, without a row.
    pub own_tokens: OwnTokens,
}

/// The figures of one published document: looked up once, for it is asked for more often than all else.
#[derive(Debug)]
pub struct Tally {
    whole: Counter,
    unchanged: Counter,
    seconds: Histogram,
}

impl Tally {
    fn of(route: &'static str, requests: &Family<Answered, Counter>, seconds: &Family<OnRoute, Histogram>) -> Self {
        let answered = |status: StatusCode| {
            requests.get_or_create_owned(&Answered {
                route,
                method: word(&Method::GET),
                status: status.as_u16(),
            })
        };
        Self {
            whole: answered(StatusCode::OK),
            unchanged: answered(StatusCode::NOT_MODIFIED),
            seconds: seconds.get_or_create_owned(&OnRoute { route }),
        }
    }

    /// Counts an answer: the document, or that it has not changed.
    pub fn count(&self, status: StatusCode, took: Duration) {
        let counter = if status == StatusCode::NOT_MODIFIED {
            &self.unchanged
        } else {
            &self.whole
        };
        counter.inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

impl fmt::Debug for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Figures")
    }
}

impl Default for Figures {
    fn default() -> Self {
        let mut registry = Registry::with_prefix("samekey");
        let requests = Family::default();
        let seconds = Family::<OnRoute, Histogram>::new_with_constructor(|| Histogram::new(SECONDS));
        let accounts = Family::default();
        let (enrolled, events, letters) = (Gauge::default(), Gauge::default(), Gauge::default());
        registry.register("letters_waiting", "Letters that wait to be sent", letters.clone());
        registry.register(
            "build",
            "The version that runs",
            Info::new([("version", env!("CARGO_PKG_VERSION"))]),
        );
        registry.register("http_requests", "Requests answered", requests.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time from a request to its answer",
            Unit::Seconds,
            seconds.clone(),
        );
        registry.register("accounts", "Accounts that were not removed", accounts.clone());
        registry.register(
            "accounts_enrolled",
            "Accounts with a bound second factor, recovery codes aside",
            enrolled.clone(),
        );
        registry.register(
            "audit_events",
            "The number of the audit trail's last event",
            events.clone(),
        );
        Self {
            discovery: Tally::of(routes::DISCOVERY, &requests, &seconds),
            jwks: Tally::of(routes::JWKS, &requests, &seconds),
            own_tokens: OwnTokens::default(),
            registry,
            requests,
            seconds,
            accounts,
            enrolled,
            events,
            letters,
        }
    }
}

impl Figures {
    /// Counts an answer. `route` is one of the table's, so that no visitor can make up a label.
    pub fn count(&self, route: &'static str, method: &Method, status: StatusCode, took: Duration) {
        let answered = Answered {
            route,
            method: word(method),
            status: status.as_u16(),
        };
        self.requests.get_or_create(&answered).inc();
        self.seconds
            .get_or_create(&OnRoute { route })
            .observe(took.as_secs_f64());
    }

    fn look(&self, app: &App) -> Result<(), StoreError> {
        let (counts, enrolled, last, letters) = app.realm.store.read(|tx| {
            Ok::<_, StoreError>((
                accounts::rows::count(tx)?,
                devices::rows::count_enrolled(tx)?,
                audit::tail(tx, 1)?,
                outbox::state(tx)?,
            ))
        })?;
        let active = counts.all - counts.locked - counts.disabled;
        for (state, number) in [
            ("active", active),
            ("locked", counts.locked),
            ("disabled", counts.disabled),
        ] {
            self.accounts.get_or_create(&InState { state }).set(number);
        }
        self.letters.set(letters.waiting);
        self.enrolled.set(enrolled);
        self.events.set(last.last().map_or(0, |record| record.seq));
        Ok(())
    }
}

/// The methods of our routes; any other is one word, so that no visitor can make up a label.
fn word(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "other",
    }
}

/// Whether this caller may read the figures: by the address of the connection itself. What a proxy forwards comes from
/// anywhere.
fn may_read(readers: &Networks, request: &Request) -> bool {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let forwarded = request.headers().contains_key("x-forwarded-for") || request.headers().contains_key("forwarded");
    peer.is_some_and(|peer| readers.contain(peer.0.ip())) && !forwarded
}

/// `GET /metrics`
pub async fn read(State(app): State<App>, request: Request) -> Result<Response, Fault> {
    // To everybody else the page does not exist.
    if !may_read(&app.config.metrics, &request) {
        return Err(Problem::NoSuchPage.into());
    }
    let text = blocking(&app, |app| {
        app.figures.look(app)?;
        let mut text = String::with_capacity(8192);
        encode(&mut text, &app.figures.registry).map_err(|why| crate::http::Failure::Rendering(why.to_string()))?;
        Ok(text)
    })
    .await?;
    Ok(([(CONTENT_TYPE, OPEN_METRICS)], text).into_response())
}
