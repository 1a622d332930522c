//! What is decided about a client: by its operator, or by its own registration (RFC 7591, OpenID Connect Registration 1.0).
//!
//! The document is written in kebab-case; its values are the specifications' own words. What it leaves out is as
//! [`ClientSettings::default`] says.

use super::choices::{
    AccessTokenForm, ApplicationType, AuthMethod, CertificateName, Consent, GrantType, Pkce, Profile, RefreshUse,
    RequestObjectAlg, SubjectType,
};
use super::refreshing::Exchange;
use crate::keys::Alg;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What is decided about a client.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a member of the registration document"
)]
pub struct ClientSettings {
    /// Where answers may be sent: compared byte by byte.
    pub redirect_uris: Vec<String>,
    /// Where the person may be sent after signing out, by the same rules.
    pub post_logout_redirect_uris: Vec<String>,
    /// Whether PKCE may be left out.
    pub pkce: Pkce,
    /// Whether the person is asked for consent.
    pub consent: Consent,
    /// How its ID tokens are signed; RS256 unless said otherwise, since every client library knows that one.
    #[serde(with = "alg_text")]
    pub id_token_alg: Alg,
    /// Further names of the levels that this application knows, such as `https://refeds.org/profile/mfa`, each mapped to
    /// one of ours (`urn:samekey:acr:mfa`).
    pub acr_aliases: BTreeMap<String, String>,
    /// How a confidential client proves who it is; a public one never does.
    #[serde(skip_serializing_if = "is_usual_secret")]
    pub auth_method: AuthMethod,
    /// The one algorithm of its assertions; any of ours unless said (RS256 never for FAPI 2.0).
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub auth_signing_alg: Option<Alg>,
    /// Its public keys (RFC 7517); not together with `jwks_uri`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// Where its public keys are fetched.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<String>,
    /// What its certificate names, for `tls_client_auth`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tls_client_auth: Option<CertificateName>,
    /// What it may ask `/token` for.
    #[serde(skip_serializing_if = "are_usual")]
    pub grant_types: BTreeSet<GrantType>,
    /// The scopes it may ask for; all of ours unless said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub scopes: Option<BTreeSet<String>>,
    /// What its access tokens look like.
    #[serde(skip_serializing_if = "is_opaque")]
    pub access_token: AccessTokenForm,
    /// How they are signed, where they are JWTs; as its ID tokens unless said.
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub access_token_alg: Option<Alg>,
    /// The resources that it may ask tokens for (RFC 8707).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<String>,
    /// When it gets refresh tokens.
    #[serde(skip_serializing_if = "is_offline")]
    pub refresh: RefreshUse,
    /// Whose tokens it may exchange (RFC 8693).
    #[serde(skip_serializing_if = "Exchange::is_usual")]
    pub exchange: Exchange,
    /// How answers of `/userinfo` are signed; plain JSON unless said.
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub userinfo_alg: Option<Alg>,
    /// How answers of introspection are signed (RFC 9701); plain JSON unless said.
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub introspection_alg: Option<Alg>,
    /// The one algorithm of its request objects; any of ours unless said.
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub request_object_alg: Option<RequestObjectAlg>,
    /// Addresses that request objects may be fetched from, each exact but for what follows a `#`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub request_uris: Vec<String>,
    /// Whether every authorization request must be a signed request object (RFC 9101 section 10.5).
    #[serde(skip_serializing_if = "is_off")]
    pub require_request_object: bool,
    /// Whether every authorization request must be pushed (RFC 9126 section 6).
    #[serde(skip_serializing_if = "is_off")]
    pub require_pushed: bool,
    /// How authorization answers are signed (JARM); as its ID tokens unless said.
    #[serde(with = "some_text", skip_serializing_if = "Option::is_none")]
    pub response_alg: Option<Alg>,
    /// Whether its access tokens are always bound to a DPoP key (RFC 9449 section 5.2).
    #[serde(skip_serializing_if = "is_off")]
    pub dpop_bound: bool,
    /// Whether its access tokens are always bound to its certificate (RFC 8705 section 3.4).
    #[serde(skip_serializing_if = "is_off")]
    pub certificate_bound: bool,
    /// Which set of rules holds for it.
    #[serde(skip_serializing_if = "is_plain")]
    pub profile: Profile,
    /// How people are called in its tokens.
    #[serde(skip_serializing_if = "is_public")]
    pub subject_type: SubjectType,
    /// Who shares its pairwise names: a list of redirect addresses is fetched here and held against its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sector_identifier_uri: Option<String>,
    /// Where it is told that a session ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which.
    #[serde(skip_serializing_if = "is_off")]
    pub backchannel_logout_session_required: bool,
    /// What the browser loads when a session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub frontchannel_logout_uri: Option<String>,
    /// Whether it needs to be told which.
    #[serde(skip_serializing_if = "is_off")]
    pub frontchannel_logout_session_required: bool,
    /// Where somebody who comes from our own page begins to sign in there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub initiate_login_uri: Option<String>,
    /// Seconds since the last proof that are good where a request says nothing of `max_age`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_max_age: Option<i64>,
    /// Levels wished for where a request names none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub default_acr_values: Vec<String>,
    /// Whether `auth_time` must be in every ID token: it always is.
    #[serde(skip_serializing_if = "is_off")]
    pub require_auth_time: bool,
    /// A picture shown where one signs in to it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logo_uri: Option<String>,
    /// Its home page.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_uri: Option<String>,
    /// What it does with what it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy_uri: Option<String>,
    /// Its terms.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tos_uri: Option<String>,
    /// Mail addresses of those who run it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub contacts: Vec<String>,
    /// Where it runs.
    #[serde(skip_serializing_if = "is_web")]
    pub application_type: ApplicationType,
}

impl Default for ClientSettings {
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            pkce: Pkce::Required,
            consent: Consent::Given,
            id_token_alg: Alg::Rs256,
            acr_aliases: BTreeMap::new(),
            auth_method: AuthMethod::ClientSecret,
            auth_signing_alg: None,
            jwks: None,
            jwks_uri: None,
            tls_client_auth: None,
            grant_types: USUAL.into(),
            scopes: None,
            access_token: AccessTokenForm::Opaque,
            access_token_alg: None,
            resources: Vec::new(),
            refresh: RefreshUse::OfflineAccess,
            exchange: Exchange::default(),
            userinfo_alg: None,
            introspection_alg: None,
            request_object_alg: None,
            request_uris: Vec::new(),
            require_request_object: false,
            require_pushed: false,
            response_alg: None,
            dpop_bound: false,
            certificate_bound: false,
            profile: Profile::Plain,
            subject_type: SubjectType::Public,
            sector_identifier_uri: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            frontchannel_logout_uri: None,
            frontchannel_logout_session_required: false,
            initiate_login_uri: None,
            default_max_age: None,
            default_acr_values: Vec::new(),
            require_auth_time: false,
            logo_uri: None,
            client_uri: None,
            policy_uri: None,
            tos_uri: None,
            contacts: Vec::new(),
            application_type: ApplicationType::Web,
        }
    }
}

/// The grant types of a client that says nothing of them.
const USUAL: [GrantType; 2] = [GrantType::AuthorizationCode, GrantType::RefreshToken];

fn are_usual(types: &BTreeSet<GrantType>) -> bool {
    *types == BTreeSet::from(USUAL)
}

macro_rules! left_out {
    ($($name:ident: $type:ty = $usual:expr,)+) => {$(
        fn $name(value: &$type) -> bool {
            *value == $usual
        }
    )+};
}

left_out! {
    is_off: bool = false,
    is_usual_secret: AuthMethod = AuthMethod::ClientSecret,
    is_opaque: AccessTokenForm = AccessTokenForm::Opaque,
    is_offline: RefreshUse = RefreshUse::OfflineAccess,
    is_plain: Profile = Profile::Plain,
    is_public: SubjectType = SubjectType::Public,
    is_web: ApplicationType = ApplicationType::Web,
}

mod alg_text {
    use super::Alg;
    use serde::{Deserialize, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
    pub fn serialize<S: Serializer>(alg: &Alg, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(alg.name())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Alg, D::Error> {
        String::deserialize(from)?.parse().map_err(serde::de::Error::custom)
    }
}

/// What has a word of its own, where there is one.
mod some_text {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::fmt::Display;
    use std::str::FromStr;

    #[expect(clippy::ref_option, reason = "serde's signature")]
    pub fn serialize<S: Serializer, T: Display>(value: &Option<T>, out: S) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => out.collect_str(value),
            None => out.serialize_none(),
        }
    }

    pub fn deserialize<'de, D, T>(from: D) -> Result<Option<T>, D::Error>
    where
        D: Deserializer<'de>,
        T: FromStr<Err: Display>,
    {
        let text = Option::<String>::deserialize(from)?;
        text.map(|text| text.parse().map_err(serde::de::Error::custom))
            .transpose()
    }
}
