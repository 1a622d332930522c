//! No secret of a whole run stands in a log line or in the store's files.

use crate::scene::{PASSWORD, Scene};
use std::io::Write;
use std::sync::{Arc, Mutex};

#[derive(Clone, Default)]
struct Sink(Arc<Mutex<Vec<u8>>>);

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn none_is_written_anywhere_in_clear() {
    let sink = Sink::default();
    let writer = sink.clone();
    // For the whole process, since much of the work is done on other threads: other tests' lines come along.
    tracing_subscriber::fmt()
        .with_max_level(tracing_subscriber::filter::LevelFilter::TRACE)
        .with_writer(move || writer.clone())
        .init();
    tracing::info!("the log is heard");
    let scene = Scene::new();
    let (wiki, browser) = (scene.wiki(), scene.browser());
    let wrong = "a wrong but long password";
    let first = browser.get(&wiki.request(&[])).await;
    let asks = browser.press(&first.location(), "name", &[("username", "ann")]).await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", wrong)])
        .await;
    let asks = browser
        .press(&asks.location(), "password", &[("password", PASSWORD)])
        .await;
    let chosen = browser.press(&asks.location(), "choose-recovery-code", &[]).await;
    let code = browser
        .press(&chosen.location(), "code", &[("code", &scene.paper[0])])
        .await
        .returned("code")
        .unwrap();
    let tokens = wiki.redeem(&code, &[]).await.json();
    let text = |member: &str| tokens[member].as_str().unwrap().to_owned();
    // A failure on the way, since errors are what gets logged.
    wiki.redeem(&code, &[]).await;
    wiki.userinfo(&text("access_token")).await;
    let session = browser.cookies()["__Host-samekey-session"].clone();
    let secrets = [
        PASSWORD.to_owned(),
        wrong.to_owned(),
        scene.paper[0].clone(),
        scene.paper[1].clone(),
        scene.secret.clone(),
        code,
        text("access_token"),
        text("id_token"),
        session,
    ];
    let log = String::from_utf8_lossy(&sink.0.lock().unwrap()).into_owned();
    assert!(log.contains("the log is heard"));
    for file in ["store.db", "store.db-wal"] {
        let bytes = std::fs::read(scene.test.folder().join(file)).unwrap_or_default();
        let stored = String::from_utf8_lossy(&bytes).into_owned();
        for secret in &secrets {
            assert!(!stored.contains(secret.as_str()), "{secret} stands in {file}");
        }
    }
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{secret} stands in the log");
    }
}
