//! `samekey why`: what became of one sign-in, and why, from the id that its page, its prompt or the log showed.

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, Table, moment};
use samekey_shared::audit::{self, Record};
use samekey_shared::ids::RequestId;
use samekey_shared::policy::rows::{self, StoredPolicy};
use serde_json::{Value, json};
use std::path::Path;

/// Policies of the past that are looked through.
const MOST_POLICIES: u32 = 10_000;

/// What to explain.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The request id, as a refusal shows it
    request: RequestId,
}

/// What became of one request, for a program and for a person.
pub struct Told {
    /// The events and the policy.
    pub data: Value,
    /// The same as a table and sentences.
    pub text: String,
}

/// Runs the verb.
pub fn run(config: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let told = of(&Installation::open(config)?, arguments.request)?;
    Ok(Answer::data(told.data, told.text))
}

/// What became of this request.
pub fn of(installation: &Installation, request: RequestId) -> Result<Told, Failure> {
    let (records, policies) = installation
        .realm
        .store
        .read(|tx| Ok::<_, Failure>((audit::of_request(tx, request)?, rows::history(tx, MOST_POLICIES)?)))?;
    let events = records.iter().map(parsed).collect::<Result<Vec<Value>, Failure>>()?;
    let Some(last) = events.last() else {
        return Err(Failure::new(
            Exit::NotFound,
            "not_found",
            format!("no event of the trail belongs to {request}"),
        )
        .hint("A refusal that strangers could repeat at will leaves no line of its own; look at `samekey audit tail --user NAME`."));
    };
    let decided = decided(last, &policies);
    let text = format!("{}\n{}", table(&events), sentences(last, &decided));
    Ok(Told {
        data: json!({ "request": request.to_string(), "events": events, "policy": decided }),
        text,
    })
}

fn parsed(record: &Record) -> Result<Value, Failure> {
    serde_json::from_str(&record.event)
        .map_err(|_| Failure::failed(format!("event {} is no JSON: run `samekey audit verify`", record.seq)))
}

/// The policy that decided, by its hash: an older one is still in the store.
fn decided(last: &Value, policies: &[StoredPolicy]) -> Value {
    let Some(hash) = last["policy_hash"].as_str() else {
        return Value::Null;
    };
    match policies.iter().find(|policy| policy.hash == hash) {
        Some(found) => json!({
            "hash": hash,
            "version": found.version,
            "applied_at": found.applied_at,
            "applied_by": found.by,
            "holds_now": policies.iter().map(|policy| policy.version).max() == Some(found.version),
        }),
        None => json!({ "hash": hash, "version": 0 }),
    }
}

fn table(events: &[Value]) -> String {
    let mut table = Table::new(&["NUMBER", "TIME", "EVENT", "RESULT", "METHOD", "LEVEL", "DETAIL"]);
    for event in events {
        let field = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        let details = event["detail"].as_object().map(|detail| {
            let told = detail
                .iter()
                .map(|(name, value)| format!("{name}={}", value.as_str().unwrap_or_default()));
            told.collect::<Vec<_>>().join(" ")
        });
        let texts = ["time", "kind", "result", "method", "level"].map(field);
        table.row(std::iter::once(event["seq"].to_string()).chain(texts).chain(details));
    }
    table.draw()
}

fn sentences(last: &Value, decided: &Value) -> String {
    let field = |name: &str| last[name].as_str().unwrap_or("-");
    let mut told = vec![format!(
        "{} at {} from {}: {}, {}.",
        field("subject"),
        field("service"),
        field("source"),
        field("kind"),
        field("result")
    )];
    match (decided["version"].as_i64(), field("rule")) {
        (None, _) | (_, "-") => {}
        (Some(0), rule) => told.push(format!(
            "The level was decided by {rule}, under a policy that is not in the store."
        )),
        (Some(version), rule) => told.push(format!(
            "The level was decided by {rule}, under version {version} of the policy, applied {}{}.",
            moment(decided["applied_at"].as_i64()),
            if decided["holds_now"] == true {
                ", which still holds"
            } else {
                ""
            }
        )),
    }
    told.join("\n")
}
