//! Asks for a key that is plugged into this machine: one prompt before the touch, for a text that needs no answer may be
//! shown too late, then the wait, and its PIN where it wants one.
//!
//! The PIN is only ever what was typed at our own hidden prompt. Nothing typed is no PIN, and never a lesser proof (S3).

use crate::conversation::MOST_DETOURS;
use crate::journal;
use crate::line::{Heard, Line, Lost};
use crate::menu::{self, Chosen};
use crate::sentences::{self, Remark};
use samekey_agent::keys::{Asker, HungUp, LocalKeys, told_to_the_machine};
use samekey_shared::flows::{Answer, KeyPrompt, KeyTrouble, UserVerification};
use samekey_shared::methods::Method;
use samekey_shared::methods::fido::{Assertion, local_client_data};
use samekey_wire::FrameError;
use samekey_wire::key::{Assert, Asserted, Event, FEWEST_TRIES, Octets, Pin, Request, Trouble, Verification, Wanted};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

/// How long a key may take, its touch included. Keys themselves give up after half a minute.
const KEY_TIME: Duration = Duration::from_secs(30);

/// What must be left of the conversation when a key was waited for in vain: time for another method.
const RESERVE: Duration = Duration::from_secs(30);

/// Less than this is no time to find and touch a key in.
const SHORTEST: Duration = Duration::from_secs(5);

/// Wrong PINs in a row after which a key wants to be plugged in again.
const MOST_PINS: u32 = 3;

/// What was asked, and the trouble with it, for the remark that the next prompt begins with.
pub struct Touched {
    /// For the machine.
    pub answer: Answer,
    /// What went wrong, more exactly than the machine knows.
    pub trouble: Option<Remark>,
}

/// Where the wait led.
enum Waited {
    Signed(Box<Asserted>),
    PinNeeded { tries: u32 },
    Trouble { code: Trouble, tries: Option<u32> },
}

/// What became of the PIN prompt.
enum Typed {
    Pin(Pin),
    OtherWays,
    Answer(Answer),
}

/// A key to be asked for.
pub struct Touch<'a> {
    /// The keys of this machine.
    pub keys: &'a dyn LocalKeys,
    /// What the machine wants.
    pub prompt: &'a KeyPrompt,
    /// What to say first.
    pub remark: Option<Remark>,
    /// Whether the application keeps back plain texts (`PAM_SILENT`, as sudo does). The cue is more than that.
    pub silent: bool,
}

impl Touch<'_> {
    /// Asks until there is something for the machine.
    pub fn ask(mut self, line: &mut Line<'_>, detours: &mut u32) -> Result<Touched, Lost> {
        while *detours <= MOST_DETOURS {
            let fallback = self.fallback();
            let prompt = match fallback {
                Some(method) => sentences::key_again_prompt(line.t(), self.remark, method),
                None => sentences::key_prompt(line.t(), self.remark),
            };
            let typed = match line.ask(prompt)? {
                Heard::Text(typed) => typed,
                Heard::Fake => return Ok(plain(Answer::Fake)),
                Heard::Cancel => return Ok(plain(Answer::GiveUp)),
            };
            self.remark = match (typed.expose().trim(), fallback) {
                ("", Some(method)) => return Ok(plain(Answer::Choose(method))),
                ("", None) | ("k" | "K", Some(_)) => match self.wait(line)? {
                    Some(touched) => return Ok(touched),
                    None => match menu::list(line, self.others())? {
                        Chosen::Answer(answer) => return Ok(plain(answer)),
                        Chosen::Back(remark) => remark,
                    },
                },
                ("?", _) => match menu::list(line, self.others())? {
                    Chosen::Answer(answer) => return Ok(plain(answer)),
                    Chosen::Back(remark) => remark,
                },
                _ => Some(Remark::NotAKey),
            };
            *detours += 1;
        }
        Ok(plain(Answer::GiveUp))
    }

    /// After a trouble Enter is the way on: another method, where there is one.
    fn fallback(&self) -> Option<Method> {
        let trouble = matches!(self.remark, Some(Remark::Key(..) | Remark::NotAKey));
        self.others().first().copied().filter(|_| trouble)
    }

    fn others(&self) -> &[Method] {
        &self.prompt.others
    }

    /// Waits for the key; nothing if the person would rather see the other ways than type the PIN.
    fn wait(&self, line: &mut Line<'_>) -> Result<Option<Touched>, Lost> {
        let mut pin = None;
        let mut remark = None;
        for _ in 0..=MOST_PINS {
            let with_pin = pin.is_some();
            let tries = match self.once(line, pin.take())? {
                Waited::Signed(signed) => return Ok(Some(plain(self.answer(*signed, with_pin)))),
                Waited::PinNeeded { tries } => tries,
                Waited::Trouble {
                    code: Trouble::PinWrong,
                    tries: Some(tries),
                } if tries >= FEWEST_TRIES => {
                    remark = Some(Remark::Key(Trouble::PinWrong, None));
                    tries
                }
                Waited::Trouble { code, tries } => return Ok(Some(failed(code, tries))),
            };
            match ask_pin(line, tries, remark)? {
                Typed::Pin(typed) => pin = Some(typed),
                Typed::OtherWays => return Ok(None),
                Typed::Answer(answer) => return Ok(Some(plain(answer))),
            }
        }
        Ok(Some(failed(Trouble::PinWrong, None)))
    }

    /// One errand to the keys.
    fn once(&self, line: &mut Line<'_>, pin: Option<Pin>) -> Result<Waited, Lost> {
        let time = line.left().saturating_sub(RESERVE).min(KEY_TIME);
        let Some(request) = self.request(time, pin).filter(|_| time >= SHORTEST) else {
            return Ok(Waited::Trouble {
                code: Trouble::NotTouched,
                tries: None,
            });
        };
        let mut asker = AtTheLine {
            line,
            silent: self.silent,
            lost: None,
        };
        let event = match self.keys.ask(&request, &mut asker) {
            Ok(event) => event,
            Err(HungUp) => return Err(asker.lost.unwrap_or(Lost::Frame(FrameError::Closed))),
        };
        Ok(match event {
            Event::Asserted(signed) => Waited::Signed(signed),
            Event::PinNeeded { tries } => Waited::PinNeeded { tries },
            Event::Trouble { code, tries } => Waited::Trouble { code, tries },
            Event::Touch { .. } | Event::Keys { .. } | Event::Registered(_) => Waited::Trouble {
                code: Trouble::Internal,
                tries: None,
            },
        })
    }

    fn request(&self, time: Duration, pin: Option<Pin>) -> Option<Request> {
        let ask = &self.prompt.ask;
        let wanted = |allowed: &samekey_shared::flows::Allowed| Wanted {
            id: Octets(allowed.credential_id.clone()),
            app_id: allowed.app_id.clone(),
        };
        Some(Request::Assert(Box::new(Assert {
            rp_id: ask.rp_id.clone(),
            client_data: Octets(self.client_data()?),
            credentials: ask.allow.iter().map(wanted).collect(),
            user_verification: match ask.user_verification {
                UserVerification::Required => Verification::Required,
                UserVerification::Preferred => Verification::Preferred,
                UserVerification::Discouraged => Verification::Discouraged,
            },
            pin,
            within_ms: u64::try_from(time.as_millis()).ok()?,
        })))
    }

    /// What is signed: bound to this host, service and user. Nothing, if the machine did not ask for a local key.
    fn client_data(&self) -> Option<Vec<u8>> {
        let ask = &self.prompt.ask;
        ask.local.as_ref().map(|local| local_client_data(&ask.challenge, local))
    }

    fn answer(&self, signed: Asserted, with_pin: bool) -> Answer {
        let Some(client_data) = self.client_data() else {
            return Answer::KeyFailed(KeyTrouble::Broken);
        };
        let assertion = Box::new(Assertion {
            credential_id: signed.credential_id.0,
            authenticator_data: signed.authenticator_data.0,
            client_data,
            signature: signed.signature.0,
            user_handle: signed.user_handle.map(|handle| handle.0),
            app_id: signed.app_id,
        });
        if with_pin {
            Answer::KeyWithPin(assertion)
        } else {
            Answer::Key(assertion)
        }
    }
}

/// Asks for the key's PIN, hidden. Only what was typed here is one.
fn ask_pin(line: &mut Line<'_>, tries: u32, mut remark: Option<Remark>) -> Result<Typed, Lost> {
    for _ in 0..MOST_PINS {
        let typed = match line.ask_hidden(sentences::pin_prompt(line.t(), tries, remark))? {
            Heard::Text(typed) => typed,
            Heard::Fake => return Ok(Typed::Answer(Answer::Fake)),
            Heard::Cancel => return Ok(Typed::Answer(Answer::GiveUp)),
        };
        if typed.expose().trim().is_empty() {
            return Ok(Typed::OtherWays);
        }
        if let Some(pin) = Pin::new(typed.expose().clone()) {
            return Ok(Typed::Pin(pin));
        }
        remark = Some(Remark::NotAPin);
    }
    Ok(Typed::OtherWays)
}

fn plain(answer: Answer) -> Touched {
    Touched { answer, trouble: None }
}

fn failed(code: Trouble, tries: Option<u32>) -> Touched {
    if matches!(code, Trouble::NoAccess | Trouble::Internal | Trouble::TooOld) {
        journal::trouble(&format!("a security key could not be used: {}", code.code()));
    }
    Touched {
        answer: Answer::KeyFailed(told_to_the_machine(code)),
        trouble: Some(Remark::Key(code, tries)),
    }
}

/// The module's end of the wait.
struct AtTheLine<'l, 's> {
    line: &'l mut Line<'s>,
    silent: bool,
    lost: Option<Lost>,
}

impl Asker for AtTheLine<'_, '_> {
    fn line(&self) -> Option<BorrowedFd<'_>> {
        Some(self.line.connection().as_fd())
    }

    fn touch(&mut self, model: &str) -> Result<(), HungUp> {
        let cue = sentences::touch_cue(self.line.t(), model);
        let shown = if self.silent {
            self.line.complain(cue)
        } else {
            self.line.tell(cue)
        };
        shown.map_err(|lost| {
            self.lost = Some(lost);
            HungUp
        })
    }
}
