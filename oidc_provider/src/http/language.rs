//! Which language a page speaks: the one chosen here, else what the application asked for, else what the browser prefers.

use super::body::form;
use super::{Fault, cookies, csrf};
use crate::app::{App, routes};
use crate::oidc::authorize::respond;
use axum::extract::{Request, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT_LANGUAGE, REFERER, SET_COOKIE};
use axum::response::Response;
use samekey_shared::texts::{Language, Texts};

/// What the person chose in the page's own switch. It says nothing else about anybody.
pub const COOKIE: &str = "__Host-samekey-language";
/// A year.
const SECONDS: i64 = 365 * 86_400;
/// Longest address that the switch goes back to.
const LONGEST: usize = 2048;

/// The sentences for whoever sent these headers. `asked` is the application's `ui_locales` (OpenID Connect Core 3.1.2.1); the
/// person's own choice goes before it.
pub fn of(headers: &HeaderMap, asked: Option<Language>) -> Texts {
    let chosen = cookies::value(headers, COOKIE).and_then(Language::of_tag);
    let preferred = || {
        let header = headers.get(ACCEPT_LANGUAGE)?.to_str().ok()?;
        Language::of_accept_language(header)
    };
    chosen.or(asked).or_else(preferred).unwrap_or_default().into()
}

/// `POST /language`: keeps the choice and goes back to the page it was made on. Another site's form changes nothing.
pub async fn choose(State(app): State<App>, request: Request) -> Result<Response, Fault> {
    let headers = request.headers().clone();
    let params = form(request).await?;
    let issuer = app.config.issuer.as_str();
    let mut response = respond::see_other(&back(&headers, issuer))?;
    let wanted = params.value("language").and_then(Language::of_tag);
    if let Some(wanted) = wanted.filter(|_| csrf::begun_here(&headers, issuer)) {
        let cookie = cookies::set(COOKIE, wanted.tag(), Some(SECONDS));
        response.headers_mut().extend(cookie.map(|cookie| (SET_COOKIE, cookie)));
    }
    Ok(response)
}

/// Path and query of the page that the form stood on, as far as it is one of ours that can be shown again.
fn back(headers: &HeaderMap, issuer: &str) -> String {
    let referer = headers.get(REFERER).and_then(|value| value.to_str().ok());
    let local = referer
        .and_then(|address| address.strip_prefix(issuer))
        .filter(|rest| rest.starts_with('/') && !rest.starts_with("//") && rest.len() <= LONGEST);
    let Some(address) = local else {
        return "/".to_owned();
    };
    let path = address.split(['?', '#']).next().unwrap_or_default();
    // A page that answered a form cannot be asked for again: the page above it can.
    let mut above = path;
    while !routes::is_page(above) {
        above = above.rsplit_once('/').map_or("", |(above, _)| above);
        if above.is_empty() {
            return "/".to_owned();
        }
    }
    if above == path {
        address.to_owned()
    } else {
        above.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::http::HeaderValue;
    use axum::http::header::COOKIE as COOKIES;

    fn headers(pairs: &[(axum::http::HeaderName, &str)]) -> HeaderMap {
        let pairs = pairs.iter();
        pairs
            .map(|(name, value)| (name.clone(), HeaderValue::from_str(value).unwrap()))
            .collect()
    }

    #[test]
    fn the_persons_choice_goes_before_the_applications_and_the_browsers() {
        let chinese = Some(Language::SimplifiedChinese);
        let english = Some(Language::English);
        let of = |cookie: Option<&str>, asked, accepted: Option<&str>| {
            let kept = cookie.map(|tag| format!("{COOKIE}={tag}"));
            let mut all = Vec::new();
            all.extend(kept.as_deref().map(|kept| (COOKIES, kept)));
            all.extend(accepted.map(|accepted| (ACCEPT_LANGUAGE, accepted)));
            super::of(&headers(&all), asked).language()
        };
        assert_eq!(of(None, None, None), Language::English);
        assert_eq!(of(None, None, Some("zh-CN,en;q=0.5")), Language::SimplifiedChinese);
        assert_eq!(of(None, english, Some("zh-CN")), Language::English);
        assert_eq!(of(Some("zh-CN"), english, Some("en")), Language::SimplifiedChinese);
        assert_eq!(of(Some("../../x"), chinese, None), Language::SimplifiedChinese);
    }

    #[test]
    fn the_switch_goes_back_to_a_page_of_ours_and_nowhere_else() {
        let issuer = "https://id.example.org";
        let from = |referer: &str| back(&headers(&[(REFERER, referer)]), issuer);
        assert_eq!(
            from("https://id.example.org/security?done=unbound"),
            "/security?done=unbound"
        );
        assert_eq!(
            from("https://id.example.org/d/example.org/login"),
            "/d/example.org/login"
        );
        assert_eq!(from("https://id.example.org/security/keys"), "/security");
        for elsewhere in [
            "https://evil.example/security",
            "https://id.example.org.evil.example/security",
            "https://id.example.org//evil.example/",
            "https://id.example.org/token",
            "javascript:alert(1)",
            "",
        ] {
            assert_eq!(from(elsewhere), "/", "{elsewhere}");
        }
        assert_eq!(back(&HeaderMap::new(), issuer), "/");
    }
}
