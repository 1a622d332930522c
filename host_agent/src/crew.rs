//! The threads that hold conversations. Each waits for callers itself; the last that waits, when it is called away, makes
//! another in its place. Idle ones end after a while.

use crate::house::House;
use crate::journal;
use crate::memory;
use crate::peer::Peer;
use crate::post::{Arrival, Post};
use crate::seats::Seats;
use samekey_wire::{FromAgent, Outage, Verdict};
use std::collections::HashMap;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
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

/// How long to leave the socket alone when the system cannot accept (no descriptors left).
const BREATHER: Duration = Duration::from_millis(100);

/// The threads.
#[derive(Debug)]
pub struct Crew {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    house: Arc<House>,
    socket: UnixListener,
    stop: UnixStream,
    seats: Arc<Seats>,
    state: Mutex<State>,
    /// A thread has ended.
    ended: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// Threads that wait for callers, or are about to.
    waiting: usize,
    threads: usize,
    live: HashMap<u64, Arc<UnixStream>>,
    next: u64,
    stopping: bool,
}

impl Crew {
    /// A crew at this socket, of one thread that waits. It stops taking callers when something arrives on `stop`.
    pub fn start(house: Arc<House>, socket: UnixListener, stop: UnixStream, seats: Arc<Seats>) -> io::Result<Self> {
        let shared = Arc::new(Shared {
            house,
            socket,
            stop,
            seats,
            state: Mutex::default(),
            ended: Condvar::new(),
        });
        shared.reinforce(&mut shared.lock())?;
        Ok(Self { shared })
    }

    /// Ends every conversation with a refusal (its connection is shut) and waits until all threads have noticed.
    pub fn stop(&self) {
        let mut state = self.shared.lock();
        state.stopping = true;
        for stream in state.live.values() {
            let _ = stream.shutdown(Shutdown::Both);
        }
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

    /// One more thread that waits.
    fn reinforce(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let shared = Arc::clone(self);
        std::thread::Builder::new()
            .name("conversation".into())
            .stack_size(STACK)
            .spawn(move || {
                shared.work();
                shared.lock().threads -= 1;
                // Threads end when a busy time is over (or at the end of everything).
                memory::give_back();
                shared.ended.notify_all();
            })?;
        state.threads += 1;
        state.waiting += 1;
        Ok(())
    }

    /// What one thread does. It counts as waiting when it comes, and has taken itself off the count when it goes.
    fn work(self: &Arc<Self>) {
        let post = Post::new(&self.socket, &self.stop);
        let post = post.inspect_err(|error| journal::trouble(&format!("a thread cannot wait for callers: {error}")));
        while let Ok(post) = &post {
            match post.wait(IDLE) {
                Ok(Arrival::Caller(stream)) => self.receive(stream),
                Ok(Arrival::Nobody) if self.lock().waiting <= KEPT => {}
                Ok(Arrival::Nobody | Arrival::Stop) => break,
                Err(error) => {
                    journal::trouble(&format!("a caller could not be received: {error}"));
                    std::thread::sleep(BREATHER);
                }
            }
        }
        self.lock().waiting -= 1;
    }

    /// Seats a caller and holds the conversation.
    fn receive(self: &Arc<Self>, stream: UnixStream) {
        let peer = match Peer::of(&stream) {
            Ok(peer) => peer,
            Err(error) => return journal::trouble(&format!("a caller could not be received: {error}")),
        };
        let Some(_seat) = self.seats.take(peer) else {
            journal::trouble(&format!(
                "no seat left for uid {}; raise [agent] conversations?",
                peer.uid
            ));
            return decline(&stream);
        };
        let stream = Arc::new(stream);
        let Some(number) = self.engage(&stream) else { return };
        // A panic ends its own conversation: the module sees the connection close, and refuses.
        let held = catch_unwind(AssertUnwindSafe(|| self.house.serve(&stream, peer)));
        if let Err(payload) = held {
            std::mem::forget(payload);
            journal::trouble("a conversation panicked; its login is refused, please report it");
        }
        let mut state = self.lock();
        state.live.remove(&number);
        state.waiting += 1;
    }

    /// Takes this thread off those that wait, and sees to it that one still does; nothing when it is time to stop.
    fn engage(self: &Arc<Self>, stream: &Arc<UnixStream>) -> Option<u64> {
        let mut state = self.lock();
        if state.stopping {
            return None;
        }
        // Every engaged thread has a seat, so there is never more than one thread more than seats.
        if state.waiting == 1
            && let Err(error) = self.reinforce(&mut state)
        {
            journal::trouble(&format!(
                "no thread for the next caller, who has to wait for this one: {error}"
            ));
        }
        state.waiting -= 1;
        state.next += 1;
        let number = state.next;
        state.live.insert(number, Arc::clone(stream));
        Some(number)
    }
}

/// Tells a module at once that nobody can decide. A few bytes into a fresh connection never block.
fn decline(mut stream: &UnixStream) {
    let busy = FromAgent::Verdict(Verdict::Unavailable { outage: Outage::Busy });
    let _ = samekey_wire::write(&mut stream, &busy);
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::testing::TestRealm;
    use samekey_wire::{FromModule, Reader};
    use std::io::{Read, Write};
    use std::path::PathBuf;

    struct Bench {
        crew: Crew,
        path: PathBuf,
        raise: UnixStream,
        _folder: tempfile::TempDir,
        _realm: TestRealm,
    }

    fn bench(seats: usize) -> Bench {
        let (folder, realm) = (tempfile::tempdir().unwrap(), TestRealm::new().unwrap());
        let path = folder.path().join("crew.sock");
        let socket = UnixListener::bind(&path).unwrap();
        socket.set_nonblocking(true).unwrap();
        let (stop, raise) = UnixStream::pair().unwrap();
        let house = Arc::new(House::new(realm.realm.clone(), "host".into()));
        Bench {
            crew: Crew::start(house, socket, stop, Seats::new(seats)).unwrap(),
            path,
            raise,
            _folder: folder,
            _realm: realm,
        }
    }

    impl Bench {
        fn call(&self) -> UnixStream {
            UnixStream::connect(&self.path).unwrap()
        }

        /// Looks whether somebody answers.
        fn look(&self) {
            let mut caller = self.call();
            samekey_wire::write(&mut caller, &FromModule::Cancel).unwrap();
            assert_eq!(
                caller.read(&mut [0]).unwrap(),
                0,
                "the agent hangs up on who only looked"
            );
        }

        fn stop(mut self) {
            self.raise.write_all(b"x").unwrap();
            self.crew.stop();
            assert_eq!(self.crew.shared.lock().threads, 0);
        }
    }

    #[test]
    fn silent_callers_keep_nobody_waiting_and_a_stop_ends_them() {
        let bench = bench(8);
        let silent = [bench.call(), bench.call(), bench.call()];
        bench.look();
        bench.look();
        bench.stop();
        for mut caller in silent {
            // Whether it was being heard or still waited for a thread.
            assert!(matches!(caller.read(&mut [0]), Ok(0) | Err(_)));
        }
    }

    #[test]
    fn who_finds_no_seat_is_told_at_once() {
        let bench = bench(1);
        let first = bench.call();
        // Seated before anybody waits for the next caller.
        let verdict: FromAgent = Reader::new(bench.call()).receive(|_| Ok(())).unwrap();
        let busy = Verdict::Unavailable { outage: Outage::Busy };
        assert_eq!(verdict, FromAgent::Verdict(busy));
        drop(first);
        bench.stop();
    }
}
