//! WebDriver's wire: one HTTP request for each command, JSON both ways (W3C WebDriver, section 6).

use serde_json::Value;
use std::time::Duration;

/// Longer than any command of ours takes on a busy machine; the start of a browser is the longest.
const PATIENCE: Duration = Duration::from_secs(120);
/// Longer than any answer; screenshots are the largest.
const LARGEST_ANSWER: u64 = 32 * 1024 * 1024;

/// A chromedriver that listens.
#[derive(Debug, Clone)]
pub struct Driver {
    base: String,
    http: ureq::Agent,
}

/// What WebDriver answered instead of a value.
#[derive(Debug, Clone)]
pub struct Refused {
    /// One of the protocol's error codes: `no such element`, `stale element reference`.
    pub error: String,
    /// For people.
    pub message: String,
}

impl std::fmt::Display for Refused {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.error, self.message)
    }
}

impl Driver {
    /// The driver on this loopback port.
    pub fn on(port: u16) -> Self {
        Self {
            base: format!("http://127.0.0.1:{port}"),
            http: ureq::Agent::config_builder()
                .http_status_as_error(false)
                .timeout_global(Some(PATIENCE))
                .build()
                .into(),
        }
    }

    /// Sends a body.
    pub fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        let request = self.http.post(self.address(path)).content_type("application/json");
        answer(path, request.send(body.to_string()))
    }

    /// Asks.
    pub fn get(&self, path: &str) -> Result<Value, Refused> {
        answer(path, self.http.get(self.address(path)).call())
    }

    /// Removes.
    pub fn delete(&self, path: &str) -> Result<Value, Refused> {
        answer(path, self.http.delete(self.address(path)).call())
    }

    fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }
}

fn answer(path: &str, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value, Refused> {
    let broken = |why: String| Refused {
        error: "chromedriver could not be used".to_owned(),
        message: format!("{path}: {why}"),
    };
    let answer = answer.map_err(|error| broken(error.to_string()))?;
    let fine = answer.status().is_success();
    let text = answer
        .into_body()
        .into_with_config()
        .limit(LARGEST_ANSWER)
        .read_to_string()
        .map_err(|error| broken(error.to_string()))?;
    let mut answer: Value = serde_json::from_str(&text).map_err(|error| broken(format!("{error}: {text}")))?;
    let value = answer["value"].take();
    if fine {
        return Ok(value);
    }
    let word = |name: &str| value[name].as_str().unwrap_or_default().to_owned();
    Err(Refused {
        error: word("error"),
        message: word("message"),
    })
}
