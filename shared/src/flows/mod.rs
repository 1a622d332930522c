//! The heart: sign-in, step-up, bind and unbind as state machines that the terminal and the web page both drive.
//!
//! A machine takes [`Answer`]s and returns a [`Step`]: something to ask, or the end. It shows nothing and reads
//! nothing but the store, so neither door can skip a check that the other makes.
//!
//! ```text
//!   PAM:  start(user, "the stack asked a password") ─► Ask(Code) ─► answer(Code) ─► Granted | Ask(again) | Refused
//!   web:  start(user, ask the password) ─► Ask(Password) ─► answer(Password) ─► Ask(Code) ─► answer(Code) ─► Granted
//! ```
//!
//! Time and randomness come from the [`Realm`]; tests move the clock by hand.

mod approval;
mod authority;
mod before;
pub mod bind;
pub mod bind_email;
pub mod bind_key;
pub mod bind_ssh_key;
mod circumstances;
mod email_use;
mod enrol;
mod first;
mod keys;
pub mod ordinary;
mod refusal;
pub mod sign_in;
pub mod step_up;
mod still;
mod turns;
pub mod unbind;

pub use approval::{ApprovalPrompt, FromAfar, PAGE as APPROVAL_PAGE};
pub use authority::Authority;
pub use enrol::{BindTrouble, Binding, Created, EnrolPrompt, EnrolStep, GoTo, Why};
pub use keys::{Allowed, KeyAsk, KeyPrompt, KeyTrouble, Keys, Means, UserVerification};
pub use refusal::{FlowError, Refusal, RefusalCode};
pub(crate) use sign_in::SCHEMA;
pub use sign_in::{Asked, FirstFactorCheck, PasswordSource, Prior, SentCode, SignIn, SignInRequest};
pub use still::{Age, Lacking, Shown, lacking, still_let_in};
pub(crate) use turns::Turns;

use crate::accounts::LoginName;
use crate::clock::UnixTime;
use crate::ids::{AccountId, RequestId};
use crate::methods::fido::{Assertion, KeyError};
use crate::methods::{Evidence, FirstFactor, Level, Method};
use crate::realm::Realm;
use crate::secrets::SecretText;
use crate::source::{Door, Source};
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};

/// Where somebody stands while signing in, as the policy sees it.
#[derive(Debug, Clone)]
pub struct Doorway {
    /// The door.
    pub door: Door,
    /// `pam:sshd`, `oidc:<client id>`, `portal:sign-in`, …: what rules select by.
    pub service: String,
    /// The host that is entered, where a door has one.
    pub host: Option<String>,
    /// Where the person comes from.
    pub source: Source,
}

/// One call of a machine: the realm it runs in and the doorway as it is now.
#[derive(Debug, Clone, Copy)]
pub struct Visit<'a> {
    /// Store, keys, policy, clock, entropy.
    pub realm: &'a Realm,
    /// Where the person stands.
    pub doorway: &'a Doorway,
}

/// What comes next.
#[derive(Debug)]
#[must_use]
pub enum Step {
    /// Ask this and come back with an [`Answer`].
    Ask(Prompt),
    /// Let in.
    Granted(Box<Grant>),
    /// Not let in; this machine is at its end.
    Refused(Refusal),
}

/// Something to ask a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// The password, on the web.
    Password {
        /// What went wrong before, if anything.
        notice: Option<Notice>,
    },
    /// A code of this method.
    Code {
        /// The method whose code is asked.
        method: Method,
        /// What the person may choose instead: only what is bound and allowed.
        others: Vec<Method>,
        /// What went wrong before, if anything.
        notice: Option<Notice>,
        /// How many tries this machine still takes.
        tries_left: u8,
        /// Where the code went, if it was sent (M14).
        sent: Option<SentCode>,
    },
    /// A touch of a passkey or security key.
    Key(Box<KeyPrompt>),
    /// An approval by passkey or security key, in a browser elsewhere.
    Approval(Box<ApprovalPrompt>),
    /// Something about a device that is to be bound first.
    Enrol(Box<EnrolPrompt>),
}

/// What a person should know before trying again (messages M12, M13).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Notice {
    /// M12: the code is not right; the clock of the phone may be wrong.
    CodeWrong,
    /// M13: that code was used already.
    CodeReplayed,
    /// User name and password do not belong together, or one is unknown: never told which.
    PasswordWrong,
    /// M14: a code was sent.
    CodeSent,
    /// A code was sent a moment ago, or too many were: none was sent now.
    CodeNotYet,
    /// The code that was sent is no longer good; another can be had.
    CodeExpired,
    /// The chosen method is not among those offered.
    NotOffered,
    /// The key answered, but not rightly.
    KeyRefused(KeyError),
    /// The key did not answer.
    KeyFailed(KeyTrouble),
    /// Nobody has approved yet.
    NotApprovedYet,
    /// Too many approvals were asked for; another method is asked instead.
    TooManyApprovals,
    /// Nothing was bound yet.
    Binding(BindTrouble),
}

/// What a person, or the door for them, says.
#[derive(Debug)]
pub enum Answer {
    /// The password typed.
    Password(SecretText),
    /// What the host's own password check said, where the provider is set to use it.
    SystemPassword(SystemVerdict),
    /// The code typed.
    Code(SecretText),
    /// What the key signed.
    Key(Box<Assertion>),
    /// The same, after the door asked its PIN itself: only where the door is a program of ours.
    KeyWithPin(Box<Assertion>),
    /// The key answered, but the door's own look at it found this wrong: refused here too, and written down.
    KeyRefused(KeyError),
    /// No assertion came: this is why.
    KeyFailed(KeyTrouble),
    /// The person says that the login is approved: look whether it is.
    Approved,
    /// Another method, please.
    Choose(Method),
    /// What was shown for an enrolment ticket.
    Ticket(SecretText),
    /// A device of this kind is to be bound.
    Bind(Method),
    /// The credential that was made for it.
    Created(Box<Created>),
    /// The door saw this wrong before anything was made, or with what was to be confirmed.
    BindRefused(BindTrouble),
    /// The door's word on where something can be bound.
    Vouched(Binding),
    /// The recovery codes are kept.
    Kept,
    /// Not now.
    Later,
    /// sshd's made-up answer for users it will refuse anyway (pam.md, section 5): not counted, never right.
    Fake,
    /// The person gave up or hung up.
    GiveUp,
}

/// The answer of the system's password check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SystemVerdict {
    /// The system knows name and password.
    Right,
    /// It does not.
    Wrong,
}

/// What spares a question (R27, Q12).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Earlier {
    /// This browser is remembered.
    Browser,
    /// The same shell was entered before.
    Shell,
}

/// Why somebody is let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Basis {
    /// What the policy asks was proven to us.
    Proven,
    /// The policy asks nothing of us here; whoever called us must rely on the other checks (S13).
    Exempt,
    /// The policy spares the question: a second factor was proven here before.
    Trusted {
        /// What it rests on.
        by: Earlier,
        /// The first moment at which it is asked again.
        until: UnixTime,
    },
    /// Nothing is bound yet and the grace period still runs (M04).
    Grace {
        /// When it ends.
        until: UnixTime,
    },
}

/// Somebody may enter, and what may be claimed about how.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Joins log, audit and pages.
    pub request: RequestId,
    /// The account; `None` only for a [`Basis::Exempt`] grant to a name that has none here.
    pub account: Option<AccountId>,
    /// The canonical name.
    pub login: LoginName,
    /// Why.
    pub basis: Basis,
    /// The level that was proven, now or earlier in this session: what may be claimed to others.
    pub level: Level,
    /// The first factor.
    pub first: FirstFactor,
    /// When we checked it ourselves; `None` where another module did.
    pub first_at: Option<UnixTime>,
    /// The second factors.
    pub evidence: Vec<Evidence>,
    /// When the oldest of what this rests on was proven.
    pub auth_time: UnixTime,
    /// For how many seconds the browser is to be remembered: the person wished it, the policy allows it, and a second
    /// factor was proven just now.
    pub remember: Option<i64>,
    /// How many seconds a session that rests on this may last, and idle.
    pub session: SessionSpan,
    /// Whether the sign-in was unusual for the account (W3), where that is known.
    pub abnormal: Option<bool>,
}

/// How long a session may last, by the rules of the sign-in that it rests on (W5, W20).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpan {
    /// Seconds from the first factor's proof on.
    pub lasts: i64,
    /// Seconds without a use.
    pub idle: i64,
}

impl Grant {
    /// `acr` for this grant (policy.md, section 3), from evidence and nothing else.
    pub fn acr(&self) -> Option<&'static str> {
        crate::methods::acr(self.level)
    }

    /// `amr` (RFC 8176) for this grant, from evidence and nothing else.
    pub fn amr(&self) -> Vec<&'static str> {
        crate::methods::amr(&self.first, &self.evidence)
    }
}

/// Work that must be true exactly when the grant is: it runs in the same unit of work (a session row, an
/// authorization code), so that a sign-in is one durable commit.
pub type OnGrant<'a> = &'a mut (dyn FnMut(&mut Tx<'_>, &Grant) -> Result<(), StoreError> + Send);
