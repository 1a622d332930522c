//! What can go wrong on a page, each with the status, the title and the sentence that a person is told.

use axum::http::StatusCode;

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
    /// A logout hint that is no token of ours.
    DoubtfulHint,
    /// The sign-in's cookie is gone, too old, or another window's.
    SignInGone,
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
            | Self::DoubtfulHint
            | Self::SignInGone => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::NotThroughProxy | Self::FormFromElsewhere => StatusCode::FORBIDDEN,
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
            Self::DoubtfulHint => "doubtful_hint",
            Self::SignInGone => "sign_in_gone",
            Self::NoSuchPage => "not_found",
            Self::WrongMethod => "wrong_method",
            Self::Unavailable => "unavailable",
            Self::Failed => "failed",
        }
    }

    /// The page's title.
    pub fn title(self) -> &'static str {
        match self {
            Self::NoSuchPage => "There is no such page",
            Self::Unavailable | Self::Failed => "Something failed on our side",
            Self::SignInGone => "This sign-in is over",
            _ => "This request was refused",
        }
    }

    /// What happened and what to do.
    pub fn text(self) -> &'static str {
        match self {
            Self::BadAddress => "The address holds characters that none of our pages has. Check the link you followed.",
            Self::BadForm => "The form could not be read. Go back, reload the page and send it again.",
            Self::BadRequest => {
                "The application's request cannot be read, or names something twice. Tell the people who run the application."
            }
            Self::TooLarge => "The request is larger than anything we ask for.",
            Self::NotThroughProxy => "This server is reached through its proxy only.",
            Self::FormFromElsewhere => {
                "The form did not come from the page we sent you, or the page is old. Go back, reload it and send it again."
            }
            Self::UnknownApplication => {
                "The application that sent you here is not registered. Tell the people who run the application."
            }
            Self::UnknownReturnAddress => {
                "The application asked to send you back to an address that is not registered for it. Tell the people who run the application."
            }
            Self::UnknownLogoutAddress => {
                "The application asked to send you on to an address that is not registered for it. You are still signed in."
            }
            Self::DoubtfulHint => {
                "The application's request to sign you out cannot be verified. You are still signed in."
            }
            Self::SignInGone => {
                "It took too long, was finished already, or cookies are switched off. Go back to the application and start again."
            }
            Self::NoSuchPage => "Check the link you followed.",
            Self::WrongMethod => "This address is not called in that way.",
            Self::Unavailable => "Nothing was changed. Try again in a minute; if it stays so, ask your administrator.",
            Self::Failed => "Nothing was changed. Ask your administrator and name the request below.",
        }
    }
}
