//! Protocol error codes, one table for each kind of endpoint.
//!
//! Descriptions are fixed sentences of %x20-21 / %x23-5B / %x5D-7E (RFC 6749): nothing a client sent is ever repeated in
//! them.

use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE};
use axum::http::{HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};

/// Errors of the endpoints that applications call: `/token` (RFC 6749 section 5.2) and `/userinfo` (RFC 6750 section 3.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProtocolError {
    /// The request itself is wrong.
    InvalidRequest(&'static str),
    /// The client did not prove who it is.
    InvalidClient(ClientScheme),
    /// The code or refresh token is unknown, used, expired, revoked, another client's, or its verifier or key is wrong: never
    /// told which.
    InvalidGrant,
    /// The `DPoP` header is no proof of this call (RFC 9449 section 5).
    InvalidDpopProof(&'static str),
    /// It must hold the nonce of this answer (RFC 9449 section 8).
    UseDpopNonce,
    /// A device's person has not decided yet (RFC 8628 section 3.5).
    AuthorizationPending,
    /// The same, and the device asks too often.
    SlowDown,
    /// The device's time ran out.
    ExpiredToken,
    /// The device's person refused.
    AccessDenied,
    /// Another grant type.
    UnsupportedGrantType,
    /// A grant type that this client is not registered for.
    UnauthorizedClient,
    /// A scope that was not granted, or that this client may not have.
    InvalidScope,
    /// A `resource` or `audience` that was not granted, or that this client may not have (RFC 8707, RFC 8693).
    InvalidTarget,
    /// A pushed authorization request that `/authorize` would refuse in the same words (RFC 9126 section 2.3).
    Authorization(AuthorizeError),
    /// A form larger than we read (RFC 9126 section 2.3).
    TooLarge,
    /// More than one client, or one place, may leave here at a time (RFC 9126 section 2.3).
    TooMany(&'static str),
    /// No access token, or a wrong one.
    InvalidToken(Token),
    /// The token does not cover `openid`.
    InsufficientScope,
    /// A failure of ours.
    ServerError,
    /// A failure of ours that may pass.
    TemporarilyUnavailable,
}

/// How the client tried to authenticate, which decides on the challenge in the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClientScheme {
    /// By the `Authorization` header.
    Header,
    /// By the form, or not at all.
    Form,
}

/// What was wrong with the access token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Token {
    /// There was none: RFC 6750 wants a bare challenge.
    Absent,
    /// It is unknown, expired or revoked.
    Wrong,
}

impl ProtocolError {
    fn status(self) -> StatusCode {
        match self {
            Self::InvalidRequest(_)
            | Self::InvalidGrant
            | Self::UnauthorizedClient
            | Self::InvalidScope
            | Self::InvalidTarget
            | Self::Authorization(_)
            | Self::InvalidDpopProof(_)
            | Self::UseDpopNonce
            | Self::AuthorizationPending
            | Self::SlowDown
            | Self::ExpiredToken
            | Self::AccessDenied
            | Self::UnsupportedGrantType => StatusCode::BAD_REQUEST,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Self::InvalidClient(_) | Self::InvalidToken(_) => StatusCode::UNAUTHORIZED,
            Self::InsufficientScope => StatusCode::FORBIDDEN,
            Self::ServerError => StatusCode::INTERNAL_SERVER_ERROR,
            Self::TemporarilyUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) | Self::TooLarge => "invalid_request",
            Self::Authorization(error) => error.code(),
            Self::InvalidClient(_) => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::InvalidDpopProof(_) => "invalid_dpop_proof",
            Self::UseDpopNonce => "use_dpop_nonce",
            Self::AuthorizationPending => "authorization_pending",
            Self::SlowDown => "slow_down",
            Self::ExpiredToken => "expired_token",
            Self::AccessDenied => "access_denied",
            Self::UnsupportedGrantType => "unsupported_grant_type",
            Self::UnauthorizedClient => "unauthorized_client",
            Self::InvalidScope => "invalid_scope",
            Self::InvalidTarget => "invalid_target",
            Self::InvalidToken(_) => "invalid_token",
            Self::InsufficientScope => "insufficient_scope",
            Self::ServerError => "server_error",
            Self::TemporarilyUnavailable | Self::TooMany(_) => "temporarily_unavailable",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(what) | Self::InvalidDpopProof(what) | Self::TooMany(what) => what,
            Self::UseDpopNonce => "the DPoP proof must hold the nonce of this answer",
            Self::AuthorizationPending => "nobody has decided yet; ask again after the interval",
            Self::SlowDown => "nobody has decided yet; ask again after five more seconds than before",
            Self::ExpiredToken => "the device code has expired; begin again",
            Self::AccessDenied => "the person refused",
            Self::Authorization(error) => error.description(),
            Self::TooLarge => "the form is larger than 16 KiB",
            Self::InvalidClient(_) => "client authentication failed",
            Self::InvalidGrant => {
                "the code or token is unknown, used, expired or revoked, or not for this client and request"
            }
            Self::UnsupportedGrantType => "this grant_type is not supported",
            Self::UnauthorizedClient => "the client is not registered for this grant_type",
            Self::InvalidScope => "the scope was not granted, or is not for this client",
            Self::InvalidTarget => "the resource was not granted, or is not for this client",
            Self::InvalidToken(_) => "the access token is missing, expired, revoked or unknown",
            Self::InsufficientScope => "the access token does not cover openid",
            Self::ServerError => "the provider failed; its log tells why",
            Self::TemporarilyUnavailable => "the provider cannot answer now; try again",
        }
    }

    fn challenge(self) -> Option<HeaderValue> {
        match self {
            Self::InvalidClient(ClientScheme::Header) => Some(HeaderValue::from_static("Basic realm=\"samekey\"")),
            Self::InvalidToken(Token::Absent) => Some(HeaderValue::from_static("Bearer")),
            Self::InvalidToken(Token::Wrong) => Some(HeaderValue::from_static("Bearer error=\"invalid_token\"")),
            Self::InsufficientScope => Some(HeaderValue::from_static(
                "Bearer error=\"insufficient_scope\", scope=\"openid\"",
            )),
            _ => None,
        }
    }

    /// The answer as JSON.
    pub fn response(self) -> Response {
        let body = serde_json::json!({ "error": self.code(), "error_description": self.description() });
        let mut response = (self.status(), body.to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(HeaderName::from_static("pragma"), HeaderValue::from_static("no-cache"));
        if let Some(challenge) = self.challenge() {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        response
    }
}

/// Errors that go back to the application by redirect (RFC 6749 section 4.1.2.1, OpenID Connect Core 3.1.2.6, RFC 8707
/// section 2, RFC 9101 section 7, and "unmet authentication requirements").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AuthorizeError {
    /// The request is wrong.
    InvalidRequest(&'static str),
    /// Another response type than `code`.
    UnsupportedResponseType,
    /// No scope that this application may ask for.
    InvalidScope,
    /// The application may not ask for codes, or its registration contradicts the profile that it claims.
    UnauthorizedClient(&'static str),
    /// A `resource` that is none, or none of this application's.
    InvalidTarget,
    /// The person said no.
    AccessDenied,
    /// `prompt=none`, and nobody is signed in, or not recently or strongly enough.
    LoginRequired,
    /// `prompt=none`, and the person has not agreed yet.
    ConsentRequired,
    /// `prompt=none`, and the policy wants something else asked.
    InteractionRequired,
    /// The level asked for is essential and out of reach.
    UnmetAuthenticationRequirements,
    /// A request object that does not hold.
    InvalidRequestObject(&'static str),
    /// A `request_uri` that leads to nothing, or was used.
    InvalidRequestUri(&'static str),
    /// An unsigned `request` of a client that did not register for it.
    RequestNotSupported,
    /// A `request_uri` of a client that registered none.
    RequestUriNotSupported,
    /// `registration`
    RegistrationNotSupported,
}

impl AuthorizeError {
    /// The code on the wire.
    pub fn code(self) -> &'static str {
        match self {
            Self::InvalidRequest(_) => "invalid_request",
            Self::UnsupportedResponseType => "unsupported_response_type",
            Self::InvalidScope => "invalid_scope",
            Self::UnauthorizedClient(_) => "unauthorized_client",
            Self::InvalidTarget => "invalid_target",
            Self::AccessDenied => "access_denied",
            Self::LoginRequired => "login_required",
            Self::ConsentRequired => "consent_required",
            Self::InteractionRequired => "interaction_required",
            Self::UnmetAuthenticationRequirements => "unmet_authentication_requirements",
            Self::InvalidRequestObject(_) => "invalid_request_object",
            Self::InvalidRequestUri(_) => "invalid_request_uri",
            Self::RequestNotSupported => "request_not_supported",
            Self::RequestUriNotSupported => "request_uri_not_supported",
            Self::RegistrationNotSupported => "registration_not_supported",
        }
    }

    /// A sentence for the application's developer.
    pub fn description(self) -> &'static str {
        match self {
            Self::InvalidRequest(what)
            | Self::UnauthorizedClient(what)
            | Self::InvalidRequestObject(what)
            | Self::InvalidRequestUri(what) => what,
            Self::UnsupportedResponseType => "only response_type=code is supported",
            Self::InvalidScope => "the scope names nothing that this application may ask for",
            Self::InvalidTarget => "a resource is no absolute URI, or not one of this application",
            Self::AccessDenied => "the person refused or gave up",
            Self::LoginRequired => "nobody is signed in, or not recently or strongly enough",
            Self::ConsentRequired => "the person has not agreed to these scopes",
            Self::InteractionRequired => "the person must be asked something",
            Self::UnmetAuthenticationRequirements => "the essential acr cannot be reached",
            Self::RequestNotSupported => "an unsigned request object needs request_object_signing_alg none",
            Self::RequestUriNotSupported => "the request_uri is not one that the application registered",
            Self::RegistrationNotSupported => "the registration parameter is not supported",
        }
    }
}
