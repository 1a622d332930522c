//! The crate `openidconnect`, on which the sample app stands too.

use super::site::{CALLBACK, SIGNED_OUT, STRICT, Site};
use openidconnect::core::{CoreAuthenticationFlow, CoreClient, CoreUserInfoClaims};
use openidconnect::{
    AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse, IssuerUrl, LogoutRequest, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, Scope,
    TokenResponse,
};

fn http(request: HttpRequest) -> Result<HttpResponse, ureq::Error> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into();
    let (head, mut body) = agent.run(request)?.into_parts();
    Ok(HttpResponse::from_parts(head, body.read_to_vec()?))
}

#[test]
fn signs_in_refreshes_asks_who_it_is_and_signs_out() {
    let mut site = Site::new(STRICT);
    let client = site.register("crate", &["--redirect", CALLBACK, "--post-logout", SIGNED_OUT]);
    let metadata = ProviderMetadataWithLogout::discover(&IssuerUrl::new(site.issuer()).unwrap(), &http).unwrap();
    let end_session = metadata.additional_metadata().end_session_endpoint.clone().unwrap();
    let party = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(client.id),
        Some(ClientSecret::new(client.secret)),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (address, state, nonce) = party
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scopes(["profile", "offline_access"].map(|scope| Scope::new(scope.to_owned())))
        .set_pkce_challenge(challenge)
        .url();

    let back = site.surfer.go(address.as_str()).sent();
    let returned = |name: &str| {
        back.query_pairs()
            .find(|(known, _)| known == name)
            .unwrap()
            .1
            .into_owned()
    };
    assert_eq!(&returned("state"), state.secret());
    let tokens = party
        .exchange_code(AuthorizationCode::new(returned("code")))
        .unwrap()
        .set_pkce_verifier(verifier)
        .request(&http)
        .unwrap();
    let id_token = tokens.id_token().unwrap();
    let claims = id_token.claims(&party.id_token_verifier(), &nonce).unwrap().clone();
    assert_eq!(claims.auth_context_ref().unwrap().as_str(), "urn:samekey:acr:mfa");

    let told: CoreUserInfoClaims = party
        .user_info(tokens.access_token().clone(), Some(claims.subject().clone()))
        .unwrap()
        .request(&http)
        .unwrap();
    assert_eq!(told.preferred_username().unwrap().as_str(), "ann");

    let fresh = party
        .exchange_refresh_token(tokens.refresh_token().unwrap())
        .unwrap()
        .request(&http)
        .unwrap();
    assert_ne!(fresh.access_token().secret(), tokens.access_token().secret());
    let again: CoreUserInfoClaims = party
        .user_info(fresh.access_token().clone(), Some(claims.subject().clone()))
        .unwrap()
        .request(&http)
        .unwrap();
    assert_eq!(again.subject(), claims.subject());

    let out = LogoutRequest::from(end_session)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(SIGNED_OUT.to_owned()).unwrap())
        .http_get_url();
    assert_eq!(site.surfer.go(out.as_str()).sent().as_str(), SIGNED_OUT);
}
