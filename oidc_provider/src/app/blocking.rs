//! Runs writes and password hashing off the threads that serve the network.

use super::App;
use crate::http::{Failure, Fault};

/// Runs `work` on a thread of its own. A read of a row or two is faster done in place.
pub async fn blocking<T, F>(app: &App, work: F) -> Result<T, Fault>
where
    T: Send + 'static,
    F: FnOnce(&App) -> Result<T, Fault> + Send + 'static,
{
    let app = app.clone();
    match tokio::task::spawn_blocking(move || work(&app)).await {
        Ok(done) => done,
        Err(_) => Err(Failure::CutOff.into()),
    }
}
