//! Why a row of a file cannot be used, and what is worth knowing of one that can. Neither repeats what stands in the file.

use crate::devices::DeviceError;

/// Why a row cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// Codes by counter (RFC 4226).
    #[error("codes that count (HOTP) are not supported: bind an authenticator app anew")]
    Hotp,
    /// Another time step.
    #[error("its codes change every {0} seconds; only 30 are supported")]
    Period(u64),
    /// A key, algorithm or number of digits that no app of ours has.
    #[error("{0}")]
    Key(&'static str),
    /// It is not written as such rows are.
    #[error("{0}")]
    Malformed(&'static str),
    /// No text.
    #[error("it is not UTF-8")]
    NotText,
    /// Longer than any row is.
    #[error("the line is longer than {0} bytes")]
    TooLong(usize),
    /// Neither an app's key nor a FIDO credential.
    #[error("only authenticator apps (totp) and FIDO credentials can be taken over")]
    Kind,
    /// pam-u2f's `*`: the key alone knows the credential's id.
    #[error("the file does not hold this credential's id (a resident credential): bind the key anew")]
    Resident,
    /// A public key that is none.
    #[error("its public key cannot be used")]
    PublicKey,
    /// A credential id that is none.
    #[error("its credential id cannot be used")]
    CredentialId,
    /// pam-u2f looks at a person's last line only.
    #[error("a later line of the same user takes its place, for pam_u2f too")]
    Superseded,
    /// Nobody's.
    #[error("it belongs to nobody")]
    Ownerless,
    /// The last signature counter is larger than any that is.
    #[error("its counter, flags or model cannot be read")]
    Flags,
    /// A clone was seen.
    #[error("a copy of this key was seen at work: bind another one")]
    Cloned,
}

impl Unfit {
    /// The stable word for it.
    pub fn code(self) -> &'static str {
        match self {
            Self::Hotp => "hotp",
            Self::Period(_) => "period",
            Self::Key(_) => "key",
            Self::Malformed(_) => "malformed",
            Self::NotText => "not_text",
            Self::TooLong(_) => "too_long",
            Self::Kind => "kind",
            Self::Resident => "resident",
            Self::PublicKey => "public_key",
            Self::CredentialId => "credential_id",
            Self::Superseded => "superseded",
            Self::Ownerless => "ownerless",
            Self::Flags => "flags",
            Self::Cloned => "cloned",
        }
    }
}

impl From<DeviceError> for Unfit {
    fn from(error: DeviceError) -> Self {
        match error {
            DeviceError::Import(why) => Self::Key(why),
            _ => Self::Key("it cannot be used"),
        }
    }
}

/// What is worth knowing of a row that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Remark {
    /// Scratch codes of eight digits.
    #[error(
        "{0} scratch codes are not taken over, eight digits are too few here: `samekey recovery-codes` makes new ones"
    )]
    ScratchCodes(usize),
    /// pam-u2f asked for more than a touch.
    #[error(
        "pam_u2f asked for its PIN or fingerprint; here it is touched after a password (bind it anew with --verify for more)"
    )]
    Verification,
    /// pam-u2f asked for less.
    #[error("pam_u2f took it without a touch; here it is touched")]
    Presence,
    /// Made for a name that no browser knows.
    #[error(
        "it works at the machines themselves and in no browser; `Update to passkey` under Security Information makes one for both"
    )]
    ConsoleOnly,
    /// `pam_oath`'s PIN.
    #[error("its PIN is not taken over: what comes before the code is for the login's PAM stack to ask")]
    Pin,
    /// The file does not tell the hash.
    #[error("the file does not tell the hash under the codes: SHA1 is assumed")]
    HashAssumed,
    /// The app's clock is too far off.
    #[error("its clock was known to be off by more than ten minutes; `samekey device resync` allows for that")]
    Skew,
    /// A part of an export.
    #[error("the app's export had {of} QR codes, here are {here} of them")]
    BatchMissing {
        /// So many are here.
        here: usize,
        /// So many there were.
        of: usize,
    },
}
