//! A web server of an application's own, on loopback: what it publishes can be changed, and how often it was asked is counted.
//! The provider calls it only where `[provider] outbound-allow` names `127.0.0.1`.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// See the module. Its thread ends with the test's process.
#[derive(Clone)]
pub struct Site {
    port: u16,
    pages: Arc<Mutex<Pages>>,
}

#[derive(Default)]
struct Pages {
    bodies: BTreeMap<String, (u16, String)>,
    asked: BTreeMap<String, usize>,
}

impl Site {
    pub fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let pages: Arc<Mutex<Pages>> = Arc::default();
        let served = Arc::clone(&pages);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &served);
            }
        });
        Self { port, pages }
    }

    /// The address of a path.
    pub fn at(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Publishes this there from now on, and gives the address.
    pub fn publish(&self, path: &str, body: &str) -> String {
        self.publish_as(path, 200, body)
    }

    /// The same with another status; 302 leads to the address that the body is.
    pub fn publish_as(&self, path: &str, status: u16, body: &str) -> String {
        let mut pages = self.pages.lock().unwrap();
        pages.bodies.insert(path.to_owned(), (status, body.to_owned()));
        self.at(path)
    }

    /// How often the path was asked for.
    pub fn asked(&self, path: &str) -> usize {
        self.pages.lock().unwrap().asked.get(path).copied().unwrap_or_default()
    }
}

fn answer(mut stream: TcpStream, pages: &Mutex<Pages>) {
    let mut reader = BufReader::new(stream.try_clone().unwrap());
    let mut first = String::new();
    if reader.read_line(&mut first).is_err() {
        return;
    }
    let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut line = String::new();
    while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
        line.clear();
    }
    let mut pages = pages.lock().unwrap();
    *pages.asked.entry(path.clone()).or_default() += 1;
    let (status, body) = pages.bodies.get(&path).cloned().unwrap_or((404, String::new()));
    let location = if status == 302 {
        format!("location: {body}\r\n")
    } else {
        String::new()
    };
    let length = body.len();
    let head = format!("HTTP/1.1 {status} x\r\n{location}content-length: {length}\r\nconnection: close\r\n\r\n");
    // The provider may have read enough and gone.
    let _ = stream.write_all(format!("{head}{body}").as_bytes());
}
