//! Bytes inside a JSON line: lowercase hexadecimal text, and nothing else.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::borrow::Cow;
use std::fmt;

/// Bytes. Printed as their number: some of them are nobody's business.
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Octets(pub Vec<u8>);

impl From<&[u8]> for Octets {
    fn from(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }
}

impl fmt::Debug for Octets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[{} bytes]", self.0.len())
    }
}

impl Serialize for Octets {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let digit = |half: u8| char::from(DIGITS[usize::from(half & 15)]);
        let text: String = self
            .0
            .iter()
            .flat_map(|byte| [digit(byte >> 4), digit(*byte)])
            .collect();
        to.serialize_str(&text)
    }
}

impl<'de> Deserialize<'de> for Octets {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = Cow::<str>::deserialize(from)?;
        let wrong = || D::Error::custom("bytes are pairs of lowercase hexadecimal digits");
        let digit = |symbol: u8| match symbol {
            b'0'..=b'9' => Ok(symbol - b'0'),
            b'a'..=b'f' => Ok(symbol - b'a' + 10),
            _ => Err(wrong()),
        };
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        if !rest.is_empty() {
            return Err(wrong());
        }
        pairs
            .iter()
            .map(|[high, low]| Ok(digit(*high)? << 4 | digit(*low)?))
            .collect::<Result<Vec<u8>, _>>()
            .map(Self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn nothing_but_pairs_of_digits_is_bytes() {
        for wrong in [
            "\"0\"",
            "\"0g\"",
            "\"AB\"",
            "\"0x00\"",
            "\" 00\"",
            "[0]",
            "null",
            "\"\u{e9}\"",
        ] {
            assert!(serde_json::from_str::<Octets>(wrong).is_err(), "{wrong}");
        }
        assert_eq!(
            serde_json::from_str::<Octets>("\"00ff\"").unwrap(),
            Octets(vec![0, 255])
        );
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            let text = serde_json::to_string(&Octets(bytes.clone())).unwrap();
            prop_assert_eq!(serde_json::from_str::<Octets>(&text).unwrap(), Octets(bytes));
        }
    }
}
