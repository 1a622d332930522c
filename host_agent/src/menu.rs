//! The list of other methods, which `?` shows wherever something is asked.

use crate::line::{Heard, Line, Lost};
use crate::sentences::{self, Remark};
use samekey_shared::flows::Answer;
use samekey_shared::methods::Method;
use samekey_shared::secrets::SecretText;

/// What became of the list.
#[derive(Debug)]
pub enum Chosen {
    /// Something for the machine.
    Answer(Answer),
    /// Back to where `?` was typed.
    Back(Option<Remark>),
}

/// Shows the other methods and takes a choice.
pub fn list(line: &mut Line<'_>, others: &[Method]) -> Result<Chosen, Lost> {
    if others.is_empty() {
        return Ok(Chosen::Back(Some(Remark::NoOthers)));
    }
    Ok(match line.ask(sentences::list_prompt(line.t(), others))? {
        Heard::Fake => Chosen::Answer(Answer::Fake),
        Heard::Cancel => Chosen::Answer(Answer::GiveUp),
        Heard::Text(typed) => choice(others, &typed),
    })
}

fn choice(others: &[Method], typed: &SecretText) -> Chosen {
    let typed = typed.expose().trim();
    let index = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
    match index.and_then(|index| others.get(index)) {
        Some(method) => Chosen::Answer(Answer::Choose(*method)),
        None if typed.is_empty() => Chosen::Back(None),
        None => Chosen::Back(Some(Remark::NotOnTheList)),
    }
}
