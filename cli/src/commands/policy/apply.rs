//! `samekey policy apply`: says whom a policy would lock out and who would have to bind a device, then puts it in force.
//!
//! What would leave no administrator is refused with exit 5. `--force` puts it in force all the same, says so, and leaves
//! it in the trail: root at the machine can always undo it.

use super::{exit_of, found, lines, read};
use crate::diff::unified;
use crate::exit::{Exit, Failure};
use crate::identity;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_shared::audit::EventKind;
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::policy::rows::{self, ApplyError, StoredPolicy};
use samekey_shared::policy::{CheckReport, Effect, KnownAccount, People, Policy, check};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

/// So many names are shown in a sentence; `--json` has them all.
const SHOWN: usize = 20;

/// What to apply.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file; `-` for stdin
    file: PathBuf,
    /// Show what would change and for whom, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Apply it even if no administrator could sign in any more; faults of the file are never forced
    #[arg(long)]
    force: bool,
}

/// A policy that parses, what its check found, and what it does to people.
struct Plan {
    text: String,
    before: Policy,
    report: CheckReport,
    accounts: Vec<KnownAccount>,
    effect: Effect,
    /// Nothing is wrong with it but that it leaves no administrator.
    locks_out: bool,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let file = &arguments.file;
    let plan = plan(installation, file, read(file)?)?;
    if plan.locks_out && !(arguments.force || arguments.dry_run) {
        return Err(refused(file, &plan.text, &plan.report)
            .hint("`--dry-run` tells who is locked out; `--force` applies it all the same."));
    }
    let difference = unified(
        plan.before.text(),
        &plan.text,
        "active policy",
        &file.display().to_string(),
    );
    let stored = if arguments.dry_run || plan.before.text() == plan.text {
        None
    } else {
        Some(put(installation, file, &plan)?)
    };
    Ok(told(file, &plan, &difference, stored.as_ref(), arguments.dry_run))
}

fn plan(installation: &Installation, file: &Path, text: String) -> Result<Plan, Failure> {
    let now = installation.now();
    let store = &installation.realm.store;
    let before = store.read(rows::load)?.1;
    let Ok(after) = Policy::parse(&text) else {
        return Err(refused(file, &text, &check(&text, now, &[])));
    };
    let people = People::read(store, &[&before, &after])?;
    let accounts = people.under(&after);
    let report = check(&text, now, &accounts);
    let locks_out = !report.is_clean() && exit_of(&text, now) == Exit::LocksOut;
    if !report.is_clean() && !locks_out {
        return Err(refused(file, &text, &report));
    }
    Ok(Plan {
        effect: Effect::of(&before, &after, &people, now),
        text,
        before,
        report,
        accounts,
        locks_out,
    })
}

/// Why a policy was not applied.
pub(super) fn refused(file: &Path, text: &str, report: &CheckReport) -> Failure {
    let exit = exit_of(text, SystemClock.now());
    let code = if exit == Exit::LocksOut {
        "locks_out"
    } else {
        "policy_refused"
    };
    let mut told = lines(file, "error", &report.errors);
    told.push("The policy was not applied; the one before still holds.".to_owned());
    Failure::new(exit, code, told.join("\n"))
}

/// The first policy of a new installation, where nobody can be locked out yet.
pub fn first(installation: &Installation, file: &Path, text: String) -> Result<StoredPolicy, Failure> {
    let plan = plan(installation, file, text)?;
    put(installation, file, &plan)
}

/// Makes a policy the one that holds, and tells the trail.
fn put(installation: &Installation, file: &Path, plan: &Plan) -> Result<StoredPolicy, Failure> {
    let by = format!("cli:{}", identity::operator().name);
    // Whoever forces it has been told; the rest of the check still stands.
    let accounts: &[KnownAccount] = if plan.locks_out { &[] } else { &plan.accounts };
    let put = installation.realm.store.write(|tx| {
        let (stored, _) = rows::apply(tx, &plan.text, &by, installation.now(), accounts)?;
        let mut event = installation::event(EventKind::PolicyApplied)
            .decided(&stored.hash, "-")
            .detail("version", stored.version)
            .detail("before", plan.before.hash());
        for (what, names) in plan.effect.lists().into_iter().filter(|(_, names)| !names.is_empty()) {
            event = event.detail(what, names.len());
        }
        if plan.locks_out {
            event = event.detail("forced", "no-administrator-left");
        }
        installation.record(tx, &event)?;
        Ok::<_, ApplyError>(stored)
    });
    put.map_err(|error| match error {
        ApplyError::Refused(report) => refused(file, &plan.text, &report),
        ApplyError::Store(error) => error.into(),
    })
}

fn told(file: &Path, plan: &Plan, difference: &str, stored: Option<&StoredPolicy>, dry_run: bool) -> Answer {
    let mut data = found(&plan.report);
    data["diff"] = Value::from(difference);
    data["dry_run"] = Value::from(dry_run);
    data["version"] = stored.map_or(Value::Null, |stored| Value::from(stored.version));
    data["hash"] = stored.map_or(Value::Null, |stored| Value::from(stored.hash.as_str()));
    data["effect"] = as_json(&plan.effect);
    data["locks_out"] = Value::from(plan.locks_out);
    let remark = match stored {
        Some(stored) => format!("Version {} holds from now on, hash {}.", stored.version, stored.hash),
        None if difference.is_empty() => "It holds already; nothing changed.".to_owned(),
        None => "Dry run: nothing was changed.".to_owned(),
    };
    let mut said = lines(file, "error", &plan.report.errors);
    if plan.locks_out && stored.is_some() {
        said.push(
            "FORCED: no administrator can sign in any more. Root can apply another policy with this command.".into(),
        );
    }
    said.extend(lines(file, "warning", &plan.report.warnings));
    said.extend(sentences(&plan.effect));
    let answer = Answer::change(stored.is_some(), data, remark).text(difference);
    let answer = said.into_iter().fold(answer, Answer::remark);
    if plan.locks_out && stored.is_none() {
        answer.exit(Exit::LocksOut)
    } else {
        answer
    }
}

fn as_json(effect: &Effect) -> Value {
    let mut data = json!({ "looked_at": effect.looked_at });
    for (what, names) in effect.lists() {
        data[what.replace('-', "_")] = json!({ "count": names.len(), "accounts": names });
    }
    data
}

/// One sentence for each list that is not empty.
fn sentences(effect: &Effect) -> Vec<String> {
    let words = |what: &str| match what {
        "locked-out" => "can get in nowhere any more",
        "enrol-again" => "must bind another device at the next sign-in: what they have is no longer enough",
        "enrol-first" => "must bind a first device at the next sign-in",
        _ => "must bind a second kind of device at the next sign-in",
    };
    let of = |(what, names): (&'static str, &[String])| {
        let shown: Vec<&str> = names.iter().take(SHOWN).map(String::as_str).collect();
        let more = match names.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more (--json names them all)"),
        };
        let accounts = if names.len() == 1 { "account" } else { "accounts" };
        format!("{} {accounts} {}: {}{more}", names.len(), words(what), shown.join(", "))
    };
    let mut told: Vec<String> = effect
        .lists()
        .into_iter()
        .filter(|(_, names)| !names.is_empty())
        .map(of)
        .collect();
    if told.is_empty() {
        told.push(format!(
            "{} accounts looked at: nobody is locked out or has to bind anything.",
            effect.looked_at
        ));
    }
    told
}
