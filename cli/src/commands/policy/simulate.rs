//! `samekey policy simulate`: replays the sign-ins of the audit trail under another policy, and tells for whom it would
//! have gone otherwise.
//!
//! A sign-in brings to the replay what it proved then; groups, flags and bound devices are today's. Who was refused for a
//! wrong code is left out: no policy makes a wrong code right.

use super::Failure;
use super::diff::parsed;
use super::outcome::{Outcome, counted};
use crate::installation::Installation;
use crate::output::{Answer, Table};
use samekey_shared::audit::{self, EventKind, Record};
use samekey_shared::clock::UnixTime;
use samekey_shared::methods::{Level, Method};
use samekey_shared::policy::{
    self, Facts, FirstFactorKind, KeyFact, KnownAccount, People, Policy, Proven, SourceFact, State, parse_duration,
    parse_moment,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// Events are read so many at a time.
const PAGE: u32 = 1000;

/// Refusals that a policy decides.
const POLICY_REFUSALS: [&str; 4] = [
    "denied_by_rule",
    "enrollment_required",
    "no_method_reaches_level",
    "level_unreachable",
];

/// What to replay.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The policy to try; `-` for stdin
    file: PathBuf,
    /// Replay what happened since: a span before now (12h, 7d), a day (2026-05-01) or a moment
    #[arg(long, value_name = "WHEN", default_value = "7d", value_parser = since)]
    since: Since,
    /// List each sign-in that would go otherwise, not only the accounts
    #[arg(long)]
    each: bool,
}

/// From when on.
#[derive(Debug, Clone, Copy)]
enum Since {
    Ago(i64),
    At(UnixTime),
}

fn since(text: &str) -> Result<Since, String> {
    parse_duration(text)
        .map(Since::Ago)
        .or_else(|_| parse_moment(text).map(Since::At))
        .map_err(|_| "write a span such as 7d, a day such as 2026-05-01, or a moment".to_owned())
}

/// A sign-in as the trail tells it.
struct SignIn {
    number: i64,
    at: UnixTime,
    time: String,
    account: String,
    service: String,
    host: Option<String>,
    source: SourceFact,
    first_factor: Option<FirstFactorKind>,
    /// Fingerprint and type of the SSH key, and whether it was enrolled then.
    key: Option<(String, String, bool)>,
    level: Option<Level>,
    methods: Vec<Method>,
    /// What an earlier proof spared: `remembered` or `rechecked`.
    spared: Option<String>,
    abnormal: bool,
    let_in: bool,
}

/// One that would have gone otherwise.
struct Change {
    sign_in: SignIn,
    would: Outcome,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let policy = parsed(&arguments.file)?;
    let people = People::read(&installation.realm.store, &[&policy])?.under(&policy);
    let known: BTreeMap<&str, &KnownAccount> = people.iter().map(|one| (one.user.as_str(), one)).collect();
    let begin = match arguments.since {
        Since::Ago(span) => installation.now().saturating_sub(span),
        Since::At(moment) => moment,
    };
    let mut per_account: BTreeMap<String, (usize, usize)> = BTreeMap::new();
    let (mut changes, mut gone) = (Vec::new(), BTreeSet::new());
    for sign_in in recorded(installation, begin)? {
        let Some(account) = known.get(sign_in.account.as_str()) else {
            gone.insert(sign_in.account);
            continue;
        };
        let tally = per_account.entry(sign_in.account.clone()).or_default();
        tally.0 += 1;
        let would = replayed(&policy, account, &sign_in);
        // Somebody who got in by proving something and would get in by the same proof notices nothing.
        let in_then = matches!(would.word(), "allow" | "nag");
        if in_then != sign_in.let_in {
            tally.1 += 1;
            changes.push(Change { sign_in, would });
        }
    }
    Ok(told(&per_account, &changes, &gone, begin, arguments.each))
}

/// The sign-ins of the trail since then whose end a policy decides.
fn recorded(installation: &Installation, begin: UnixTime) -> Result<Vec<SignIn>, Failure> {
    let (mut after, mut found) = (0, Vec::new());
    loop {
        let page = installation.realm.store.read(|tx| audit::page(tx, after, PAGE))?;
        let Some(last) = page.last() else {
            return Ok(found);
        };
        after = last.seq;
        let late = page.iter().filter(|record| record.at >= begin);
        for record in late {
            found.extend(sign_in(record)?);
        }
    }
}

fn sign_in(record: &Record) -> Result<Option<SignIn>, Failure> {
    let kind = record.kind.parse::<EventKind>().ok();
    let let_in = match kind {
        Some(EventKind::SignInGranted | EventKind::SignInExempt) => true,
        Some(EventKind::SignInRefused) => false,
        _ => return Ok(None),
    };
    let broken = |_| Failure::failed(format!("event {} is no JSON: run `samekey audit verify`", record.seq));
    let event: Value = serde_json::from_str(&record.event).map_err(broken)?;
    let text = |name: &str| event[name].as_str().map(str::to_owned);
    let detail = |name: &str| event["detail"][name].as_str().map(str::to_owned);
    let decided = let_in
        || event["result"]
            .as_str()
            .is_some_and(|code| POLICY_REFUSALS.contains(&code));
    let (Some(account), Some(service), true) = (text("subject"), text("service"), decided) else {
        return Ok(None);
    };
    let methods = text("method").unwrap_or_default();
    Ok(Some(SignIn {
        number: record.seq,
        at: record.at,
        time: text("time").unwrap_or_default(),
        account,
        service,
        host: text("host"),
        source: text("source").map_or(SourceFact::Unknown, |source| fact(&source)),
        first_factor: event["detail"]["first_factor"]
            .as_str()
            .and_then(|kind| kind.parse().ok()),
        key: detail("key")
            .zip(detail("key_type"))
            .map(|(print, key_type)| (print, key_type, detail("key_device").is_some())),
        level: text("level").and_then(|level| level.parse().ok()),
        methods: methods.split(',').filter_map(|word| word.parse().ok()).collect(),
        spared: event["detail"]["spared"].as_str().map(str::to_owned),
        abnormal: event["detail"]["abnormal"] == "true",
        let_in,
    }))
}

/// The source as the trail writes it: an address, `console`, `local user alice`. What is no source is not known.
fn fact(text: &str) -> SourceFact {
    if text == "console" || text.starts_with("local user ") {
        return SourceFact::Local;
    }
    text.parse().unwrap_or(SourceFact::Unknown)
}

fn replayed(policy: &Policy, account: &KnownAccount, sign_in: &SignIn) -> Outcome {
    let facts = Facts {
        user: &account.user,
        groups: account.groups.as_ref(),
        flags: Some(&account.flags),
        service: &sign_in.service,
        host: sign_in.host.as_deref(),
        source: sign_in.source,
        first_factor: sign_in.first_factor,
        key: match &sign_in.key {
            Some((fingerprint, key_type, enrolled)) => KeyFact::Shown {
                key_type,
                fingerprint,
                enrolled: Some(*enrolled),
            },
            None => KeyFact::of_kind(sign_in.first_factor),
        },
        abnormal: Some(sign_in.abnormal),
        now: sign_in.at,
    };
    let requirement = policy::requirement(policy, &facts);
    let proven: Vec<Proven> = sign_in
        .methods
        .iter()
        .filter(|_| sign_in.let_in)
        .map(|method| Proven {
            level: sign_in.level.unwrap_or(Level::None),
            method: Some(*method),
            at: sign_in.at,
        })
        .collect();
    // What was used then was bound then, whatever became of it.
    let bound: BTreeSet<Method> = account.bound.iter().chain(&sign_in.methods).copied().collect();
    // Whom an earlier proof spared has it in the replay too; how long ago it was made, the trail does not tell.
    let spared = |word: &str| (sign_in.spared.as_deref() == Some(word)).then_some(sign_in.at);
    let state = State {
        proven: &proven,
        remembered_at: spared("remembered"),
        rechecked_at: spared("rechecked"),
        ..State::fresh(&bound, account.since, sign_in.at).at(&sign_in.service)
    };
    Outcome::of(&policy::decide(&requirement, &state))
}

fn told(
    per_account: &BTreeMap<String, (usize, usize)>,
    changes: &[Change],
    gone: &BTreeSet<String>,
    begin: UnixTime,
    each: bool,
) -> Answer {
    let sign_ins: usize = per_account.values().map(|(all, _)| all).sum();
    let touched: Vec<Value> = per_account
        .iter()
        .map(|(account, (all, otherwise))| json!({ "account": account, "sign_ins": all, "otherwise": otherwise }))
        .collect();
    let data = json!({
        "since": begin,
        "sign_ins": sign_ins,
        "accounts": touched,
        "otherwise": changes.iter().map(Change::as_json).collect::<Vec<_>>(),
        "no_account_any_more": gone,
    });
    let text = match (changes.is_empty(), each) {
        (true, _) => String::new(),
        (false, true) => table_of_each(changes),
        (false, false) => table_of_accounts(per_account),
    };
    let remark = if changes.is_empty() {
        format!("{sign_ins} sign-ins replayed: each would have gone the same way.")
    } else {
        let words = counted(changes.iter().map(|change| change.would.word()));
        format!("{sign_ins} sign-ins replayed, {} otherwise: {words}.", changes.len())
    };
    let answer = Answer::data(data, text)
        .remark(remark)
        .remark("Whether a refused sign-in was unusual does not stand in the trail: it was taken as usual.");
    if gone.is_empty() {
        return answer;
    }
    let names: Vec<&str> = gone.iter().map(String::as_str).collect();
    answer.remark(format!(
        "Left out, without an active account now: {}.",
        names.join(", ")
    ))
}

impl Change {
    fn was(&self) -> &'static str {
        if self.sign_in.let_in { "let in" } else { "refused" }
    }

    fn as_json(&self) -> Value {
        json!({
            "number": self.sign_in.number,
            "time": self.sign_in.time,
            "account": self.sign_in.account,
            "service": self.sign_in.service,
            "source": self.sign_in.source,
            "was": self.was(),
            "would": self.would.as_json(),
        })
    }
}

fn table_of_each(changes: &[Change]) -> String {
    let mut table = Table::new(&["NUMBER", "TIME", "ACCOUNT", "SERVICE", "SOURCE", "WAS", "WOULD"]);
    for change in changes {
        let SignIn {
            number,
            time,
            account,
            service,
            source,
            ..
        } = &change.sign_in;
        table.row([
            number.to_string(),
            time.clone(),
            account.clone(),
            service.clone(),
            source.to_string(),
            change.was().to_owned(),
            change.would.shown(),
        ]);
    }
    table.draw()
}

fn table_of_accounts(per_account: &BTreeMap<String, (usize, usize)>) -> String {
    let mut table = Table::new(&["ACCOUNT", "SIGN-INS", "OTHERWISE"]);
    for (account, (all, otherwise)) in per_account.iter().filter(|(_, (_, otherwise))| *otherwise > 0) {
        table.row([account.clone(), all.to_string(), otherwise.to_string()]);
    }
    table.draw()
}
