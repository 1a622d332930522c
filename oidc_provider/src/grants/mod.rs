//! What was granted to an application: codes, grants with their access and refresh tokens, consents.
//!
//! ```text
//! sign-in ─► code (60 s, one use) ─► grant ─┬─► access token (10 min)        a code that comes a second time, and a
//!                                           └─► refresh token ─► the next    spent refresh token, end the whole grant
//! client_credentials ───────────────────────► access token, of no person
//! ```
//!
//! A grant ends with its session, unless it is for offline access; with the consent, the account or the client that it
//! rests on; and at every use it is asked anew whether all of it still holds ([`still_holds`]; oidc.md row 16).

mod binding;
pub mod consents;
mod endings;
mod find;
mod holds;
mod rows;
mod tokens;

pub use binding::{Binding, NotABinding};
pub use endings::{Offline, end_grant, end_of_account, end_of_client, end_of_consent, end_of_session, sweep};
pub use find::{Found, Retraction, find, retraction};
pub use holds::{Holder, Holds, Used, groups_of_host, host_groups, still_holds, to_ask_about};
pub use rows::{code, insert_code, spend_flow, use_code};
pub use tokens::{
    Form, Spent, by_hash, family, given, insert_access, insert_grant, insert_refresh, is_revoked, refresh_token,
    remember_revoked, remove_access, renew_refresh, spend_refresh,
};

use crate::clients::ClientId;
use crate::oidc::claims::Requested;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::Shown;
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Random bytes of codes and tokens: 256 bits.
pub const SECRET_BYTES: usize = 32;

/// An authorization code at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Code {
    /// The grant that it becomes: the sign-in's own id.
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
    /// For which APIs tokens may be made out (RFC 8707).
    #[serde(default)]
    pub resources: Vec<String>,
    /// The DPoP key that the authorization request promised (RFC 9449 section 10).
    #[serde(default)]
    pub dpop_jkt: Option<String>,
    /// What the sign-in had shown, for the policy to be asked again; without it nothing but a code's first use holds.
    #[serde(default)]
    pub shown: Option<Shown>,
}

/// What was granted, by a person or to a client alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Grant {
    /// Joins everything that rests on it: the sign-in's own id where there was one.
    pub id: RequestId,
    /// To whom.
    pub client: ClientId,
    /// By whom; `None` where a client speaks for itself.
    pub account: Option<AccountId>,
    /// The browser session it was given under.
    pub session: Option<SessionId>,
    /// Whether it outlives that session.
    pub offline: bool,
    /// What may be done and told.
    pub scope: String,
    /// What ID tokens tell; `None` without a person.
    pub details: Option<CodeDetails>,
    /// When it was given.
    pub given_at: UnixTime,
    /// The end of the last token that can rest on it.
    pub ends_at: UnixTime,
}

/// An access token at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessToken {
    /// See [`Grant::id`].
    pub grant: RequestId,
    /// Who may use it.
    pub client: ClientId,
    /// For what.
    pub scope: String,
    /// Where: the issuer for `/userinfo`, and APIs by their names.
    pub audience: Vec<String>,
    /// In whose hands.
    pub binding: Binding,
    /// Who acts for the person (RFC 8693 section 4.1).
    pub act: Option<Value>,
    /// When it was made.
    pub issued_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// A refresh token at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Its family.
    pub grant: RequestId,
    /// In whose hands, for a public client.
    pub binding: Binding,
    /// When it ends unless it is used.
    pub expires_at: UnixTime,
    /// When it was spent.
    pub used_at: Option<UnixTime>,
}
