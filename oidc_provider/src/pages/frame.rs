//! What stands around every page: the realm, whom to ask, the signed-in person's menu (R40), the language and its switch.

use crate::app::AppState;
use crate::http::language;
use crate::sessions::Session;
use axum::http::HeaderMap;
use samekey_shared::texts::{Language, Texts};

/// How wide a page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Width {
    /// One column to read or fill in.
    #[default]
    Column,
    /// Lists of a few things, each with what can be done about it.
    Roomy,
    /// Tables and lists of many.
    Wide,
}

impl Width {
    /// Its class in the style sheet.
    pub fn class(self) -> &'static str {
        match self {
            Self::Column => "column",
            Self::Roomy => "roomy",
            Self::Wide => "wide",
        }
    }
}

/// See the module. Every view has one, called `frame`.
#[derive(Debug, Clone)]
pub struct Frame<'a> {
    /// The sentences, in the language of whoever looks.
    pub t: Texts,
    /// The realm's name.
    pub realm: &'a str,
    /// Whom to ask.
    pub contact: Option<String>,
    /// The name of whoever is signed in, for the account menu; `None` where nobody is, or nobody should be told.
    pub person: Option<String>,
    /// Whether the administrators' pages have anything for them.
    pub administers: bool,
    /// How wide.
    pub width: Width,
    /// Where the picture beside the realm's name is.
    pub logo: &'static str,
    /// Whether the operator has colours of their own.
    pub has_colours: bool,
    /// What a browser holds a device's name against before the server does (R69).
    pub name_pattern: &'static str,
    /// Apps that show codes, and where they are had.
    pub authenticators: &'static [(&'static str, &'static str)],
}

/// Letters and digits of any script, `-` and `_`: only the policy knows whether it is those of ASCII alone.
const NAME_PATTERN: &str = r"[\p{L}\p{M}\p{N}_\-]{1,64}";

/// Free of charge and of several makers (R16).
const AUTHENTICATORS: [(&str, &str); 4] = [
    ("Aegis", "https://getaegis.app/"),
    ("2FAS", "https://2fas.com/"),
    ("FreeOTP", "https://freeotp.github.io/"),
    ("Ente Auth", "https://ente.io/auth/"),
];

impl<'a> Frame<'a> {
    /// The frame of a page for anybody.
    pub fn new(app: &'a AppState, t: Texts) -> Self {
        Self::with_contact(app, t, app.contact())
    }

    /// The same, in the language of whoever sent these headers.
    pub fn of(app: &'a AppState, headers: &HeaderMap) -> Self {
        Self::new(app, language::of(headers, None))
    }

    /// The same, where the settings were read already.
    pub fn with_contact(app: &'a AppState, t: Texts, contact: Option<String>) -> Self {
        Self {
            t,
            realm: &app.realm.names.realm,
            contact,
            person: None,
            administers: false,
            width: Width::Column,
            logo: if app.config.branding.logo.is_some() {
                "/assets/logo"
            } else {
                "/assets/icon.svg"
            },
            has_colours: !app.config.branding.style.is_empty(),
            name_pattern: NAME_PATTERN,
            authenticators: &AUTHENTICATORS,
        }
    }

    /// The same with this person's menu.
    #[must_use]
    pub fn signed_in(mut self, session: &Session) -> Self {
        let account = &session.account;
        let name = account.display_name.as_deref().unwrap_or(account.name.as_str());
        self.person = Some(name.to_owned());
        self.administers = account.role.has_a_desk();
        self
    }

    /// The same with room for lists.
    #[must_use]
    pub fn roomy(mut self) -> Self {
        self.width = Width::Roomy;
        self
    }

    /// The same with room for tables.
    #[must_use]
    pub fn wide(mut self) -> Self {
        self.width = Width::Wide;
        self
    }

    /// The language's tag, for `lang`.
    pub fn lang(&self) -> &'static str {
        self.t.language().tag()
    }

    /// Every language, for the switch.
    pub fn languages(&self) -> &'static [Language] {
        Language::ALL
    }

    /// Whom to ask, as a part of a sentence (R105).
    pub fn whom_to_ask(&self) -> String {
        whom_to_ask(self.t, self.contact.as_deref())
    }
}

/// The operator's contact, or "your administrator".
pub fn whom_to_ask(t: Texts, contact: Option<&str>) -> String {
    contact.map_or_else(|| t.say("frame-your-administrator"), str::to_owned)
}
