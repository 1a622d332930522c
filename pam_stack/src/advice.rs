//! What an administrator should do about a stack that lets somebody past our module: the line, the reason, the fix.

use crate::code::Code;
use crate::control::Action;
use crate::line::{Facility, Line};
use crate::service::Service;
use crate::walk::Step;

/// The control that our line has in `auth`.
const OUR_CONTROL: &str = "[success=ok ignore=ignore default=die]";

/// The line that is to blame, why, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advice {
    /// `/etc/pam.d/sshd:4`, or the file where a line is missing.
    pub place: String,
    /// What that line does.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// The lines on the way, one each, with what they answer.
    pub way: Vec<String>,
}

/// Reads a way around our module (see [`Verdict::Bypassed`](crate::Verdict::Bypassed)).
pub fn advise(service: &Service, facility: Facility, way: &[Step]) -> Advice {
    let lines = &service.stack(facility).lines;
    let told = |step: &Step| {
        let line = lines.get(step.line)?;
        Some(format!("{}: {} answers {}", line.place(), line.shown(), step.answer))
    };
    let (place, why, fix) = culprit(service, facility, way);
    Advice {
        place,
        why,
        fix,
        way: way.iter().filter_map(told).collect(),
    }
}

fn culprit(service: &Service, facility: Facility, way: &[Step]) -> (String, String, String) {
    let stack = service.stack(facility);
    let lines = &stack.lines;
    let Some(ours) = lines.iter().position(Line::is_ours) else {
        return absent(service, facility);
    };
    let asked: Vec<(&Line, &Step)> = way
        .iter()
        .filter_map(|step| Some((lines.get(step.line)?, step)))
        .collect();
    // Our module was asked, said no, and the stack let somebody in all the same.
    if let Some((line, _)) = asked.iter().find(|(line, _)| line.is_ours()) {
        return (
            line.place(),
            format!(
                "`{}` does not stop the login when the second factor fails",
                line.shown()
            ),
            format!("write it as `{} {OUR_CONTROL} {}`", facility.word(), module(line)),
        );
    }
    // Somebody ended the stack, or jumped over us.
    for (line, step) in asked.iter().rev() {
        let jumps_to = asked.iter().map(|(_, step)| step.line).find(|at| *at > step.line);
        let over = step.line < ours && jumps_to.is_none_or(|at| at > ours);
        match line.control.action(step.answer) {
            Action::Done | Action::Die if over => return ends(lines, line, step.answer, ours),
            Action::Jump(count) if over => {
                return (
                    line.place(),
                    format!("`{}` jumps {count} lines, over {}", line.shown(), lines[ours].place()),
                    format!(
                        "move {} to before it, or shorten the jump so that it lands there",
                        lines[ours].place()
                    ),
                );
            }
            _ => {}
        }
    }
    (
        lines[ours].place(),
        "the login comes in without it being asked".to_owned(),
        "move it to where every login passes, after the first factor".to_owned(),
    )
}

fn absent(service: &Service, facility: Facility) -> (String, String, String) {
    let stack = service.stack(facility);
    let word = facility.word();
    let file = match stack.lines.first() {
        Some(line) if stack.from_other => line.file.display().to_string(),
        _ => format!("/etc/pam.d/{}", service.name),
    };
    let fix = match facility {
        Facility::Auth => format!(
            "add `auth {OUR_CONTROL} {}` after the lines that ask for the password",
            crate::OURS
        ),
        Facility::Account => format!("add `account required {}` before the other account lines", crate::OURS),
    };
    (file, format!("no {word} line names {}", crate::OURS), fix)
}

fn ends(lines: &[Line], line: &Line, answer: Code, ours: usize) -> (String, String, String) {
    let why = format!(
        "`{}` ends the stack on {answer}, before {} is asked",
        line.shown(),
        lines[ours].place()
    );
    let fix = if line.level > lines[ours].level {
        format!("move {} out of the substack's reach", lines[ours].place())
    } else {
        let from = lines
            .iter()
            .position(|before| std::ptr::eq(before, line))
            .unwrap_or(ours);
        let between = lines.get(from + 1..ours).unwrap_or_default();
        let go_on = match between.iter().filter(|other| other.level == line.level).count() {
            0 => "ok".to_owned(),
            count => count.to_string(),
        };
        format!(
            "write `[success={go_on} new_authtok_reqd={go_on} default=ignore] {}` there, so that it goes on to {}, or take the line out",
            module(line),
            lines[ours].place()
        )
    };
    (line.place(), why, fix)
}

/// The module of a line, with its arguments.
fn module(line: &Line) -> String {
    let shown = line.shown();
    let at = shown.find(line.module()).unwrap_or(0);
    shown[at..].to_owned()
}
