//! OpenID Connect from the app's side: code flow with PKCE, and the ID token verified before anything in it is believed.

use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreGenderClaim};
use openidconnect::{
    AccessTokenHash, AuthenticationContextClass, AuthorizationCode, ClientId, ClientSecret, CsrfToken,
    EmptyAdditionalClaims, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse,
    PkceCodeChallenge, PkceCodeVerifier, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope,
    TokenResponse, UserInfoClaims,
};
use serde::Deserialize;
use std::time::Duration;

/// Longer than any answer of a provider; a bigger one is refused.
const LARGEST_ANSWER: u64 = 256 * 1024;

/// How to reach the provider, and as whom.
pub struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    client_secret: Option<ClientSecret>,
    redirect: RedirectUrl,
    home: PostLogoutRedirectUrl,
    http: ureq::Agent,
}

/// What the app asks of the person beyond a plain sign-in, from the link that was followed.
#[derive(Debug, Default, Deserialize)]
pub struct Wishes {
    /// Wanted authentication context classes, space separated, the best first.
    pub acr_values: Option<String>,
    /// Who is expected.
    pub login_hint: Option<String>,
    /// How old the authentication may be, in seconds.
    pub max_age: Option<u64>,
}

/// A sign-in sent to the provider: what the answer is held against.
pub struct Pending {
    state: CsrfToken,
    nonce: Nonce,
    pkce: PkceCodeVerifier,
}

/// A person whose ID token was verified.
pub struct SignedIn {
    /// The ID token's claims, and below `userinfo` what the provider tells about the person.
    pub claims: serde_json::Value,
    /// Where to send the browser to end the session at the provider too, if it offers that.
    pub sign_out: Option<String>,
}

/// The provider's answer, in the query of the redirect address (RFC 6749 section 4.1.2).
#[derive(Debug, Default, Deserialize)]
pub struct Answer {
    code: Option<String>,
    state: Option<String>,
    error: Option<String>,
    error_description: Option<String>,
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// An address in the options is none.
    #[error("{what} is not an address: {why}")]
    Address { what: &'static str, why: String },
    /// The provider could not be reached or did not make sense.
    #[error("the provider could not be used ({doing}): {why}")]
    Provider { doing: &'static str, why: String },
    /// The provider said no, with its reason.
    #[error("the provider refused: {error}{}", description.as_deref().map(|text| format!(" ({text})")).unwrap_or_default())]
    Refused { error: String, description: Option<String> },
    /// The answer does not belong to a sign-in that this browser began.
    #[error("this answer belongs to no sign-in of this browser; start again")]
    ForeignAnswer,
    /// The ID token is missing or not to be believed.
    #[error("the ID token is not valid: {0}")]
    IdToken(String),
}

impl Provider {
    /// `home` is the app's own address, without a slash at its end.
    pub fn new(issuer: &str, client_id: &str, secret: Option<String>, home: &str) -> Result<Self, ProviderError> {
        let bad = |what| {
            move |error: openidconnect::url::ParseError| ProviderError::Address {
                what,
                why: error.to_string(),
            }
        };
        Ok(Self {
            issuer: IssuerUrl::new(issuer.to_owned()).map_err(bad("--issuer"))?,
            client_id: ClientId::new(client_id.to_owned()),
            client_secret: secret.map(ClientSecret::new),
            redirect: RedirectUrl::new(format!("{home}/callback")).map_err(bad("--listen"))?,
            home: PostLogoutRedirectUrl::new(format!("{home}/")).map_err(bad("--listen"))?,
            // Redirects are never followed: they would let a provider point us at other servers.
            http: ureq::Agent::config_builder()
                .max_redirects(0)
                .http_status_as_error(false)
                .timeout_global(Some(Duration::from_secs(10)))
                .build()
                .into(),
        })
    }

    /// Begins a sign-in: the address to send the browser to, and what its answer will be held against.
    ///
    /// The provider's document and keys are fetched each time: a key rotated a second ago is known, and loopback is near.
    pub fn begin(&self, wishes: &Wishes) -> Result<(String, Pending), ProviderError> {
        let client =
            CoreClient::from_provider_metadata(self.metadata()?, self.client_id.clone(), self.client_secret.clone())
                .set_redirect_uri(self.redirect.clone());
        let (challenge, pkce) = PkceCodeChallenge::new_random_sha256();
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                CsrfToken::new_random,
                Nonce::new_random,
            )
            .add_scope(Scope::new("profile".to_owned()))
            .set_pkce_challenge(challenge);
        for wanted in wishes.acr_values.iter().flat_map(|values| values.split_whitespace()) {
            request = request.add_auth_context_value(AuthenticationContextClass::new(wanted.to_owned()));
        }
        if let Some(name) = &wishes.login_hint {
            request = request.add_extra_param("login_hint", name);
        }
        if let Some(seconds) = wishes.max_age {
            request = request.set_max_age(Duration::from_secs(seconds));
        }
        let (address, state, nonce) = request.url();
        Ok((address.to_string(), Pending { state, nonce, pkce }))
    }

    /// Ends a sign-in: redeems the code and verifies signature, issuer, audience, nonce, times and access token hash.
    pub fn finish(&self, pending: Pending, answer: Answer) -> Result<SignedIn, ProviderError> {
        if answer.state.as_ref() != Some(pending.state.secret()) {
            return Err(ProviderError::ForeignAnswer);
        }
        if let Some(error) = answer.error {
            return Err(ProviderError::Refused {
                error,
                description: answer.error_description,
            });
        }
        let code = AuthorizationCode::new(answer.code.ok_or(ProviderError::ForeignAnswer)?);
        let metadata = self.metadata()?;
        let end_session = metadata.additional_metadata().end_session_endpoint.clone();
        let client = CoreClient::from_provider_metadata(metadata, self.client_id.clone(), self.client_secret.clone())
            .set_redirect_uri(self.redirect.clone());
        let http = |request| self.exchange(request);

        let tokens = client
            .exchange_code(code)
            .map_err(trouble("no token endpoint"))?
            .set_pkce_verifier(pending.pkce)
            .request(&http)
            .map_err(trouble("redeeming the code"))?;
        let id_token = tokens
            .id_token()
            .ok_or_else(|| ProviderError::IdToken("none came".to_owned()))?;
        let verifier = client.id_token_verifier();
        let claims = id_token.claims(&verifier, &pending.nonce).map_err(invalid)?;
        if let Some(expected) = claims.access_token_hash() {
            let algorithm = id_token.signing_alg().map_err(invalid)?;
            let key = id_token.signing_key(&verifier).map_err(invalid)?;
            let actual = AccessTokenHash::from_token(tokens.access_token(), algorithm, key).map_err(invalid)?;
            if actual != *expected {
                return Err(ProviderError::IdToken("it belongs to another access token".to_owned()));
            }
        }

        let mut shown = serde_json::to_value(claims).map_err(invalid)?;
        if let Ok(request) = client.user_info(tokens.access_token().clone(), Some(claims.subject().clone())) {
            let userinfo: UserInfoClaims<EmptyAdditionalClaims, CoreGenderClaim> =
                request.request(&http).map_err(trouble("asking who it is"))?;
            shown["userinfo"] = serde_json::to_value(userinfo).map_err(invalid)?;
        }
        let sign_out = end_session.map(|endpoint| {
            let request = LogoutRequest::from(endpoint)
                .set_id_token_hint(id_token)
                .set_post_logout_redirect_uri(self.home.clone());
            request.http_get_url().to_string()
        });
        Ok(SignedIn {
            claims: shown,
            sign_out,
        })
    }

    fn metadata(&self) -> Result<ProviderMetadataWithLogout, ProviderError> {
        ProviderMetadataWithLogout::discover(&self.issuer, &|request| self.exchange(request))
            .map_err(trouble("reading its discovery document"))
    }

    fn exchange(&self, request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
        let (head, body) = self.http.run(request)?.into_parts();
        let body = body.into_with_config().limit(LARGEST_ANSWER).read_to_vec()?;
        Ok(HttpResponse::from_parts(head, body))
    }
}

/// The whole chain of causes: on the app owner's screen, not a stranger's.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        text = format!("{text}: {inner}");
        cause = inner.source();
    }
    text
}

fn trouble<E: std::error::Error>(doing: &'static str) -> impl Fn(E) -> ProviderError {
    move |error| ProviderError::Provider {
        doing,
        why: chain(&error),
    }
}

fn invalid<E: std::error::Error>(error: E) -> ProviderError {
    ProviderError::IdToken(chain(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pending() -> Pending {
        let (_, pkce) = PkceCodeChallenge::new_random_sha256();
        Pending {
            state: CsrfToken::new("mine".to_owned()),
            nonce: Nonce::new_random(),
            pkce,
        }
    }

    fn provider() -> Provider {
        Provider::new("http://127.0.0.1:9/", "sample", None, "http://127.0.0.1:8481").unwrap()
    }

    #[test]
    fn an_answer_with_a_foreign_or_no_state_is_not_looked_at() {
        for state in [None, Some("theirs".to_owned())] {
            let answer = Answer {
                code: Some("c".to_owned()),
                state,
                ..Answer::default()
            };
            assert!(matches!(
                provider().finish(pending(), answer),
                Err(ProviderError::ForeignAnswer)
            ));
        }
    }

    #[test]
    fn the_providers_no_is_told_with_its_reason() {
        let answer = Answer {
            state: Some("mine".to_owned()),
            error: Some("access_denied".to_owned()),
            error_description: Some("locked".to_owned()),
            code: None,
        };
        let Err(error) = provider().finish(pending(), answer) else {
            panic!("signed in")
        };
        assert_eq!(error.to_string(), "the provider refused: access_denied (locked)");
    }

    #[test]
    fn an_absent_provider_is_an_error_that_says_what_was_tried() {
        let Err(error) = provider().begin(&Wishes::default()) else {
            panic!("began")
        };
        assert!(
            error
                .to_string()
                .starts_with("the provider could not be used (reading its discovery document)"),
            "{error}"
        );
    }
}
