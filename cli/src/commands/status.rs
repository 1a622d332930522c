//! `samekey status`: whether logins can work here, as a person and as a monitoring system want to know it.
//!
//! Exit codes are those of monitoring plugins: 0 fine, 1 warning, 2 critical (logins are refused or the trail is
//! broken), 3 unknown (the configuration cannot be read, so nothing can be said).

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table};
use samekey_provider::logout::{self, Untold};
use samekey_shared::administration::Last;
use samekey_shared::config::{Config, Owner};
use samekey_shared::{audit, outbox, policy};
use samekey_wire::{FrameError, FromAgent, FromModule, Reader};
use serde_json::{Value, json};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where the agent listens unless it is configured otherwise.
const SOCKET: &str = "/run/samekey/agent.sock";
/// The agent answers within this, or it does not answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// No clock of a machine that runs this program shows an earlier moment: 2026-01-01.
const BUILT_AFTER: i64 = 1_767_225_600;
/// Seconds that the newest event may lie ahead of the clock: several machines over one store differ a little.
const TOLERANCE: i64 = 60;

/// A look at one part; an error is a critical finding.
type Check = fn(&Installation) -> Result<Finding, Failure>;

/// What `samekey status` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Do not look for the agent: this machine is not meant to have one
    #[arg(long)]
    no_agent: bool,
}

/// How bad it is; the worst one decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Fine,
    Warning,
    Critical,
    Unknown,
}

impl Grade {
    fn word(self) -> &'static str {
        match self {
            Self::Fine => "OK",
            Self::Warning => "WARNING",
            Self::Critical => "CRITICAL",
            Self::Unknown => "UNKNOWN",
        }
    }
}

/// What one check found.
struct Finding {
    check: &'static str,
    grade: Grade,
    told: String,
    data: Value,
}

impl Finding {
    fn new(check: &'static str, grade: Grade, told: impl Into<String>) -> Self {
        Self {
            check,
            grade,
            told: told.into(),
            data: Value::Null,
        }
    }

    fn with(mut self, data: Value) -> Self {
        self.data = data;
        self
    }

    fn failed(check: &'static str, error: &Failure) -> Self {
        Self::new(check, Grade::Critical, error.to_string())
    }
}

/// Runs the checks. Never fails: what cannot be looked at is a finding.
pub fn run(path: &Path, arguments: &Arguments) -> Answer {
    let findings = match installation::load(path) {
        Err(error) => vec![Finding::new("configuration", Grade::Unknown, error.to_string())],
        Ok(config) => {
            let mut findings = inside(path);
            findings.push(passkeys(&config));
            if !arguments.no_agent {
                findings.push(agent(&config));
            }
            findings
        }
    };
    tell(&findings)
}

fn inside(path: &Path) -> Vec<Finding> {
    let installation = match Installation::open(path) {
        Ok(installation) => installation,
        Err(error) => return vec![Finding::failed("store", &error)],
    };
    let checks: [(&'static str, Check); 7] = [
        ("store", store),
        ("keyring", keyring),
        ("policy", active_policy),
        ("clock", clock),
        ("accounts", people),
        ("mail", letters),
        ("logouts", logouts),
    ];
    let look = |(name, check): (&'static str, Check)| {
        check(&installation).unwrap_or_else(|error| Finding::failed(name, &error))
    };
    checks.into_iter().map(look).collect()
}

/// Whether letters get out.
fn letters(installation: &Installation) -> Result<Finding, Failure> {
    let state = installation.realm.store.read(outbox::state)?;
    let data = json!({ "configured": installation.realm.mail, "waiting": state.waiting, "oldest": state.oldest });
    let (grade, told) = match (installation.realm.mail, state.waiting) {
        (false, 0) => (Grade::Fine, "off: no [mail] section, no letters are written".to_owned()),
        (_, 0) => (Grade::Fine, "no letter waits".to_owned()),
        (_, number) if state.is_stuck(installation.now()) => (
            Grade::Warning,
            format!("{number} letters do not get out; `samekey mail queue` tells why"),
        ),
        (_, number) => (Grade::Fine, format!("{number} letters wait")),
    };
    Ok(Finding::new("mail", grade, told).with(data))
}

/// Whether applications are told of ended sessions.
fn logouts(installation: &Installation) -> Result<Finding, Failure> {
    let Untold { notices, tried } = installation.realm.store.read(logout::untold)?;
    let (grade, told) = match (notices, tried) {
        (0, _) => (
            Grade::Fine,
            "no application waits to be told of an ended session".to_owned(),
        ),
        (_, 0) => (
            Grade::Fine,
            format!("{notices} applications are about to be told of an ended session"),
        ),
        _ => (
            Grade::Warning,
            format!(
                "{notices} applications wait to be told of an ended session, {tried} of them did not answer \
                 (samekey-provider's log)"
            ),
        ),
    };
    let data = json!({ "waiting": notices, "tried": tried });
    Ok(Finding::new("logouts", grade, told).with(data))
}

fn store(installation: &Installation) -> Result<Finding, Failure> {
    // Opening has brought the schema up to date; a page that is damaged shows in `store check`.
    let events = installation
        .realm
        .store
        .read(|tx| audit::tail(tx, 1))?
        .pop()
        .map_or(0, |last| last.seq);
    Ok(Finding::new(
        "store",
        Grade::Fine,
        format!("opens, schema up to date, {events} events in the trail"),
    )
    .with(json!({ "events": events })))
}

fn keyring(installation: &Installation) -> Result<Finding, Failure> {
    let keyring = installation.realm.keyring()?;
    let keys = keyring.key_ids().len();
    Ok(Finding::new(
        "keyring",
        Grade::Fine,
        format!("key {} seals, {keys} in all", keyring.active_id()),
    )
    .with(json!({ "active": keyring.active_id().to_string(), "keys": keys })))
}

fn active_policy(installation: &Installation) -> Result<Finding, Failure> {
    installation.realm.store.read(|tx| {
        let Some(stored) = policy::rows::active(tx)? else {
            return Ok(Finding::new(
                "policy",
                Grade::Critical,
                "none is active: `samekey policy apply FILE`",
            ));
        };
        let policy = installation.realm.policy(tx)?;
        let same = policy.hash() == stored.hash;
        let (grade, what) = if same {
            (Grade::Fine, "active")
        } else {
            (Grade::Critical, "its text does not have the hash that was noted")
        };
        Ok(Finding::new(
            "policy",
            grade,
            format!("version {} {what}, hash {}", stored.version, stored.hash),
        )
        .with(json!({ "version": stored.version, "hash": stored.hash })))
    })
}

fn clock(installation: &Installation) -> Result<Finding, Failure> {
    let now = installation.now();
    let newest = installation
        .realm
        .store
        .read(|tx| audit::tail(tx, 1))?
        .pop()
        .map(|last| last.at);
    let ahead = newest.map_or(0, |newest| newest - now);
    let finding = if now < BUILT_AFTER {
        Finding::new(
            "clock",
            Grade::Critical,
            "it shows a moment before this program was made: no code can be right",
        )
    } else if ahead > TOLERANCE {
        Finding::new(
            "clock",
            Grade::Critical,
            format!("the newest event lies {ahead} s in the future: the clock was set back"),
        )
    } else {
        Finding::new("clock", Grade::Fine, "plausible")
    };
    Ok(finding.with(json!({ "now": now, "newest_event": newest })))
}

fn people(installation: &Installation) -> Result<Finding, Failure> {
    let (seen, weak) = installation.at_desk(Last::Stays, |desk| {
        Ok((desk.overview()?, desk.administrators_with_one_kind()?))
    })?;
    let counted = seen.accounts;
    let told = format!(
        "{} accounts: {} enrolled ({} of them with one kind of device only), {} without a device, {} locked, \
         {} disabled, {} kept off by wrong answers, {} administrators",
        counted.all,
        seen.enrolled,
        seen.one_kind,
        seen.due,
        counted.locked,
        counted.disabled,
        seen.kept_off,
        counted.administrators
    );
    let (grade, told) = match counted.administrators {
        0 if counted.all > 0 => (Grade::Warning, format!("{told}; nobody may administer on the web")),
        _ if !weak.is_empty() => {
            let names = weak.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let told = format!("{told}; a lost device locks out who administers: {names} (bind a second kind)");
            (Grade::Warning, told)
        }
        _ => (Grade::Fine, told),
    };
    Ok(Finding::new("accounts", grade, told).with(json!({
        "accounts": counted.all,
        "enrolled": seen.enrolled,
        "one_kind": seen.one_kind,
        "due": seen.due,
        "locked": counted.locked,
        "disabled": counted.disabled,
        "kept_off": seen.kept_off,
        "administrators": counted.administrators,
        "administrators_with_one_kind": weak,
    })))
}

fn passkeys(config: &Config) -> Finding {
    let told = match &config.relying_party {
        Some(party) => format!("made for {}, used at {}", party.id, party.all_origins().join(", ")),
        None => "off: they need a domain, in [provider] issuer or [relying-party] id".to_owned(),
    };
    let data = config
        .relying_party
        .as_ref()
        .map(|party| json!({ "rp_id": party.id, "origins": party.origins, "related_origins": party.related_origins }));
    Finding::new("passkeys", Grade::Fine, told).with(json!(data))
}

/// Where the agent listens, by the configuration.
pub(super) fn socket_of(config: &Config) -> Result<PathBuf, Failure> {
    let section = config
        .section::<toml::Table>(Owner::Agent)
        .map_err(|error| Failure::new(Exit::Unavailable, "config_unusable", error.to_string()))?;
    let named = section.get("socket").and_then(toml::Value::as_str);
    Ok(named.map_or_else(|| PathBuf::from(SOCKET), PathBuf::from))
}

fn agent(config: &Config) -> Finding {
    let socket = match socket_of(config) {
        Ok(socket) => socket,
        Err(error) => return Finding::new("agent", Grade::Critical, error.to_string()),
    };
    let finding = match answers(&socket) {
        Ok(None) => Finding::new("agent", Grade::Fine, format!("answers at {}", socket.display())),
        Ok(Some(said)) => Finding::new(
            "agent",
            Grade::Warning,
            format!("answers at {}; {said}", socket.display()),
        ),
        Err(error) => Finding::new(
            "agent",
            Grade::Critical,
            format!(
                "{}: {error}; PAM logins are refused until it runs (`systemctl start samekey-agent.socket`)",
                socket.display()
            ),
        ),
    };
    finding.with(json!({ "socket": socket }))
}

/// Says "cancel" before anything was begun: a living agent hangs up, or says first what an administrator should know, and
/// writes nothing into the trail.
pub(super) fn answers(socket: &Path) -> std::io::Result<Option<String>> {
    let mut stream = UnixStream::connect(socket)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    samekey_wire::write(&mut stream, &FromModule::Cancel).map_err(|error| std::io::Error::other(error.to_string()))?;
    match Reader::new(stream).receive(|_| Ok(())) {
        Ok(FromAgent::Info { text }) => Ok(Some(text)),
        // It hung up, perhaps with our line unread: alive all the same.
        Ok(_) | Err(FrameError::Closed) => Ok(None),
        Err(FrameError::TimedOut) => Err(std::io::Error::other("it takes connections but does not answer")),
        Err(error) => Err(std::io::Error::other(error.to_string())),
    }
}

fn tell(findings: &[Finding]) -> Answer {
    let worst = findings
        .iter()
        .map(|finding| finding.grade)
        .max()
        .unwrap_or(Grade::Unknown);
    let bad: Vec<String> = findings
        .iter()
        .filter(|finding| finding.grade != Grade::Fine)
        .map(|finding| format!("{}: {}", finding.check, finding.told))
        .collect();
    let headline = if bad.is_empty() {
        "all is well".to_owned()
    } else {
        bad.join("; ")
    };
    let mut table = Table::new(&["CHECK", "STATE", "FOUND"]);
    for finding in findings {
        table.row([
            finding.check.to_owned(),
            finding.grade.word().to_owned(),
            finding.told.clone(),
        ]);
    }
    let checks: serde_json::Map<String, Value> = findings
        .iter()
        .map(|finding| {
            let told = json!({ "state": finding.grade.word(), "found": finding.told, "data": finding.data });
            (finding.check.to_owned(), told)
        })
        .collect();
    let text = format!("SAMEKEY {} - {headline}\n{}", worst.word(), table.draw());
    let number = match worst {
        Grade::Fine => 0,
        Grade::Warning => 1,
        Grade::Critical => 2,
        Grade::Unknown => 3,
    };
    Answer::data(json!({ "state": worst.word(), "checks": checks }), text).exit(Exit::Verdict(number))
}
