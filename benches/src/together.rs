//! Many sign-ins at a time through the agent, against one commit for each sync on the same disk.
//!
//! Each of 64 callers speaks to the agent as the PAM module does, one sign-in after the other. The contract's yardstick
//! is a plain loop of SQLite commits with a sync each: what a program could do at most that syncs for every login by
//! itself and needs no time for anything else. Beside it stands the same agent with one caller at a time, whose sign-ins
//! cannot share a sync: that shows what sharing gains.

use crate::Trouble;
use crate::disk::Plain;
use crate::people;
use crate::place::Place;
use crate::process::Process;
use crate::realm::{Agent, Realm};
use crate::rounds::in_turn;
use crate::table::{Row, Table, Target};
use samekey_wire::{Answer, Call, FromAgent, FromModule, Reader, Start, Verdict};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

const CALLERS: usize = 64;
const ROUNDS: usize = 3;
/// Sign-ins of each caller in one round.
const EACH: usize = 12;
/// Sign-ins of the one caller in one round.
const ALONE: usize = 150;
const PLAIN: Duration = Duration::from_secs(1);
/// Compares.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let people = (2 * CALLERS * EACH + ALONE) * ROUNDS;
    let room = place.room("plain")?;
    let plain = Plain::new(&room)?;
    let realm = Realm::fill(&place.room("together")?, people)?;
    let agent = realm.agent(place)?;
    let mut next = 0;
    let compared = in_turn(
        ROUNDS,
        || sign_ins(&agent, &mut next, CALLERS, EACH),
        || plain.commits_per_second(PLAIN),
    )?;
    table.add(Row::against(
        "64 sign-ins at a time, a second (one commit a sync)",
        compared,
        Target::AtLeast(10.0),
    ));
    beside_one_at_a_time(table, &agent, &mut next)?;
    slow_disk(place, table, people)
}

/// Many at a time against one at a time, at the same agent.
fn beside_one_at_a_time(table: &mut Table, agent: &Agent, next: &mut usize) -> Result<(), Trouble> {
    let place = std::cell::Cell::new(*next);
    let crowd = |callers: usize, each: usize| {
        let mut at = place.get();
        let rate = sign_ins(agent, &mut at, callers, each);
        place.set(at);
        rate
    };
    let compared = in_turn(ROUNDS, || crowd(CALLERS, EACH), || crowd(1, ALONE))?;
    *next = place.get();
    table.add(Row::against(
        "  the same agent (one sign-in at a time)",
        compared,
        Target::Told,
    ));
    Ok(())
}

/// The same where a sync takes what it takes on disks that keep their word.
fn slow_disk(place: &Place, table: &mut Table, people: usize) -> Result<(), Trouble> {
    let realm = Realm::fill(&place.room("together-slow")?, people)?;
    let room = place.room("plain-slow")?;
    let counter = room.join("agent-syncs");
    let agent = realm.agent_slowed(place, &counter)?;
    let syncs = || Ok::<_, Trouble>(std::fs::metadata(&counter).map_or(0, |file| file.len()));
    let (mut next, before) = (0, syncs()?);
    let compared = in_turn(
        ROUNDS,
        || sign_ins(&agent, &mut next, CALLERS, EACH),
        || slow_commits(place, &room),
    )?;
    let syncs = u32::try_from(syncs()? - before).unwrap_or(u32::MAX);
    table.add(Row::against(
        "  the same, each sync taking 2 ms more",
        compared,
        Target::AtLeast(10.0),
    ));
    let signed_in = f64::from(u32::try_from(next).unwrap_or(u32::MAX));
    table.add(Row::alone(
        "  sign-ins for one sync there",
        signed_in / f64::from(syncs),
        Target::Told,
    ));
    beside_one_at_a_time(table, &agent, &mut next)
}

/// The plain loop in a process of its own, under the same delay.
fn slow_commits(place: &Place, room: &Path) -> Result<f64, Trouble> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("plain-commits").arg(room);
    let log = room.join("log");
    Process::start(place.slowed(&mut command, &room.join("plain-syncs")), &log)?.finish()?;
    let said = std::fs::read_to_string(&log)?;
    said.trim().parse().map_err(|_| Trouble::Answer(said))
}

/// usage: samekey-bench plain-commits FOLDER
pub fn plain_commits(folder: &Path) -> Result<f64, Trouble> {
    Plain::new(folder)?.commits_per_second(PLAIN)
}

/// So many callers at once, each with so many sign-ins one after the other; sign-ins a second.
fn sign_ins(agent: &Agent, next: &mut usize, callers: usize, each: usize) -> Result<f64, Trouble> {
    let first = *next;
    *next += callers * each;
    let start = Instant::now();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..callers)
            .map(|caller| {
                scope.spawn(move || {
                    (0..each).try_for_each(|at| sign_in(&agent.socket, &people::name(first + caller * each + at)))
                })
            })
            .collect();
        callers.into_iter().try_for_each(|caller| {
            caller
                .join()
                .map_err(|_| Trouble::Program("a caller fell over".into()))?
        })
    })?;
    Ok(f64::from(u32::try_from(callers * each).unwrap_or(u32::MAX)) / start.elapsed().as_secs_f64())
}

/// One sign-in over the agent's socket.
fn sign_in(socket: &Path, user: &str) -> Result<(), Trouble> {
    let mut stream = UnixStream::connect(socket)?;
    let start = Start {
        call: Call::Authenticate,
        service: "samekey-bench".into(),
        user: user.into(),
        tty: None,
        rhost: None,
        ruser: None,
        uid: 0,
        silent: false,
        ssh_connection: None,
        auth_info: None,
        had_password: true,
        locale: None,
    };
    say(&mut stream, &FromModule::Start(Box::new(start)))?;
    let mut reader = Reader::new(stream.try_clone()?);
    loop {
        match reader
            .receive(|_| Ok(()))
            .map_err(|error| Trouble::Answer(format!("{error:?}")))?
        {
            FromAgent::Prompt { .. } => say(&mut stream, &FromModule::Answer(Answer::Text(people::code(user))))?,
            FromAgent::Verdict(Verdict::Granted) => return Ok(()),
            FromAgent::Verdict(other) => return Err(Trouble::Answer(format!("{user}: {other:?}"))),
            FromAgent::Info { .. } | FromAgent::Error { .. } => {}
        }
    }
}

fn say(stream: &mut UnixStream, message: &FromModule) -> Result<(), Trouble> {
    samekey_wire::write(stream, message).map_err(|error| Trouble::Answer(format!("{error:?}")))
}
