//! Binds an authenticator app at the administrator's terminal, as a person does: scan, type a code, keep the recovery codes.

use super::{MachineError, broken};
use crate::{App, Terminal};

/// What the person has afterwards.
#[derive(Debug)]
pub struct Enrolled {
    /// The app with its new entry.
    pub app: App,
    /// The time step whose code proved it; that code is spent.
    pub proven_with: u64,
    /// The recovery codes to keep on paper.
    pub recovery_codes: Vec<String>,
    /// Everything that the terminal showed.
    pub shown: String,
}

/// Binds it to the account of this name.
pub(super) fn enrol(person: &str) -> Result<Enrolled, MachineError> {
    let trouble = |why: &dyn std::fmt::Display| broken(format!("samekey device bind totp --user {person}"), why);
    let mut terminal =
        Terminal::start("samekey", ["device", "bind", "totp", "--user", person]).map_err(|why| trouble(&why))?;
    terminal.see("Code: ").map_err(|why| trouble(&why))?;
    let words = || terminal.shown().split_whitespace();
    let address = words().find(|word| word.starts_with("otpauth://"));
    let app =
        App::scan(address.ok_or_else(|| trouble(&"it showed no otpauth address"))?).map_err(|why| trouble(&why))?;
    let step = app.step();
    terminal.line(&app.code(step)).map_err(|why| trouble(&why))?;
    let status = terminal.end().map_err(|why| trouble(&why))?;
    let shown = terminal.shown().to_owned();
    if !status.success() {
        return Err(trouble(&shown));
    }
    let recovery_codes = shown
        .split_whitespace()
        .filter(|word| is_recovery_code(word))
        .map(str::to_owned)
        .collect();
    Ok(Enrolled {
        app,
        proven_with: step,
        recovery_codes,
        shown,
    })
}

/// Four groups of four, joined by dashes.
fn is_recovery_code(word: &str) -> bool {
    let groups: Vec<&str> = word.split('-').collect();
    groups.len() == 4
        && groups
            .iter()
            .all(|group| group.len() == 4 && group.chars().all(|c| c.is_ascii_alphanumeric()))
}
