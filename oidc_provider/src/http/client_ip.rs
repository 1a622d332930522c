//! The client's address: the peer's, unless the peer is a proxy that the operator named (oidc.md row 26).

use crate::config::Networks;
use axum::http::HeaderMap;
use samekey_shared::source::Source;
use std::net::IpAddr;

/// A named proxy sent an address that cannot be read: the request is refused rather than counted for somebody else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// Where a request comes from.
///
/// Behind a named proxy it is the last address of `X-Forwarded-For` that is no named proxy itself; whatever stands to its
/// left was written by the client and is not read.
pub fn of(peer: IpAddr, headers: &HeaderMap, proxies: &Networks) -> Result<Source, Refused> {
    if !proxies.contain(peer) {
        return Ok(Source::address(peer));
    }
    let lines = headers.get_all("x-forwarded-for");
    let lines = lines
        .iter()
        .map(|line| line.to_str().map_err(|_| Refused))
        .collect::<Result<Vec<_>, _>>()?;
    for entry in lines.iter().flat_map(|line| line.split(',')).rev() {
        let address: IpAddr = entry.trim().parse().map_err(|_| Refused)?;
        if !proxies.contain(address) {
            return Ok(Source::address(address));
        }
    }
    Ok(Source::address(peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(peer: &str, lines: &[&str], proxies: &[&str]) -> Result<String, Refused> {
        let mut headers = HeaderMap::new();
        for line in lines {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        let proxies: Vec<String> = proxies.iter().map(|&p| p.to_owned()).collect();
        let proxies = Networks::parse(&proxies).unwrap();
        of(peer.parse().unwrap(), &headers, &proxies).map(|source| source.to_string())
    }

    #[test]
    fn nobody_is_believed_unless_named() {
        assert_eq!(source("192.0.2.1", &["203.0.113.9"], &[]).unwrap(), "192.0.2.1");
        assert_eq!(source("192.0.2.1", &["nonsense"], &[]).unwrap(), "192.0.2.1");
    }

    #[test]
    fn a_named_proxy_is_believed_for_the_last_address_only() {
        let proxies = ["10.0.0.0/8"];
        assert_eq!(source("10.0.0.1", &["203.0.113.9"], &proxies).unwrap(), "203.0.113.9");
        assert_eq!(
            source("10.0.0.1", &["127.0.0.1, 203.0.113.9, 10.0.0.2"], &proxies).unwrap(),
            "203.0.113.9"
        );
        assert_eq!(
            source("10.0.0.1", &["127.0.0.1", "203.0.113.9"], &proxies).unwrap(),
            "203.0.113.9"
        );
        assert_eq!(source("10.0.0.1", &[], &proxies).unwrap(), "10.0.0.1");
        assert_eq!(
            source("::ffff:10.0.0.1", &["203.0.113.9"], &proxies).unwrap(),
            "203.0.113.9"
        );
    }

    #[test]
    fn what_a_named_proxy_sends_must_be_an_address() {
        for line in ["unknown", "203.0.113.9:80", "[::1]", "fe80::1%eth0", "", "203.0.113.9,"] {
            assert_eq!(source("10.0.0.1", &[line], &["10.0.0.0/8"]), Err(Refused), "{line}");
        }
    }
}
