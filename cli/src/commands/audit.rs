//! `samekey audit`: the last events, the chain verified, the whole trail as JSON lines.

use super::Cli;
use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, Table};
use samekey_shared::audit::{self, ExportError, Head, Record};
use samekey_shared::ids::RequestId;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// `samekey audit …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Show the last events
    Tail(Tail),
    /// Verify the hash chain: exit 0 whole, 1 broken
    Verify {
        /// A head noted earlier (as `verify` prints it) that must still be part of the chain
        #[arg(long, value_name = "NUMBER:HASH", value_parser = noted_head)]
        noted: Option<Head>,
    },
    /// Write the trail as JSON lines, each with its hash and the hash before it
    Export {
        /// Begin after the event of this number
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        after: i64,
        /// Write to this new file (mode 0600) rather than to stdout
        #[arg(long, value_name = "PATH")]
        output: Option<PathBuf>,
    },
}

/// What `audit tail` selects.
#[derive(Debug, clap::Args)]
pub struct Tail {
    /// How many events at most
    #[arg(long, short = 'n', value_name = "COUNT", default_value_t = 20)]
    lines: u32,
    /// Only those about this login name
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only those of this sign-in (the request id that pages and logs show)
    #[arg(long, value_name = "ID", conflicts_with = "user")]
    request: Option<RequestId>,
}

/// Runs the verb.
pub fn run(cli: &Cli, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(&cli.config)?;
    match verb {
        Verb::Tail(wanted) => tail(&installation, wanted),
        Verb::Verify { noted } => verify(&installation, noted.as_ref()),
        Verb::Export { after, output } => export(&installation, *after, output.as_deref()),
    }
}

fn noted_head(text: &str) -> Result<Head, String> {
    let (seq, hash) = text.split_once(':').ok_or("write it as NUMBER:HASH")?;
    let seq = seq.parse().map_err(|_| "the part before the colon is no number")?;
    if hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err("the hash is 64 lower-case hex digits".to_owned());
    }
    Ok(Head {
        seq,
        hash: hash.to_owned(),
    })
}

fn tail(installation: &Installation, wanted: &Tail) -> Result<Answer, Failure> {
    let user = wanted
        .user
        .as_deref()
        .map(|name| installation.login_name(name))
        .transpose()?;
    let records = installation.realm.store.read(|tx| match (&user, wanted.request) {
        (Some(name), _) => {
            let mut records = audit::about(tx, name.as_str(), None, wanted.lines)?;
            records.reverse();
            Ok(records)
        }
        (None, Some(request)) => audit::of_request(tx, request),
        (None, None) => audit::tail(tx, wanted.lines),
    })?;
    let events = records.iter().map(parsed).collect::<Result<Vec<Value>, Failure>>()?;
    let mut table = Table::new(&["NUMBER", "TIME", "EVENT", "ABOUT", "RESULT", "SERVICE", "SOURCE", "BY"]);
    for event in &events {
        let field = |name: &str| event[name].as_str().unwrap_or("-").to_owned();
        let number = event["seq"].to_string();
        let texts = ["time", "kind", "subject", "result", "service", "source", "actor"].map(field);
        table.row(std::iter::once(number).chain(texts));
    }
    Ok(Answer::data(json!({ "events": events }), table.draw()))
}

fn parsed(record: &Record) -> Result<Value, Failure> {
    let broken = |_| Failure::failed(format!("event {} is no JSON: run `samekey audit verify`", record.seq));
    let mut event: Value = serde_json::from_str(&record.event).map_err(broken)?;
    event["hash"] = Value::from(record.hash.as_str());
    Ok(event)
}

fn verify(installation: &Installation, noted: Option<&Head>) -> Result<Answer, Failure> {
    let report = audit::verify_against(&installation.realm.store, noted)?;
    let head = format!("{}:{}", report.head.seq, report.head.hash);
    let broken = report
        .broken_at
        .as_ref()
        .map(|found| json!({ "number": found.seq, "what": found.to_string() }));
    let data = json!({ "whole": broken.is_none(), "events": report.events, "head": head, "broken": broken });
    match &report.broken_at {
        None => {
            let text = format!("{} events, the chain is whole.\nhead {head}", report.events);
            Ok(Answer::data(data, text)
                .remark("Note the head elsewhere: `--noted` then shows whether the chain was written anew."))
        }
        Some(found) => {
            let text = format!("The chain is BROKEN: {found}. Whole up to event {}.", report.events);
            Ok(Answer::data(data, text).exit(Exit::Failed))
        }
    }
}

fn export(installation: &Installation, after: i64, output: Option<&Path>) -> Result<Answer, Failure> {
    let store = &installation.realm.store;
    let written = match output {
        None => match audit::json_lines(store, after, &mut BufWriter::new(std::io::stdout().lock())) {
            // `| head` has read enough.
            Err(ExportError::Output(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => return Ok(nothing()),
            other => other.map_err(failed)?,
        },
        Some(path) => {
            let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
            let mut out = BufWriter::new(file.map_err(|error| Failure::file(path, &error))?);
            let written = audit::json_lines(store, after, &mut out).map_err(failed)?;
            out.flush()
                .and_then(|()| out.get_ref().sync_all())
                .map_err(|error| Failure::file(path, &error))?;
            written
        }
    };
    let remark = format!("{written} events.");
    Ok(match output {
        None => nothing().remark(remark),
        Some(path) => Answer::data(json!({ "events": written, "path": path }), String::new()).remark(remark),
    })
}

/// The lines were the answer.
fn nothing() -> Answer {
    Answer::data(Value::Null, String::new())
}

fn failed(error: ExportError) -> Failure {
    match error {
        ExportError::Store(error) => error.into(),
        ExportError::Output(error) => Failure::failed(format!("the export cannot be written: {error}")),
    }
}
