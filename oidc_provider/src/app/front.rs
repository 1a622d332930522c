//! What stands before the router: the published documents are given out here, as bytes, before anything looks for a
//! route; everything else is passed on. They are what applications ask for most.

use super::{App, routes};
use crate::http::guard;
use crate::oidc::discovery::Prebuilt;
use crate::operations::figures::Tally;
use axum::body::{Bytes, HttpBody};
use axum::http::header::ORIGIN;
use axum::http::{Method, Request};
use axum::response::Response;
use axum::routing::future::RouteFuture;
use axum::{BoxError, Router};
use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Instant;
use tower_service::Service;

/// The whole application, as a server or a test drives it.
#[derive(Debug, Clone)]
pub struct Front {
    app: App,
    router: Router,
}

/// An answer that is there, or on its way through the router.
pub enum Answer {
    /// There; taken when it is polled.
    Published(Option<Response>),
    /// On its way.
    Routed(Pin<Box<RouteFuture<Infallible>>>),
}

impl Front {
    /// Everything behind one front.
    pub fn new(app: App) -> Self {
        let router = routes::router(app.clone());
        Self { app, router }
    }

    /// The answer to a plain `GET` of a published document, and where it is counted. With an `Origin`, and from whom the
    /// guard would not admit, it takes the long way.
    fn published<B>(&self, request: &Request<B>) -> Option<(Response, &Tally)> {
        let plain = request.method() == Method::GET && !request.headers().contains_key(ORIGIN);
        let answer = |document: &Prebuilt| {
            let admitted = plain && guard::admit(&self.app, request).is_ok();
            admitted.then(|| document.answer(request.headers()))
        };
        let figures = &self.app.figures;
        match request.uri().path() {
            routes::DISCOVERY => answer(&self.app.discovery).map(|answer| (answer, &figures.discovery)),
            routes::JWKS => answer(&self.app.published().jwks).map(|answer| (answer, &figures.jwks)),
            _ => None,
        }
    }
}

impl<B> Service<Request<B>> for Front
where
    B: HttpBody<Data = Bytes> + Send + 'static,
    B::Error: Into<BoxError>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Answer {
        let began = Instant::now();
        let Some((answer, tally)) = self.published(&request) else {
            return Answer::Routed(Box::pin(self.router.call(request)));
        };
        tally.count(answer.status(), began.elapsed());
        Answer::Published(Some(answer))
    }
}

impl Future for Answer {
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Published(answer) => Poll::Ready(Ok(answer.take().unwrap_or_default())),
            Self::Routed(answer) => answer.as_mut().poll(context),
        }
    }
}
