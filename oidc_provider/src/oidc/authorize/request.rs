//! An authorization request, read into a type that cannot be invalid.

use crate::clients::ClientId;
use crate::keys::Alg;
use crate::oidc::claims::Requested;
use crate::oidc::par::Handle;
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

/// The words of `response_mode`, each with the way it stands for and whether the answer is a signed JWT (JARM section 2.3).
/// Our only response type is `code`, whose `jwt` is `query.jwt`.
pub const RESPONSE_MODES: [(&str, ResponseMode, bool); 5] = [
    ("query", ResponseMode::Query, false),
    ("form_post", ResponseMode::FormPost, false),
    ("query.jwt", ResponseMode::Query, true),
    ("form_post.jwt", ResponseMode::FormPost, true),
    ("jwt", ResponseMode::Query, true),
];

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
    /// Somebody is here for the first time (Initiating User Registration via OpenID Connect 1.0). Accounts are their
    /// organisation's, and nobody makes one here; what a person makes here is their first binding. So nobody's session is
    /// used, and the sign-in leads through whatever binding the policy wants of them, protected by its `first-bind`.
    Create,
}

/// The words of `prompt`.
pub const PROMPTS: [(&str, Prompt); 5] = [
    ("none", Prompt::None),
    ("login", Prompt::Login),
    ("consent", Prompt::Consent),
    ("select_account", Prompt::SelectAccount),
    ("create", Prompt::Create),
];

/// Where an answer may go: known to be the client's own before anything else is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReturnTo {
    /// The client's id.
    pub client: ClientId,
    /// Its registered address.
    pub redirect_uri: String,
    /// How.
    pub mode: ResponseMode,
    /// What signs the answer, where it is a JWT (JARM).
    #[serde(default, with = "signed_with", skip_serializing_if = "Option::is_none")]
    pub signed: Option<Alg>,
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
    /// Who must be the one that signs in, by the name the application knows: of an ID token that it sent as a hint, or of
    /// the `claims` parameter (OpenID Connect Core 5.5.1).
    pub hinted_subject: Option<String>,
    /// Claims asked for by name.
    pub claims: Requested,
    /// What the access token is for (RFC 8707).
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// The DPoP key that the code is bound to (RFC 9449 section 10).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// Under which handle it was pushed (RFC 9126): spent by the code that answers it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pushed: Option<Handle>,
}

impl AuthorizeRequest {
    /// Whether the application wants this of `prompt`.
    pub fn prompts(&self, prompt: Prompt) -> bool {
        self.prompt.contains(&prompt)
    }
}

/// An algorithm by its JOSE name.
mod signed_with {
    use crate::keys::Alg;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::ref_option, clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(alg: &Option<Alg>, out: S) -> Result<S::Ok, S::Error> {
        match alg {
            Some(alg) => out.serialize_some(alg.name()),
            None => out.serialize_none(),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Alg>, D::Error> {
        let name = Option::<String>::deserialize(from)?;
        name.map(|name| name.parse().map_err(serde::de::Error::custom))
            .transpose()
    }
}
