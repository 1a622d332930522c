//! Typed identifiers: 128 random bits, written as 32 lower-case hex digits, so that an `AccountId` is never a `DeviceId`.

use crate::entropy::{Entropy, EntropyError};
use data_encoding::HEXLOWER;
use std::fmt;
use std::str::FromStr;

/// Hex digits of an identifier.
const DIGITS: usize = 32;

/// What cannot be read as an identifier.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an identifier is 32 lower-case hex digits")]
pub struct NotAnId;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// Draws a fresh identifier.
            pub fn draw(entropy: &dyn Entropy) -> Result<Self, EntropyError> {
                let mut bytes = [0; 16];
                entropy.fill(&mut bytes)?;
                Ok(Self(u128::from_be_bytes(bytes)))
            }

            /// The 16 bytes, as WebAuthn's user handle needs them.
            pub fn to_bytes(self) -> [u8; 16] {
                self.0.to_be_bytes()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let mut digits = [0; DIGITS];
                HEXLOWER.encode_mut(&self.to_bytes(), &mut digits);
                f.write_str(std::str::from_utf8(&digits).map_err(|_| fmt::Error)?)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({:032x})", stringify!($name), self.0)
            }
        }

        impl FromStr for $name {
            type Err = NotAnId;
            fn from_str(text: &str) -> Result<Self, NotAnId> {
                if text.len() != DIGITS {
                    return Err(NotAnId);
                }
                let mut bytes = [0; DIGITS / 2];
                match HEXLOWER.decode_mut(text.as_bytes(), &mut bytes) {
                    Ok(_) => Ok(Self(u128::from_be_bytes(bytes))),
                    Err(_) => Err(NotAnId),
                }
            }
        }

        impl From<$name> for crate::store::Value {
            fn from(id: $name) -> Self {
                Self::Text(id.to_string())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
                out.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str> as serde::Deserialize>::deserialize(from)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    )+};
}

ids! {
    /// One person or automation that signs in.
    AccountId,
    /// One bound second factor.
    DeviceId,
    /// One browser session.
    SessionId,
    /// One sign-in in progress or finished: what joins log lines, audit events and error pages.
    RequestId,
    /// One challenge given out for a key to sign.
    ChallengeId,
    /// One login that waits for its owner's word from elsewhere.
    ApprovalId,
    /// One remembered browser.
    TrustId,
    /// One letter that waits to be sent.
    LetterId,
    /// One enrolment ticket.
    TicketId,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_back_what_it_writes_and_nothing_looser() {
        let id: AccountId = "00000000000000000000000000abcdef".parse().unwrap();
        assert_eq!(id.to_string(), "00000000000000000000000000abcdef");
        for wrong in [
            "",
            "abc",
            "00000000000000000000000000ABCDEF",
            "+0000000000000000000000000abcdef",
        ] {
            assert_eq!(wrong.parse::<AccountId>(), Err(NotAnId), "{wrong}");
        }
    }
}
