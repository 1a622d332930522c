//! One message per line: reading and writing within limits.

use crate::{MAX_LINE, VERSION};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::hint::black_box;
use std::io::{self, Read, Write};

/// Room for the usual message, in bytes.
const CHUNK: usize = 4096;

/// A conversation that broke. Every variant means "refuse": there is none for success and none for "ignore" (S1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameError {
    /// The peer hung up between two messages.
    Closed,
    /// The peer hung up inside a message.
    Truncated,
    /// A line longer than [`MAX_LINE`].
    TooLong,
    /// A line that is no message of the expected kind.
    Malformed,
    /// A line of another version of this protocol.
    Version(u32),
    /// The peer did not speak in time.
    TimedOut,
    /// The connection failed.
    Io(io::ErrorKind),
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("the peer hung up"),
            Self::Truncated => f.write_str("the peer hung up in the middle of a message"),
            Self::TooLong => write!(f, "a message longer than {MAX_LINE} bytes"),
            Self::Malformed => f.write_str("a message that makes no sense"),
            Self::Version(theirs) => write!(
                f,
                "a message of protocol version {theirs}, ours is {VERSION}: update module and agent together"
            ),
            Self::TimedOut => f.write_str("no answer in time"),
            Self::Io(kind) => write!(f, "connection failed: {kind}"),
        }
    }
}

impl std::error::Error for FrameError {}

impl From<io::Error> for FrameError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::TimedOut,
            io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => Self::Closed,
            kind => Self::Io(kind),
        }
    }
}

/// What every line looks like.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope<T> {
    v: u32,
    body: T,
}

/// The one field read of a line that is otherwise not understood.
#[derive(Deserialize)]
struct VersionOnly {
    v: u32,
}

/// Reads messages from a peer that may send anything.
///
/// Holds at most [`MAX_LINE`] bytes, whatever the peer does, and wipes what it has handed over.
pub struct Reader<R> {
    from: R,
    /// Room to read into. It is made once and stays zeroed behind what is held: to do so for each read costs the module,
    /// which is built for size, more than the message does.
    buffer: Vec<u8>,
    /// How many bytes of it were read and not handed over yet.
    held: usize,
}

impl<R: Read> Reader<R> {
    /// Reads from here.
    pub fn new(from: R) -> Self {
        Self {
            from,
            buffer: Vec::new(),
            held: 0,
        }
    }

    /// The connection read from.
    pub fn connection(&self) -> &R {
        &self.from
    }

    /// Waits for the next message.
    ///
    /// `before_each_read` runs before every read, so that the caller can shrink the connection's time-out to what is
    /// left of a deadline: a peer that sends one byte at a time cannot stretch it.
    pub fn receive<T: DeserializeOwned>(
        &mut self,
        mut before_each_read: impl FnMut(&R) -> Result<(), FrameError>,
    ) -> Result<T, FrameError> {
        let mut searched = 0;
        loop {
            let unsearched = &self.buffer[searched..self.held];
            if let Some(found) = unsearched.iter().position(|byte| *byte == b'\n') {
                let end = searched + found;
                let message = parse(&self.buffer[..end]);
                self.discard(end + 1);
                return message;
            }
            searched = self.held;
            before_each_read(&self.from)?;
            self.fill()?;
        }
    }

    /// Appends what one read gives.
    fn fill(&mut self) -> Result<(), FrameError> {
        if self.held == MAX_LINE {
            return Err(FrameError::TooLong);
        }
        if self.held == self.buffer.len() {
            self.grow();
        }
        let room = &mut self.buffer[self.held..];
        let got = match self.from.read(room) {
            Ok(got) => got.min(room.len()),
            // A signal in the host program (sshd, sudo) is not the end of the login.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        match (got, self.held) {
            (0, 0) => Err(FrameError::Closed),
            (0, _) => Err(FrameError::Truncated),
            _ => {
                self.held += got;
                Ok(())
            }
        }
    }

    /// Moves to a larger buffer by hand: a plain reallocation would leave a copy of an answer behind.
    fn grow(&mut self) {
        let mut larger = vec![0; (2 * self.held).clamp(CHUNK, MAX_LINE)];
        larger[..self.held].copy_from_slice(&self.buffer[..self.held]);
        wipe(&mut self.buffer);
        self.buffer = larger;
    }

    /// Drops the first bytes, and overwrites where they were.
    fn discard(&mut self, count: usize) {
        self.buffer.copy_within(count..self.held, 0);
        let kept = self.held - count;
        wipe(&mut self.buffer[kept..self.held]);
        self.held = kept;
    }
}

impl<R> Drop for Reader<R> {
    fn drop(&mut self) {
        wipe(&mut self.buffer);
    }
}

/// Understands one line, without its newline.
fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, FrameError> {
    match serde_json::from_slice::<Envelope<T>>(line) {
        Ok(Envelope { v: VERSION, body }) => Ok(body),
        Ok(Envelope { v, .. }) => Err(FrameError::Version(v)),
        Err(_) => match serde_json::from_slice::<VersionOnly>(line) {
            Ok(VersionOnly { v }) if v != VERSION => Err(FrameError::Version(v)),
            _ => Err(FrameError::Malformed),
        },
    }
}

/// Sends one message in one write.
///
/// A message too long for one line is refused before anything is sent.
pub fn write<T: Serialize>(to: &mut impl Write, body: &T) -> Result<(), FrameError> {
    // Room for the longest answer with every byte escaped: an answer is never copied by a reallocation.
    let mut line = Vec::with_capacity(CHUNK);
    let encoded = serde_json::to_writer(&mut line, &Envelope { v: VERSION, body });
    line.push(b'\n');
    let sent = match encoded {
        Ok(()) if line.len() <= MAX_LINE => to.write_all(&line).map_err(FrameError::from),
        Ok(()) => Err(FrameError::TooLong),
        Err(_) => Err(FrameError::Malformed),
    };
    wipe(&mut line);
    sent
}

/// Overwrites a text that may have held an answer.
pub(crate) fn wipe_text(text: &mut String) {
    let mut bytes = std::mem::take(text).into_bytes();
    wipe(&mut bytes);
}

/// Overwrites bytes that may have held an answer.
fn wipe(bytes: &mut [u8]) {
    bytes.fill(0);
    // Keeps the compiler from leaving the writes out.
    black_box(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Answer, Call, Echo, FromAgent, FromModule, Outage, Reason, Start, Verdict};
    use proptest::prelude::*;

    fn receive<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, FrameError> {
        Reader::new(bytes).receive(|_| Ok(()))
    }

    fn encoded<T: Serialize>(body: &T) -> Vec<u8> {
        let mut line = Vec::new();
        write(&mut line, body).unwrap();
        line
    }

    fn start() -> FromModule {
        FromModule::Start(Box::new(Start {
            call: Call::Authenticate,
            service: "sshd".into(),
            user: "demo".into(),
            tty: Some("ssh".into()),
            rhost: Some("192.0.2.7".into()),
            ruser: None,
            uid: 0,
            silent: false,
            ssh_connection: Some("192.0.2.7 4711 192.0.2.1 22".into()),
            auth_info: Some("publickey ssh-ed25519 AAAA\n".into()),
            had_password: true,
            locale: None,
        }))
    }

    fn from_agent() -> Vec<FromAgent> {
        vec![
            FromAgent::Prompt {
                text: "\nVerification code: ".into(),
                echo: Echo::On,
            },
            FromAgent::Info { text: "ü".into() },
            FromAgent::Error { text: "no".into() },
            FromAgent::Verdict(Verdict::Granted),
            FromAgent::Verdict(Verdict::Exempt),
            FromAgent::Verdict(Verdict::Refused {
                reason: Reason::CodeWrong,
            }),
            FromAgent::Verdict(Verdict::TooMany),
            FromAgent::Verdict(Verdict::Unavailable {
                outage: Outage::StoreUnavailable,
            }),
        ]
    }

    #[test]
    fn what_is_written_is_read_back_in_order() {
        let said = [
            start(),
            FromModule::Answer(Answer::Text("123456".into())),
            FromModule::Answer(Answer::Fake),
            FromModule::Cancel,
        ];
        let bytes: Vec<u8> = said.iter().flat_map(encoded).collect();
        let mut reader = Reader::new(bytes.as_slice());
        for message in said {
            assert_eq!(reader.receive::<FromModule>(|_| Ok(())).unwrap(), message);
        }
        assert_eq!(reader.receive::<FromModule>(|_| Ok(())), Err(FrameError::Closed));
    }

    /// Module and agent may be a version apart while both are updated.
    #[test]
    fn a_start_without_a_locale_is_what_it_was_before_there_was_one() {
        let line = String::from_utf8(encoded(&start())).unwrap();
        assert!(!line.contains("locale"), "{line}");
        assert_eq!(receive::<FromModule>(line.as_bytes()), Ok(start()));
        let chinese = line.replace(
            "\"had_password\":true",
            "\"had_password\":true,\"locale\":\"zh_CN.UTF-8\"",
        );
        let Ok(FromModule::Start(there)) = receive::<FromModule>(chinese.as_bytes()) else {
            panic!("a locale is no reason to refuse");
        };
        assert_eq!(there.locale.as_deref(), Some("zh_CN.UTF-8"));
    }

    #[test]
    fn every_truncation_is_an_error() {
        for message in from_agent() {
            let line = encoded(&message);
            for end in 0..line.len() {
                let expected = if end == 0 {
                    FrameError::Closed
                } else {
                    FrameError::Truncated
                };
                assert_eq!(receive::<FromAgent>(&line[..end]), Err(expected));
            }
        }
    }

    #[test]
    fn another_version_is_named_even_when_its_body_is_strange() {
        let line = b"{\"v\":2,\"body\":{\"verdict\":\"granted\"}}\n";
        assert_eq!(receive::<FromAgent>(line), Err(FrameError::Version(2)));
        let line = b"{\"v\":7,\"hello\":[]}\n";
        assert_eq!(receive::<FromAgent>(line), Err(FrameError::Version(7)));
    }

    #[test]
    fn unknown_fields_variants_and_repetitions_are_refused() {
        for line in [
            r#"{"v":1,"body":{"verdict":"granted"},"extra":1}"#,
            r#"{"v":1,"body":{"verdict":"granted","info":{"text":""}}}"#,
            r#"{"v":1,"body":{"verdict":"success"}}"#,
            r#"{"v":1,"body":{"verdict":"Granted"}}"#,
            r#"{"v":1,"v":1,"body":{"verdict":"granted"}}"#,
            r#"{"v":1,"body":{"prompt":{"text":"a","echo":"on","more":0}}}"#,
            r#"{"v":1,"body":{"verdict":{"refused":{"reason":"none"}}}}"#,
            r#"{"v":1,"body":{"verdict":"granted"}} x"#,
            r#"{"v":"1","body":{"verdict":"granted"}}"#,
            r#"{"body":{"verdict":"granted"}}"#,
            "",
            "null",
        ] {
            assert_eq!(
                receive::<FromAgent>(format!("{line}\n").as_bytes()),
                Err(FrameError::Malformed),
                "{line}"
            );
        }
    }

    #[test]
    fn an_endless_line_costs_no_more_than_the_limit() {
        let mut reader = Reader::new(io::repeat(b'a'));
        assert_eq!(reader.receive::<FromAgent>(|_| Ok(())), Err(FrameError::TooLong));
        assert!(reader.buffer.capacity() <= MAX_LINE);
    }

    #[test]
    fn nothing_is_sent_of_a_message_too_long() {
        let mut sent = Vec::new();
        let text = "x".repeat(MAX_LINE);
        assert_eq!(write(&mut sent, &FromAgent::Info { text }), Err(FrameError::TooLong));
        assert!(sent.is_empty());
    }

    #[test]
    fn deep_nesting_is_refused_without_recursion() {
        let line = format!("{{\"v\":1,\"body\":{}\n", "[".repeat(MAX_LINE - 40));
        assert_eq!(receive::<FromAgent>(line.as_bytes()), Err(FrameError::Malformed));
    }

    #[test]
    fn a_signal_does_not_end_the_conversation() {
        struct Interrupted<'a>(&'a [u8], bool);
        impl Read for Interrupted<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.1 = !self.1;
                if self.1 {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                let one = buffer.len().min(1);
                self.0.read(&mut buffer[..one])
            }
        }
        let line = encoded(&FromAgent::Verdict(Verdict::TooMany));
        let mut reader = Reader::new(Interrupted(&line, false));
        assert_eq!(reader.receive(|_| Ok(())), Ok(FromAgent::Verdict(Verdict::TooMany)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
            let mut reader = Reader::new(bytes.as_slice());
            // Each turn consumes at least one byte or ends.
            while reader.receive::<FromAgent>(|_| Ok(())) == Err(FrameError::Malformed) {}
        }

        /// One changed byte never turns another message into "granted" or "exempt".
        #[test]
        fn a_damaged_refusal_never_becomes_a_grant(which in 5_usize..8, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut line = encoded(&from_agent()[which]);
            let at = at.index(line.len());
            line[at] = byte;
            let read = receive::<FromAgent>(&line);
            let easy = matches!(read, Ok(FromAgent::Verdict(Verdict::Granted | Verdict::KeyShown | Verdict::Exempt)));
            prop_assert!(!easy, "{read:?}");
        }

        #[test]
        fn every_start_survives_the_wire(service in ".*", user in ".*", rhost in prop::option::of(".*"), info in prop::option::of(".*")) {
            let FromModule::Start(mut said) = start() else { unreachable!() };
            said.service = service;
            said.user = user;
            said.rhost = rhost;
            said.auth_info = info;
            let message = FromModule::Start(said);
            prop_assert_eq!(receive::<FromModule>(&encoded(&message)).unwrap(), message);
        }
    }
}
