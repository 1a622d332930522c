//! `samekey setup`: guards ssh, sudo or login with a way back (host_setup/src/setup).

use crate::diff::unified;
use crate::exit::{Exit, Failure};
use crate::identity;
use crate::installation::{self, Installation};
use crate::output::{Answer, say};
use crate::terminal;
use samekey_host_setup::setup::{self, Beginning, Door, Plan, SetupError, Trial};
use samekey_pam_stack::Root;
use samekey_shared::audit::{EventKind, utc};
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::policy::{parse_duration, show_duration};
use serde_json::{Value, json};
use std::path::Path;

/// Shortest and longest trial, in seconds.
const SPANS: std::ops::RangeInclusive<i64> = 5..=3600;

/// `samekey setup …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Guard ssh: PAM's lines and sshd's configuration
    Ssh {
        #[command(flatten)]
        how: How,
        /// People may come with a public key: sshd then asks for the second factor after it
        #[arg(long)]
        keys: bool,
    },
    /// Guard sudo
    Sudo(How),
    /// Guard login at the console
    Login(How),
    /// Keep what is on trial; only from a session that came in through it with a second factor
    Confirm,
    /// Put back what was there before `samekey setup`
    Undo {
        /// Which: ssh, sudo or login
        #[arg(value_parser = door)]
        door: Door,
    },
    /// Tell what was set up, and what is on trial
    Status,
    /// Put a trial back when its time is over (started by `samekey setup` itself)
    #[command(hide = true)]
    Watch {
        #[arg(value_parser = door, required_unless_present = "boot")]
        door: Option<Door>,
        #[arg(long, default_value_t = 0)]
        seconds: u64,
        #[arg(long)]
        boot: bool,
    },
}

/// How to go about it.
#[derive(Debug, clap::Args)]
pub struct How {
    /// How long you have to log in anew and confirm; after that everything is put back
    #[arg(long = "try", value_name = "SPAN", default_value = "5m", value_parser = parse_duration)]
    span: i64,
    /// Show what would change, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do not ask for a typed YES
    #[arg(long)]
    yes: bool,
}

fn door(word: &str) -> Result<Door, String> {
    let found = Door::ALL.into_iter().find(|door| door.as_str() == word);
    found.ok_or_else(|| "one of: ssh, sudo, login".to_owned())
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let only_shows = match verb {
        Verb::Ssh { how, .. } | Verb::Sudo(how) | Verb::Login(how) => how.dry_run,
        _ => false,
    };
    if !only_shows && identity::effective_uid() != 0 {
        return Err(Failure::new(
            Exit::Refused,
            "not_root",
            "only root can set up the machine; try: sudo samekey setup …",
        ));
    }
    match verb {
        Verb::Ssh { how, keys } => guard(config, Door::Ssh, how, *keys),
        Verb::Sudo(how) => guard(config, Door::Sudo, how, false),
        Verb::Login(how) => guard(config, Door::Login, how, false),
        Verb::Confirm => confirm(config),
        Verb::Undo { door } => undo(config, *door),
        Verb::Status => Ok(status()),
        Verb::Watch { boot: true, .. } => setup::after_boot().map(|()| nothing()).map_err(Failure::from),
        Verb::Watch { door, seconds, .. } => {
            let door = door.ok_or_else(|| Failure::usage("which door?"))?;
            Ok(setup::watch(door, *seconds).map(|()| nothing())?)
        }
    }
}

fn nothing() -> Answer {
    Answer::data(Value::Null, "")
}

fn guard(config: &Path, door: Door, how: &How, keys: bool) -> Result<Answer, Failure> {
    if !SPANS.contains(&how.span) {
        return Err(Failure::usage("a trial lasts from 5 seconds to an hour"));
    }
    let plan = setup::plan(&Root::new(Path::new("/")), door, keys)?;
    let diff = drawn(&plan);
    let files: Vec<String> = plan
        .changes
        .iter()
        .map(|change| change.path.display().to_string())
        .collect();
    let data = |changed: bool| json!({ "door": door.as_str(), "files": files, "diff": diff, "changed": changed });
    if plan.changes.is_empty() {
        return Ok(Answer::data(data(false), "").remark(format!("{} is guarded already.", door.as_str())));
    }
    if how.dry_run {
        return Ok(Answer::data(data(false), diff.clone()).remark("Nothing was changed."));
    }
    ready(config)?;
    say(&diff);
    terminal::confirm(how.yes, "Type YES to change these files, on trial: ")?;
    let program = std::env::current_exe().map_err(|why| Failure::failed(format!("this program's own path: {why}")))?;
    let operator = identity::operator();
    let beginning = Beginning {
        by: &operator.name,
        now: SystemClock.now(),
        seconds: u64::try_from(how.span).unwrap_or_default(),
        program: &program,
    };
    let trial = setup::begin(&plan, &beginning)?;
    let noted = note(config, EventKind::SetupBegun, &trial);
    let remark = format!(
        "{0} is guarded for {1}, on trial. Keep this session open. From another terminal, log in through {0} with the \
         second factor and run there: sudo samekey setup confirm\nOtherwise everything is put back by itself.",
        door.as_str(),
        show_duration(how.span)
    );
    let answer = Answer::data(data(true), "").remark(remark);
    Ok(with(answer, noted))
}

/// The agent must answer: without it every login through the door would be refused.
fn ready(config: &Path) -> Result<(), Failure> {
    let loaded = installation::load(config)?;
    let socket = super::status::socket_of(&loaded)?;
    super::status::answers(&socket).map(drop).map_err(|why| {
        let told = format!("the agent does not answer at {}: {why}", socket.display());
        Failure::new(Exit::LocksOut, "would_lock_out", told)
            .hint("Every login would be refused. Start it first: systemctl start samekey-agent")
    })
}

fn confirm(config: &Path) -> Result<Answer, Failure> {
    let trial = setup::current().ok_or_else(|| SetupError::Nothing("nothing is on trial".to_owned()))?;
    let loaded = installation::load(config)?;
    let socket = super::status::socket_of(&loaded)?;
    let witness = setup::prove_session(&trial, &socket, identity::name_of)?;
    let trial = setup::confirm(trial.door)?;
    let noted = note(config, EventKind::SetupConfirmed, &trial);
    let data = json!({ "door": trial.door.as_str(), "by": witness.user });
    let remark = format!(
        "{} stays guarded. `samekey setup undo {0}` is the way back.",
        trial.door.as_str()
    );
    Ok(with(Answer::change(true, data, remark), noted))
}

fn undo(config: &Path, door: Door) -> Result<Answer, Failure> {
    let trial = setup::put_back(door, "undone by hand")?;
    let noted = note(config, EventKind::SetupUndone, &trial);
    let data = json!({ "door": door.as_str() });
    Ok(with(
        Answer::change(true, data, format!("{} is as it was before.", door.as_str())),
        noted,
    ))
}

fn status() -> Answer {
    let trials: Vec<Trial> = Door::ALL.into_iter().filter_map(Trial::load).collect();
    let lines: Vec<String> = trials
        .iter()
        .map(|trial| {
            let state = json!(trial.state);
            let why = trial.ended.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
            let state = state.as_str().unwrap_or_default();
            format!(
                "{} {state}{why} (begun {} by {})",
                trial.door.as_str(),
                utc::text(trial.began),
                trial.by
            )
        })
        .collect();
    let answer = Answer::data(json!({ "doors": trials }), lines.join("\n"));
    if trials.is_empty() {
        return answer.remark("Nothing was set up by `samekey setup`.");
    }
    answer
}

/// Writes it into the trail. What was done stands, should that fail: the words say so.
fn note(config: &Path, kind: EventKind, trial: &Trial) -> Option<String> {
    let written = Installation::open(config).and_then(|installation| {
        let event = installation::event(kind).detail("door", trial.door.as_str());
        Ok(installation.realm.store.write(|tx| installation.record(tx, &event))?)
    });
    written
        .err()
        .map(|error| format!("This could not be written into the audit trail: {error}"))
}

fn with(answer: Answer, remark: Option<String>) -> Answer {
    match remark {
        Some(remark) => answer.remark(remark),
        None => answer,
    }
}

fn drawn(plan: &Plan) -> String {
    let one = |change: &setup::Change| {
        let path = change.path.display().to_string();
        let old = if change.before.is_some() {
            path.as_str()
        } else {
            "/dev/null"
        };
        unified(change.before.as_deref().unwrap_or_default(), &change.after, old, &path)
    };
    plan.changes.iter().map(one).collect()
}

impl From<SetupError> for Failure {
    fn from(error: SetupError) -> Self {
        let told = error.to_string();
        match error {
            SetupError::Refused { .. } => Self::new(Exit::Refused, "not_understood", told),
            SetupError::Busy(_) => Self::new(Exit::Conflict, "conflict", told),
            SetupError::Nothing(_) => Self::new(Exit::NotFound, "not_found", told),
            SetupError::NotWitnessed(_) => Self::new(Exit::Refused, "not_witnessed", told),
            SetupError::File { .. } | SetupError::Program { .. } => Self::failed(told),
        }
    }
}
