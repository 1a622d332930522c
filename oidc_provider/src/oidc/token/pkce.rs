//! Proof Key for Code Exchange (RFC 7636), S256 only.

use data_encoding::BASE64URL_NOPAD;
use subtle::ConstantTimeEq;

/// Whether a challenge can be one: a SHA-256 in base64url without padding.
pub fn is_challenge(text: &str) -> bool {
    text.len() == 43
        && BASE64URL_NOPAD
            .decode(text.as_bytes())
            .is_ok_and(|hash| hash.len() == 32)
}

/// Whether a verifier can be one: 43 to 128 unreserved characters (RFC 7636 section 4.1).
pub fn is_verifier(text: &str) -> bool {
    let unreserved = |b: u8| b.is_ascii_alphanumeric() || b"-._~".contains(&b);
    (43..=128).contains(&text.len()) && text.bytes().all(unreserved)
}

/// Whether what came with the code fits what came with the authorization request. A verifier without a challenge is as
/// wrong as a challenge without a verifier (oidc.md row 9).
pub fn fits(challenge: Option<&str>, verifier: Option<&str>) -> bool {
    match (challenge, verifier) {
        (None, None) => true,
        (Some(challenge), Some(verifier)) if is_verifier(verifier) => {
            let hash = ring::digest::digest(&ring::digest::SHA256, verifier.as_bytes());
            let computed = BASE64URL_NOPAD.encode(hash.as_ref());
            bool::from(computed.as_bytes().ct_eq(challenge.as_bytes()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // RFC 7636, appendix B.
    const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
    const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

    #[test]
    fn fits_the_example_of_the_specification_and_nothing_near_it() {
        assert!(is_challenge(CHALLENGE));
        assert!(fits(Some(CHALLENGE), Some(VERIFIER)));
        for (challenge, verifier) in [
            (Some(CHALLENGE), None),
            (None, Some(VERIFIER)),
            (Some(CHALLENGE), Some(CHALLENGE)),
            (Some(VERIFIER), Some(VERIFIER)),
            (Some(CHALLENGE), Some(&VERIFIER[..42])),
            (Some(CHALLENGE), Some("")),
        ] {
            assert!(!fits(challenge, verifier), "{challenge:?} {verifier:?}");
        }
        assert!(!is_verifier(&"a".repeat(42)) && !is_verifier(&"a".repeat(129)));
        assert!(!is_verifier(&format!("{}!", "a".repeat(43))));
        assert!(!is_challenge("short") && !is_challenge(&"=".repeat(43)));
    }
}
