//! `samekey policy diff`: whose sign-ins a change of the policy touches, door by door, before it is applied.
//!
//! Each account of the store is put before both policies at every door, with what it has bound today: what is asked may
//! differ, who must enrol, and who is refused.

use super::outcome::{Outcome, counted};
use super::{Exit, Failure, read};
use crate::installation::Installation;
use crate::output::{Answer, Table};
use samekey_provider::clients;
use samekey_shared::clock::UnixTime;
use samekey_shared::policy::{
    self, Facts, FirstFactorKind, KeyFact, KnownAccount, People, Policy, SourceFact, State, rows,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Doors that every installation has; the web apps of the store come on top.
const DOORS: [&str; 6] = [
    "pam:sshd",
    "pam:login",
    "pam:sudo",
    "pam:su",
    "portal:sign-in",
    "portal:devices",
];

/// The policies to compare.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// One file: compared with the policy that holds. Two: the first with the second. `-` for stdin
    #[arg(num_args = 1..=2, required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Look only at these doors (pam:SERVICE, oidc:CLIENT, …) [default: the usual ones and every web app]
    #[arg(long, value_name = "SERVICE")]
    service: Vec<String>,
    /// Look only from these sources: addresses, `local`, `unknown` [default: local and unknown]
    #[arg(long, value_name = "SOURCE")]
    source: Vec<SourceFact>,
    /// How the first factor was proven
    #[arg(long, value_name = "KIND", default_value = "password")]
    first_factor: FirstFactorKind,
}

/// One sign-in that the two policies do not treat alike.
struct Change {
    account: String,
    service: String,
    source: SourceFact,
    before: Outcome,
    after: Outcome,
}

impl Change {
    fn as_json(&self) -> Value {
        json!({
            "account": self.account,
            "service": self.service,
            "source": self.source,
            "before": self.before.as_json(),
            "after": self.after.as_json(),
        })
    }
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let (before, after) = match arguments.files.as_slice() {
        [old, new] => (parsed(old)?, parsed(new)?),
        [new] => (installation.realm.store.read(rows::load)?.1, parsed(new)?),
        _ => return Err(Failure::usage("name one file or two")),
    };
    let people = People::read(&installation.realm.store, &[&before, &after])?;
    let places = places(installation, arguments)?;
    let now = installation.now();
    let mut changes = Vec::new();
    for (was, is) in people.under(&before).iter().zip(&people.under(&after)) {
        for (service, source) in &places {
            let outcome = |policy: &Policy, account: &KnownAccount| {
                decided(policy, account, service, *source, arguments.first_factor, now)
            };
            let (before, after) = (outcome(&before, was), outcome(&after, is));
            if before != after {
                changes.push(Change {
                    account: was.user.clone(),
                    service: service.clone(),
                    source: *source,
                    before,
                    after,
                });
            }
        }
    }
    Ok(told(&changes, people.len(), places.len()))
}

/// A policy file that can at least be read: whether it may be applied, `policy check` tells.
pub fn parsed(file: &Path) -> Result<Policy, Failure> {
    let text = read(file)?;
    Policy::parse(&text).map_err(|problems| {
        let told = super::lines(file, "error", &problems);
        Failure::new(Exit::Refused, "policy_refused", told.join("\n"))
    })
}

/// Every door from every source that is looked at.
fn places(installation: &Installation, arguments: &Arguments) -> Result<Vec<(String, SourceFact)>, Failure> {
    let services: Vec<String> = if arguments.service.is_empty() {
        let clients = installation.realm.store.read(clients::list)?;
        let apps = clients.iter().map(|client| format!("oidc:{}", client.id));
        DOORS.iter().map(|door| (*door).to_owned()).chain(apps).collect()
    } else {
        arguments.service.clone()
    };
    let usual = [SourceFact::Local, SourceFact::Unknown];
    let sources = if arguments.source.is_empty() {
        &usual[..]
    } else {
        &arguments.source
    };
    let pairs = services
        .iter()
        .flat_map(|service| sources.iter().map(move |source| (service.clone(), *source)));
    Ok(pairs.collect())
}

/// A usual sign-in of this account at this door, as this policy sees it.
fn decided(
    policy: &Policy,
    account: &KnownAccount,
    service: &str,
    source: SourceFact,
    first_factor: FirstFactorKind,
    now: UnixTime,
) -> Outcome {
    let facts = Facts {
        user: &account.user,
        groups: account.groups.as_ref(),
        flags: Some(&account.flags),
        service,
        host: None,
        source,
        first_factor: Some(first_factor),
        key: KeyFact::of_kind(Some(first_factor)),
        abnormal: Some(false),
        now,
    };
    let requirement = policy::requirement(policy, &facts);
    let state = State::fresh(&account.bound, account.since, now).at(service);
    Outcome::of(&policy::decide(&requirement, &state))
}

fn told(changes: &[Change], accounts: usize, places: usize) -> Answer {
    let touched: BTreeSet<&str> = changes.iter().map(|change| change.account.as_str()).collect();
    let mut table = Table::new(&["ACCOUNT", "SERVICE", "SOURCE", "BEFORE", "AFTER"]);
    for change in changes {
        table.row([
            change.account.clone(),
            change.service.clone(),
            change.source.to_string(),
            change.before.shown(),
            change.after.shown(),
        ]);
    }
    let data = json!({
        "accounts_looked_at": accounts,
        "accounts": touched,
        "changes": changes.iter().map(Change::as_json).collect::<Vec<_>>(),
    });
    let text = if changes.is_empty() {
        String::new()
    } else {
        table.draw()
    };
    let remark = if changes.is_empty() {
        format!("{accounts} accounts at {places} places: nothing changes for anybody.")
    } else {
        format!(
            "{} of {accounts} accounts are touched; afterwards: {}.",
            touched.len(),
            counted(changes.iter().map(|change| change.after.word()))
        )
    };
    Answer::data(data, text).remark(remark)
}
