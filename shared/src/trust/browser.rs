//! What a browser shows of its earlier sign-ins: hashes of its cookies, and what it calls itself.

use crate::ids::TrustId;
use crate::secrets::opaque;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest cookie value that is looked at: an id, a dot and 32 bytes in base64url are 76.
const LONGEST: usize = 128;

/// SHA-256 of a cookie's secret. It can be compared with the store's, but shown to nobody in the cookie's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark([u8; 32]);

impl Mark {
    /// The mark of this secret.
    pub fn of(secret: &str) -> Self {
        Self(opaque::hash(secret))
    }

    pub(super) fn as_slice(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Mark {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&HEXLOWER.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Mark {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str> as Deserialize>::deserialize(from)?;
        let mut bytes = [0; 32];
        match HEXLOWER.decode(text.as_bytes()) {
            Ok(read) if read.len() == bytes.len() => bytes.copy_from_slice(&read),
            _ => return Err(serde::de::Error::custom("a mark is 64 hex digits")),
        }
        Ok(Self(bytes))
    }
}

/// A remember token as its browser shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// Which.
    pub id: TrustId,
    /// Of its secret.
    pub mark: Mark,
}

impl Shown {
    /// Reads a cookie's `id.secret`. What is not so is nothing.
    pub fn read(cookie: &str) -> Option<Self> {
        let (id, secret) = cookie.split_once('.').filter(|_| cookie.len() <= LONGEST)?;
        Some(Self {
            id: id.parse().ok()?,
            mark: Mark::of(secret),
        })
    }
}

/// A browser, as far as it makes itself known. The default is one that shows nothing: a new one.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// What it calls itself, for letters: a claim, never decided by.
    pub words: String,
    /// The mark of its long-lived cookie.
    pub mark: Option<Mark>,
    /// Its remember token.
    pub remembered: Option<Shown>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_id_and_a_secret_are_a_token() {
        let id = "0123456789abcdef0123456789abcdef";
        let shown = Shown::read(&format!("{id}.secret")).unwrap();
        assert_eq!((shown.id.to_string().as_str(), shown.mark), (id, Mark::of("secret")));
        for wrong in ["", ".", "secret", &format!("{id}secret"), &format!("{}.s", &id[1..])] {
            assert_eq!(Shown::read(wrong), None, "{wrong}");
        }
        assert_eq!(Shown::read(&format!("{id}.{}", "s".repeat(200))), None);
    }

    #[test]
    fn a_browser_reads_back_what_it_writes() {
        let browser = Browser {
            words: "Firefox (Linux)".into(),
            mark: Some(Mark::of("a")),
            remembered: Shown::read("0123456789abcdef0123456789abcdef.b"),
        };
        let text = serde_json::to_string(&browser).unwrap();
        assert_eq!(serde_json::from_str::<Browser>(&text).unwrap(), browser);
    }
}
