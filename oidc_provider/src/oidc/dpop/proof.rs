//! One proof as RFC 9449 section 4 writes it, held against its own key and against what it must be for.
//!
//! Nothing here asks the store or the clock: what strangers send is read by functions that a fuzzer can drive.

use super::{DpopError, NonceRule, Nonces};
use crate::jose::Jwk;
use crate::keys::Alg;
use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use samekey_shared::clock::UnixTime;
use serde::Deserialize;
use serde_json::{Number, Value};
use subtle::ConstantTimeEq;
use url::Url;

/// What proofs may be signed with: asymmetric, and none that FAPI 2.0 section 5.4.1 leaves out.
pub const ALGS: [Alg; 3] = [Alg::Es256, Alg::Ps256, Alg::EdDsa];

/// Longest proof that is read; one with an RSA key of 4096 bits has below 2500 characters.
const LONGEST: usize = 4096;
/// Longest `jti`.
const LONGEST_JTI: usize = 256;
/// Longest `htu`.
const LONGEST_HTU: usize = 2048;
/// Seconds that a proof without a nonce may be old.
const PAST: i64 = 60;
/// Seconds that a client's clock may go before ours.
const AHEAD: i64 = 30;

/// RFC 9449 section 4.2. A member twice is an error; `crit` is known so that it can be refused.
#[derive(Deserialize)]
struct Header {
    typ: String,
    alg: String,
    jwk: Value,
    #[serde(default)]
    crit: Option<Value>,
}

#[derive(Deserialize)]
struct Claims {
    jti: String,
    htm: String,
    htu: String,
    iat: Number,
    #[serde(default)]
    exp: Option<Number>,
    #[serde(default)]
    nbf: Option<Number>,
    #[serde(default)]
    ath: Option<String>,
    #[serde(default)]
    nonce: Option<String>,
}

/// A proof whose signature is its own key's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// The key's thumbprint.
    pub jkt: String,
    jti: String,
    htm: String,
    htu: String,
    iat: UnixTime,
    exp: Option<UnixTime>,
    nbf: Option<UnixTime>,
    ath: Option<String>,
    nonce: Option<String>,
}

impl Proof {
    /// Reads the header's value; the error says what is wrong, in fixed words.
    pub fn read(text: &str) -> Result<Self, &'static str> {
        if text.len() > LONGEST {
            return Err("the proof is too long");
        }
        let (message, signature) = text.rsplit_once('.').ok_or("the proof is no JWS")?;
        let (header, claims) = message.split_once('.').ok_or("the proof is no JWS")?;
        let header: Header = part(header).ok_or("the proof lacks typ, alg or jwk")?;
        if header.typ != "dpop+jwt" {
            return Err("typ of the proof is not dpop+jwt");
        }
        if header.crit.is_some() {
            return Err("the proof has critical members that nobody knows");
        }
        let alg: Alg = header.alg.parse().map_err(|_| "alg of the proof is not supported")?;
        if !ALGS.contains(&alg) {
            return Err("alg of the proof is not supported");
        }
        let key = Jwk::parse(&header.jwk).map_err(|_| "jwk of the proof is no public key of a supported kind")?;
        let signature = decoded(signature).ok_or("the proof is no JWS")?;
        if !key.verifies(alg, message.as_bytes(), &signature) {
            return Err("the signature of the proof is wrong");
        }
        let claims: Claims = part(claims).ok_or("the proof lacks jti, htm, htu or iat")?;
        if claims.jti.is_empty() || claims.jti.len() > LONGEST_JTI {
            return Err("jti of the proof is empty or too long");
        }
        let moment = |number: &Number| seconds(number).ok_or("a time in the proof is no number of seconds");
        Ok(Self {
            jkt: key.thumbprint(),
            iat: moment(&claims.iat)?,
            exp: claims.exp.as_ref().map(moment).transpose()?,
            nbf: claims.nbf.as_ref().map(moment).transpose()?,
            jti: claims.jti,
            htm: claims.htm,
            htu: claims.htu,
            ath: claims.ath,
            nonce: claims.nonce,
        })
    }

    /// Whether it was made for this request (RFC 9449 section 4.3, 8 to 9 and 12).
    pub fn is_for(&self, method: &str, addresses: &[String], access_token: Option<&str>) -> Result<(), &'static str> {
        if self.htm != method {
            return Err("htm of the proof is another method");
        }
        let there = place(&self.htu);
        if there.is_none() || !addresses.iter().any(|address| place(address) == there) {
            return Err("htu of the proof is another address");
        }
        let Some(token) = access_token else {
            return Ok(());
        };
        let hash = BASE64URL_NOPAD.encode(digest(&SHA256, token.as_bytes()).as_ref());
        let shown = self.ath.as_deref().ok_or("ath of the proof is missing")?;
        if bool::from(shown.as_bytes().ct_eq(hash.as_bytes())) {
            Ok(())
        } else {
            Err("ath of the proof is that of another token")
        }
    }

    /// Until when it must be remembered so that it counts once; an error where it counts no more, or not yet.
    ///
    /// A nonce of ours says when the proof was made, and says it better than the client's clock (RFC 9449 section 11.1).
    pub fn lives(&self, nonces: &Nonces, rule: NonceRule, now: UnixTime) -> Result<UnixTime, DpopError> {
        if self.exp.is_some_and(|exp| exp <= now) {
            return Err(DpopError::Invalid("the proof has expired"));
        }
        if self.nbf.is_some_and(|nbf| nbf > now.saturating_add(AHEAD)) {
            return Err(DpopError::Invalid("the proof is not valid yet"));
        }
        if let Some(nonce) = &self.nonce {
            return nonces.until(nonce, now).ok_or(DpopError::UseNonce);
        }
        if rule == NonceRule::Required {
            return Err(DpopError::UseNonce);
        }
        let age = now.saturating_sub(self.iat);
        if (-AHEAD..=PAST).contains(&age) {
            Ok(self.iat.saturating_add(PAST + 1))
        } else {
            Err(DpopError::Invalid("iat of the proof is not of this moment"))
        }
    }

    /// What the store knows it by: the key and the key's own word for it.
    pub(super) fn id(&self) -> [u8; 32] {
        let mut out = [0; 32];
        let text = format!("{}\0{}", self.jkt, self.jti);
        out.copy_from_slice(digest(&SHA256, text.as_bytes()).as_ref());
        out
    }
}

fn decoded(text: &str) -> Option<Vec<u8>> {
    BASE64URL_NOPAD.decode(text.as_bytes()).ok()
}

fn part<T: for<'de> Deserialize<'de>>(text: &str) -> Option<T> {
    serde_json::from_slice(&decoded(text)?).ok()
}

/// A NumericDate (RFC 7519 section 2), its fraction cut off.
#[expect(clippy::cast_possible_truncation, reason = "bounded one line above")]
fn seconds(number: &Number) -> Option<UnixTime> {
    const MOST: f64 = 253_402_300_800.0; // the year 10000
    let fraction = || {
        let float = number.as_f64().filter(|float| (0.0..MOST).contains(float))?;
        Some(float as UnixTime)
    };
    number.as_i64().or_else(fraction)
}

/// An address without query and fragment, normalised by its syntax and its scheme (RFC 3986 sections 6.2.2 and 6.2.3).
fn place(text: &str) -> Option<String> {
    if text.len() > LONGEST_HTU {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    let plain = url.username().is_empty() && url.password().is_none();
    if !plain || !matches!(url.scheme(), "http" | "https") {
        return None;
    }
    url.set_query(None);
    url.set_fragment(None);
    Some(unescaped(url.as_str()))
}

/// Unreserved characters stand for themselves, whether they were escaped or not (RFC 3986 section 6.2.2.2).
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let code = after.get(..2).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        if let Some(byte) = code.filter(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(byte)) {
            out.push(char::from(byte));
            rest = &after[2..];
        } else {
            out.push('%');
            rest = after;
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_the_same_however_they_are_written_and_no_others_are() {
        let ours = place("https://id.example.org/token");
        assert!(ours.is_some());
        for same in [
            "https://id.example.org/token",
            "https://id.example.org/token?a=b",
            "https://id.example.org/token#here",
            "HTTPS://ID.Example.ORG/token",
            "https://id.example.org:443/token",
            "https://id.example.org/%74oken",
            "https://id.example.org/x/../token",
        ] {
            assert_eq!(place(same), ours, "{same}");
        }
        for other in [
            "",
            "/token",
            "https://id.example.org/token/",
            "https://id.example.org/TOKEN",
            "https://id.example.org/tok%2Fen",
            "http://id.example.org/token",
            "https://id.example.org:8443/token",
            "https://id.example.org.evil.example/token",
            "https://ann@id.example.org/token",
            "https://ann:secret@id.example.org/token",
            "javascript:https://id.example.org/token",
        ] {
            assert_ne!(place(other), ours, "{other}");
        }
        let long = format!("https://id.example.org/token?{}", "a".repeat(LONGEST_HTU));
        assert_eq!(place(&long), None);
    }

    #[test]
    fn what_is_no_proof_is_said_to_be_none() {
        for wrong in ["", ".", "..", "a.b.c", "e30.e30.", "e30.e30.AA", "\u{e9}.a.b"] {
            assert!(Proof::read(wrong).is_err(), "{wrong}");
        }
        assert_eq!(Proof::read(&"a".repeat(LONGEST + 1)), Err("the proof is too long"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_fall(text in "\\PC{0,200}") {
            let _ = Proof::read(&text);
            let _ = place(&text);
        }

        #[test]
        fn nor_any_header_and_claims(header in "\\PC{0,100}", claims in "\\PC{0,100}") {
            let encode = |part: &str| BASE64URL_NOPAD.encode(part.as_bytes());
            let text = format!("{}.{}.AAAA", encode(&header), encode(&claims));
            proptest::prop_assert!(Proof::read(&text).is_err());
        }
    }
}
