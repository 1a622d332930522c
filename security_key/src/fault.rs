//! What can go wrong between us and a key, read from the driver's sentences.

use samekey_wire::key::Trouble;

/// A call to a key that failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The key answered with this status (CTAP 2.1, section 8.2).
    Status(u8),
    /// The key went away.
    Gone,
    /// The key's answer made no sense.
    Nonsense,
}

impl Fault {
    /// None of the credentials is known, or it shows itself only to somebody verified.
    pub const NO_CREDENTIALS: Self = Self::Status(0x2E);
    /// The PIN was wrong.
    pub const PIN_INVALID: Self = Self::Status(0x31);
    /// The key does nothing without a PIN.
    pub const PIN_REQUIRED: Self = Self::Status(0x36);
    /// The key's sensor is switched off after too many wrong fingers.
    pub const SENSOR_BLOCKED: Self = Self::Status(0x3C);

    /// Reads the driver's error: `response_status err = 0x2E CTAP2_ERR_NO_CREDENTIALS …`, `read err = …`, `write error`.
    pub fn of(error: &impl ToString) -> Self {
        let text = error.to_string();
        let gone = ["read err", "write err", "Failed to open"];
        if gone.iter().any(|sign| text.starts_with(sign)) {
            return Self::Gone;
        }
        text.strip_prefix("response_status err = 0x")
            .and_then(|rest| {
                let digits = rest.split_whitespace().next()?;
                u8::from_str_radix(digits, 16).ok()
            })
            .map_or(Self::Nonsense, Self::Status)
    }

    /// What the person is told, by `samekey`'s or the agent's sentence.
    pub fn trouble(self) -> Trouble {
        match self {
            Self::Gone => Trouble::Unplugged,
            Self::Nonsense => Trouble::Internal,
            Self::Status(status) => match status {
                0x01 => Trouble::TooOld,
                // The driver gives up on a key that keeps blinking, and names the last sign of life as an error.
                0x02 | 0x05 | 0x2F | 0x3A => Trouble::NotTouched,
                0x06 | 0x0A | 0x0B => Trouble::Busy,
                0x19 => Trouble::AlreadyBound,
                0x22 | 0x2E => Trouble::WrongKey,
                0x27 | 0x2D | 0x30 | 0x3B => Trouble::Denied,
                0x28 => Trouble::Full,
                0x31 | 0x33 => Trouble::PinWrong,
                0x32 => Trouble::PinBlocked,
                0x34 => Trouble::Locked,
                0x35 => Trouble::CannotVerify,
                0x3C | 0x3F => Trouble::NotRecognised,
                _ => Trouble::Internal,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_drivers_sentences_are_understood() {
        let fault = |text: &str| Fault::of(&text);
        assert_eq!(
            fault("response_status err = 0x2E CTAP2_ERR_NO_CREDENTIALS    No valid credentials provided."),
            Fault::NO_CREDENTIALS
        );
        assert_eq!(fault("response_status err = 0x36 CTAP2_ERR"), Fault::PIN_REQUIRED);
        assert_eq!(fault("response_status err = 0x7"), Fault::Status(7));
        assert_eq!(fault("read err = 0xFE"), Fault::Gone);
        assert_eq!(fault("read error"), Fault::Gone);
        assert_eq!(fault("write error"), Fault::Gone);
        for strange in [
            "",
            "response_status err = ",
            "response_status err = 0x1234",
            "Cast Error 0x2E",
            "0x00",
        ] {
            assert_eq!(fault(strange), Fault::Nonsense, "{strange}");
        }
    }

    #[test]
    fn no_status_is_without_its_trouble() {
        for status in 0..=u8::MAX {
            let trouble = Fault::Status(status).trouble();
            assert!(!matches!(trouble, Trouble::Cancelled | Trouble::NoKey | Trouble::Mute));
        }
        assert_eq!(Fault::Status(0x02).trouble(), Trouble::NotTouched);
    }
}
