//! `[relying-party]`: the name under which passkeys and security keys are bound, and the origins that may use them.

use serde::{Deserialize, Serialize};

/// `[relying-party]` as it is written; everything has a default from the provider's issuer.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub(super) struct RelyingPartySection {
    /// The domain that credentials belong to. It can never be changed without binding every key anew.
    id: Option<String>,
    /// What people read when they bind a key.
    name: Option<String>,
    /// Origins of our own pages: `https://login.example.org`.
    origins: Vec<String>,
    /// Origins on other domains that may use the same credentials (WebAuthn Level 3, 5.11).
    related_origins: Vec<String>,
}

/// Whom credentials are made for (WebAuthn's relying party): one for both doors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RelyingParty {
    /// The RP ID: a domain.
    pub id: String,
    /// What people read when they bind a key.
    pub name: String,
    /// The origins of our own pages.
    pub origins: Vec<String>,
    /// Origins on other domains that may use the same credentials.
    pub related_origins: Vec<String>,
}

impl RelyingParty {
    /// Every origin whose assertions count.
    pub fn all_origins(&self) -> Vec<String> {
        self.origins.iter().chain(&self.related_origins).cloned().collect()
    }
}

/// An origin as far as a relying party needs to know it.
struct Origin<'a> {
    text: String,
    host: &'a str,
}

impl RelyingPartySection {
    /// The relying party; `None` where the issuer's host is an address or there is no issuer: WebAuthn knows domains only.
    pub(super) fn settle(self, realm: &str, issuer: Option<&str>) -> Result<Option<RelyingParty>, String> {
        let from_issuer = issuer.and_then(|issuer| origin(issuer).ok());
        let given = self
            .origins
            .iter()
            .map(|text| whole_origin(text))
            .collect::<Result<Vec<_>, _>>()?;
        let related = self
            .related_origins
            .iter()
            .map(|text| whole_origin(text))
            .collect::<Result<Vec<_>, _>>()?;
        let own = if given.is_empty() {
            from_issuer.into_iter().collect()
        } else {
            given
        };
        let id = match (self.id, own.first()) {
            (Some(id), _) if is_domain(&id) => id,
            (Some(id), _) => {
                return Err(format!(
                    "[relying-party] id: {id} is not a domain in lower-case letters"
                ));
            }
            (None, Some(first)) if is_domain(first.host) => first.host.to_owned(),
            (None, _) => return Ok(None),
        };
        if own.is_empty() {
            return Err("[relying-party] origins: give one, or [provider] issuer".into());
        }
        if let Some(stranger) = own.iter().find(|origin| !belongs(origin.host, &id)) {
            return Err(format!(
                "[relying-party] origins: {} is not within {id}; another domain belongs under `related-origins`",
                stranger.text
            ));
        }
        let texts = |origins: Vec<Origin<'_>>| origins.into_iter().map(|origin| origin.text).collect();
        Ok(Some(RelyingParty {
            id,
            name: self.name.unwrap_or_else(|| realm.to_owned()),
            origins: texts(own),
            related_origins: texts(related),
        }))
    }
}

/// The RP ID is the host or a domain above it (HTML, "registrable domain suffix").
fn belongs(host: &str, id: &str) -> bool {
    host == id || host.strip_suffix(id).is_some_and(|rest| rest.ends_with('.'))
}

/// Letters, digits and hyphens between dots, and no address: addresses end in digits or have colons.
fn is_domain(text: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'))
            && !label.starts_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253 && text.split('.').all(label) && !last.bytes().all(|b| b.is_ascii_digit())
}

fn whole_origin(text: &str) -> Result<Origin<'_>, String> {
    let read = origin(text)?;
    if read.text == text && is_domain(read.host) {
        return Ok(read);
    }
    Err(format!(
        "[relying-party]: {text} is not an origin such as https://login.example.org"
    ))
}

/// Scheme, host and port of an address. Browsers know WebAuthn only over https, and on the machine itself.
fn origin(text: &str) -> Result<Origin<'_>, String> {
    let wrong = || format!("[relying-party]: {text} is not an https:// address");
    let (scheme, rest) = text.split_once("://").ok_or_else(wrong)?;
    let authority = rest.split('/').next().unwrap_or_default();
    let (host, port) = authority
        .split_once(':')
        .map_or((authority, None), |(host, port)| (host, Some(port)));
    let usual = if scheme == "https" { "443" } else { "80" };
    let numeric = port.is_none_or(|port| port.parse::<u16>().is_ok());
    let local = host == "localhost" || host.ends_with(".localhost");
    if host.is_empty() || !numeric || !(scheme == "https" || (scheme == "http" && local)) {
        return Err(wrong());
    }
    let port = port
        .filter(|port| *port != usual)
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Ok(Origin {
        text: format!("{scheme}://{host}{port}"),
        host,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settled(section: &str, issuer: Option<&str>) -> Result<Option<RelyingParty>, String> {
        let section: RelyingPartySection = toml::from_str(section).unwrap();
        section.settle("Example", issuer)
    }

    fn id_and_origin(issuer: &str) -> Option<(String, String)> {
        let party = settled("", Some(issuer)).unwrap()?;
        Some((party.id, party.origins.concat()))
    }

    #[test]
    fn everything_follows_from_the_issuer() {
        for (issuer, id, origin) in [
            ("https://id.example.org", "id.example.org", "https://id.example.org"),
            ("https://id.example.org:443", "id.example.org", "https://id.example.org"),
            (
                "https://id.example.org:8443",
                "id.example.org",
                "https://id.example.org:8443",
            ),
            ("http://localhost:9000", "localhost", "http://localhost:9000"),
        ] {
            assert_eq!(
                id_and_origin(issuer),
                Some((id.to_owned(), origin.to_owned())),
                "{issuer}"
            );
        }
        assert_eq!(settled("", Some("https://x.org")).unwrap().unwrap().name, "Example");
    }

    #[test]
    fn addresses_and_plain_http_have_no_passkeys() {
        for issuer in [
            "https://192.0.2.1",
            "https://[2001:db8::1]",
            "http://id.example.org",
            "https://",
            "nonsense",
        ] {
            assert_eq!(id_and_origin(issuer), None, "{issuer}");
        }
        assert_eq!(settled("", None), Ok(None));
    }

    #[test]
    fn a_wider_domain_and_related_origins_may_be_named() {
        let text = "id = \"example.org\"\nname = \"The Example\"\norigins = [\"https://id.example.org\", \
                    \"https://example.org\"]\nrelated-origins = [\"https://example.net\"]\n";
        let party = settled(text, Some("https://other.example.org")).unwrap().unwrap();
        assert_eq!(
            (&*party.id, &*party.name, party.origins.len()),
            ("example.org", "The Example", 2)
        );
        assert_eq!(
            party.all_origins().last().map(String::as_str),
            Some("https://example.net")
        );
        let party = settled("id = \"example.org\"", Some("https://id.example.org"))
            .unwrap()
            .unwrap();
        assert_eq!(party.origins, ["https://id.example.org"]);
    }

    #[test]
    fn what_would_never_work_is_refused_at_once() {
        for text in [
            "id = \"example.net\"",
            "id = \"ample.org\"",
            "id = \"Example.org\"",
            "id = \"192.0.2.1\"",
            "id = \"\"",
            "origins = [\"https://id.example.org/\"]",
            "origins = [\"https://id.example.org/path\"]",
            "origins = [\"http://id.example.org\"]",
            "origins = [\"https://192.0.2.1\"]",
            "origins = [\"https://id.example.org:443\"]",
            "related-origins = [\"example.net\"]",
        ] {
            assert!(settled(text, Some("https://id.example.org")).is_err(), "{text}");
        }
        assert!(settled("id = \"example.org\"", None).is_err());
    }
}
