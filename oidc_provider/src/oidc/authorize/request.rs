//! An authorization request, read into a type that cannot be invalid.

use crate::clients::ClientId;
use crate::oidc::claims::Requested;
use crate::oidc::scope::Scopes;
use samekey_shared::texts::Language;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// How the answer travels to the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    /// In the query of the redirect address.
    Query,
    /// As a form that the browser posts (OAuth 2.0 Form Post Response Mode).
    FormPost,
}

/// One value of `prompt`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Prompt {
    /// Ask nothing.
    None,
    /// Ask everything anew.
    Login,
    /// Ask for consent again.
    Consent,
    /// Ask who it is.
    SelectAccount,
}

/// Where an answer may go: known to be the client's own before anything else is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The client's id.
    pub client: ClientId,
    /// Its registered address.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// What the application wants back unchanged.
    pub state: Option<String>,
}

/// A request that passed every check. Between two pages it lives in the sealed cookie, never in a query or a form, so that
/// nobody can change it on the way (oidc.md row 10).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizeRequest {
    /// Where the answer goes.
    pub return_to: ReturnTo,
    /// What may be told.
    pub scopes: Scopes,
    /// Bound into the ID token.
    pub nonce: Option<String>,
    /// PKCE, S256; `None` only for a confidential client that may leave it out.
    pub challenge: Option<String>,
    /// How the person may be asked.
    pub prompt: BTreeSet<Prompt>,
    /// Seconds since the last proof that are still good.
    pub max_age: Option<i64>,
    /// Levels wished for, in order of preference.
    pub acr_values: Vec<String>,
    /// The name to start with; display only.
    pub login_hint: Option<String>,
    /// The first of `ui_locales` that we speak.
    pub language: Option<Language>,
    /// Whose ID token the application sent as a hint: the account's id.
    pub hinted_subject: Option<String>,
    /// Claims asked for by name.
    pub claims: Requested,
}

impl AuthorizeRequest {
    /// Whether the application wants this of `prompt`.
    pub fn prompts(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}
