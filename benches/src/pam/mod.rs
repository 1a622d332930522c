//! Whole logins through libpam: ours, module and agent together, against pam_google_authenticator.

mod google;
mod host;
mod log;

use crate::Trouble;
use crate::people;
use crate::place::{Place, write_private};
use crate::realm::Realm;
use crate::rounds::{in_turn, median, micros};
use crate::table::{Row, Table, Target};
use host::{SUCCESS, Transaction};
use log::Log;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const ROUNDS: usize = 5;
/// Logins a round in one process, and in fresh ones.
const LOGINS: usize = 150;
const FRESH: usize = 60;
/// Logins whose syncs are counted.
const COUNTED: usize = 40;
const FEW: usize = 1_000;
const MANY: usize = 1_000_000;

/// A service whose people enter once each.
#[derive(Debug)]
pub struct Door {
    folder: PathBuf,
    service: &'static str,
    next: usize,
}

impl Door {
    /// A folder with this one service.
    pub fn new(room: &Path, service: &'static str, line: &str) -> Result<Self, Trouble> {
        write_private(&room.join(service), line)?;
        // libpam looks for it in every login, and complains to the log where it is not.
        write_private(&room.join("other"), "auth required pam_deny.so\n")?;
        Ok(Self {
            folder: room.to_owned(),
            service,
            next: 0,
        })
    }

    /// So many logins in this process; the median in microseconds.
    fn here(&mut self, logins: usize) -> Result<f64, Trouble> {
        self.each(logins, |door, user, code| {
            let person = Box::new(move |_, _: &str| Some(code.clone()));
            Transaction::start(&door.folder, door.service, user, person).map(|mut login| login.authenticate())
                == Ok(SUCCESS)
        })
    }

    /// So many logins, each in a process of its own: the median of the PAM calls, and of the whole process.
    fn fresh(&mut self, program: &Path, logins: usize) -> Result<(f64, f64), Trouble> {
        let mut calls = Vec::with_capacity(logins);
        let whole = self.each(logins, |door, user, code| {
            let mut login = Command::new(program);
            login
                .arg(&door.folder)
                .args([door.service, user, &code])
                .stdin(Stdio::null());
            let said = login.output().ok().filter(|done| done.status.success());
            let time = said.and_then(|done| String::from_utf8_lossy(&done.stdout).trim().parse::<f64>().ok());
            calls.extend(time);
            time.is_some()
        })?;
        Ok((median(calls), whole))
    }

    fn each(&mut self, logins: usize, mut enter: impl FnMut(&Self, &str, String) -> bool) -> Result<f64, Trouble> {
        let mut times = Vec::with_capacity(logins);
        for _ in 0..logins {
            let user = people::name(self.next);
            let code = people::code(&user);
            self.next += 1;
            let (entered, time) = micros(|| enter(self, &user, code));
            if !entered {
                return Err(Trouble::Answer(format!("{} did not let {user} in", self.service)));
            }
            times.push(time);
        }
        Ok(median(times))
    }
}

/// Compares.
pub fn measure(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let _log = Log::unless_there()?;
    let realm = Realm::fill(&place.room("few")?, FEW)?;
    let mut google = google::door(place, ROUNDS * (LOGINS + FRESH))?;
    {
        let agent = realm.agent(place)?;
        let mut ours = agent.door(place)?;
        ours.here(LOGINS)?;
        let settled = || {
            realm.carry_over()?;
            ours.here(LOGINS)
        };
        let here = in_turn(ROUNDS, settled, || google.here(LOGINS))?;
        table.add(Row::against(
            "PAM login, one process, p50 us (google-authenticator)",
            here,
            Target::AtMost(0.7),
        ));
        table.add(Row::alone(
            "  agent, resident MiB after it",
            agent.process.resident_mib()?,
            Target::Told,
        ));
    }
    {
        let realm = Realm::fill(&place.room("fresh")?, FEW)?;
        let agent = realm.agent(place)?;
        let mut ours = agent.door(place)?;
        let program = place.program("samekey-bench-login");
        let (mut our_whole, mut their_whole) = (Vec::new(), Vec::new());
        ours.fresh(&program, FRESH)?;
        let calls = in_turn(
            ROUNDS,
            || {
                realm.carry_over()?;
                Ok::<_, Trouble>(kept(ours.fresh(&program, FRESH)?, &mut our_whole))
            },
            || Ok(kept(google.fresh(&program, FRESH)?, &mut their_whole)),
        )?;
        table.add(Row::against(
            "PAM login, fresh process, p50 us (google-authenticator)",
            calls,
            Target::AtMost(0.7),
        ));
        let (ours, theirs) = (median(our_whole), median(their_whole));
        table.add(Row::against(
            "  its start and end included",
            (ours, theirs, ours / theirs),
            Target::Told,
        ));
    }
    table.add(Row::alone(
        "  syncs for one of our logins",
        syncs(place)?,
        Target::AtMost(1.0),
    ));
    Ok(())
}

/// Passes the first figure on and keeps the second.
fn kept((first, second): (f64, f64), seconds: &mut Vec<f64>) -> f64 {
    seconds.push(second);
    first
}

/// Syncs of the agent for one login, in a run of its own.
fn syncs(place: &Place) -> Result<f64, Trouble> {
    let realm = Realm::fill(&place.room("counted")?, 2 * COUNTED)?;
    let agent = realm.agent_counted(place)?;
    let mut door = agent.door(place)?;
    door.here(COUNTED)?;
    let before = agent.process.syncs()?.len();
    door.here(COUNTED)?;
    let syncs = agent.process.syncs()?.len() - before;
    Ok(f64::from(u32::try_from(syncs).unwrap_or(u32::MAX)) / f64::from(u32::try_from(COUNTED).unwrap_or(1)))
}

/// Compares the same login in a store of a million accounts and in one of a thousand.
pub fn size(place: &Place, table: &mut Table) -> Result<(), Trouble> {
    let _log = Log::unless_there()?;
    let small = Realm::fill(&place.room("thousand")?, FEW)?;
    let large = Realm::fill(&place.room("million")?, MANY)?;
    let (small, large) = (small.agent(place)?, large.agent(place)?);
    let (mut few, mut many) = (small.door(place)?, large.door(place)?);
    table.add(Row::against(
        "PAM login, 1000000 accounts, p50 us (1000 accounts)",
        in_turn(ROUNDS, || many.here(LOGINS), || few.here(LOGINS))?,
        Target::AtMost(1.2),
    ));
    Ok(())
}
