//! What somebody signs in for, and the page of ours that the sign-in ends at.

use super::security::FRESH;
use crate::clients::ClientId;
use crate::oidc::authorize::request::AuthorizeRequest;
use crate::oidc::device;
use samekey_shared::challenges;
use samekey_shared::flows::{APPROVAL_PAGE, Asked};
use samekey_shared::ids::{AccountId, RequestId};
use samekey_shared::methods::Level;
use samekey_shared::roles::Action;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// What somebody signs in for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Purpose {
    /// An application asked.
    Application(Box<AuthorizeRequest>),
    /// A page of ours.
    Portal(Then),
    /// A signed-in person confirms that they may change their devices (R43).
    Devices,
    /// A signed-in person confirms that they may administer.
    Administration(Administering),
    /// A signed-in person signs in a device that has no browser of its own.
    Connect(Box<Connecting>),
}

/// The device that a signed-in person signs in, after they said that it is theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Connecting {
    /// The device that waits.
    pub waiting: RequestId,
    /// Whose program it is.
    pub client: ClientId,
    /// Who said so: nobody else can go on with it.
    pub account: AccountId,
}

/// What an administrator is on the way to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Administering {
    /// `admin:<action>` for a change, [`Administering::LOOKING`] otherwise.
    pub service: String,
    /// The page of ours that asked for the proof.
    pub back: String,
    /// Whether the proof must be of the last minutes.
    pub fresh: bool,
}

impl Administering {
    /// The service of pages that change nothing.
    const LOOKING: &'static str = "portal:administration";

    /// What rules select by.
    pub fn service(action: Action, changes: bool) -> String {
        if changes {
            format!("admin:{}", action.as_str())
        } else {
            Self::LOOKING.to_owned()
        }
    }

    /// What is asked beyond the policy: nobody administers by a password alone.
    pub fn asked(&self) -> Asked {
        Asked {
            level: Some(Level::High),
            essential: true,
            max_age: self.fresh.then_some(FRESH),
            ..Asked::default()
        }
    }
}

/// The page of ours that a sign-in ends at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Then {
    /// Who is signed in.
    Home,
    /// Security Information.
    Security,
    /// The question whether an address that an administrator set is theirs.
    ConfirmEmail(MailLink),
    /// A login elsewhere that waits for approval, by its code where that is known.
    Approve(Option<String>),
    /// A page of administrators, by its path.
    Administration(String),
    /// A device that waits to be signed in, by its code where that is known.
    Connect(Option<String>),
}

impl Then {
    /// Where it is.
    pub fn address(&self) -> Cow<'static, str> {
        match self {
            Self::Home => "/".into(),
            Self::Security => "/security".into(),
            Self::ConfirmEmail(link) => format!("/security/email/confirm?link={}", link.0).into(),
            Self::Approve(None) => APPROVAL_PAGE.into(),
            Self::Approve(Some(code)) => format!("{APPROVAL_PAGE}?code={code}").into(),
            Self::Administration(path) => path.clone().into(),
            Self::Connect(None) => device::PAGE.into(),
            Self::Connect(Some(code)) => format!("{}?user_code={code}", device::PAGE).into(),
        }
    }
}

/// The secret of a link in a letter, as far as it could be one of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailLink(String);

impl MailLink {
    /// 32 bytes in base64url without padding.
    pub fn read(text: &str) -> Option<Self> {
        let fits = text.len() == 43 && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        fits.then(|| Self(text.to_owned()))
    }

    /// The text.
    pub fn into_text(self) -> String {
        self.0
    }
}

impl Purpose {
    /// Whether a signed-in person proves once more who they are; nobody else can go on with it.
    pub fn is_confirmation(&self) -> bool {
        matches!(self, Self::Devices | Self::Administration(_) | Self::Connect(_))
    }

    /// What rules select by.
    pub fn service(&self) -> String {
        match self {
            Self::Application(request) => format!("oidc:{}", request.return_to.client),
            Self::Portal(_) => "portal:sign-in".to_owned(),
            Self::Devices => "portal:devices".to_owned(),
            Self::Administration(what) => what.service.clone(),
            // The same rules as in front of the application itself (oidc.md row 19).
            Self::Connect(what) => format!("oidc:{}", what.client),
        }
    }

    /// The page of ours that it ends at.
    pub fn page(&self) -> Cow<'static, str> {
        match self {
            Self::Application(_) => "/".into(),
            Self::Portal(then) => then.address(),
            Self::Devices => "/security?done=confirmed".into(),
            Self::Administration(what) => what.back.clone().into(),
            Self::Connect(_) => device::PAGE.into(),
        }
    }

    /// The page of ours that who gives up goes back to.
    pub fn before(&self) -> &'static str {
        match self {
            Self::Application(_) | Self::Portal(_) => "/",
            Self::Devices => "/security",
            Self::Administration(_) => "/admin",
            Self::Connect(_) => device::PAGE,
        }
    }

    /// What the challenges of its keys are given out for.
    pub fn of_challenge(&self) -> challenges::Purpose {
        match self {
            Self::Application(_) | Self::Portal(_) => challenges::Purpose::SignIn,
            Self::Devices | Self::Administration(_) | Self::Connect(_) => challenges::Purpose::StepUp,
        }
    }
}
