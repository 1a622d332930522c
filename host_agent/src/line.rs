//! The line to one module: what it says, what it is asked, within its time.

use crate::deadline::{self, Deadline};
use crate::locale;
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;
use samekey_wire::message::MAX_ANSWER;
use samekey_wire::{Answer, Echo, FrameError, FromAgent, FromModule, Reader, Start, Verdict};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// How long a module may take to say what it wants. Modules say it at once.
const START_WITHIN: Duration = Duration::from_secs(10);

/// How long a write may block: the kernel's buffer takes a whole conversation, so only a stuck peer blocks at all.
const WRITE_WITHIN: Duration = Duration::from_secs(5);

/// The module is gone, or makes no sense. Nobody is left to be let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// The connection or its bytes broke, or the time ran out.
    #[error("module: {0}")]
    Frame(#[from] FrameError),
    /// A well-formed message in the wrong place.
    #[error("module: a message out of turn")]
    OutOfTurn,
    /// It said goodbye at once: `samekey status` looks whether somebody answers.
    #[error("only looked")]
    OnlyLooked,
}

/// What came back to a prompt.
#[derive(Debug)]
pub enum Heard {
    /// Typed by the person.
    Text(SecretText),
    /// sshd's stand-in.
    Fake,
    /// Given up.
    Cancel,
}

/// What came of watching a module that has nothing to say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Watched {
    /// Nothing: it waits for us.
    Quiet,
    /// The person gave up.
    GivenUp,
}

/// One connection.
pub struct Line<'a> {
    reader: Reader<&'a UnixStream>,
    deadline: Deadline,
    t: Texts,
}

impl<'a> Line<'a> {
    /// Takes over a connection.
    pub fn new(stream: &'a UnixStream) -> Self {
        Self {
            reader: Reader::new(stream),
            deadline: Deadline::after(START_WITHIN),
            t: Texts::ENGLISH,
        }
    }

    /// Waits for the opening message.
    pub fn start(&mut self) -> Result<Start, Lost> {
        match self.receive()? {
            FromModule::Start(start) => {
                self.t = locale::texts(&start);
                Ok(*start)
            }
            FromModule::Cancel => Err(Lost::OnlyLooked),
            FromModule::Answer(_) => Err(Lost::OutOfTurn),
        }
    }

    /// The sentences in the language of whoever sits there.
    pub fn t(&self) -> Texts {
        self.t
    }

    /// Gives the rest of the conversation so much time.
    pub fn allow(&mut self, time: Duration) {
        self.deadline = Deadline::after(time);
    }

    /// Shows a prompt and waits for the answer. Codes are asked with echo on (pam.md, section 5).
    pub fn ask(&mut self, text: String) -> Result<Heard, Lost> {
        self.prompt(text, Echo::On)
    }

    /// The same, and what is typed is not shown.
    pub fn ask_hidden(&mut self, text: String) -> Result<Heard, Lost> {
        self.prompt(text, Echo::Off)
    }

    /// What is left of the conversation's time.
    pub fn left(&self) -> Duration {
        self.deadline.left().unwrap_or_default()
    }

    /// The connection, to see whether the module is still there.
    pub fn connection(&self) -> &UnixStream {
        self.reader.connection()
    }

    fn prompt(&mut self, text: String, echo: Echo) -> Result<Heard, Lost> {
        self.send(&FromAgent::Prompt { text, echo })?;
        match self.receive()? {
            FromModule::Answer(Answer::Text(text)) if text.len() <= MAX_ANSWER => {
                Ok(Heard::Text(SecretText::new(text)))
            }
            FromModule::Answer(Answer::Fake) => Ok(Heard::Fake),
            FromModule::Cancel => Ok(Heard::Cancel),
            FromModule::Answer(Answer::Text(_)) | FromModule::Start(_) => Err(Lost::OutOfTurn),
        }
    }

    /// Waits for so long while the module waits for us, and notices if it goes away.
    pub fn watch(&mut self, time: Duration) -> Result<Watched, Lost> {
        let (soon, last) = (Deadline::after(time), self.deadline);
        let heard = self.reader.receive(|stream| {
            deadline::limit_reads(stream, last)?;
            deadline::limit_reads(stream, soon)
        });
        match heard {
            Err(FrameError::TimedOut) if last.left().is_some() => Ok(Watched::Quiet),
            Err(broken) => Err(broken.into()),
            Ok(FromModule::Cancel) => Ok(Watched::GivenUp),
            Ok(FromModule::Start(_) | FromModule::Answer(_)) => Err(Lost::OutOfTurn),
        }
    }

    /// Shows a text.
    pub fn tell(&mut self, text: String) -> Result<(), Lost> {
        self.send(&FromAgent::Info { text })
    }

    /// Shows why it is refused.
    pub fn complain(&mut self, text: String) -> Result<(), Lost> {
        self.send(&FromAgent::Error { text })
    }

    /// Ends the conversation.
    pub fn end(mut self, verdict: Verdict) -> Result<(), Lost> {
        self.send(&FromAgent::Verdict(verdict))
    }

    fn receive(&mut self) -> Result<FromModule, Lost> {
        let deadline = self.deadline;
        Ok(self.reader.receive(|stream| deadline::limit_reads(stream, deadline))?)
    }

    fn send(&mut self, message: &FromAgent) -> Result<(), Lost> {
        let mut stream = *self.reader.connection();
        stream.set_write_timeout(Some(WRITE_WITHIN)).map_err(FrameError::from)?;
        Ok(samekey_wire::write(&mut stream, message)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn the_first_message_must_be_a_start() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        samekey_wire::write(&mut theirs, &FromModule::Answer(Answer::Fake)).unwrap();
        assert_eq!(Line::new(&ours).start(), Err(Lost::OutOfTurn));
        samekey_wire::write(&mut theirs, &FromModule::Cancel).unwrap();
        assert_eq!(Line::new(&ours).start(), Err(Lost::OnlyLooked));
    }

    #[test]
    fn whoever_hangs_up_is_lost() {
        let (ours, theirs) = UnixStream::pair().unwrap();
        drop(theirs);
        assert!(matches!(Line::new(&ours).start(), Err(Lost::Frame(FrameError::Closed))));
        assert!(Line::new(&ours).ask("code: ".into()).is_err());
    }

    #[test]
    fn a_module_that_waits_is_watched() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let mut line = Line::new(&ours);
        let moment = Duration::from_millis(1);
        assert_eq!(line.watch(moment), Ok(Watched::Quiet));
        samekey_wire::write(&mut theirs, &FromModule::Cancel).unwrap();
        assert_eq!(line.watch(Duration::from_secs(10)), Ok(Watched::GivenUp));
        samekey_wire::write(&mut theirs, &FromModule::Answer(Answer::Fake)).unwrap();
        assert_eq!(line.watch(Duration::from_secs(10)), Err(Lost::OutOfTurn));
        line.allow(Duration::ZERO);
        assert_eq!(line.watch(moment), Err(Lost::Frame(FrameError::TimedOut)));
        line.allow(Duration::from_secs(10));
        drop(theirs);
        assert_eq!(
            line.watch(Duration::from_secs(10)),
            Err(Lost::Frame(FrameError::Closed))
        );
    }

    #[test]
    fn time_runs_out_however_slowly_the_peer_drips() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        theirs.write_all(b"{\"v\":1,").unwrap();
        let mut line = Line::new(&ours);
        line.allow(Duration::from_millis(10));
        assert_eq!(line.start(), Err(Lost::Frame(FrameError::TimedOut)));
    }

    #[test]
    fn an_answer_too_long_is_out_of_turn() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let long = FromModule::Answer(Answer::Text("1".repeat(MAX_ANSWER + 1)));
        samekey_wire::write(&mut theirs, &long).unwrap();
        assert!(matches!(Line::new(&ours).ask("code: ".into()), Err(Lost::OutOfTurn)));
    }
}
