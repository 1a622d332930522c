//! One sign-in at a terminal: drives `shared::flows`, prompts out, answers in, until the machine's end.
//!
//! What this adds to the machine is only how a terminal talks: `?` for the list, Enter for nothing. What is right, what
//! counts and who may enter is decided there, and the same for the web.

use crate::house::House;
use crate::journal;
use crate::line::{Heard, Line, Lost};
use crate::sentences::{self, Remark};
use crate::surroundings;
use samekey_shared::accounts::LoginName;
use samekey_shared::flows::{
    Answer, Asked, Basis, Doorway, FirstFactorCheck, FlowError, Grant, KeyTrouble, Means, Prompt, Refusal, RefusalCode,
    SignIn, SignInRequest, Step, Visit,
};
use samekey_shared::ids::RequestId;
use samekey_shared::methods::Method;
use samekey_shared::secrets::SecretText;
use samekey_shared::store::{StoreError, Tx};
use samekey_wire::{Outage, Reason, Start, Verdict};

/// Most times that a person may ask for the list or type nothing, in one conversation.
const MOST_DETOURS: u32 = 8;

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
pub fn request(start: &Start) -> SignInRequest<'_> {
    SignInRequest {
        login: &start.user,
        first: FirstFactorCheck::Done(surroundings::first_factor(start)),
        prior: None,
        asked: Asked::default(),
        means: Means::default(),
    }
}

/// A terminal has nothing of its own to write down with a grant.
#[expect(clippy::unnecessary_wraps, reason = "what the machine calls with every grant")]
pub fn nothing_more(_: &mut Tx<'_>, _: &Grant) -> Result<(), StoreError> {
    Ok(())
}

/// Asks the person until it is decided.
pub fn sign_in(house: &House, line: &mut Line<'_>, start: &Start, doorway: &Doorway) -> Result<Ending, Lost> {
    let visit = Visit {
        realm: &house.realm,
        doorway,
    };
    let (mut machine, mut step) = match SignIn::start(&visit, request(start), &mut nothing_more) {
        Ok(begun) => begun,
        Err(error) => return Ok(Ending::failed(&error)),
    };
    let mut detours = 0;
    let mut asked = Method::Totp;
    loop {
        let answer = match step {
            Step::Granted(grant) => return granted(house, line, &grant),
            Step::Refused(refusal) => return refused(house, line, &refusal, asked),
            Step::Ask(Prompt::Code {
                method, others, notice, ..
            }) => {
                asked = method;
                let code = Code {
                    method,
                    others: &others,
                    remark: notice.map(Remark::Notice),
                };
                code.ask(line, &mut detours)
            }
            // The stack checks passwords, not we: a machine that asks for one here is at fault.
            Step::Ask(Prompt::Password { .. }) => Ok(Answer::GiveUp),
            // Not asked of a door that said it cannot.
            Step::Ask(Prompt::Approval(_)) => Ok(Answer::GiveUp),
            Step::Ask(Prompt::Key(_)) => Ok(Answer::KeyFailed(KeyTrouble::Absent)),
        };
        let (answer, lost) = match answer {
            Ok(answer) => (answer, None),
            // The machine is told, so that the audit trail is; the module is no longer there to hear.
            Err(lost) => (Answer::GiveUp, Some(lost)),
        };
        step = match machine.answer(&visit, answer, &mut nothing_more) {
            Ok(step) => step,
            Err(error) => return Ok(Ending::failed(&error)),
        };
        if let Some(lost) = lost {
            return Err(lost);
        }
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
            let prompt = sentences::code_prompt(self.method, self.remark);
            let typed = match line.ask(prompt)? {
                Heard::Text(typed) => typed,
                Heard::Fake => return Ok(Answer::Fake),
                Heard::Cancel => return Ok(Answer::GiveUp),
            };
            self.remark = Some(match typed.expose().trim() {
                "" => Remark::Nothing,
                "?" if self.others.is_empty() => Remark::NoOthers,
                "?" => match self.list(line)? {
                    Chosen::Answer(answer) => return Ok(answer),
                    Chosen::Back(remark) => {
                        self.remark = remark;
                        *detours += 1;
                        continue;
                    }
                },
                _ => return Ok(Answer::Code(typed)),
            });
            *detours += 1;
        }
        Ok(Answer::GiveUp)
    }

    /// Shows the other methods and takes a choice.
    fn list(&self, line: &mut Line<'_>) -> Result<Chosen, Lost> {
        Ok(match line.ask(sentences::list_prompt(self.others))? {
            Heard::Fake => Chosen::Answer(Answer::Fake),
            Heard::Cancel => Chosen::Answer(Answer::GiveUp),
            Heard::Text(typed) => self.choice(&typed),
        })
    }

    fn choice(&self, typed: &SecretText) -> Chosen {
        let typed = typed.expose().trim();
        let index = typed.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        match index.and_then(|index| self.others.get(index)) {
            Some(method) => Chosen::Answer(Answer::Choose(*method)),
            None if typed.is_empty() => Chosen::Back(None),
            None => Chosen::Back(Some(Remark::NotOnTheList)),
        }
    }
}

/// What became of the list.
enum Chosen {
    Answer(Answer),
    Back(Option<Remark>),
}

fn granted(house: &House, line: &mut Line<'_>, grant: &Grant) -> Result<Ending, Lost> {
    if let Basis::Grace { until } = grant.basis {
        line.tell(sentences::nag(until, house.realm.clock.now()))?;
    }
    Ok(let_in(grant))
}

/// The verdict of a grant: success only for what was proven to us (S13).
pub fn let_in(grant: &Grant) -> Ending {
    let (verdict, code) = match grant.basis {
        Basis::Proven => (Verdict::Granted, "ok"),
        Basis::Exempt | Basis::Grace { .. } => (Verdict::Exempt, "ok"),
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
    if let Some(sentence) = sentences::refusal(refusal.code, asked, house.contact().as_deref(), now) {
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
        RefusalCode::CodeWrong | RefusalCode::PasswordWrong => Reason::CodeWrong,
        RefusalCode::CodeReplayed => Reason::CodeReplayed,
        RefusalCode::TooManyAttempts { .. } => return Verdict::TooMany,
        RefusalCode::DeniedByRule | RefusalCode::AccountClosed => Reason::DeniedByRule,
        RefusalCode::NoMethodReachesLevel
        | RefusalCode::LevelUnreachable
        | RefusalCode::NotAtThisDoor
        | RefusalCode::PasskeySignInOff => Reason::NoMethodReachesLevel,
        RefusalCode::KeyRefused(_) | RefusalCode::KeyFailed(_) => Reason::CodeWrong,
        RefusalCode::EnrollmentRequired => Reason::EnrollmentRequired,
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
