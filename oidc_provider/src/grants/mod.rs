//! What a person granted to an application: codes, access tokens, consents.
//!
//! ```text
//! sign-in ─► code (60 s, one use) ─► access token (10 min, opaque)      all under one grant id: a code that comes
//!                                    and an ID token                    a second time kills what the first one gave
//! ```

pub mod consents;
mod rows;

pub use rows::{code, insert_code, insert_token, revoke_grant, spend_flow, sweep, token, use_code};

use crate::clients::ClientId;
use crate::oidc::claims::Requested;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Random bytes of codes and access tokens: 256 bits.
pub const SECRET_BYTES: usize = 32;

/// An authorization code at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// Joins the code with the tokens it gave: the sign-in's own id.
    pub grant: RequestId,
    /// Whose code.
    pub client: ClientId,
    /// The person.
    pub account: AccountId,
    /// The browser session it was given under.
    pub session: SessionId,
    /// What the token request must name again.
    pub redirect_uri: String,
    /// PKCE.
    pub challenge: Option<String>,
    /// What the ID token will tell.
    pub details: CodeDetails,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// What the ID token will tell, fixed at the moment of the sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeDetails {
    /// What may be told.
    pub scopes: Scopes,
    /// Bound into the ID token.
    pub nonce: Option<String>,
    /// The level, by the name the application knows.
    pub acr: Option<String>,
    /// How.
    pub amr: Vec<String>,
    /// When.
    pub auth_time: UnixTime,
    /// Claims asked for by name.
    pub claims: Requested,
}

/// An access token at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// See [`Code::grant`].
    pub grant: RequestId,
    /// Whose.
    pub client: ClientId,
    /// The person.
    pub account: AccountId,
    /// The browser session.
    pub session: SessionId,
    /// What may be told.
    pub scopes: Scopes,
    /// Claims asked for by name.
    pub claims: BTreeSet<String>,
    /// When it ends.
    pub expires_at: UnixTime,
}
