//! The end of the trial's redirect: one port of 127.0.0.1, until the browser brings the answer (RFC 8252 section 7.3).

use crate::exit::{Exit, Failure};
use samekey_provider::http::Params;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// Longest head of a request that is read.
const LONGEST: usize = 16 * 1024;
/// How long a browser may take for its request.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the end of waiting is looked for.
const TURN: Duration = Duration::from_millis(200);
/// What the browser shows at the end.
const DONE: &str = "Samekey: the answer has arrived. Go on in the terminal.\n";

/// See the module.
pub(super) struct Loopback {
    listener: TcpListener,
    port: u16,
    /// Ctrl-C ends the waiting, not the program: the registration is given back first.
    stopped: Arc<AtomicBool>,
}

impl Loopback {
    pub(super) fn bind(port: u16) -> Result<Self, Failure> {
        let unavailable = |error: std::io::Error| {
            Failure::new(
                Exit::Conflict,
                "port_taken",
                format!("127.0.0.1:{port} cannot be listened on: {error}"),
            )
            .hint("--port names another; 0 takes a free one.")
        };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).map_err(unavailable)?;
        let port = listener.local_addr().map_err(unavailable)?.port();
        listener.set_nonblocking(true).map_err(unavailable)?;
        let stopped = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register(signal, Arc::clone(&stopped)).map_err(unavailable)?;
        }
        Ok(Self {
            listener,
            port,
            stopped,
        })
    }

    /// The redirect address.
    pub(super) fn address(&self) -> String {
        format!("http://127.0.0.1:{}/", self.port)
    }

    /// Waits for the answer to the request with this `state`, from this issuer (RFC 9207).
    pub(super) fn code(&self, state: &str, issuer: &str, seconds: u64) -> Result<String, Failure> {
        let until = Instant::now() + Duration::from_secs(seconds);
        while Instant::now() < until && !self.stopped.load(Ordering::Relaxed) {
            match self.listener.accept() {
                Ok((browser, _)) => {
                    if let Some(answer) = answer(browser, state, issuer) {
                        return answer;
                    }
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => std::thread::sleep(TURN),
                Err(error) => return Err(Failure::failed(format!("nobody can reach the port: {error}"))),
            }
        }
        Err(Failure::failed(format!(
            "no browser came back in {seconds} seconds, or it was given up"
        )))
    }
}

/// Reads one request; `None` where it is not the answer that is waited for: a picture for the tab, another program.
fn answer(mut browser: TcpStream, state: &str, issuer: &str) -> Option<Result<String, Failure>> {
    let query = query(&mut browser)?;
    let params = Params::parse(query.as_bytes()).ok()?;
    let ours = params.value("state") == Some(state) && params.value("iss") == Some(issuer);
    let (status, body) = if ours { ("200 OK", DONE) } else { ("404 Not Found", "") };
    let head = "Content-Type: text/plain; charset=utf-8\r\nCache-Control: no-store\r\nConnection: close";
    // A browser that is gone by now has brought its answer all the same.
    let _ = write!(
        browser,
        "HTTP/1.1 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    if !ours {
        return None;
    }
    Some(match (params.value("code"), params.value("error")) {
        (Some(code), None) => Ok(code.to_owned()),
        (_, error) => {
            let why = params.value("error_description").unwrap_or("it says no more");
            Err(Failure::new(
                Exit::Refused,
                "refused",
                format!("the provider refused: {} ({why})", error.unwrap_or("no code came")),
            ))
        }
    })
}

/// The query of a `GET /?…`.
fn query(browser: &mut TcpStream) -> Option<String> {
    browser.set_nonblocking(false).ok()?;
    browser.set_read_timeout(Some(PATIENCE)).ok()?;
    let (mut head, mut part) = (Vec::new(), [0; 1024]);
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let read = browser.read(&mut part).ok().filter(|read| *read > 0)?;
        head.extend_from_slice(part.get(..read)?);
        if head.len() > LONGEST {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    let target = head.strip_prefix("GET /?")?.split(' ').next()?;
    Some(target.to_owned())
}
