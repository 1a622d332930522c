//! Client metadata as it travels (RFC 7591 section 2, OpenID Connect Registration 1.0 section 2, and what RFC 8705, 9101, 9126,
//! 9449, 9701, JARM and the logout specifications add), and the settings that it comes to.
//!
//! Members that we do not know are passed over, as RFC 7591 asks; one that we know and cannot serve is refused, so that
//! nobody believes to be protected by what is not there.

use super::{ApplicationType, AuthMethod, CertificateName, ClientKind, ClientSettings, GrantType, SubjectType};
use crate::keys::Alg;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeSet;
use std::str::FromStr;

/// The document, read; every member may be absent.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the members' names and meanings are the specifications'")]
pub struct Metadata {
    pub redirect_uris: Option<Vec<String>>,
    pub response_types: Option<Vec<String>>,
    pub grant_types: Option<Vec<String>>,
    pub application_type: Option<String>,
    pub contacts: Option<Vec<String>>,
    pub client_name: Option<String>,
    pub logo_uri: Option<String>,
    pub client_uri: Option<String>,
    pub policy_uri: Option<String>,
    pub tos_uri: Option<String>,
    pub jwks_uri: Option<String>,
    pub jwks: Option<Value>,
    pub sector_identifier_uri: Option<String>,
    pub subject_type: Option<String>,
    pub scope: Option<String>,
    pub id_token_signed_response_alg: Option<String>,
    pub userinfo_signed_response_alg: Option<String>,
    pub introspection_signed_response_alg: Option<String>,
    pub authorization_signed_response_alg: Option<String>,
    pub request_object_signing_alg: Option<String>,
    pub token_endpoint_auth_method: Option<String>,
    pub token_endpoint_auth_signing_alg: Option<String>,
    pub default_max_age: Option<i64>,
    pub require_auth_time: Option<bool>,
    pub default_acr_values: Option<Vec<String>>,
    pub initiate_login_uri: Option<String>,
    pub request_uris: Option<Vec<String>>,
    pub post_logout_redirect_uris: Option<Vec<String>>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: Option<bool>,
    pub frontchannel_logout_uri: Option<String>,
    pub frontchannel_logout_session_required: Option<bool>,
    pub tls_client_auth_subject_dn: Option<String>,
    pub tls_client_auth_san_dns: Option<String>,
    pub tls_client_auth_san_uri: Option<String>,
    pub tls_client_auth_san_ip: Option<String>,
    pub tls_client_auth_san_email: Option<String>,
    pub tls_client_certificate_bound_access_tokens: Option<bool>,
    pub dpop_bound_access_tokens: Option<bool>,
    pub require_pushed_authorization_requests: Option<bool>,
    pub require_signed_request_object: Option<bool>,
    pub id_token_encrypted_response_alg: Option<String>,
    pub userinfo_encrypted_response_alg: Option<String>,
    pub introspection_encrypted_response_alg: Option<String>,
    pub authorization_encrypted_response_alg: Option<String>,
    pub request_object_encryption_alg: Option<String>,
    pub software_statement: Option<String>,
    pub client_id: Option<String>,
    pub client_secret: Option<String>,
    pub registration_access_token: Option<String>,
    pub registration_client_uri: Option<String>,
    pub client_secret_expires_at: Option<i64>,
    pub client_id_issued_at: Option<i64>,
}

/// Why a document is refused: the member, and a sentence that repeats nothing of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{member}: {why}")]
pub struct BadMember {
    member: &'static str,
    why: &'static str,
}

fn bad(member: &'static str, why: &'static str) -> BadMember {
    BadMember { member, why }
}

fn word<T: FromStr>(member: &'static str, text: Option<&str>) -> Result<Option<T>, BadMember> {
    let parsed = text.map(|text| text.parse().map_err(|_| bad(member, "not one of the supported values")));
    parsed.transpose()
}

impl Metadata {
    /// Reads a document.
    pub fn read(text: &[u8]) -> Result<Self, BadMember> {
        let value: Value = serde_json::from_slice(text).map_err(|_| bad("the document", "not JSON"))?;
        if !value.is_object() {
            return Err(bad("the document", "not a JSON object"));
        }
        serde_json::from_value(value).map_err(|_| bad("the document", "a member is not of its type"))
    }

    /// Whether it keeps a secret or a key: whoever asks for no authentication is public.
    pub fn kind(&self) -> ClientKind {
        match self.token_endpoint_auth_method.as_deref() {
            Some("none") => ClientKind::Public,
            _ => ClientKind::Confidential,
        }
    }

    /// The settings that it asks for, over those that are not the client's to choose.
    pub fn settings(&self, operators: &ClientSettings) -> Result<ClientSettings, BadMember> {
        self.servable()?;
        let mut settings = operators.clone();
        self.addresses(&mut settings);
        self.algorithms(&mut settings)?;
        self.authentication(&mut settings)?;
        self.rest(&mut settings)?;
        Ok(settings)
    }

    fn servable(&self) -> Result<(), BadMember> {
        let encrypted = [
            ("id_token_encrypted_response_alg", &self.id_token_encrypted_response_alg),
            ("userinfo_encrypted_response_alg", &self.userinfo_encrypted_response_alg),
            (
                "introspection_encrypted_response_alg",
                &self.introspection_encrypted_response_alg,
            ),
            (
                "authorization_encrypted_response_alg",
                &self.authorization_encrypted_response_alg,
            ),
            ("request_object_encryption_alg", &self.request_object_encryption_alg),
        ];
        if let Some((member, _)) = encrypted.into_iter().find(|(_, value)| value.is_some()) {
            return Err(bad(member, "encryption is not supported"));
        }
        let types = self.response_types.as_deref();
        // Without a code flow there are none.
        if types.is_some_and(|types| !types.is_empty() && !types.iter().any(|one| one == "code")) {
            return Err(bad("response_types", "only code is supported"));
        }
        Ok(())
    }

    fn addresses(&self, settings: &mut ClientSettings) {
        settings.redirect_uris = self.redirect_uris.clone().unwrap_or_default();
        settings.post_logout_redirect_uris = self.post_logout_redirect_uris.clone().unwrap_or_default();
        settings.request_uris = self.request_uris.clone().unwrap_or_default();
        settings.contacts = self.contacts.clone().unwrap_or_default();
        settings.logo_uri.clone_from(&self.logo_uri);
        settings.client_uri.clone_from(&self.client_uri);
        settings.policy_uri.clone_from(&self.policy_uri);
        settings.tos_uri.clone_from(&self.tos_uri);
        settings.jwks_uri.clone_from(&self.jwks_uri);
        settings.jwks.clone_from(&self.jwks);
        settings.sector_identifier_uri.clone_from(&self.sector_identifier_uri);
        settings.initiate_login_uri.clone_from(&self.initiate_login_uri);
        settings.backchannel_logout_uri.clone_from(&self.backchannel_logout_uri);
        settings
            .frontchannel_logout_uri
            .clone_from(&self.frontchannel_logout_uri);
        settings.backchannel_logout_session_required = self.backchannel_logout_session_required.unwrap_or_default();
        settings.frontchannel_logout_session_required = self.frontchannel_logout_session_required.unwrap_or_default();
    }

    fn algorithms(&self, settings: &mut ClientSettings) -> Result<(), BadMember> {
        let id_token = self.id_token_signed_response_alg.as_deref();
        settings.id_token_alg = word("id_token_signed_response_alg", id_token)?.unwrap_or(Alg::Rs256);
        let userinfo = self.userinfo_signed_response_alg.as_deref();
        settings.userinfo_alg = word("userinfo_signed_response_alg", userinfo.filter(|alg| *alg != "none"))?;
        let introspection = self.introspection_signed_response_alg.as_deref();
        settings.introspection_alg = word("introspection_signed_response_alg", introspection)?;
        let answers = self.authorization_signed_response_alg.as_deref();
        settings.response_alg = word("authorization_signed_response_alg", answers)?;
        let objects = self.request_object_signing_alg.as_deref();
        settings.request_object_alg = word("request_object_signing_alg", objects)?;
        Ok(())
    }

    fn authentication(&self, settings: &mut ClientSettings) -> Result<(), BadMember> {
        let method = self.token_endpoint_auth_method.as_deref();
        settings.auth_method = match word("token_endpoint_auth_method", method)? {
            None => AuthMethod::ClientSecretBasic,
            Some(AuthMethod::ClientSecret) => return Err(bad("token_endpoint_auth_method", "no registered name")),
            Some(method) => method,
        };
        let alg = self.token_endpoint_auth_signing_alg.as_deref();
        settings.auth_signing_alg = word("token_endpoint_auth_signing_alg", alg)?;
        settings.tls_client_auth = self.certificate_name()?;
        settings.certificate_bound = self.tls_client_certificate_bound_access_tokens.unwrap_or_default();
        settings.dpop_bound = self.dpop_bound_access_tokens.unwrap_or_default();
        Ok(())
    }

    /// RFC 8705 section 2.1.2: exactly one of the five.
    fn certificate_name(&self) -> Result<Option<CertificateName>, BadMember> {
        const MEMBER: &str = "tls_client_auth_san_ip";
        let address = self.tls_client_auth_san_ip.as_deref();
        let address = address.map(|text| text.parse().map_err(|_| bad(MEMBER, "not an address")));
        let all = [
            self.tls_client_auth_subject_dn.clone().map(CertificateName::SubjectDn),
            self.tls_client_auth_san_dns.clone().map(CertificateName::SanDns),
            self.tls_client_auth_san_uri.clone().map(CertificateName::SanUri),
            self.tls_client_auth_san_email.clone().map(CertificateName::SanEmail),
            address.transpose()?.map(CertificateName::SanIp),
        ];
        let mut named = all.into_iter().flatten();
        match (named.next(), named.next()) {
            (first, None) => Ok(first),
            _ => Err(bad("tls_client_auth_subject_dn", "only one name of the certificate")),
        }
    }

    fn rest(&self, settings: &mut ClientSettings) -> Result<(), BadMember> {
        settings.grant_types = self.grants()?;
        let subject = word("subject_type", self.subject_type.as_deref())?;
        settings.subject_type = subject.unwrap_or(SubjectType::Public);
        let application = word("application_type", self.application_type.as_deref())?;
        settings.application_type = application.unwrap_or(ApplicationType::Web);
        let scopes = self.scope.as_deref().map(|list| list.split_ascii_whitespace());
        settings.scopes = scopes.map(|words| words.map(str::to_owned).collect());
        settings.default_max_age = self.default_max_age;
        settings.default_acr_values = self.default_acr_values.clone().unwrap_or_default();
        settings.require_auth_time = self.require_auth_time.unwrap_or_default();
        settings.require_pushed = self.require_pushed_authorization_requests.unwrap_or_default();
        settings.require_request_object = self.require_signed_request_object.unwrap_or_default();
        Ok(())
    }

    /// Those that we do not serve are left out, as RFC 7591 section 2 allows; what is registered is told in the answer.
    fn grants(&self) -> Result<BTreeSet<GrantType>, BadMember> {
        let Some(asked) = &self.grant_types else {
            return Ok(BTreeSet::from([GrantType::AuthorizationCode]));
        };
        let known: BTreeSet<GrantType> = asked.iter().filter_map(|word| word.parse().ok()).collect();
        if known.is_empty() {
            return Err(bad("grant_types", "none of them is supported"));
        }
        Ok(known)
    }
}
