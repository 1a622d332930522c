//! Where a client's certificate comes from: the TLS connection itself, or the header of a trusted proxy (RFC 9440), believed
//! from nobody else (oidc.md row 26).

use super::ClientCertificate;
use crate::app::App;
use crate::oidc::errors::ProtocolError;
use axum::extract::{ConnectInfo, Request};
use axum::http::HeaderMap;
use data_encoding::BASE64;
use std::net::SocketAddr;
use std::sync::Arc;

/// Most certificates of a chain.
const MOST: usize = 8;

/// What the listener that asks for certificates was shown: an extension of each of its requests. DER, the client's own first.
#[derive(Debug, Clone, Default)]
pub struct PeerCertificates(pub Arc<Vec<Vec<u8>>>);

/// The certificate of this request's sender.
pub(super) fn certificate(app: &App, request: &Request) -> Result<Option<ClientCertificate>, ProtocolError> {
    if let Some(PeerCertificates(chain)) = request.extensions().get() {
        return Ok(ClientCertificate::of_chain(chain));
    }
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let trusted = app.config.mutual_tls.header && peer.is_some_and(|peer| app.config.proxies.contain(peer.0.ip()));
    if !trusted {
        return Ok(None);
    }
    of_headers(request.headers())
        .map_err(|Unreadable| ProtocolError::InvalidRequest("the proxy's Client-Cert header cannot be read"))
}

/// There is a header, and it is none of RFC 9440's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unreadable;

fn of_headers(headers: &HeaderMap) -> Result<Option<ClientCertificate>, Unreadable> {
    let mut lines = headers.get_all("client-cert").iter();
    let Some(line) = lines.next() else {
        return Ok(None);
    };
    if lines.next().is_some() {
        return Err(Unreadable);
    }
    let mut chain = vec![bytes(line.to_str().map_err(|_| Unreadable)?)?];
    for line in headers.get_all("client-cert-chain") {
        for item in line.to_str().map_err(|_| Unreadable)?.split(',') {
            chain.push(bytes(item)?);
        }
    }
    if chain.len() > MOST {
        return Err(Unreadable);
    }
    Ok(ClientCertificate::of_chain(&chain))
}

/// A Byte Sequence of Structured Fields (RFC 8941 section 3.3.5): `:base64:`.
fn bytes(item: &str) -> Result<Vec<u8>, Unreadable> {
    let inner = item.trim().strip_prefix(':').and_then(|item| item.strip_suffix(':'));
    let der = BASE64.decode(inner.ok_or(Unreadable)?.as_bytes());
    der.ok().filter(|der| !der.is_empty()).ok_or(Unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(lines: &[(&'static str, &str)]) -> Result<Option<ClientCertificate>, Unreadable> {
        let mut headers = HeaderMap::new();
        for (name, line) in lines {
            headers.append(*name, line.parse().unwrap());
        }
        of_headers(&headers)
    }

    #[test]
    fn one_certificate_and_its_chain_or_nothing() {
        assert_eq!(read(&[]), Ok(None));
        let one = read(&[("client-cert", ":AQID:")]).unwrap().unwrap();
        assert_eq!(Some(one), ClientCertificate::of_chain(&[vec![1, 2, 3]]));
        let two = read(&[("client-cert", ":AQID:"), ("client-cert-chain", ":BA==:, :BQ==:")]);
        assert_eq!(two, Ok(ClientCertificate::of_chain(&[vec![1, 2, 3], vec![4], vec![5]])));
        for wrong in [
            "",
            "AQID",
            ":AQID",
            ":A:",
            "::",
            "(null)",
            "-----BEGIN CERTIFICATE-----",
            ":AQID:, :AQID:",
        ] {
            assert_eq!(read(&[("client-cert", wrong)]), Err(Unreadable), "{wrong}");
        }
        assert_eq!(
            read(&[("client-cert", ":AQID:"), ("client-cert", ":AQID:")]),
            Err(Unreadable)
        );
        assert_eq!(
            read(&[("client-cert", ":AQID:"), ("client-cert-chain", "x")]),
            Err(Unreadable)
        );
    }
}
