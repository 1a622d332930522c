//! The issuer: the one origin that every link, cookie and token is made from. Nothing a request says can change it
//! (oidc.md row 34).

use std::fmt;
use std::str::FromStr;

/// `https://host[:port]`, or `http://` on the machine itself; no path, no slash at its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issuer(String);

/// Not an issuer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "an issuer is https://host or https://host:port without a path or a slash at its end; http only on localhost, 127.0.0.1 or [::1]"
)]
pub struct NotAnIssuer;

impl FromStr for Issuer {
    type Err = NotAnIssuer;
    fn from_str(text: &str) -> Result<Self, NotAnIssuer> {
        let (scheme, authority) = text.split_once("://").ok_or(NotAnIssuer)?;
        let (host, port) = match authority.rfind(':') {
            Some(at) if !authority[at..].contains(']') => (&authority[..at], Some(&authority[at + 1..])),
            _ => (authority, None),
        };
        let host_ok = !host.is_empty()
            && host.len() <= 253
            && host
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.:[]".contains(&b));
        let port_ok = port.is_none_or(|port| port.parse::<u16>().is_ok_and(|n| n > 0 && n.to_string() == port));
        let local = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
        let scheme_ok = scheme == "https" || (scheme == "http" && local);
        if host_ok && port_ok && scheme_ok {
            Ok(Self(text.to_owned()))
        } else {
            Err(NotAnIssuer)
        }
    }
}

impl Issuer {
    /// The issuer as tokens carry it; also its own origin.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The host alone: what browsers keep cookies by.
    pub fn host(&self) -> &str {
        let authority = self.0.split_once("://").map_or("", |(_, authority)| authority);
        match authority.rfind(':') {
            Some(at) if !authority[at..].contains(']') => &authority[..at],
            _ => authority,
        }
    }

    /// The absolute address of one of our paths.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.0)
    }
}

impl fmt::Display for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_host_is_told_without_the_port() {
        for (issuer, host) in [
            ("https://id.example.org", "id.example.org"),
            ("https://id.example.org:8443", "id.example.org"),
            ("http://[::1]:80", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(issuer.parse::<Issuer>().unwrap().host(), host);
        }
    }

    #[test]
    fn is_an_origin_and_nothing_more() {
        for right in [
            "https://id.example.org",
            "https://id.example.org:8443",
            "http://localhost:8480",
            "http://[::1]:80",
        ] {
            assert!(right.parse::<Issuer>().is_ok(), "{right}");
        }
        for wrong in [
            "http://id.example.org",
            "https://id.example.org/",
            "https://id.example.org/realm",
            "https://a@id.example.org",
            "https://ID.example.org",
            "https://id.example.org:0443",
            "https://id.example.org?x",
            "https://",
            "http://localhost.evil.example",
            "id.example.org",
        ] {
            assert!(wrong.parse::<Issuer>().is_err(), "{wrong}");
        }
    }
}
