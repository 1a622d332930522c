//! A sign-in in progress, sealed in a cookie of the browser that began it: nothing is stored before somebody has proven
//! who they are, and no other browser, query or form can go on with it.

pub use super::purpose::{Administering, Connecting, MailLink, Purpose, Then};
pub use super::weak_password::WeakPassword;

use super::problem::Problem;
use crate::app::AppState;
use crate::http::cookies::{self, FLOW_PREFIX};
use crate::http::{Failure, Fault, language};
use crate::oidc::authorize::request::AuthorizeRequest;
use axum::http::{HeaderMap, HeaderValue};
use samekey_shared::accounts::password::Weakness;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::{EnrolPrompt, Notice, Prompt, RefusalCode, SentCode, Shown, SignIn};
use samekey_shared::ids::{AccountId, ChallengeId, RequestId, SessionId};
use samekey_shared::methods::Method;
use samekey_shared::texts::Texts;
use serde::{Deserialize, Serialize};

/// Seconds from the first page to the last.
pub const LIFETIME: i64 = 15 * 60;
/// Sign-ins that one browser may have open at a time (one for each application just opened); the oldest give way.
const MOST_OPEN: usize = 4;
/// Longest sealed value that every browser keeps together with its name.
const LONGEST: usize = 3900;

/// What is asked at the moment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Stage {
    /// The user name.
    Name {
        /// What stands in the field.
        typed: String,
        /// Whether an empty one was sent.
        missing: bool,
    },
    /// What the machine asks.
    Asking {
        /// The machine.
        machine: Box<SignIn>,
        /// Its question.
        question: Question,
    },
    /// Signed in; may the application know?
    Consent(Proven),
    /// Signed in by an e-mailed code; the person is told to check their devices first.
    CheckDevices(CheckDevices),
    /// Signed in by a password that is easy to guess; the person is told so first.
    WeakPassword(WeakPassword),
    /// The machine refused.
    Refused(Refused),
}

/// See [`Stage::CheckDevices`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckDevices {
    /// What was proven.
    pub proven: Proven,
    /// Whether the question of consent follows.
    pub must_agree: bool,
}

/// The machine's question in a form that can be sealed and is small: a key's allow list is made anew when it is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Question {
    /// The password.
    Password(Option<Notice>),
    /// A code.
    Code {
        /// Of this method.
        method: Method,
        /// What may be chosen instead.
        others: Vec<Method>,
        /// What went wrong before.
        notice: Option<Notice>,
        /// Where the code was sent.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sent: Option<SentCode>,
    },
    /// A passkey or security key.
    Key {
        /// Which of both first and foremost.
        method: Method,
        /// What may be chosen instead.
        others: Vec<Method>,
        /// What went wrong before.
        notice: Option<Notice>,
        /// The challenge that was given out last.
        challenge: ChallengeId,
    },
    /// Something about a device that is to be bound first.
    Enrol(EnrolPrompt),
}

/// What was proven before the question of consent, for the code that follows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proven {
    /// The sign-in's id.
    pub grant: RequestId,
    /// The person.
    pub account: AccountId,
    /// The session that was signed in.
    pub session: SessionId,
    /// The level, by the name the application knows.
    pub acr: Option<String>,
    /// How.
    pub amr: Vec<String>,
    /// When.
    pub auth_time: UnixTime,
    /// What was shown, for the policy to be asked again at every use of a token.
    pub shown: Shown,
}

/// What a passkey tried beside the page's own question came to, for the page that shows again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beside {
    /// What to tell.
    pub notice: Notice,
    /// The passkey's id, where nobody here has it: its store may forget it.
    pub unknown: Option<String>,
}

/// The cookies of a session that was begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begun {
    /// The session cookie's value.
    pub session: String,
    /// Whether a passkey took the password's place: this browser is offered it first from now on (R97).
    pub with_passkey: bool,
    /// What the browser is known by from now on, where it was not before (W3).
    pub browser: Option<String>,
    /// The remember token and the seconds it lives (R29).
    pub remembered: Option<(String, i64)>,
}

/// Why the machine refused, as far as a stranger may know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The stable code.
    pub code: String,
    /// When the throttle opens again, where it closed.
    pub until: Option<UnixTime>,
    /// Joins page, log and audit trail.
    pub request: RequestId,
}

/// A sign-in in progress.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Flow {
    /// Its id: in the cookie's name and in the page's address.
    pub id: RequestId,
    /// When its first page was shown.
    pub started_at: UnixTime,
    /// What for.
    pub purpose: Purpose,
    /// What is asked.
    pub stage: Stage,
    /// What a passkey came to that was tried beside the question.
    pub beside: Option<Beside>,
    /// On the way from `/bind`: the ticket of its link, or nothing yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<String>,
    /// What is wrong with the password that was typed last, where that is told (W15).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weak: Option<Weakness>,
    /// A session begun in this very turn; it travels beside the flow, never inside.
    #[serde(skip)]
    pub begun: Option<Begun>,
}

impl Stage {
    /// Asks for the user name, this one to begin with.
    pub fn name(typed: &str) -> Self {
        Self::Name {
            typed: typed.to_owned(),
            missing: false,
        }
    }
}

impl Question {
    /// The prompt, without what cannot be sealed or would be too large.
    pub fn of(prompt: Prompt) -> Self {
        match prompt {
            Prompt::Password { notice } => Self::Password(notice),
            Prompt::Code {
                method,
                others,
                notice,
                sent,
                ..
            } => Self::Code {
                method,
                others,
                notice,
                sent,
            },
            Prompt::Key(prompt) => Self::Key {
                method: prompt.method,
                others: prompt.others,
                notice: prompt.notice,
                challenge: prompt.ask.challenge_id,
            },
            Prompt::Enrol(prompt) => Self::Enrol(*prompt),
            // A browser approves its person's terminals, not its own sign-in: never asked of a door that cannot.
            Prompt::Approval(prompt) => Self::Code {
                method: prompt.method,
                others: prompt.others,
                notice: Some(Notice::NotOffered),
                sent: None,
            },
        }
    }
}

impl Refused {
    /// What of a refusal may be told.
    pub fn of(code: RefusalCode, request: RequestId) -> Self {
        let public = code.public();
        Self {
            code: public.code().to_owned(),
            until: match public {
                RefusalCode::TooManyAttempts { until } => Some(until),
                _ => None,
            },
            request,
        }
    }
}

impl Flow {
    /// A new one.
    pub fn begin(app: &AppState, purpose: Purpose, stage: Stage) -> Result<Self, Failure> {
        Ok(Self {
            id: RequestId::draw(app.realm.entropy.as_ref())?,
            started_at: app.realm.clock.now(),
            purpose,
            stage,
            beside: None,
            ticket: None,
            weak: None,
            begun: None,
        })
    }

    /// The same with a new session's cookies to be set along with it.
    #[must_use]
    pub fn with_session(mut self, begun: Option<Begun>) -> Self {
        self.begun = begun;
        self
    }

    /// The application's request, if one asked.
    pub fn request(&self) -> Option<&AuthorizeRequest> {
        match &self.purpose {
            Purpose::Application(request) => Some(request),
            Purpose::Portal(_) | Purpose::Devices | Purpose::Administration(_) | Purpose::Connect(_) => None,
        }
    }

    /// The sentences of its pages: an application may say which language it speaks with this person.
    pub fn texts(&self, headers: &HeaderMap) -> Texts {
        language::of(headers, self.request().and_then(|request| request.language))
    }

    /// The one of this id that this browser holds.
    pub fn load(app: &AppState, headers: &HeaderMap, id: Option<&str>) -> Result<Self, Problem> {
        let id: RequestId = id.and_then(|id| id.parse().ok()).ok_or(Problem::SignInGone)?;
        let name = cookie_name(id);
        let sealed = cookies::value(headers, &name).ok_or(Problem::SignInGone)?;
        let flow: Self = app.flows.open(&name, sealed).ok_or(Problem::SignInGone)?;
        let age = app.realm.clock.now() - flow.started_at;
        if flow.id == id && (0..=LIFETIME).contains(&age) {
            Ok(flow)
        } else {
            Err(Problem::SignInGone)
        }
    }

    /// Where its page is.
    pub fn address(&self) -> String {
        format!("/sign-in?flow={}", self.id)
    }

    /// The form token of its pages.
    pub fn csrf(&self, app: &AppState) -> String {
        app.csrf.of("sign-in", &self.id.to_string())
    }

    /// The cookies that keep it, and that end the oldest of too many others.
    pub fn keep(&self, app: &AppState, headers: &HeaderMap) -> Result<Vec<HeaderValue>, Fault> {
        let name = cookie_name(self.id);
        let sealed = app
            .flows
            .seal(app.realm.entropy.as_ref(), &name, self)
            .map_err(|why| Failure::Rendering(why.to_string()))?;
        if sealed.len() > LONGEST {
            return Err(Problem::TooLarge.into());
        }
        let others: Vec<&str> = cookies::all(headers)
            .map(|(name, _)| name)
            .filter(|other| is_flow(other) && *other != name)
            .collect();
        let surplus = others.len().saturating_sub(MOST_OPEN - 1);
        let kept = cookies::set(&name, &sealed, Some(LIFETIME));
        let ended = others.into_iter().take(surplus).map(cookies::end);
        Ok(std::iter::once(kept).chain(ended).flatten().collect())
    }

    /// The cookie that ends it.
    pub fn end(&self) -> Option<HeaderValue> {
        cookies::end(&cookie_name(self.id))
    }
}

fn cookie_name(id: RequestId) -> String {
    format!("{FLOW_PREFIX}{id}")
}

fn is_flow(name: &str) -> bool {
    name.strip_prefix(FLOW_PREFIX)
        .is_some_and(|id| id.parse::<RequestId>().is_ok())
}
