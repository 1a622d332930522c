//! The name of a pushed request: 256 random bits behind a URN prefix. The store keeps its hash, and so does the sign-in that
//! it began.

use data_encoding::BASE64URL_NOPAD;
use samekey_shared::secrets::opaque;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// What every `request_uri` of ours begins with (RFC 9126 section 2.2).
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// The hash of a `request_uri` that we gave out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Handle([u8; 32]);

impl Handle {
    /// The `request_uri` with this secret.
    pub fn uri(secret: &str) -> String {
        format!("{PREFIX}{secret}")
    }

    /// Reads a `request_uri`; `None` where it is not one that we could have given out, but an address to fetch.
    pub fn of(uri: &str) -> Option<Self> {
        uri.strip_prefix(PREFIX).map(|secret| Self(opaque::hash(secret)))
    }

    /// The hash.
    pub fn hash(&self) -> &[u8; 32] {
        &self.0
    }
}

impl Serialize for Handle {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&BASE64URL_NOPAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Handle {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("no hash of a request_uri");
        let text = String::deserialize(from)?;
        let bytes = BASE64URL_NOPAD.decode(text.as_bytes()).map_err(|_| wrong())?;
        bytes.try_into().map(Self).map_err(|_| wrong())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_urns_are_handles() {
        let handle = Handle::of(&Handle::uri("abc")).unwrap();
        let text = serde_json::to_string(&handle).unwrap();
        assert_eq!(serde_json::from_str::<Handle>(&text).unwrap(), handle);
        assert_ne!(Handle::of(&Handle::uri("abC")), Some(handle));
        for other in [
            "https://app.example/r",
            "urn:ietf:params:oauth:request_uri",
            "",
            "URN:ietf:params:oauth:request_uri:abc",
        ] {
            assert_eq!(Handle::of(other), None, "{other}");
        }
        assert!(serde_json::from_str::<Handle>("\"AAAA\"").is_err());
    }
}
