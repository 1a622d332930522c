//! What is printed: one row per comparison, and whether it meets what was promised.

use std::fmt::Write as _;

/// What a ratio must be.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// At most this.
    AtMost(f64),
    /// At least this.
    AtLeast(f64),
    /// Told, not promised.
    Told,
}

/// One comparison.
#[derive(Debug)]
pub struct Row {
    /// What was compared, with its unit.
    pub what: String,
    /// Our figure.
    pub ours: f64,
    /// Theirs, or the yardstick's.
    pub theirs: Option<f64>,
    /// Ours by theirs; where there is no other, our figure again.
    pub ratio: f64,
    /// What the ratio should be.
    pub target: Target,
}

impl Row {
    /// A comparison with somebody else.
    pub fn against(what: impl Into<String>, (ours, theirs, ratio): (f64, f64, f64), target: Target) -> Self {
        Self {
            what: what.into(),
            ours,
            theirs: Some(theirs),
            ratio,
            target,
        }
    }

    /// A figure held against a fixed number.
    pub fn alone(what: impl Into<String>, ours: f64, target: Target) -> Self {
        Self {
            what: what.into(),
            ours,
            theirs: None,
            ratio: ours,
            target,
        }
    }

    fn verdict(&self) -> &'static str {
        let met = match self.target {
            Target::AtMost(most) => self.ratio <= most,
            Target::AtLeast(least) => self.ratio >= least,
            Target::Told => return "",
        };
        if met { "met" } else { "NOT MET" }
    }
}

/// The table so far.
#[derive(Debug, Default)]
pub struct Table {
    rows: Vec<Row>,
    notes: Vec<String>,
    unmeasured: usize,
}

impl Table {
    /// Adds a row and shows it at once, so that a long run shows its progress.
    pub fn add(&mut self, row: Row) {
        eprintln!("  {}", line(&row).trim_end());
        self.rows.push(row);
    }

    /// Adds a line below the table: what could not be measured, and why.
    pub fn miss(&mut self, text: impl Into<String>) {
        self.unmeasured += 1;
        self.note(text);
    }

    /// Adds a line below the table.
    pub fn note(&mut self, text: impl Into<String>) {
        let text = text.into();
        eprintln!("  {text}");
        self.notes.push(text);
    }

    /// The whole table.
    pub fn print(&self) {
        println!("{}", heading());
        for row in &self.rows {
            println!("{}", line(row).trim_end());
        }
        for note in &self.notes {
            println!("{note}");
        }
        let missed = self.rows.iter().filter(|row| row.verdict() == "NOT MET").count();
        let held = self.rows.iter().filter(|row| row.verdict() == "met").count();
        println!(
            "\n{held} targets met, {missed} not met, {} not measured",
            self.unmeasured
        );
    }
}

fn heading() -> String {
    format!(
        "{:<66} {:>10} {:>10} {:>8} {:>10}",
        "what", "ours", "theirs", "ratio", "target"
    )
}

fn line(row: &Row) -> String {
    let mut line = format!("{:<66} {:>10}", row.what, figure(row.ours));
    let theirs = row.theirs.map(figure).unwrap_or_default();
    let ratio = row.theirs.map(|_| format!("{:.2}", row.ratio)).unwrap_or_default();
    let target = match row.target {
        Target::AtMost(most) => format!("<= {}", figure(most)),
        Target::AtLeast(least) => format!(">= {}", figure(least)),
        Target::Told => String::new(),
    };
    let _ = write!(line, " {theirs:>10} {ratio:>8} {target:>10}  {}", row.verdict());
    line
}

/// Three digits or the whole number, whichever is more.
fn figure(number: f64) -> String {
    match number.abs() {
        n if n >= 100.0 => format!("{number:.0}"),
        n if n >= 10.0 => format!("{number:.1}"),
        _ => {
            let text = format!("{number:.3}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
    }
}
