//! The threads that hold conversations: made when needed, kept for a while, ended cleanly.

use crate::house::House;
use crate::journal;
use crate::memory;
use crate::peer::Peer;
use crate::seats::Seat;
use std::collections::{HashMap, VecDeque};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// How long a thread waits for its next conversation before it ends: an idle agent is small.
const IDLE: Duration = Duration::from_secs(10);

/// Threads that stay however idle: the next login finds one ready.
const KEPT: usize = 2;

/// Stack of one thread. Only what is touched costs memory.
const STACK: usize = 1024 * 1024;

/// How long a stop waits for conversations to notice that their connections are shut.
const FAREWELL: Duration = Duration::from_secs(10);

/// A connection waiting for a thread.
#[derive(Debug)]
pub struct Call {
    /// The connection.
    pub stream: UnixStream,
    /// Who is at its other end.
    pub peer: Peer,
    /// Its seat, given back when the conversation is over.
    pub seat: Seat,
}

/// The threads.
#[derive(Debug)]
pub struct Crew {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    house: Arc<House>,
    state: Mutex<State>,
    /// A connection waits, or it is time to stop.
    called: Condvar,
    /// A thread has ended. Apart from `called`: waking the idle would start their wait anew.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    waiting: VecDeque<Call>,
    idle: usize,
    threads: usize,
    live: HashMap<u64, Arc<UnixStream>>,
    next: u64,
    stopping: bool,
}

impl Crew {
    /// A crew without threads yet.
    pub fn new(house: Arc<House>) -> Self {
        let shared = Shared {
            house,
            state: Mutex::default(),
            called: Condvar::new(),
            ended: Condvar::new(),
        };
        Self {
            shared: Arc::new(shared),
        }
    }

    /// Hands a connection to a thread. How many there can be is the seats' affair.
    pub fn take(&self, call: Call) -> std::io::Result<()> {
        let mut state = self.shared.lock();
        let needs_thread = state.idle <= state.waiting.len();
        if needs_thread {
            let shared = Arc::clone(&self.shared);
            std::thread::Builder::new()
                .name("conversation".into())
                .stack_size(STACK)
                .spawn(move || shared.work())?;
            state.threads += 1;
        }
        state.waiting.push_back(call);
        drop(state);
        self.shared.called.notify_one();
        Ok(())
    }

    /// Ends every conversation with a refusal (its connection is shut) and waits until all have noticed.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        state.waiting.clear();
        for stream in state.live.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
        self.shared.called.notify_all();
        let busy = |state: &mut State| state.threads > 0;
        let (state, waited) = self
            .shared
            .ended
            .wait_timeout_while(state, FAREWELL, busy)
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            let left = state.live.len();
            journal::trouble(&format!("{left} conversations did not end in time"));
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What one thread does.
    fn work(&self) {
        while let Some((number, stream, call)) = self.next() {
            // A panic ends its own conversation: the module sees the connection close, and refuses.
            let held = catch_unwind(AssertUnwindSafe(|| self.house.serve(&stream, call.1)));
            if let Err(payload) = held {
                std::mem::forget(payload);
                journal::trouble("a conversation panicked; its login is refused, please report it");
            }
            self.lock().live.remove(&number);
            let _ = stream.shutdown(Shutdown::Both);
            drop(call);
        }
        self.lock().threads -= 1;
        // Threads end when a busy time is over (or at the end of everything).
        memory::give_back();
        self.ended.notify_all();
    }

    /// The next connection, or nothing when it is time to end.
    fn next(&self) -> Option<(u64, Arc<UnixStream>, (Seat, Peer))> {
        let mut state = self.lock();
        loop {
            if state.stopping {
                return None;
            }
            if let Some(call) = state.waiting.pop_front() {
                let stream = Arc::new(call.stream);
                state.next += 1;
                let number = state.next;
                state.live.insert(number, Arc::clone(&stream));
                return Some((number, stream, (call.seat, call.peer)));
            }
            state.idle += 1;
            let (woken, waited) = self
                .called
                .wait_timeout(state, IDLE)
                .unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if waited.timed_out() && state.waiting.is_empty() && state.threads > KEPT {
                return None;
            }
        }
    }
}
