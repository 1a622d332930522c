//! A secret text inside a machine. It is written out in full: a machine goes nowhere but into a sealed container.

use crate::secrets::{SecretBytes, SecretText};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// See the module.
#[derive(Debug, Clone)]
pub(super) struct Kept(SecretText);

impl Kept {
    pub(super) fn new(text: SecretText) -> Self {
        Self(text)
    }

    /// Bytes that are a text; nothing for others.
    pub(super) fn of_bytes(bytes: &SecretBytes) -> Option<Self> {
        std::str::from_utf8(bytes.expose()).ok().map(|text| Self(text.into()))
    }

    pub(super) fn text(&self) -> &SecretText {
        &self.0
    }
}

impl Serialize for Kept {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(self.0.expose())
    }
}

impl<'de> Deserialize<'de> for Kept {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        SecretText::deserialize(from).map(Self)
    }
}
