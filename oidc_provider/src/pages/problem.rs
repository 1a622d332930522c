//! What can go wrong on a page, each with the status, the title and the sentence that a person is told.

use crate::app::routes;
use axum::http::StatusCode;
use samekey_shared::texts::Texts;

/// A closed list; nothing a visitor sent is repeated in any of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The path holds what no address of ours holds, or a proxy sent an address that cannot be read.
    BadAddress,
    /// A form that is not one.
    BadForm,
    /// Parameters that cannot be read, or one of them twice.
    BadRequest,
    /// Too long.
    TooLarge,
    /// Plain HTTP from somebody else than the named proxy.
    NotThroughProxy,
    /// The form token is missing, wrong or for another cookie; or the form came from another site.
    FormFromElsewhere,
    /// No client of that id.
    UnknownApplication,
    /// The redirect address is not one of the client's.
    UnknownReturnAddress,
    /// The same, after signing out.
    UnknownLogoutAddress,
    /// The application's request was left here too long ago, was answered, or is another application's.
    RequestGone,
    /// A logout hint that is no token of ours.
    DoubtfulHint,
    /// The sign-in's cookie is gone, too old, or another window's.
    SignInGone,
    /// The role of whoever is signed in does not reach so far.
    NotAllowed,
    /// Administrators need a second factor, and this one has none.
    SecondFactorFirst,
    /// No such page.
    NoSuchPage,
    /// The page does not take this method.
    WrongMethod,
    /// Failed on our side; trying again may help.
    Unavailable,
    /// Failed on our side.
    Failed,
}

impl Problem {
    /// The answer's status.
    pub fn status(self) -> StatusCode {
        match self {
            Self::BadAddress
            | Self::BadForm
            | Self::BadRequest
            | Self::UnknownApplication
            | Self::UnknownReturnAddress
            | Self::UnknownLogoutAddress
            | Self::RequestGone
            | Self::DoubtfulHint
            | Self::SignInGone => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotThroughProxy | Self::FormFromElsewhere | Self::NotAllowed | Self::SecondFactorFirst => {
                StatusCode::FORBIDDEN
            }
            Self::NoSuchPage => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Failed => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// A stable code for the person to pass on.
    pub fn code(self) -> &'static str {
        match self {
            Self::BadAddress => "bad_address",
            Self::BadForm => "bad_form",
            Self::BadRequest => "invalid_request",
            Self::TooLarge => "too_large",
            Self::NotThroughProxy => "not_through_proxy",
            Self::FormFromElsewhere => "form_from_elsewhere",
            Self::UnknownApplication => "unknown_application",
            Self::UnknownReturnAddress => "unknown_return_address",
            Self::UnknownLogoutAddress => "unknown_logout_address",
            Self::RequestGone => "invalid_request_uri",
            Self::DoubtfulHint => "doubtful_hint",
            Self::SignInGone => "sign_in_gone",
            Self::NotAllowed => "denied_by_rule",
            Self::SecondFactorFirst => "enrollment_required",
            Self::NoSuchPage => "not_found",
            Self::WrongMethod => "wrong_method",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }

    /// The page's title.
    pub fn title(self, t: Texts) -> String {
        match self {
            Self::NoSuchPage => t.say("problem-title-no-such-page"),
            Self::Unavailable | Self::Failed => t.say("problem-title-ours"),
            Self::SignInGone | Self::RequestGone => t.say("problem-title-sign-in-gone"),
            _ => t.say("problem-title-refused"),
        }
    }

    /// Where the person can do it themselves after all, with the link's text.
    pub fn way_out(self, t: Texts) -> Option<(String, String)> {
        match self {
            Self::UnknownLogoutAddress | Self::DoubtfulHint => {
                Some((routes::END_SESSION.to_owned(), t.say("frame-sign-out")))
            }
            _ => None,
        }
    }

    /// What happened and what to do.
    pub fn text(self, t: Texts) -> String {
        match self {
            Self::BadAddress => t.say("problem-bad-address"),
            Self::BadForm => t.say("problem-bad-form"),
            Self::BadRequest => t.say("problem-bad-request"),
            Self::TooLarge => t.say("problem-too-large"),
            Self::NotThroughProxy => t.say("problem-not-through-proxy"),
            Self::FormFromElsewhere => t.say("problem-form-from-elsewhere"),
            Self::UnknownApplication => t.say("problem-unknown-application"),
            Self::UnknownReturnAddress => t.say("problem-unknown-return-address"),
            Self::UnknownLogoutAddress => t.say("problem-unknown-logout-address"),
            Self::RequestGone => t.say("problem-request-gone"),
            Self::DoubtfulHint => t.say("problem-doubtful-hint"),
            Self::SignInGone => t.say("problem-sign-in-gone"),
            Self::NotAllowed => t.say("admin-not-allowed"),
            Self::SecondFactorFirst => t.say("admin-second-factor-first"),
            Self::NoSuchPage => t.say("problem-no-such-page"),
            Self::WrongMethod => t.say("problem-wrong-method"),
            Self::Unavailable => t.say("problem-unavailable"),
            Self::Failed => t.say("problem-failed"),
        }
    }
}
