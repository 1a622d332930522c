//! One sign-in at a terminal: drives `shared::flows`, prompts out, answers in, until the machine's end.
//!
//! What this adds to the machine is only how a terminal talks: `?` for the list, Enter for nothing. What is right, what
//! counts and who may enter is decided there, and the same for the web.

use crate::approval::{self, Patience};
use crate::enrol;
use crate::house::House;
use crate::journal;
use crate::line::{Heard, Line, Lost};
use crate::menu::{self, Chosen};
use crate::peer::Trust;
use crate::reach::Reach;
use crate::sentences::{self, Remark};
use crate::surroundings;
use crate::touch::Touch;
use samekey_shared::accounts::LoginName;
use samekey_shared::flows::{
    Answer, Asked, Basis, Doorway, FirstFactorCheck, FlowError, Grant, KeyTrouble, Notice, Prompt, Refusal,
    RefusalCode, SignIn, SignInRequest, Step, Visit,
};
use samekey_shared::ids::RequestId;
use samekey_shared::methods::Method;
use samekey_shared::store::{StoreError, Tx};
use samekey_shared::trust::last::{self, Before};
use samekey_wire::{Outage, Reason, Start, Verdict};

/// Most times that a person may ask for the list or type nothing, in one conversation.
pub const MOST_DETOURS: u32 = 8;

/// How a conversation ended: what the module is told, and what the log is.
#[derive(Debug)]
pub struct Ending {
    /// For the module.
    pub verdict: Verdict,
    /// The stable code, for the log.
    pub code: &'static str,
    /// The canonical name, where there is one.
    pub login: Option<LoginName>,
    /// Joins log and audit trail.
    pub request: Option<RequestId>,
}

impl Ending {
    /// An ending without a decision.
    pub fn undecided(outage: Outage) -> Self {
        Self {
            verdict: Verdict::Unavailable { outage },
            code: outage.code(),
            login: None,
            request: None,
        }
    }

    /// The flow failed: said in the log in full, to the module in a word.
    pub fn failed(error: &FlowError) -> Self {
        journal::trouble(&format!("nobody can sign in while this lasts: {error}"));
        Self::undecided(match error {
            FlowError::Store(_) => Outage::StoreUnavailable,
            _ => Outage::Internal,
        })
    }
}

/// The request that this login makes of the machine.
pub fn request<'a>(house: &House, start: &'a Start, trust: Trust, reach: &Reach) -> SignInRequest<'a> {
    SignInRequest {
        login: &start.user,
        first: FirstFactorCheck::Done(surroundings::first_factor(start, trust, house.ssh.verifies)),
        prior: None,
        asked: Asked::default(),
        means: reach.means(),
        browser: None,
    }
}

/// A terminal has nothing of its own to write down with a grant.
#[expect(clippy::unnecessary_wraps, reason = "what the machine calls with every grant")]
pub fn nothing_more(_: &mut Tx<'_>, _: &Grant) -> Result<(), StoreError> {
    Ok(())
}

/// Asks the person until it is decided.
pub fn sign_in(
    house: &House,
    line: &mut Line<'_>,
    start: &Start,
    doorway: &Doorway,
    trust: Trust,
    reach: &Reach,
) -> Result<Ending, Lost> {
    let visit = Visit {
        realm: &house.realm,
        doorway,
    };
    let (mut machine, mut step) = match SignIn::start(&visit, request(house, start, trust, reach), &mut nothing_more) {
        Ok(begun) => begun,
        Err(error) => return Ok(Ending::failed(&error)),
    };
    let mut asking = Asking {
        house,
        reach,
        start,
        silent: start.silent,
        asked: Method::Totp,
        detours: 0,
        trouble: None,
        patience: Patience::default(),
    };
    if let (Step::Ask(_), Some(text)) = (&step, machine.announcement()) {
        line.tell(sentences::announcement(text))?;
    }
    let mut by = By::Nobody;
    loop {
        let answer = match step {
            Step::Granted(grant) => return granted(house, line, &grant, (&doorway.service, by)),
            Step::Refused(refusal) => {
                reach.note(&refusal, start);
                return refused(house, line, &refusal, asking.asked);
            }
            Step::Ask(prompt) => asking.ask(line, prompt, (&visit, &machine)),
        };
        let (answer, lost) = match answer {
            Ok(answer) => (answer, None),
            // The machine is told, so that the audit trail is; the module is no longer there to hear.
            Err(lost) => (Answer::GiveUp, Some(lost)),
        };
        by = By::Person;
        step = match machine.answer(&visit, answer, &mut nothing_more) {
            Ok(step) => step,
            Err(error) => return Ok(Ending::failed(&error)),
        };
        if let Some(lost) = lost {
            return Err(lost);
        }
    }
}

/// Who answered in a conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum By {
    /// Somebody did.
    Person,
    /// Nothing was asked.
    Nobody,
}

/// The questions of one conversation, and what of them lasts from one to the next.
struct Asking<'a> {
    house: &'a House,
    reach: &'a Reach,
    start: &'a Start,
    silent: bool,
    /// What was asked last.
    asked: Method,
    detours: u32,
    /// What the last key's trouble was, exactly: the machine's notice is about both doors.
    trouble: Option<Remark>,
    patience: Patience,
}

impl Asking<'_> {
    /// Asks until there is something for the machine.
    fn ask(
        &mut self,
        line: &mut Line<'_>,
        prompt: Prompt,
        (visit, machine): (&Visit<'_>, &SignIn),
    ) -> Result<Answer, Lost> {
        match prompt {
            Prompt::Enrol(prompt) => {
                let facts = (self.start, self.house.stacks.as_slice());
                enrol::ask(line, visit, (machine, &prompt), facts, &mut self.detours)
            }
            Prompt::Code {
                method, others, notice, ..
            } => {
                self.asked = method;
                let code = Code {
                    method,
                    others: &others,
                    remark: remark(notice, self.trouble.take()),
                };
                code.ask(line, &mut self.detours)
            }
            Prompt::Key(prompt) => {
                self.asked = prompt.method;
                let remark = remark(prompt.notice, self.trouble.take());
                let Some(keys) = self.reach.keys() else {
                    return Ok(Answer::KeyFailed(KeyTrouble::Absent));
                };
                let touch = Touch {
                    keys,
                    prompt: &prompt,
                    remark,
                    silent: self.silent,
                };
                let touched = touch.ask(line, &mut self.detours)?;
                self.trouble = touched.trouble;
                Ok(touched.answer)
            }
            Prompt::Approval(prompt) => {
                self.asked = prompt.method;
                let remark = remark(prompt.notice, self.trouble.take());
                approval::ask(
                    self.house,
                    line,
                    &prompt,
                    remark,
                    (&mut self.patience, &mut self.detours),
                )
            }
            // The stack checks passwords, not we: a machine that asks for one here is at fault.
            Prompt::Password { .. } => Ok(Answer::GiveUp),
        }
    }
}

/// What to say first: of a key's trouble, what exactly it was.
fn remark(notice: Option<Notice>, trouble: Option<Remark>) -> Option<Remark> {
    match (notice, trouble) {
        (Some(Notice::KeyFailed(_)), Some(trouble)) => Some(trouble),
        (notice, _) => notice.map(Remark::Notice),
    }
}

/// A code to be asked for.
struct Code<'a> {
    method: Method,
    others: &'a [Method],
    remark: Option<Remark>,
}

impl Code<'_> {
    /// Asks until there is something for the machine.
    fn ask(mut self, line: &mut Line<'_>, detours: &mut u32) -> Result<Answer, Lost> {
        while *detours <= MOST_DETOURS {
            let prompt = sentences::code_prompt(line.t(), self.method, self.remark);
            let typed = match line.ask(prompt)? {
                Heard::Text(typed) => typed,
                Heard::Fake => return Ok(Answer::Fake),
                Heard::Cancel => return Ok(Answer::GiveUp),
            };
            self.remark = match typed.expose().trim() {
                "" => Some(Remark::Nothing),
                "?" => match menu::list(line, self.others)? {
                    Chosen::Answer(answer) => return Ok(answer),
                    Chosen::Back(remark) => remark,
                },
                _ => return Ok(Answer::Code(typed)),
            };
            *detours += 1;
        }
        Ok(Answer::GiveUp)
    }
}

fn granted(house: &House, line: &mut Line<'_>, grant: &Grant, (service, by): (&str, By)) -> Result<Ending, Lost> {
    if let Basis::Grace { until } = grant.basis {
        line.tell(sentences::nag(line.t(), until, house.realm.clock.now()))?;
    }
    if opens_a_session(service) {
        tell_last(house, line, grant)?;
    }
    Ok(let_in(grant, by))
}

/// Services whose people come in, rather than those that are in already and become somebody else or unlock a screen.
fn opens_a_session(service: &str) -> bool {
    let name = service.strip_prefix("pam:").unwrap_or(service);
    ["sshd", "login", "remote", "gdm", "lightdm", "sddm"]
        .iter()
        .any(|known| name.starts_with(known))
}

/// Says when this person was here last (W23). Should that not be found, they come in all the same.
fn tell_last(house: &House, line: &mut Line<'_>, grant: &Grant) -> Result<(), Lost> {
    let before = Before::Request(grant.request);
    match house.realm.store.read(|tx| last::of(tx, &grant.login, before)) {
        Ok(Some(last)) => line.tell(last.sentence(line.t())),
        Ok(None) => Ok(()),
        Err(error) => {
            journal::trouble(&format!("nobody can be told of their last sign-in: {error}"));
            Ok(())
        }
    }
}

/// The verdict of a grant: success only for what was proven to us (S13).
pub fn let_in(grant: &Grant, by: By) -> Ending {
    let (verdict, code) = match grant.basis {
        Basis::Proven if by == By::Person => (Verdict::Granted, "ok"),
        // Nobody was asked, and yet it is proven: the key that opened this login did it.
        Basis::Proven => (Verdict::KeyShown, "ok"),
        // An earlier proof was not shown in this conversation: to the stack it is as if nothing had been asked (S13).
        Basis::Exempt | Basis::Grace { .. } | Basis::Trusted { .. } => (Verdict::Exempt, "ok"),
    };
    Ending {
        verdict,
        code,
        login: Some(grant.login.clone()),
        request: Some(grant.request),
    }
}

/// The verdict of a refusal, after the person has been told what helps.
pub fn refused(house: &House, line: &mut Line<'_>, refusal: &Refusal, asked: Method) -> Result<Ending, Lost> {
    let now = house.realm.clock.now();
    if let Some(sentence) = sentences::refusal(line.t(), refusal.code, asked, house.contact().as_deref(), now) {
        line.complain(sentence)?;
    }
    Ok(Ending {
        verdict: verdict(refusal.code),
        code: refusal.code.code(),
        login: None,
        request: Some(refusal.request),
    })
}

/// What the module learns: no more than the person may.
fn verdict(code: RefusalCode) -> Verdict {
    let reason = match code.public() {
        RefusalCode::CodeWrong
        | RefusalCode::PasswordWrong
        | RefusalCode::KeyRefused(_)
        | RefusalCode::KeyFailed(_) => Reason::CodeWrong,
        RefusalCode::CodeReplayed => Reason::CodeReplayed,
        RefusalCode::TooManyAttempts { .. } | RefusalCode::TooManyApprovals { .. } | RefusalCode::TooManyCodes => {
            return Verdict::TooMany;
        }
        RefusalCode::DeniedByRule | RefusalCode::AccountClosed => Reason::DeniedByRule,
        RefusalCode::NoMethodReachesLevel
        | RefusalCode::LevelUnreachable
        | RefusalCode::NotAtThisDoor
        | RefusalCode::PasskeySignInOff => Reason::NoMethodReachesLevel,
        RefusalCode::EnrollmentRequired | RefusalCode::EnrollmentTicketRequired => Reason::EnrollmentRequired,
        RefusalCode::ApprovalDenied
        | RefusalCode::ApprovalWrongNumber
        | RefusalCode::ApprovalExpired
        | RefusalCode::ApprovalSuperseded => Reason::NotApproved,
        RefusalCode::GaveUp => Reason::Cancelled,
        RefusalCode::FakeAnswer => Reason::FakeAnswer,
        RefusalCode::Expired => {
            return Verdict::Unavailable {
                outage: Outage::TimedOut,
            };
        }
        RefusalCode::ClockUnsynchronised => {
            return Verdict::Unavailable {
                outage: Outage::ClockUnsynchronised,
            };
        }
        RefusalCode::AlreadyCompleted | RefusalCode::OutOfTurn => {
            return Verdict::Unavailable {
                outage: Outage::Internal,
            };
        }
    };
    Verdict::Refused { reason }
}
