//! `samekey policy`: the rules that both doors obey, shown, checked, applied and explained.

mod apply;
mod diff;
pub mod explain;
mod outcome;
mod simulate;

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, moment};
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::policy::rows;
use samekey_shared::policy::{CheckReport, People, Policy, Problem, check};
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// A longer file is no policy that anybody has written.
const MOST_BYTES: u64 = 4 << 20;

/// `samekey policy …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Print the policy that holds
    Show {
        /// Also what it takes from its preset, and every setting that it leaves at its default
        #[arg(long)]
        effective: bool,
    },
    /// Check a file: form, lints, its [[test]]s, and whom it would lock out here; exit 4 if it may not be applied
    Check {
        /// The file; `-` for stdin
        file: PathBuf,
        /// Do not look into the store: no configuration is needed
        #[arg(long)]
        offline: bool,
    },
    /// Check a file and make it the policy that holds; the one before is kept in the store
    ///
    /// Says first whom it locks out and who has to bind a device. Refused with exit 5 if no administrator could sign in
    /// any more, unless --force.
    Apply(apply::Arguments),
    /// Tell what would happen to a sign-in, and why: exit 0 allow, 10 challenge, 11 enrol, 12 nag, 20 deny
    Explain(explain::Arguments),
    /// Tell whose sign-ins a change of the policy touches, door by door
    Diff(diff::Arguments),
    /// Replay the audit trail's sign-ins under another policy
    Simulate(simulate::Arguments),
}

pub use apply::first;

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::Show { effective } => show(&Installation::open(config)?, *effective),
        Verb::Check { file, offline } => {
            let text = read(file)?;
            let installation = if *offline {
                None
            } else {
                Some(Installation::open(config)?)
            };
            checked(file, &text, installation.as_ref())
        }
        Verb::Apply(arguments) => apply::run(&Installation::open(config)?, arguments),
        Verb::Explain(arguments) => explain::run(&Installation::open(config)?, arguments),
        Verb::Diff(arguments) => diff::run(&Installation::open(config)?, arguments),
        Verb::Simulate(arguments) => simulate::run(&Installation::open(config)?, arguments),
    }
}

fn read(file: &Path) -> Result<String, Failure> {
    let mut text = String::new();
    let read = if file == Path::new("-") {
        std::io::stdin().lock().take(MOST_BYTES + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text))
    };
    read.map_err(|error| Failure::file(file, &error))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(Failure::usage(format!(
            "{}: larger than {MOST_BYTES} bytes",
            file.display()
        )));
    }
    Ok(text)
}

/// Whether a policy file may be applied as far as that can be told without a store: `init` asks before it makes one.
pub fn passes(file: &Path, text: &str) -> Result<(), Failure> {
    let report = check(text, SystemClock.now(), &[]);
    if report.is_clean() {
        Ok(())
    } else {
        Err(apply::refused(file, text, &report))
    }
}

fn show(installation: &Installation, effective: bool) -> Result<Answer, Failure> {
    let (stored, policy) = installation
        .realm
        .store
        .read(|tx| Ok::<_, Failure>((rows::active(tx)?, rows::load(tx)?.1)))?;
    let text = if effective {
        policy.effective()
    } else {
        policy.text().to_owned()
    };
    let data = json!({
        "version": stored.as_ref().map_or(0, |stored| stored.version),
        "hash": policy.hash(),
        "applied_at": stored.as_ref().map(|stored| stored.applied_at),
        "applied_by": stored.as_ref().map(|stored| stored.by.as_str()),
        "text": text,
    });
    let told = match &stored {
        Some(stored) => format!(
            "Version {}, applied {} by {}.",
            stored.version,
            moment(Some(stored.applied_at)),
            stored.by
        ),
        None => "The shipped default: none was applied yet.".to_owned(),
    };
    Ok(Answer::data(data, text).remark(told))
}

/// What a check found, for both forms.
fn found(report: &CheckReport) -> Value {
    json!({
        "errors": report.errors,
        "warnings": report.warnings,
        "tests_passed": report.tests_passed,
        "tests_failed": report.tests_failed,
    })
}

fn lines(file: &Path, kind: &str, problems: &[Problem]) -> Vec<String> {
    let name = file.display();
    problems
        .iter()
        .map(|found| format!("{name}:{}:{}: {kind}: {}", found.line, found.column, found.message))
        .collect()
}

fn checked(file: &Path, text: &str, installation: Option<&Installation>) -> Result<Answer, Failure> {
    let now = SystemClock.now();
    let accounts = match (installation, Policy::parse(text)) {
        (Some(installation), Ok(policy)) => People::read(&installation.realm.store, &[&policy])?.under(&policy),
        _ => Vec::new(),
    };
    let report = check(text, now, &accounts);
    let mut told = lines(file, "error", &report.errors);
    told.extend(lines(file, "warning", &report.warnings));
    told.push(format!(
        "{}: {} errors, {} warnings, {} of {} tests held.",
        file.display(),
        report.errors.len(),
        report.warnings.len(),
        report.tests_passed,
        report.tests_passed + report.tests_failed
    ));
    let mut data = found(&report);
    data["clean"] = Value::from(report.is_clean());
    let answer = Answer::data(data, told.join("\n"));
    Ok(if report.is_clean() {
        answer
    } else {
        answer.exit(exit_of(text, now))
    })
}

/// A policy that is clean as long as nobody's account is looked at would lock somebody out.
fn exit_of(text: &str, now: i64) -> Exit {
    if check(text, now, &[]).is_clean() {
        Exit::LocksOut
    } else {
        Exit::Refused
    }
}
