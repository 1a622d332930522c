//! How libpam walks a stack (`_pam_dispatch_aux`): one step at a time, for one answer or for all.

use crate::code::Code;
use crate::control::Action;
use crate::line::{Facility, Line, What};

/// What libpam answers where it asks nobody.
pub(crate) const MUST_FAIL: Code = Code::PERM_DENIED;

/// What libpam thinks so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Impression {
    Undecided,
    Positive,
    Negative,
}

/// Impression and result so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct Standing {
    impression: Impression,
    status: Code,
}

const BEGINNING: Standing = Standing {
    impression: Impression::Undecided,
    status: MUST_FAIL,
};

/// Where the walk is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct State {
    /// The line that is asked next; the number of lines at the end.
    pub at: usize,
    standing: Standing,
    /// What libpam thought when each substack around was entered: what `reset` goes back to.
    entered: Vec<Standing>,
}

/// One module's answer on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step {
    /// The line, counted from 0 in the stack.
    pub line: usize,
    /// What its module answered.
    pub answer: Code,
}

impl State {
    /// Before the first line.
    pub fn first(lines: &[Line]) -> Self {
        let state = Self {
            at: 0,
            standing: BEGINNING,
            entered: vec![BEGINNING],
        };
        state.settled(lines, 0)
    }

    /// Goes on to the next line that asks somebody, entering substacks.
    fn settled(mut self, lines: &[Line], mut previous: usize) -> Self {
        while let Some(line) = lines.get(self.at) {
            if previous < line.level {
                self.entered.resize(line.level + 1, BEGINNING);
                self.entered[line.level] = self.standing;
            }
            if !matches!(line.what, What::Substack(_)) {
                break;
            }
            previous = line.level;
            self.at += 1;
        }
        // What is deeper than here is written anew before it is read.
        let depth = lines.get(self.at).map_or(0, |line| line.level + 1);
        self.entered.truncate(depth);
        self
    }

    /// What becomes of it when the line's module answers this.
    pub fn after(&self, lines: &[Line], answer: Code) -> Self {
        let mut next = self.clone();
        let Some(line) = lines.get(self.at) else { return next };
        let action = line.control.action(answer);
        match action {
            Action::Ignore => next.at += 1,
            Action::Reset => {
                next.standing = self.entered.get(line.level).copied().unwrap_or(BEGINNING);
                next.at += 1;
            }
            Action::Ok | Action::Done => {
                let counts = match self.standing.impression {
                    Impression::Undecided => true,
                    Impression::Positive => self.standing.status == Code::SUCCESS,
                    Impression::Negative => false,
                };
                if counts {
                    next.standing = Standing {
                        impression: Impression::Positive,
                        status: answer,
                    };
                }
                let ends = action == Action::Done && next.standing.impression == Impression::Positive;
                next.at = if ends { left(lines, self.at) } else { self.at + 1 };
            }
            Action::Bad | Action::Die => {
                if self.standing.impression != Impression::Negative {
                    next.standing = Standing {
                        impression: Impression::Negative,
                        status: if answer == Code::IGNORE { MUST_FAIL } else { answer },
                    };
                }
                next.at = if action == Action::Die {
                    left(lines, self.at)
                } else {
                    self.at + 1
                };
            }
            Action::Jump(count) => match jumped(lines, self.at, count) {
                (at, true) => next.at = at,
                (at, false) => {
                    next.at = at;
                    next.standing = Standing {
                        impression: Impression::Negative,
                        status: MUST_FAIL,
                    };
                }
            },
        }
        next.settled(lines, line.level)
    }

    /// The same as far as it decides anything: of the results only success, "change your password", and failure.
    pub fn told_apart(mut self) -> Self {
        for standing in std::iter::once(&mut self.standing).chain(&mut self.entered) {
            if ![Code::SUCCESS, Code::NEW_AUTHTOK_REQD].contains(&standing.status) {
                standing.status = MUST_FAIL;
            }
        }
        self
    }

    /// What libpam tells the application at the end.
    pub fn result(&self) -> Code {
        if self.standing.status == Code::SUCCESS && self.standing.impression != Impression::Positive {
            return MUST_FAIL;
        }
        self.standing.status
    }
}

/// The line after the stack or substack that this line is in.
fn left(lines: &[Line], at: usize) -> usize {
    let level = lines[at].level;
    let beyond = lines[at + 1..].iter().position(|line| line.level < level);
    beyond.map_or(lines.len(), |count| at + 1 + count)
}

/// Where a jump lands, and whether there were so many lines; a substack counts as one.
fn jumped(lines: &[Line], at: usize, count: u32) -> (usize, bool) {
    let level = lines[at].level;
    let (mut last, mut open) = (at, count);
    while open > 0 && lines.get(last + 1).is_some_and(|line| line.level >= level) {
        last += 1;
        while lines.get(last + 1).is_some_and(|line| line.level > level) {
            last += 1;
        }
        open -= 1;
    }
    (last + 1, open == 0)
}

/// Whether an application lets somebody in who gets this result; after `account`, also when the password must be
/// changed first.
pub fn lets_in(facility: Facility, result: Code) -> bool {
    result == Code::SUCCESS || (facility == Facility::Account && result == Code::NEW_AUTHTOK_REQD)
}

/// Walks the stack with the answers that `answer` gives, in the order in which libpam asks; the result and the way.
pub fn run(lines: &[Line], mut answer: impl FnMut(&Line) -> Code) -> (Code, Vec<Step>) {
    let mut state = State::first(lines);
    let mut steps = Vec::new();
    while let Some(line) = lines.get(state.at) {
        let answered = answer(line);
        steps.push(Step {
            line: state.at,
            answer: answered,
        });
        state = state.after(lines, answered);
    }
    (state.result(), steps)
}
