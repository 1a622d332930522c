//! A template turned into an answer, with the policy that the page needs.

use super::frame::Frame;
use super::problem::Problem;
use super::view::MessageView;
use crate::app::AppState;
use crate::http::headers::{Scripts, page_policy};
use crate::http::{Failure, Fault, Visitor};
use askama::Template;
use axum::body::Body;
use axum::http::StatusCode;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue};
use axum::response::{IntoResponse, Response};

/// The page, with forms that may end at `targets` (origins) beside ourselves.
pub fn page(view: &impl Template, targets: &[String], scripts: Scripts) -> Result<Response, Fault> {
    page_with(view, targets, &[], scripts)
}

/// The same, with pictures of these origins too.
pub fn page_with(
    view: &impl Template,
    targets: &[String],
    pictures: &[String],
    scripts: Scripts,
) -> Result<Response, Fault> {
    with_policy(view, &page_policy(targets, pictures, scripts))
}

/// The page, under a policy of its own.
pub fn with_policy(view: &impl Template, policy: &str) -> Result<Response, Fault> {
    let html = view.render().map_err(|why| Failure::Rendering(why.to_string()))?;
    let policy =
        HeaderValue::from_str(policy).map_err(|_| Failure::Rendering("an address is no header value".into()))?;
    let mut response = Response::new(Body::from(html));
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    Ok(response)
}

/// A message page with nothing to do on it, to be filled further.
pub fn message(frame: Frame<'_>, title: String, text: String) -> MessageView<'_> {
    MessageView {
        frame,
        title,
        text,
        more: None,
        forms: Vec::new(),
        link: None,
        code: None,
        request: None,
    }
}

/// The page of a problem. Cannot fail: without the template the sentence itself is sent.
pub fn error_page(app: &AppState, visitor: &Visitor, problem: Problem) -> Response {
    let t = visitor.t;
    let mut view = message(Frame::new(app, t), problem.title(t), problem.text(t));
    view.code = Some(problem.code());
    view.request = Some(visitor.request.to_string());
    view.link = problem.way_out(t);
    let mut response =
        page(&view, &[], Scripts::None).unwrap_or_else(|_| (StatusCode::OK, problem.text(t)).into_response());
    *response.status_mut() = problem.status();
    response
}
