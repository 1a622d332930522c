//! An agent that says whatever a test wants, well-formed or not, over the real socket.

use samekey_wire::{FromAgent, FromModule, Reader};
use std::io::Write;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// One thing that it does.
#[derive(Debug, Clone)]
pub enum Act {
    /// Sends a message.
    Say(FromAgent),
    /// Sends bytes as they are.
    Bytes(Vec<u8>),
    /// Waits for the module's next message.
    Hear,
    /// Closes the connection at once.
    HangUp,
    /// Says nothing more until the module goes.
    Hold,
}

/// What was heard, over all connections.
pub type Heard = Arc<Mutex<Vec<FromModule>>>;

/// A listener that plays the same script on every connection until it is dropped.
#[derive(Debug)]
pub struct FakeAgent {
    path: std::path::PathBuf,
    heard: Heard,
    thread: Option<JoinHandle<()>>,
    stop: Arc<std::sync::atomic::AtomicBool>,
}

impl FakeAgent {
    /// Listens at this path, whose folder must be the test's own.
    pub fn start(path: &Path, script: Vec<Act>) -> Self {
        let _ = std::fs::remove_file(path);
        let listener = UnixListener::bind(path).unwrap();
        let heard = Heard::default();
        let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
        let (ours, stopped) = (Arc::clone(&heard), Arc::clone(&stop));
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if stopped.load(std::sync::atomic::Ordering::SeqCst) {
                    return;
                }
                if let Ok(stream) = stream {
                    play(&stream, &script, &ours);
                }
            }
        });
        Self {
            path: path.to_owned(),
            heard,
            thread: Some(thread),
            stop,
        }
    }

    /// Everything the module has said so far.
    pub fn heard(&self) -> Vec<FromModule> {
        self.heard.lock().unwrap().clone()
    }
}

impl Drop for FakeAgent {
    fn drop(&mut self) {
        self.stop.store(true, std::sync::atomic::Ordering::SeqCst);
        let _ = UnixStream::connect(&self.path);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn play(stream: &UnixStream, script: &[Act], heard: &Heard) {
    let mut reader = Reader::new(stream);
    let mut hear = || {
        let message = reader.receive::<FromModule>(|_| Ok(()));
        let more = message.is_ok();
        if let Ok(message) = message {
            heard.lock().unwrap().push(message);
        }
        more
    };
    for act in script {
        let mut to = stream;
        match act {
            Act::Say(message) => drop(samekey_wire::write(&mut to, message)),
            Act::Bytes(bytes) => drop(to.write_all(bytes)),
            Act::Hear => drop(hear()),
            Act::HangUp => drop(stream.shutdown(Shutdown::Both)),
            Act::Hold => while hear() {},
        }
    }
}
