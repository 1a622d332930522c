//! Moving in: the files of other programs, read row by row. What becomes of a row is decided at the desk
//! ([`crate::administration::Desk::take_in`]); here is only what it says.
//!
//! ```text
//!  bytes ── read ──► Row { line, owner, brought: App | Key } or the reason why this row is none
//!  devices ── parcel::seal ──► our own export, sealed with a passphrase ── parcel::open ──► bytes ── Format::Samekey ──► Row
//! ```
//!
//! A row that cannot be used never hinders the next one, and no reason repeats what stands in the file: files hold secrets.

mod authelia;
mod google_authenticator;
mod lines;
mod migration;
mod oath;
pub mod otpauth;
mod pam_u2f;
pub mod parcel;
mod privacyidea;
#[cfg(test)]
mod tests;
mod unfit;

pub use unfit::{Remark, Unfit};

use crate::devices::totp::Shape;
use crate::secrets::SecretBytes;
use std::str::FromStr;

/// The longest file that is read, in bytes: a hundred thousand people's.
pub const LONGEST: u64 = 32 * 1024 * 1024;

/// Whose file it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `~/.google_authenticator` of libpam-google-authenticator.
    GoogleAuthenticator,
    /// `u2f_keys` of pam-u2f.
    PamU2f,
    /// `users.oath` of `pam_oath`.
    Oath,
    /// `otpauth://` URIs, one on each line.
    Otpauth,
    /// `otpauth-migration://` URIs of Google Authenticator's export, one on each line.
    OtpauthMigration,
    /// What `authelia storage user totp|webauthn export` writes.
    Authelia,
    /// What `pi-tokenjanitor find export --format csv` writes.
    PrivacyIdea,
    /// Our own export, opened.
    Samekey,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::GoogleAuthenticator,
        Self::PamU2f,
        Self::Oath,
        Self::Otpauth,
        Self::OtpauthMigration,
        Self::Authelia,
        Self::PrivacyIdea,
        Self::Samekey,
    ];

    /// The stable word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::GoogleAuthenticator => "google-authenticator",
            Self::PamU2f => "pam-u2f",
            Self::Oath => "oath",
            Self::Otpauth => "otpauth",
            Self::OtpauthMigration => "otpauth-migration",
            Self::Authelia => "authelia",
            Self::PrivacyIdea => "privacyidea",
            Self::Samekey => "samekey",
        }
    }

    /// Whether its files hold keys that nobody else may know; pam-u2f's hold public ones.
    pub fn is_secret(self) -> bool {
        self != Self::PamU2f
    }
}

impl FromStr for Format {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == text);
        found.ok_or_else(|| "no such program".to_owned())
    }
}

/// What a file does not say itself.
#[derive(Debug, Clone, Copy)]
pub struct Setting<'a> {
    /// pam-u2f's `origin=`: what its keys were made for.
    pub origin: &'a str,
    /// pam-u2f's `appid=`: the same of keys from its days of U2F.
    pub app_id: &'a str,
}

/// One device of a file, or what stands in its place.
#[derive(Debug)]
pub struct Row {
    /// The line where it begins, from 1.
    pub line: usize,
    /// Whose it is, as the file writes it; `None` where the file does not tell.
    pub owner: Option<String>,
    /// Which site's it is, where the file tells.
    pub issuer: Option<String>,
    /// What it was called.
    pub called: Option<String>,
    /// The device, or why there is none.
    pub brought: Result<Brought, Unfit>,
    /// What its person or the administrator should know.
    pub remarks: Vec<Remark>,
}

/// A device that another program knew.
#[derive(Debug, Clone)]
pub enum Brought {
    /// An authenticator app.
    App(CarriedApp),
    /// A FIDO credential.
    Key(Box<CarriedKey>),
}

/// The key of an authenticator app.
#[derive(Debug, Clone)]
pub struct CarriedApp {
    /// The key.
    pub secret: SecretBytes,
    /// What its codes look like.
    pub shape: Shape,
    /// Steps that the app's clock is known to be ahead.
    pub drift: i64,
    /// The last step of the app's clock that was used, where that is known.
    pub last_step: Option<i64>,
}

/// A FIDO credential, without anything that is secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarriedKey {
    /// Its id.
    pub credential_id: Vec<u8>,
    /// The relying party that it was made for; `None` where only [`Self::app_id`] is known.
    pub rp_id: Option<String>,
    /// Another name that it was made for: U2F's `AppID`, or pam-u2f's origin.
    pub app_id: Option<String>,
    /// Its public key in COSE.
    pub public_key: Vec<u8>,
    /// The last signature counter seen; 0 where it is not known.
    pub sign_count: u32,
    /// The model; all zero where it is not told.
    pub aaguid: [u8; 16],
    /// How it can be reached.
    pub transports: Vec<String>,
    /// Whether the key finds it by itself, where that is known.
    pub discoverable: Option<bool>,
    /// Whether PIN or biometrics were checked when it was made.
    pub user_verified: bool,
    /// Whether it may be copied to other devices.
    pub backup_eligible: bool,
    /// Whether it has been.
    pub backed_up: bool,
}

impl Row {
    fn new(line: usize, brought: Result<Brought, Unfit>) -> Self {
        Self {
            line,
            owner: None,
            issuer: None,
            called: None,
            brought,
            remarks: Vec::new(),
        }
    }

    fn of(mut self, owner: impl Into<String>) -> Self {
        self.owner = Some(owner.into());
        self
    }

    fn remark(mut self, remark: Remark) -> Self {
        self.remarks.push(remark);
        self
    }
}

/// Reads a file of this format, in the order of its rows. Whatever the bytes are, there is an answer: a file that cannot be
/// read at all is one refused row.
pub fn read(format: Format, bytes: &[u8], setting: &Setting<'_>) -> Vec<Row> {
    match format {
        Format::GoogleAuthenticator => vec![google_authenticator::read(bytes)],
        Format::PamU2f => pam_u2f::read(bytes, setting),
        Format::Oath => oath::read(bytes),
        Format::Otpauth => otpauth::read_list(bytes),
        Format::OtpauthMigration => migration::read(bytes),
        Format::Authelia => authelia::read(bytes),
        Format::PrivacyIdea => privacyidea::read(bytes),
        Format::Samekey => parcel::read(bytes),
    }
}
