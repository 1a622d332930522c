//! An application as a browser meets it: an address on this machine that answers everything with one page, and keeps what was asked.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

/// See the module. It listens as long as the test's process lives.
#[derive(Debug)]
pub struct Application {
    port: u16,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Application {
    /// Opens, with this as the body of every page.
    pub fn open(body: &str) -> Self {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        let port = listener.local_addr().unwrap().port();
        let asked = Arc::new(Mutex::new(Vec::new()));
        let page = format!("<!DOCTYPE html><html lang=\"en\"><title>application</title><body>{body}</body></html>");
        let kept = Arc::clone(&asked);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                // A browser opens connections before it has something to ask: each waits on its own.
                let (page, kept) = (page.clone(), Arc::clone(&kept));
                std::thread::spawn(move || answer(&stream, &page, &kept));
            }
        });
        Self { port, asked }
    }

    /// The address of one of its pages, by the name that the provider's pages have too: one site, another origin.
    pub fn at(&self, path: &str) -> String {
        format!("http://localhost:{}{path}", self.port)
    }

    /// What was asked of it at this path: the queries, in order.
    pub fn queries(&self, path: &str) -> Vec<String> {
        let asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        let here = asked
            .iter()
            .filter_map(|target| target.strip_prefix(path)?.strip_prefix('?'));
        here.map(str::to_owned).collect()
    }
}

fn answer(stream: &TcpStream, page: &str, asked: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream).lines().map_while(Result::ok);
    let Some(target) = lines.next().and_then(|line| line.split(' ').nth(1).map(str::to_owned)) else {
        return;
    };
    lines.take_while(|line| !line.is_empty()).for_each(drop);
    asked.lock().unwrap_or_else(PoisonError::into_inner).push(target);
    let head = "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nConnection: close";
    let mut out = stream;
    // A browser that went away meanwhile reads nothing.
    let _ = write!(out, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len());
}
