//! What a command answers: data on stdout (text or one JSON value), talk on stderr.

use crate::exit::{Exit, Failure};
use serde_json::{Value, json};
use std::io::Write;

/// A command's answer, in both forms.
#[derive(Debug)]
pub struct Answer {
    /// The data for a program; null when it was written already.
    pub data: Value,
    /// The data for the eye; empty when there is nothing but "done".
    pub text: String,
    /// What is said besides the data.
    pub remarks: Vec<String>,
    /// How the process ends.
    pub exit: Exit,
}

impl Answer {
    /// Data to show.
    pub fn data(data: Value, text: impl Into<String>) -> Self {
        Self {
            data,
            text: text.into(),
            remarks: Vec::new(),
            exit: Exit::Done,
        }
    }

    /// A change that was made, or was not needed.
    pub fn change(changed: bool, mut data: Value, remark: impl Into<String>) -> Self {
        if let Value::Object(fields) = &mut data {
            fields.insert("changed".to_owned(), Value::Bool(changed));
        }
        Self {
            data,
            text: String::new(),
            remarks: vec![remark.into()],
            exit: Exit::Done,
        }
    }

    /// The same, with something said on stderr.
    pub fn remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// The same, with text for stdout.
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = text.into();
        self
    }

    /// The same, ending otherwise than 0.
    pub fn exit(mut self, exit: Exit) -> Self {
        self.exit = exit;
        self
    }
}

/// Where and how answers are printed.
#[derive(Debug, Clone, Copy)]
pub enum Printer {
    /// For the eye.
    Text,
    /// One JSON value on stdout.
    Json,
}

impl Printer {
    /// The form that `--json` asks for.
    pub fn of(json: bool) -> Self {
        if json { Self::Json } else { Self::Text }
    }

    /// Prints an answer and tells the exit code.
    pub fn answer(self, answer: &Answer) -> Exit {
        for remark in &answer.remarks {
            say(remark);
        }
        let written = match self {
            Self::Json if !answer.data.is_null() => put(&format!("{}\n", answer.data)),
            Self::Json => Ok(()),
            Self::Text if answer.text.is_empty() => Ok(()),
            Self::Text => put(&format!("{}\n", answer.text.trim_end_matches('\n'))),
        };
        match written {
            Ok(()) => answer.exit,
            Err(error) => {
                say(&format!("samekey: stdout: {error}"));
                Exit::Failed
            }
        }
    }

    /// Prints a failure: its sentence and what to do on stderr; with `--json` also an object on stdout.
    pub fn failure(self, failure: &Failure) -> Exit {
        say(&format!("samekey: {}", failure.message));
        if let Some(hint) = &failure.hint {
            say(hint);
        }
        self.failure_data(failure)
    }

    /// Prints only the object, for a failure whose words were shown already.
    pub fn failure_data(self, failure: &Failure) -> Exit {
        if matches!(self, Self::Json) {
            let error = json!({
                "code": failure.code,
                "message": failure.message,
                "hint": failure.hint,
                "exit": failure.exit.number(),
            });
            // Nothing can be done when stdout is gone; the exit code still tells.
            let _ = put(&format!("{}\n", json!({ "error": error })));
        }
        failure.exit
    }
}

/// Writes data to stdout. A reader who has gone away (`| head`) is no failure.
pub fn put(text: &str) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => other,
    }
}

/// Writes a line of talk to stderr. When even that is closed there is nobody to tell.
pub fn say(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// A table with a line of headings, columns as wide as their widest cell, two blanks between.
#[derive(Debug)]
pub struct Table {
    headings: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// A table with these headings and no rows.
    pub fn new(headings: &[&'static str]) -> Self {
        Self {
            headings: headings.to_vec(),
            rows: Vec::new(),
        }
    }

    /// Adds a row.
    pub fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell)).collect());
    }

    /// The table as text, without blanks at the ends of lines.
    pub fn draw(&self) -> String {
        let widths: Vec<usize> = self
            .headings
            .iter()
            .enumerate()
            .map(|(column, heading)| {
                let cells = self
                    .rows
                    .iter()
                    .filter_map(|row| row.get(column))
                    .map(|cell| cell.chars().count());
                cells.chain([heading.chars().count()]).max().unwrap_or(0)
            })
            .collect();
        let headings: Vec<String> = self.headings.iter().map(|heading| (*heading).to_owned()).collect();
        let lines = std::iter::once(&headings).chain(&self.rows).map(|cells| {
            let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
            padded.collect::<Vec<_>>().join("  ").trim_end().to_owned()
        });
        lines.collect::<Vec<_>>().join("\n")
    }
}

/// The same text with control characters escaped: a name from the store must not drive the terminal.
pub fn printable(text: &str) -> String {
    text.chars()
        .flat_map(|c| {
            let escaped = c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            if escaped {
                c.escape_default().collect::<Vec<_>>()
            } else {
                vec![c]
            }
        })
        .collect()
}

/// A moment in UTC as people read it; `-` for none.
pub fn moment(at: Option<i64>) -> String {
    at.map_or_else(|| "-".to_owned(), samekey_shared::audit::utc::text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn table_aligns_and_leaves_no_blanks_at_the_end() {
        let mut table = Table::new(&["NAME", "STATE"]);
        table.row(["alice".to_owned(), "active".to_owned()]);
        table.row(["bö".to_owned(), String::new()]);
        assert_eq!(table.draw(), "NAME   STATE\nalice  active\nbö");
    }

    #[test]
    fn control_characters_never_reach_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\n\u{202e}c"), "a\\u{1b}[2Jb\\n\\u{202e}c");
    }
}
