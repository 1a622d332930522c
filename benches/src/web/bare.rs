//! The floor for any web server of ours: axum with one route that answers with fixed bytes.

use axum::Router;
use axum::http::header::CONTENT_TYPE;
use axum::routing::get;
use std::process::ExitCode;

/// usage: samekey-bench bare-axum PORT BYTES
pub fn serve(words: &[String]) -> ExitCode {
    let [port, bytes] = words else {
        return ExitCode::from(2);
    };
    let (Ok(port), Ok(bytes)) = (port.parse::<u16>(), bytes.parse::<usize>()) else {
        return ExitCode::from(2);
    };
    let body: &'static [u8] = Box::leak(vec![b'x'; bytes].into_boxed_slice());
    let served = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .and_then(|runtime| {
            runtime.block_on(async move {
                let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
                let answer = move || async move { ([(CONTENT_TYPE, "application/json")], body) };
                axum::serve(listener, Router::new().route("/", get(answer))).await
            })
        });
    ExitCode::from(u8::from(served.is_err()))
}
