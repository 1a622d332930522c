//! Binding an authenticator app inside the conversation of a login, where the policy lets people (R38); elsewhere the way
//! to the page. A hang-up binds nothing half: device, codes and trail are one unit of work of the shared machine.

use crate::conversation::MOST_DETOURS;
use crate::enrol_prompt::{self, ToScan};
use crate::journal;
use crate::line::{Heard, Line, Lost};
use crate::peer::Trust;
use crate::stack;
use crate::surroundings;
use samekey_shared::flows::{Answer, Binding, EnrolPrompt, EnrolStep, GoTo, Notice, SignIn, Visit};
use samekey_wire::Start;
use std::path::PathBuf;

/// What the machine is told at first: whether anything could speak for the first factor at all.
pub fn possible(start: &Start, trust: Trust) -> Binding {
    let perhaps = start.had_password || surroundings::completed_a_method(start);
    if trust == Trust::Root && perhaps && !start.silent {
        Binding::OnRequest
    } else {
        Binding::Elsewhere
    }
}

/// Where this login may bind: in its terminal, if its first factor is known to have been right. sshd's word on a key or a
/// method is; that a password was typed is only where the stack ends at a wrong one. A public key counts as a password
/// does: whoever has it enters anyway.
fn place(start: &Start, stacks: &[PathBuf]) -> Binding {
    let proven = surroundings::completed_a_method(start) || stack::stops_wrong_passwords(stacks, &start.service);
    if proven {
        return Binding::Terminal;
    }
    journal::note(&format!(
        "nothing is bound at {}: its PAM stack may come as far as us after a wrong password",
        start.service
    ));
    Binding::Elsewhere
}

/// Asks until there is something for the machine.
pub fn ask(
    line: &mut Line<'_>,
    visit: &Visit<'_>,
    (machine, prompt): (&SignIn, &EnrolPrompt),
    (start, stacks): (&Start, &[PathBuf]),
    detours: &mut u32,
) -> Result<Answer, Lost> {
    let t = line.t();
    match &prompt.step {
        EnrolStep::Vouch => Ok(Answer::Vouched(place(start, stacks))),
        EnrolStep::Ticket => {
            let typed = line.ask(enrol_prompt::ticket(t, &enrol_prompt::remark(t, prompt.notice)))?;
            Ok(answer(typed, Answer::Ticket))
        }
        EnrolStep::App { .. } => app(line, visit, machine, prompt.notice, detours),
        EnrolStep::Keep => {
            let heard = line.ask(enrol_prompt::keep(t, &machine.recovery_codes()))?;
            Ok(match heard {
                Heard::Text(_) => Answer::Kept,
                Heard::Fake => Answer::Fake,
                Heard::Cancel => Answer::GiveUp,
            })
        }
        EnrolStep::GoTo(go) => go_to(line, visit, go),
        // Only a page asks these.
        EnrolStep::Choose { .. } | EnrolStep::Key { .. } => Ok(Answer::GiveUp),
    }
}

/// Enter alone leaves.
fn answer(heard: Heard, make: impl FnOnce(samekey_shared::secrets::SecretText) -> Answer) -> Answer {
    match heard {
        Heard::Text(typed) if typed.expose().trim().is_empty() => Answer::GiveUp,
        Heard::Text(typed) => make(typed),
        Heard::Fake => Answer::Fake,
        Heard::Cancel => Answer::GiveUp,
    }
}

fn app(
    line: &mut Line<'_>,
    visit: &Visit<'_>,
    machine: &SignIn,
    notice: Option<Notice>,
    detours: &mut u32,
) -> Result<Answer, Lost> {
    let t = line.t();
    let (Some(shown), Some(login)) = (machine.to_scan(visit), machine.login(visit)) else {
        return Ok(Answer::GiveUp);
    };
    let mut remark = enrol_prompt::remark(t, notice);
    let mut with_qr = false;
    while *detours <= MOST_DETOURS {
        let scan = ToScan {
            account: format!("{}:{login}", visit.realm.names.realm),
            key: &shown.key,
            uri: &shown.uri,
            seconds: line.left().as_secs(),
        };
        let heard = line.ask(enrol_prompt::app(t, &scan, with_qr, &remark))?;
        match &heard {
            Heard::Text(typed) if typed.expose().trim().eq_ignore_ascii_case("q") => {
                with_qr = enrol_prompt::fits(shown.uri.expose());
                remark = if with_qr {
                    String::new()
                } else {
                    format!("\n{}", t.say("bind-terminal-no-qr"))
                };
            }
            _ => return Ok(answer(heard, Answer::Code)),
        }
        *detours += 1;
    }
    Ok(Answer::GiveUp)
}

/// Whatever is answered, this login ends; `q` shows the QR code first.
fn go_to(line: &mut Line<'_>, visit: &Visit<'_>, go: &GoTo) -> Result<Answer, Lost> {
    let t = line.t();
    let minutes = (go.expires_at - visit.realm.clock.now()).max(0) / 60;
    let heard = line.ask(enrol_prompt::go_to(t, go, minutes, false))?;
    let wants_qr = matches!(&heard, Heard::Text(typed) if typed.expose().trim().eq_ignore_ascii_case("q"));
    if wants_qr && enrol_prompt::fits(&enrol_prompt::link(go)) {
        line.ask(enrol_prompt::go_to(t, go, minutes, true))?;
    }
    Ok(Answer::Later)
}
