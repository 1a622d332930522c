//! An approval from far, at the terminal: shows the prompt, and after Enter waits for the browser's word, no longer than the
//! module waits for us.

use crate::approval_prompt::{self, Look};
use crate::conversation::MOST_DETOURS;
use crate::deadline::Deadline;
use crate::house::House;
use crate::line::{Heard, Line, Lost, Watched};
use crate::menu::{self, Chosen};
use crate::peer::{Peer, Trust};
use crate::sentences::Remark;
use crate::{command_line, journal};
use samekey_shared::approvals;
use samekey_shared::flows::{Answer, ApprovalPrompt, Doorway, FromAfar};
use samekey_shared::ids::ApprovalId;
use samekey_shared::source::Source;
use std::time::Duration;

/// Seconds that an approval at sshd lives: its LoginGraceTime is 120 s, of which the password took some.
const LIVES_AT_SSHD: i64 = 90;

/// Seconds that an approval at anything else lives.
const LIVES_ELSEWHERE: i64 = 180;

/// How long one conversation waits after Enter, all waits together: the module gives up after 60 s of our silence.
const PATIENCE: Duration = Duration::from_secs(50);

/// Between two looks into the store. A decision is noticed well within two seconds, and a look reads one row.
const LOOK_EVERY: Duration = Duration::from_millis(250);

/// What the machine may tell an approver of this login, where the realm has a page to approve at.
pub fn offered(house: &House, doorway: &Doorway, trust: Trust, peer: Peer) -> Option<FromAfar> {
    house.realm.pages.as_ref()?;
    let at_sshd = doorway.service.starts_with("pam:sshd");
    // Only somebody who is on the machine already runs a program that asks (sudo, su), and only root's word names it.
    let runs = matches!((&doorway.source, trust), (Source::Local { by: Some(_) }, Trust::Root));
    Some(FromAfar {
        command: runs.then(|| command_line::of(peer.pid)).flatten(),
        lives: if at_sshd { LIVES_AT_SSHD } else { LIVES_ELSEWHERE },
    })
}

/// The patience of one conversation.
#[derive(Debug)]
pub struct Patience(Duration);

impl Default for Patience {
    fn default() -> Self {
        Self(PATIENCE)
    }
}

/// Asks until there is something for the machine.
pub fn ask(
    house: &House,
    line: &mut Line<'_>,
    prompt: &ApprovalPrompt,
    mut remark: Option<Remark>,
    (patience, detours): (&mut Patience, &mut u32),
) -> Result<Answer, Lost> {
    let mut look = Look::Plain;
    while *detours <= MOST_DETOURS {
        let typed = match line.ask(approval_prompt::text(line.t(), prompt, look, remark))? {
            Heard::Text(typed) => typed,
            Heard::Fake => return Ok(Answer::Fake),
            Heard::Cancel => return Ok(Answer::GiveUp),
        };
        remark = match typed.expose().trim() {
            "" => return wait(house, line, prompt.id, patience),
            "?" => match menu::list(line, &prompt.others)? {
                Chosen::Answer(answer) => return Ok(answer),
                Chosen::Back(remark) => remark,
            },
            "q" | "Q" if approval_prompt::has_qr(prompt) => {
                look = Look::WithQr;
                None
            }
            "q" | "Q" => Some(Remark::NoQr),
            _ => Some(Remark::BelongsInTheBrowser),
        };
        *detours += 1;
    }
    Ok(Answer::GiveUp)
}

/// Waits until it is decided or over, the module hangs up, or patience ends; the machine then looks what it is.
fn wait(house: &House, line: &mut Line<'_>, id: ApprovalId, patience: &mut Patience) -> Result<Answer, Lost> {
    let until = Deadline::after(patience.0);
    let ended = loop {
        if !waits(house, id) {
            break Ok(Answer::Approved);
        }
        let Some(left) = until.left() else {
            break Ok(Answer::Approved);
        };
        match line.watch(left.min(LOOK_EVERY)) {
            Ok(Watched::Quiet) => {}
            Ok(Watched::GivenUp) => break Ok(Answer::GiveUp),
            Err(lost) => break Err(lost),
        }
    };
    patience.0 = until.left().unwrap_or_default();
    ended
}

/// Whether nobody has decided. A store that cannot be read ends the waiting: the machine meets the same trouble and says so.
fn waits(house: &House, id: ApprovalId) -> bool {
    let realm = &house.realm;
    match realm.store.read(|tx| approvals::is_waiting(tx, id, realm.clock.now())) {
        Ok(waits) => waits,
        Err(error) => {
            journal::trouble(&format!("an approval could not be looked at: {error}"));
            false
        }
    }
}
