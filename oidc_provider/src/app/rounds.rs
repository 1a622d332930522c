//! A thread that works in rounds beside the requests until its owner goes: it sends letters, and tells applications.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the round in hand may take when the program ends. What hangs longer is claimed anew when its lease has ended.
const PATIENCE: Duration = Duration::from_secs(10);

/// The thread, and the way to end it.
#[derive(Debug)]
pub struct Rounds {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Rounds {
    /// Begins; each round says how long to wait before the next one.
    pub fn start(name: &str, mut round: impl FnMut() -> Duration + Send + 'static) -> std::io::Result<Self> {
        let (stop, stopped) = channel();
        let rounds = move || {
            loop {
                let pause = round();
                if !matches!(stopped.recv_timeout(pause), Err(RecvTimeoutError::Timeout)) {
                    return;
                }
            }
        };
        let thread = std::thread::Builder::new().name(name.to_owned()).spawn(rounds)?;
        Ok(Self {
            stop: Some(stop),
            thread: Some(thread),
        })
    }
}

impl Drop for Rounds {
    fn drop(&mut self) {
        drop(self.stop.take());
        let Some(thread) = self.thread.take() else { return };
        let began = Instant::now();
        while !thread.is_finished() && began.elapsed() < PATIENCE {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
