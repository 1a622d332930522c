//! The socket that orders come through, for both its ends.

use crate::order::{Answer, Order};
use std::io::{BufRead, BufReader, Error, Result, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Where the orders for a key go.
pub fn path(number: u32) -> PathBuf {
    PathBuf::from(format!("/run/soft-key-{number}.sock"))
}

/// Gives an order and waits for the answer.
///
/// # Errors
/// When nobody listens, or the order is refused.
pub fn order(socket: &Path, order: &Order) -> Result<Answer> {
    let mut stream = UnixStream::connect(socket)?;
    let line = serde_json::to_string(order)?;
    stream.write_all(format!("{line}\n").as_bytes())?;
    let mut answer = String::new();
    BufReader::new(stream).read_line(&mut answer)?;
    match serde_json::from_str(&answer)? {
        Answer::Refused { why } => Err(Error::other(why)),
        answer => Ok(answer),
    }
}

/// Takes orders, one after the other, for ever.
///
/// # Errors
/// When the socket cannot be made.
pub fn serve(socket: &Path, mut obey: impl FnMut(Order) -> Answer) -> Result<()> {
    // Between bind and listen whoever connects is refused: the socket gets its name when it listens.
    let beside = socket.with_extension("new");
    let listener = UnixListener::bind(&beside)?;
    std::fs::rename(&beside, socket)?;
    for stream in listener.incoming() {
        let stream = stream?;
        let mut reader = BufReader::new(&stream);
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|length| length > 0) {
            let answer = match serde_json::from_str(&line) {
                Ok(order) => obey(order),
                Err(error) => Answer::Refused { why: error.to_string() },
            };
            let text = serde_json::to_string(&answer)?;
            // Who does not wait for the answer does not get it.
            if (&stream).write_all(format!("{text}\n").as_bytes()).is_err() {
                break;
            }
            line.clear();
        }
    }
    Ok(())
}
