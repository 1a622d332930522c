//! Authenticator data (WebAuthn Level 3, 6.1), read strictly: the flags say what follows, and nothing else follows.

use super::cbor::Reader;
use super::error::KeyError;

/// User present.
const UP: u8 = 1 << 0;
/// User verified.
const UV: u8 = 1 << 2;
/// Backup eligibility.
const BE: u8 = 1 << 3;
/// Backup state.
const BS: u8 = 1 << 4;
/// Attested credential data included.
const AT: u8 = 1 << 6;
/// Extension data included.
const ED: u8 = 1 << 7;

/// The longest authenticator data that is looked at, in bytes: the longest credential id and public key, with room for
/// extensions.
pub const LONGEST: usize = 4096;
/// The longest credential id (WebAuthn Level 3, 7.1 step 24).
pub const LONGEST_CREDENTIAL_ID: usize = 1023;

/// What the authenticator says of itself and of this ceremony.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthenticatorData<'a> {
    /// SHA-256 of the relying party id, or of U2F's `AppID`.
    pub rp_id_hash: &'a [u8; 32],
    flags: u8,
    /// The signature counter; 0 where the authenticator has none.
    pub sign_count: u32,
    /// The new credential, at a registration.
    pub attested: Option<AttestedCredential<'a>>,
    /// The outputs of extensions: one CBOR map with text keys.
    pub extensions: Option<&'a [u8]>,
}

/// A new credential (WebAuthn Level 3, 6.5.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AttestedCredential<'a> {
    /// The authenticator's model; zeros where it does not tell.
    pub aaguid: &'a [u8; 16],
    /// From 1 to [`LONGEST_CREDENTIAL_ID`] bytes.
    pub credential_id: &'a [u8],
    /// In COSE; its form is checked, its contents are not.
    pub public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    /// Reads the whole of it. Refuses flags that do not fit the contents, a backed-up credential that is not eligible
    /// for backup (7.1 step 17, 7.2 step 18), and bytes that nothing announces.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, KeyError> {
        if bytes.len() > LONGEST {
            return Err(KeyError::Malformed);
        }
        let (rp_id_hash, rest) = bytes.split_first_chunk::<32>().ok_or(KeyError::Malformed)?;
        let (flags, rest) = rest.split_first().ok_or(KeyError::Malformed)?;
        let (sign_count, rest) = rest.split_first_chunk::<4>().ok_or(KeyError::Malformed)?;
        if flags & BS != 0 && flags & BE == 0 {
            return Err(KeyError::WrongFlags);
        }
        let (attested, rest) = if flags & AT == 0 {
            (None, rest)
        } else {
            let (attested, rest) = AttestedCredential::parse(rest)?;
            (Some(attested), rest)
        };
        let extensions = match (flags & ED != 0, rest.is_empty()) {
            (true, false) => Some(whole_map(rest)?),
            (true, true) => return Err(KeyError::WrongFlags),
            (false, true) => None,
            (false, false) => return Err(KeyError::TrailingData),
        };
        Ok(Self {
            rp_id_hash,
            flags: *flags,
            sign_count: u32::from_be_bytes(*sign_count),
            attested,
            extensions,
        })
    }

    /// Somebody touched it.
    pub fn user_present(&self) -> bool {
        self.flags & UP != 0
    }

    /// It checked a PIN or biometrics.
    pub fn user_verified(&self) -> bool {
        self.flags & UV != 0
    }

    /// The credential may be copied to other devices.
    pub fn backup_eligible(&self) -> bool {
        self.flags & BE != 0
    }

    /// It has been.
    pub fn backed_up(&self) -> bool {
        self.flags & BS != 0
    }
}

impl<'a> AttestedCredential<'a> {
    /// Gives what follows, too.
    fn parse(bytes: &'a [u8]) -> Result<(Self, &'a [u8]), KeyError> {
        let (aaguid, rest) = bytes.split_first_chunk::<16>().ok_or(KeyError::Malformed)?;
        let (length, rest) = rest.split_first_chunk::<2>().ok_or(KeyError::Malformed)?;
        let length = usize::from(u16::from_be_bytes(*length));
        if length == 0 || length > LONGEST_CREDENTIAL_ID {
            return Err(KeyError::Malformed);
        }
        let (credential_id, rest) = rest.split_at_checked(length).ok_or(KeyError::Malformed)?;
        let public_key = Reader::new(rest).item()?;
        let rest = rest.get(public_key.len()..).ok_or(KeyError::Malformed)?;
        let attested = Self {
            aaguid,
            credential_id,
            public_key,
        };
        Ok((attested, rest))
    }
}

/// One map, and nothing after it.
fn whole_map(bytes: &[u8]) -> Result<&[u8], KeyError> {
    Reader::new(bytes).map()?;
    let mut reader = Reader::new(bytes);
    let map = reader.item()?;
    reader.finish()?;
    Ok(map)
}
