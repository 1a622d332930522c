//! The control of a line: what libpam does with each answer of its module (`_pam_parse_control`).

use crate::code::{Code, WORDS};

/// What is done with an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// It does not count.
    Ignore,
    /// A success counts if nothing failed before.
    Ok,
    /// As [`Action::Ok`], and the stack (or substack) ends.
    Done,
    /// The stack has failed.
    Bad,
    /// As [`Action::Bad`], and the stack (or substack) ends.
    Die,
    /// As at the beginning of the stack (or substack).
    Reset,
    /// So many lines are skipped.
    Jump(u32),
}

/// Words of actions, in libpam's order.
const ACTIONS: [(&str, Action); 6] = [
    ("ignore", Action::Ignore),
    ("ok", Action::Ok),
    ("done", Action::Done),
    ("bad", Action::Bad),
    ("die", Action::Die),
    ("reset", Action::Reset),
];

/// What is done with each answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Control {
    actions: [Action; 32],
    /// As it is written, without brackets.
    pub written: String,
    /// What libpam does not understand of it: then it takes every answer for a failure.
    pub trouble: Option<String>,
}

impl Control {
    /// Reads the word after the facility.
    pub(crate) fn read(word: &[u8]) -> Self {
        let written = String::from_utf8_lossy(word).into_owned();
        let (actions, trouble) = match written.to_ascii_lowercase().as_str() {
            "required" => (simple(Action::Ok, Action::Ignore, Action::Bad), None),
            "requisite" => (simple(Action::Ok, Action::Ignore, Action::Die), None),
            "optional" => (simple(Action::Ok, Action::Ignore, Action::Ignore), None),
            "sufficient" => (simple(Action::Done, Action::Ignore, Action::Ignore), None),
            _ => match values(word) {
                Ok(actions) => (actions, None),
                Err(trouble) => ([Action::Bad; 32], Some(trouble)),
            },
        };
        Self {
            actions,
            written,
            trouble,
        }
    }

    /// The control of a line that always fails.
    pub(crate) fn bad(written: &str) -> Self {
        Self {
            actions: [Action::Bad; 32],
            written: written.to_owned(),
            trouble: None,
        }
    }

    /// What is done with this answer.
    pub fn action(&self, answer: Code) -> Action {
        self.actions.get(answer.index()).copied().unwrap_or(Action::Bad)
    }
}

fn simple(success: Action, ignore: Action, otherwise: Action) -> [Action; 32] {
    let mut actions = [otherwise; 32];
    actions[Code::SUCCESS.index()] = success;
    actions[Code::NEW_AUTHTOK_REQD.index()] = success;
    actions[Code::IGNORE.index()] = ignore;
    actions
}

/// `value=action …`: values may follow each other without a blank, as libpam reads them.
fn values(mut rest: &[u8]) -> Result<[Action; 32], String> {
    let mut actions = [None; 32];
    let trouble = |what: &str, rest: &[u8]| format!("{what} at \"{}\"", String::from_utf8_lossy(rest));
    loop {
        rest = trimmed(rest);
        if rest.is_empty() {
            return Ok(actions.map(|action| action.unwrap_or(Action::Bad)));
        }
        let value = WORDS
            .iter()
            .chain(&["default"])
            .position(|word| rest.starts_with(word.as_bytes()));
        let value = value.ok_or_else(|| trouble("no return value of PAM", rest))?;
        let word = WORDS.get(value).map_or("default", |word| word);
        rest = trimmed(&rest[word.len()..]);
        rest = rest.strip_prefix(b"=").ok_or_else(|| trouble("no \"=\"", rest))?;
        rest = trimmed(rest);
        let (action, after) = action(rest).ok_or_else(|| trouble("no action", rest))?;
        rest = after;
        match actions.get_mut(value) {
            Some(slot) => *slot = Some(action),
            None => {
                for slot in actions.iter_mut().filter(|slot| slot.is_none()) {
                    *slot = Some(action);
                }
            }
        }
    }
}

/// One action, and what follows it.
fn action(rest: &[u8]) -> Option<(Action, &[u8])> {
    for (word, action) in ACTIONS {
        if let Some(after) = rest.strip_prefix(word.as_bytes()) {
            return Some((action, after));
        }
    }
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (number, after) = rest.split_at(digits);
    // What does not fit libpam's integer is no number to it that anybody could foretell: the jump is then too far.
    let number = std::str::from_utf8(number).ok()?;
    let lines = if number.len() > 9 {
        u32::MAX
    } else {
        number.parse().ok()?
    };
    (lines > 0).then_some((Action::Jump(lines), after))
}

fn trimmed(text: &[u8]) -> &[u8] {
    let blank = |byte: &&u8| matches!(**byte, b' ' | b'\t' | b'\n' | 0x0b | 0x0c | b'\r');
    &text[text.iter().take_while(blank).count()..]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn action_of(control: &str, answer: Code) -> Action {
        Control::read(control.as_bytes()).action(answer)
    }

    #[test]
    fn words_and_values() {
        assert_eq!(action_of("SUFFICIENT", Code::NEW_AUTHTOK_REQD), Action::Done);
        assert_eq!(action_of("optional", Code::IGNORE), Action::Ignore);
        assert_eq!(action_of("success=2 default=ignore", Code::SUCCESS), Action::Jump(2));
        assert_eq!(action_of("success=ok default=die", Code::IGNORE), Action::Die);
        assert_eq!(
            action_of("success=ok", Code::IGNORE),
            Action::Bad,
            "what is not named fails"
        );
        assert_eq!(
            action_of("default=ok success=bad", Code::SUCCESS),
            Action::Bad,
            "in any order"
        );
        assert_eq!(
            action_of("default=ok default=bad", Code::SUCCESS),
            Action::Ok,
            "the first default"
        );
        assert_eq!(
            action_of("success=okdefault=die", Code::IGNORE),
            Action::Die,
            "no blank is needed"
        );
        assert_eq!(action_of(" success = ok ", Code::SUCCESS), Action::Ok);
    }

    #[test]
    fn what_is_not_understood_fails_whatever_the_module_says() {
        for control in [
            "requird",
            "success",
            "success=",
            "success=1x",
            "succes=ok",
            "success=0",
            "success=-1",
            "=ok",
        ] {
            let control = Control::read(control.as_bytes());
            assert!(control.trouble.is_some(), "{control:?}");
            assert_eq!(control.action(Code::SUCCESS), Action::Bad);
        }
    }

    #[test]
    fn a_jump_that_fits_no_integer_is_too_far() {
        assert_eq!(
            action_of("success=4294967295 default=die", Code::SUCCESS),
            Action::Jump(u32::MAX)
        );
    }
}
