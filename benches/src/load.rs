//! A small load generator: kept connections, requests rendered beforehand, one thread.

use crate::Trouble;
use rustix::event::epoll;
use std::borrow::Cow;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// How many connections at a time, as in the figures that are compared with.
pub const CONNECTIONS: usize = 8;

/// How many requests are sent.
#[derive(Debug, Clone, Copy)]
pub enum Amount {
    /// The requests again and again, for so long.
    For(Duration),
    /// Each request once.
    Once,
}

/// What was measured.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    /// Answers of status 200 or 201 a second.
    pub per_second: f64,
    /// Microseconds from a request to its answer, at the median.
    pub median: f64,
    /// The same of the slowest hundredth.
    pub p99: f64,
}

struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
    sent: Instant,
}

/// Sends requests over kept connections; any answer but 200 or 201 ends the measurement.
pub fn run(port: u16, requests: &[Vec<u8>], amount: Amount) -> Result<Load, Trouble> {
    let mut next = requests.iter().cycle();
    let (start, mut sent) = (Instant::now(), 0);
    drive(port, CONNECTIONS.min(requests.len().max(1)), &mut |_| {
        let more = match amount {
            Amount::For(time) => start.elapsed() < time,
            Amount::Once => sent < requests.len(),
        };
        sent += 1;
        Ok(next
            .next()
            .filter(|_| more)
            .map(|request| Cow::Borrowed(request.as_slice())))
    })
}

/// Sends requests of which each is made of the answer to the one before: as many chains as there are first requests, each
/// on a connection of its own, for so long.
pub fn chains(
    port: u16,
    first: &[Vec<u8>],
    time: Duration,
    next: impl Fn(&str) -> Result<Vec<u8>, Trouble>,
) -> Result<Load, Trouble> {
    let mut begin = first.iter();
    let start = Instant::now();
    drive(port, first.len(), &mut |answer| {
        if answer.is_empty() {
            return Ok(begin.next().map(|request| Cow::Borrowed(request.as_slice())));
        }
        if start.elapsed() >= time {
            return Ok(None);
        }
        let text = std::str::from_utf8(answer).map_err(|_| Trouble::Answer("not a text".into()))?;
        Ok(Some(Cow::Owned(next(text)?)))
    })
}

/// Gives the next request of a connection, after the answer before; nothing stands for none yet.
type Source<'s, 'r> = dyn FnMut(&[u8]) -> Result<Option<Cow<'r, [u8]>>, Trouble> + 's;

fn drive(port: u16, many: usize, source: &mut Source<'_, '_>) -> Result<Load, Trouble> {
    let queue = epoll::create(epoll::CreateFlags::CLOEXEC)?;
    let mut connections = Vec::new();
    for at in 0..many {
        connections.push(Connection::open(port, &queue, at as u64)?);
    }
    let start = Instant::now();
    let mut open = 0_usize;
    for connection in &mut connections {
        if let Some(request) = source(&[])? {
            connection.send(&request)?;
            open += 1;
        }
    }
    let mut taken = Vec::new();
    let mut events = Vec::with_capacity(CONNECTIONS);
    while open > 0 {
        events.clear();
        epoll::wait(&queue, rustix::buffer::spare_capacity(&mut events), None)?;
        for event in &events {
            let at = usize::try_from(event.data.u64()).ok();
            let Some(connection) = at.and_then(|at| connections.get_mut(at)) else {
                continue;
            };
            if !connection.receive()? {
                continue;
            }
            taken.push(connection.sent.elapsed().as_secs_f64() * 1e6);
            match source(&connection.received)? {
                Some(request) => connection.send(&request)?,
                None => open -= 1,
            }
        }
    }
    let answered = f64::from(u32::try_from(taken.len()).unwrap_or(u32::MAX));
    let per_second = answered / start.elapsed().as_secs_f64();
    taken.sort_by(f64::total_cmp);
    let at = |hundredths: usize| taken.get(taken.len() * hundredths / 100).copied().unwrap_or(f64::NAN);
    Ok(Load {
        per_second,
        median: at(50),
        p99: at(99),
    })
}

impl Connection {
    fn open(port: u16, queue: &impl std::os::fd::AsFd, at: u64) -> Result<Self, Trouble> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_nodelay(true)?;
        epoll::add(queue, &stream, epoll::EventData::new_u64(at), epoll::EventFlags::IN)?;
        stream.set_nonblocking(true)?;
        Ok(Self {
            stream,
            received: Vec::with_capacity(64 * 1024),
            sent: Instant::now(),
        })
    }

    fn send(&mut self, request: &[u8]) -> Result<(), Trouble> {
        self.received.clear();
        self.sent = Instant::now();
        // A request is far smaller than a socket's buffer, which is empty here.
        Ok(self.stream.write_all(request)?)
    }

    /// Reads what is there; true once the whole answer is.
    fn receive(&mut self) -> Result<bool, Trouble> {
        let mut piece = [0; 16 * 1024];
        match self.stream.read(&mut piece) {
            Ok(0) => return Err(Trouble::Answer("the connection was closed".into())),
            Ok(count) => self.received.extend_from_slice(piece.get(..count).unwrap_or_default()),
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(false),
            Err(error) => return Err(error.into()),
        }
        whole(&self.received)
    }
}

/// Whether these bytes are a whole answer; an error if its status is not 200.
fn whole(received: &[u8]) -> Result<bool, Trouble> {
    let Some(head_end) = received.windows(4).position(|four| four == b"\r\n\r\n") else {
        return Ok(false);
    };
    let (head, body) = received.split_at(head_end + 4);
    if !(head.starts_with(b"HTTP/1.1 200") || head.starts_with(b"HTTP/1.1 201")) {
        return Err(Trouble::Answer(String::from_utf8_lossy(received).into_owned()));
    }
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let length = head
        .lines()
        .find_map(|line| line.strip_prefix("content-length:")?.trim().parse::<usize>().ok());
    Ok(match length {
        Some(length) => body.len() >= length,
        None => body.ends_with(b"0\r\n\r\n"),
    })
}

/// Sends one request and gives the body of its answer, which must have status 200 or 201.
pub fn single(port: u16, request: &[u8]) -> Result<String, Trouble> {
    let mut stream = TcpStream::connect(("127.0.0.1", port))?;
    stream.write_all(request)?;
    let mut received = Vec::new();
    let mut piece = [0; 16 * 1024];
    while !whole(&received)? {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Err(Trouble::Answer("the connection was closed".into()));
        }
        received.extend_from_slice(piece.get(..count).unwrap_or_default());
    }
    let text = String::from_utf8_lossy(&received);
    Ok(text.split_once("\r\n\r\n").map_or("", |(_, body)| body).to_owned())
}

/// A GET, with headers more than `host`, each ended by CRLF.
pub fn get(port: u16, path: &str, headers: &str) -> Vec<u8> {
    format!("GET {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n{headers}\r\n").into_bytes()
}

/// A form that is posted.
pub fn post(port: u16, path: &str, headers: &str, form: &str) -> Vec<u8> {
    let length = form.len();
    format!(
        "POST {path} HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
         content-length: {length}\r\n{headers}\r\n{form}"
    )
    .into_bytes()
}
