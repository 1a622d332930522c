//! What became of each row, for the eye and for programs.

use crate::exit::Exit;
use crate::output::{Answer, Table, printable};
use samekey_shared::accounts::LoginName;
use samekey_shared::devices::Device;
use samekey_shared::moving::{Brought, Format, Row};
use serde_json::{Value, json};
use std::fmt::Write;

/// One row on its way.
#[derive(Debug)]
pub struct Entry {
    file: String,
    line: Option<usize>,
    /// Whose it is, as the file writes it or as it was understood.
    pub user: Option<String>,
    /// What it was called there.
    pub called: Option<String>,
    kind: Option<&'static str>,
    /// What became of it.
    pub state: State,
    /// What is worth knowing of it, once it is in.
    pub remarks: Vec<String>,
}

/// What became of a row.
#[derive(Debug)]
pub enum State {
    /// Nothing yet.
    Waiting {
        /// Whose it is to be.
        whose: LoginName,
        /// The device.
        brought: Brought,
    },
    /// It is a device now.
    Taken(Device),
    /// It was one before.
    There(Device),
    /// It is none, and why.
    Refused {
        /// The stable code.
        code: &'static str,
        /// In words.
        why: String,
    },
    /// Not asked for.
    PassedOver,
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            Self::Waiting { .. } => "waiting",
            Self::Taken(_) => "taken",
            Self::There(_) => "there",
            Self::Refused { .. } => "refused",
            Self::PassedOver => "passed-over",
        }
    }
}

impl Entry {
    /// A row of this file.
    pub fn of(file: &str, row: &Row) -> Self {
        Self {
            file: file.to_owned(),
            line: Some(row.line),
            user: row.owner.clone(),
            called: row.called.clone(),
            kind: row.brought.as_ref().ok().map(|brought| match brought {
                Brought::App(_) => "totp",
                Brought::Key(_) => "key",
            }),
            state: State::PassedOver,
            remarks: row.remarks.iter().map(ToString::to_string).collect(),
        }
    }

    /// A file that could not be read.
    pub fn refused_file(file: String, code: &'static str, why: String) -> Self {
        Self {
            file,
            line: None,
            user: None,
            called: None,
            kind: None,
            state: State::Refused { code, why },
            remarks: Vec::new(),
        }
    }

    /// The same, refused.
    pub fn refused(mut self, code: &'static str, why: String) -> Self {
        self.state = State::Refused { code, why };
        self
    }

    /// The same, not asked for.
    pub fn passed_over(mut self) -> Self {
        self.state = State::PassedOver;
        self
    }

    fn data(&self) -> Value {
        let mut data = json!({
            "file": self.file, "line": self.line, "user": self.user, "kind": self.kind, "result": self.state.word(),
        });
        match &self.state {
            State::Taken(device) | State::There(device) => {
                data["kind"] = json!(device.kind.as_str());
                data["device"] = json!(device.name.as_str());
            }
            State::Refused { code, why } => {
                data["code"] = json!(code);
                data["reason"] = json!(why);
            }
            State::Waiting { .. } | State::PassedOver => {}
        }
        if matches!(self.state, State::Taken(_)) {
            data["remarks"] = json!(self.remarks);
        }
        data
    }

    fn words(&self, dry: bool) -> String {
        match &self.state {
            State::Taken(device) if dry => format!("would be taken as {}", device.name),
            State::Taken(device) => format!("taken as {}", device.name),
            State::There(device) => format!("there already as {}", device.name),
            State::Refused { why, .. } => format!("refused: {why}"),
            State::Waiting { .. } | State::PassedOver => "passed over".to_owned(),
        }
    }
}

/// The report.
pub fn answer(format: Format, dry: bool, entries: &[Entry]) -> Answer {
    let count = |word: &str| entries.iter().filter(|entry| entry.state.word() == word).count();
    let (taken, there, refused, passed) = (count("taken"), count("there"), count("refused"), count("passed-over"));
    let mut table = Table::new(&["FILE", "LINE", "USER", "KIND", "RESULT"]);
    for entry in entries.iter().filter(|entry| !matches!(entry.state, State::PassedOver)) {
        let data = entry.data();
        table.row([
            entry.file.clone(),
            entry.line.map_or_else(|| "-".to_owned(), |line| line.to_string()),
            entry.user.clone().unwrap_or_else(|| "-".to_owned()),
            data["kind"].as_str().unwrap_or("-").to_owned(),
            entry.words(dry),
        ]);
    }
    let data = json!({
        "from": format.as_str(), "dry_run": dry, "changed": !dry && taken > 0,
        "taken": taken, "there": there, "refused": refused, "passed_over": passed,
        "rows": entries.iter().map(Entry::data).collect::<Vec<_>>(),
    });
    let mut answer = Answer::data(data, table.draw());
    for entry in entries.iter().filter(|entry| matches!(entry.state, State::Taken(_))) {
        let place = entry.line.map_or_else(String::new, |line| format!(":{line}"));
        for remark in &entry.remarks {
            answer = answer.remark(printable(&format!("{}{place}: {remark}.", entry.file)));
        }
    }
    let (verb, end) = if dry {
        ("would be taken", " Nothing was changed.")
    } else {
        ("taken", "")
    };
    let mut sum = format!("{taken} {verb}, {there} there already, {refused} refused");
    if passed > 0 {
        let _ = write!(sum, ", {passed} passed over");
    }
    answer = answer.remark(format!("{sum}.{end}"));
    if refused > 0 { answer.exit(Exit::Failed) } else { answer }
}
