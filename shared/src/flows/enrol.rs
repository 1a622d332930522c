//! What a machine asks while it has a person bind a device before they go on, and what a door can do about it.

use super::Notice;
use crate::clock::UnixTime;
use crate::devices::DeviceName;
use crate::devices::fido::NewCredential;
use crate::methods::Method;
use crate::tickets;
use serde::{Deserialize, Serialize};

/// Where a device can be bound on the way in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Binding {
    /// Not here: whoever has to is told so, and refused.
    #[default]
    Elsewhere,
    /// On a page.
    Page,
    /// In a terminal, if the policy says `enroll-in-terminal` (R38). Only where the door knows that the first factor was
    /// right: that another module asked for a password does not tell what came of it.
    Terminal,
    /// The door finds out which, when it is asked to: it costs something, and most logins bind nothing.
    OnRequest,
}

/// Why somebody is asked which device to bind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Why {
    /// The policy requires a second factor, and none that it accepts is bound (M03).
    Required,
    /// It will, from this moment on (M04).
    Grace {
        /// When.
        until: UnixTime,
    },
    /// A second kind, so that losing one device locks nobody out (M02, R39).
    SecondKind {
        /// Whether the policy insists (`two-types = "require"`).
        required: bool,
    },
    /// An administrator's ticket was shown.
    Ticket,
}

impl Why {
    /// Whether it can be put off.
    pub fn can_wait(self) -> bool {
        !matches!(self, Self::Required | Self::SecondKind { required: true })
    }
}

/// One question on the way to a bound device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolPrompt {
    /// What is asked.
    pub step: EnrolStep,
    /// What went wrong before, if anything.
    pub notice: Option<Notice>,
}

/// What is asked. Keys and codes to be shown are read from the machine: this much can be kept anywhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EnrolStep {
    /// An enrolment ticket (Q8).
    Ticket,
    /// Which kind of device.
    Choose {
        /// Why.
        why: Why,
        /// What can be bound here and will do, the strongest first; never empty.
        methods: Vec<Method>,
    },
    /// A code of the app that took the key of [`SignIn::to_scan`](super::SignIn::to_scan).
    App {
        /// What may be bound instead.
        others: Vec<Method>,
    },
    /// A passkey or security key is to be made.
    Key {
        /// Which.
        method: Method,
        /// What may be bound instead.
        others: Vec<Method>,
    },
    /// The recovery codes of [`SignIn::recovery_codes`](super::SignIn::recovery_codes) are to be kept.
    Keep,
    /// Asked of the door, not of the person: [`Binding::Terminal`] or elsewhere?
    #[serde(skip)]
    Vouch,
    /// Nothing can be bound here; a page can, and this ticket leads there. Whatever is answered, the machine ends.
    #[serde(skip)]
    GoTo(Box<GoTo>),
}

/// The page where a device can be bound.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GoTo {
    /// Its address.
    pub page: String,
    /// What is typed there, after user name and password.
    pub code: tickets::Code,
    /// The first second in which it is void.
    pub expires_at: UnixTime,
}

/// A credential that was made and verified by the door.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// What it is to be called.
    pub name: DeviceName,
    /// The credential.
    pub credential: NewCredential,
}

/// Why nothing was bound yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BindTrouble {
    /// What was shown is no ticket of this account, or none any more.
    TicketWrong,
    /// A device of that name is bound.
    NameTaken,
    /// The name has characters that no name may have (M05).
    NameInvalid,
    /// No more of this kind can be bound.
    LimitReached,
    /// This very key or passkey is bound already.
    BoundAlready,
    /// What was made is of a kind that is not accepted here: a key that did not check its person, for example.
    KindNotAccepted,
    /// What was bound cannot reach the level that is asked.
    TooWeak,
    /// The box that says that the codes are kept was not ticked.
    NotKept,
    /// The code is right at another time than ours: the phone's clock is off, and the next code is needed too (Q19).
    ClockOff,
}

impl BindTrouble {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::TicketWrong,
        Self::NameTaken,
        Self::NameInvalid,
        Self::LimitReached,
        Self::BoundAlready,
        Self::KindNotAccepted,
        Self::TooWeak,
        Self::NotKept,
        Self::ClockOff,
    ];

    /// The stable code (requirements.md, section 3.1).
    pub fn code(self) -> &'static str {
        match self {
            Self::TicketWrong => "enrollment_ticket_required",
            Self::NameTaken => "name_taken",
            Self::NameInvalid => "name_invalid",
            Self::LimitReached => "limit_reached",
            Self::BoundAlready => "device_exists",
            Self::KindNotAccepted => "method_not_allowed",
            Self::TooWeak => "no_method_reaches_level",
            Self::NotKept => "confirmation_required",
            Self::ClockOff => "clock_unsynchronised",
        }
    }

    /// The key of the sentence that says what happened and what to do.
    pub fn text_key(self) -> &'static str {
        match self {
            Self::TicketWrong => "bind-trouble-ticket-wrong",
            Self::NameTaken => "bind-trouble-name-taken",
            Self::NameInvalid => "bind-trouble-name-invalid",
            Self::LimitReached => "bind-trouble-limit-reached",
            Self::BoundAlready => "bind-trouble-bound-already",
            Self::KindNotAccepted => "bind-trouble-kind-not-accepted",
            Self::TooWeak => "bind-trouble-too-weak",
            Self::NotKept => "bind-trouble-not-kept",
            Self::ClockOff => "bind-trouble-clock-off",
        }
    }
}
