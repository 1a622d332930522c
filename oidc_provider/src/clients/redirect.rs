//! Redirect addresses: what may be registered, and the exact comparison with what a request names.
//!
//! OpenID Connect Core 3.1.2.1 and RFC 9700 section 4.1.3 ask for a comparison byte by byte. The one exception is
//! RFC 8252 section 7.3: a native app on `127.0.0.1` or `[::1]` chooses its port when it starts. No prefix, no wildcard,
//! no case folding, no `localhost` exception (oidc.md, rows 1 and 2).

/// Whose address it is: only a public (native) client may use a scheme of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A web application that keeps a secret.
    Confidential,
    /// An app on somebody's device.
    Public,
}

/// Why an address cannot be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectProblem {
    /// Longer than 2000 bytes, or empty.
    #[error("a redirect address has 1 to 2000 characters")]
    Length,
    /// Something other than the characters of a URI (RFC 3986), such as a blank, backslash or non-ASCII letter.
    #[error("a redirect address is written in the characters of a URI (RFC 3986)")]
    Characters,
    /// A wildcard.
    #[error("a redirect address holds no `*`: it is compared exactly")]
    Wildcard,
    /// A fragment.
    #[error("a redirect address has no fragment (RFC 6749 section 3.1.2)")]
    Fragment,
    /// A user name before the host.
    #[error("a redirect address names no user before its host")]
    UserInfo,
    /// `.` or `..` as a path segment, plain or encoded.
    #[error("a redirect address has no `.` or `..` segment, nor an encoded slash, dot or percent sign in its path")]
    DotSegment,
    /// A scheme that runs code or cannot be delivered to, or http to another machine.
    #[error(
        "a redirect address is https; http on 127.0.0.1, [::1] or localhost; or a public client's reverse-domain scheme"
    )]
    Scheme,
    /// No host.
    #[error("a redirect address names a host")]
    Host,
}

struct Parts<'a> {
    scheme: &'a str,
    authority: Option<&'a str>,
    path: &'a str,
}

fn parts(uri: &str) -> Option<Parts<'_>> {
    let (scheme, rest) = uri.split_once(':')?;
    let shaped = scheme.starts_with(|c: char| c.is_ascii_lowercase())
        && scheme
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"+-.".contains(&b));
    if !shaped {
        return None;
    }
    let (authority, tail) = match rest.strip_prefix("//") {
        Some(after) => {
            let end = after.find(['/', '?', '#']).unwrap_or(after.len());
            (Some(&after[..end]), &after[end..])
        }
        None => (None, rest),
    };
    let path = tail.split(['?', '#']).next().unwrap_or_default();
    Some(Parts {
        scheme,
        authority,
        path,
    })
}

/// Holds an address against the rules for registration.
pub fn acceptable(uri: &str, owner: Owner) -> Result<(), RedirectProblem> {
    if uri.is_empty() || uri.len() > 2000 {
        return Err(RedirectProblem::Length);
    }
    if uri.contains('*') {
        return Err(RedirectProblem::Wildcard);
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()+,;=%".contains(&b);
    if !uri.bytes().all(allowed) {
        return Err(RedirectProblem::Characters);
    }
    if uri.contains('#') {
        return Err(RedirectProblem::Fragment);
    }
    let parts = parts(uri).ok_or(RedirectProblem::Scheme)?;
    clean_path(parts.path)?;
    match parts.scheme {
        "https" => host_of(&parts).map(|_| ()),
        "http" => match host_of(&parts)? {
            "127.0.0.1" | "[::1]" | "localhost" => Ok(()),
            _ => Err(RedirectProblem::Scheme),
        },
        // RFC 8252 section 7.1: a scheme of one's own is a domain name reversed, so it holds a dot.
        own if owner == Owner::Public && own.contains('.') => Ok(()),
        _ => Err(RedirectProblem::Scheme),
    }
}

fn clean_path(path: &str) -> Result<(), RedirectProblem> {
    let lower = path.to_ascii_lowercase();
    let encoded = ["%2e", "%2f", "%5c", "%25", "%00"]
        .iter()
        .any(|code| lower.contains(code));
    // `..;` is a dot segment to servers that strip path parameters.
    let dotted = lower
        .split('/')
        .any(|segment| matches!(segment.split(';').next(), Some("." | "..")));
    if encoded || dotted {
        return Err(RedirectProblem::DotSegment);
    }
    Ok(())
}

/// The host without its port.
fn host_of<'a>(parts: &Parts<'a>) -> Result<&'a str, RedirectProblem> {
    let authority = parts.authority.ok_or(RedirectProblem::Host)?;
    if authority.contains(['@', '%']) {
        return Err(RedirectProblem::UserInfo);
    }
    let (host, port) = match authority.rfind(':') {
        Some(at) if !authority[at..].contains(']') => (&authority[..at], &authority[at + 1..]),
        _ => (authority, "0"),
    };
    let port_ok = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
    if host.is_empty() || !port_ok {
        return Err(RedirectProblem::Host);
    }
    Ok(host)
}

/// Whether the address that a request names is the registered one.
pub fn matches(registered: &str, named: &str) -> bool {
    if registered == named {
        return true;
    }
    match (loopback(registered), loopback(named)) {
        (Some(a), Some(b)) => a == b,
        _ => false,
    }
}

/// A loopback address split into its host and what follows the port; `None` for any other.
fn loopback(uri: &str) -> Option<(&str, &str)> {
    let rest = uri.strip_prefix("http://")?;
    let host = ["127.0.0.1", "[::1]"].into_iter().find(|host| rest.starts_with(host))?;
    let after = &rest[host.len()..];
    let tail = match after.strip_prefix(':') {
        Some(port) => {
            let end = port.find(|c: char| !c.is_ascii_digit()).unwrap_or(port.len());
            port[..end].parse::<u16>().ok()?;
            &port[end..]
        }
        None => after,
    };
    let ends_cleanly = tail.is_empty() || tail.starts_with(['/', '?']);
    (ends_cleanly && !tail.contains('#')).then_some((host, tail))
}

/// The scheme and authority of an address, for CORS and for the page's `form-action`. A scheme of a client's own gives
/// `scheme:`.
pub fn origin(uri: &str) -> Option<String> {
    let parts = parts(uri)?;
    match (parts.scheme, parts.authority) {
        ("http" | "https", Some(authority)) => Some(format!("{}://{authority}", parts.scheme)),
        ("http" | "https", None) => None,
        (own, _) => Some(format!("{own}:")),
    }
}

/// The host of an http or https address, without its port.
pub fn host(uri: &str) -> Option<String> {
    let parts = parts(uri).filter(|parts| matches!(parts.scheme, "http" | "https"))?;
    host_of(&parts).ok().map(str::to_ascii_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_registered_bytes_match() {
        let registered = "https://app.example/cb";
        assert!(matches(registered, registered));
        for other in [
            "https://app.example/cb/",
            "https://app.example/cb?x=1",
            "https://app.example/cb#x",
            "https://app.example/CB",
            "HTTPS://app.example/cb",
            "https://APP.example/cb",
            "https://app.example/cb/../cb",
            "https://app.example/x/..;/cb",
            "https://app.example/%63b",
            "https://app.example/cb%252f",
            "https://user@app.example/cb",
            "https://app.example:443/cb",
            "https://app.example.evil.example/cb",
            "https://app.example\\@evil.example/cb",
            "https://app.example/cb\t",
            "https://app.example/cbx",
            "http://app.example/cb",
            "",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
    }

    #[test]
    fn a_native_app_chooses_its_loopback_port_and_nothing_else() {
        let registered = "http://127.0.0.1/cb";
        assert!(matches(registered, "http://127.0.0.1:49152/cb"));
        assert!(matches("http://[::1]:1/cb", "http://[::1]:2/cb"));
        for other in [
            "http://127.0.0.1:49152/other",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:80@evil.example/cb",
            "http://127.0.0.1.evil.example/cb",
            "http://127.0.0.1:/cb",
            "http://[::1]/cb",
            "http://localhost:49152/cb",
            "https://127.0.0.1:49152/cb",
            "http://127.0.0.1:1/cb#f",
        ] {
            assert!(!matches(registered, other), "{other}");
        }
        assert!(!matches("http://localhost/cb", "http://localhost:8080/cb"));
        assert!(!matches("http://localhost/cb", "http://localhost.evil.example/cb"));
    }

    #[test]
    fn refuses_to_register_what_could_run_code_or_be_read_two_ways() {
        use Owner::{Confidential, Public};
        for (wrong, owner) in [
            ("javascript:alert(1)", Public),
            ("data:text/html,x", Public),
            ("vbscript:x", Public),
            ("file:///etc/passwd", Public),
            ("com.example.app:/cb", Confidential),
            ("myapp:/cb", Public),
            ("http://app.example/cb", Confidential),
            ("https://app.example/*", Confidential),
            ("https://*.example/cb", Confidential),
            ("https://app.example/cb#f", Confidential),
            ("https://user@app.example/cb", Confidential),
            ("https://app.example/a/../cb", Confidential),
            ("https://app.example/a/..;/cb", Confidential),
            ("https://app.example/%2e%2e/cb", Confidential),
            ("https://app.example/%252f", Confidential),
            ("https://app.example\\cb", Confidential),
            ("https://app.example/c b", Confidential),
            ("https://app.example/cb\t", Confidential),
            ("https:///cb", Confidential),
            ("https://:443/cb", Confidential),
            ("https://app.example:x/cb", Confidential),
            ("HTTPS://app.example/cb", Confidential),
            ("/cb", Confidential),
            ("", Confidential),
        ] {
            assert!(acceptable(wrong, owner).is_err(), "{wrong}");
        }
        for (right, owner) in [
            ("https://app.example/cb", Confidential),
            ("https://app.example:8443/cb?tenant=1", Confidential),
            ("http://127.0.0.1/cb", Public),
            ("http://[::1]:7000/cb", Public),
            ("http://localhost:3000/cb", Confidential),
            ("com.example.app:/cb", Public),
        ] {
            assert_eq!(acceptable(right, owner), Ok(()), "{right}");
        }
    }

    #[test]
    fn tells_the_origin() {
        assert_eq!(
            origin("https://a.example:8/cb?x").as_deref(),
            Some("https://a.example:8")
        );
        assert_eq!(origin("com.example.app:/cb").as_deref(), Some("com.example.app:"));
    }
}
