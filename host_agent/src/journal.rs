//! Lines for the journal, on standard error: endings in the form that fail2ban reads, and what needs repair.

use samekey_shared::audit::{Event, syslog};
use std::io::Write;

/// What happened to a login.
pub fn event(event: &Event) {
    print(&syslog::line(event));
}

/// Something that an administrator has to repair.
pub fn trouble(what: &str) {
    let one_line: String = what.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    print(&format!("samekey: error: {one_line}"));
}

/// Something worth knowing about the agent itself.
pub fn note(what: &str) {
    print(&format!("samekey: {what}"));
}

/// A log that cannot be written ends no login and lets nobody in.
fn print(line: &str) {
    // One write: the log's reader must not see half a line between two of another process.
    let _ = std::io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}
