//! Security e-mail: an address that was proven, for codes. It is another field than the profile's address, which is never
//! used to verify (R60, R61).
//!
//! **When two addresses are the same.** The domain does not heed letter case, and neither do the servers that people use
//! heed it in the local part: both are compared in lower case. Dots and `+tags` are kept: what they mean is the server's
//! own affair. Domains beyond ASCII are taken in their `xn--` form only, so that no look-alike hides behind another script.

use super::device::{Device, DeviceError, DeviceKind, Limits};
use super::{DeviceName, rows};
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::ids::{AccountId, DeviceId};
use crate::params;
use crate::secrets::opaque::{Token, hash};
use crate::store::{StoreError, Tx};
use std::fmt;

/// Longest address (RFC 5321, 4.5.3.1.3, less the angle brackets).
const MOST: usize = 254;
/// Longest local part (RFC 5321, 4.5.3.1.1).
const MOST_LOCAL: usize = 64;
/// Seconds in which an address that an administrator set can be confirmed (W14).
pub const PROPOSED_FOR: i64 = 24 * 3600;
/// Random bytes of the link that confirms it.
const LINK_BYTES: usize = 32;

/// An address that a letter can be sent to: `local@domain`, ASCII, without quotes, comments or literals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmailAddress(String);

/// A text that is no such address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("That is no e-mail address that letters can be sent to. Write it as name@example.org.")]
pub struct NotAnEmailAddress;

impl EmailAddress {
    /// Reads an address; blanks around it do not matter. The domain comes out in lower case.
    pub fn parse(text: &str) -> Result<Self, NotAnEmailAddress> {
        let text = text.trim();
        if text.len() > MOST {
            return Err(NotAnEmailAddress);
        }
        let (local, domain) = text.rsplit_once('@').ok_or(NotAnEmailAddress)?;
        if is_local(local) && is_domain(domain) {
            Ok(Self(format!("{local}@{}", domain.to_ascii_lowercase())))
        } else {
            Err(NotAnEmailAddress)
        }
    }

    /// The address as it is written to.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What is equal for addresses that count as one.
    pub fn key(&self) -> String {
        self.0.to_ascii_lowercase()
    }

    /// `a…@e….org`: enough for its owner to know it by (M14).
    pub fn masked(&self) -> String {
        let (local, domain) = self.0.split_once('@').unwrap_or_default();
        let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
        let top = domain.rsplit('.').next().unwrap_or_default();
        format!("{}…@{}….{top}", first(local), first(domain))
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A dot-atom (RFC 5322, 3.2.3).
fn is_local(local: &str) -> bool {
    let atom = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    (1..=MOST_LOCAL).contains(&local.len()) && local.split('.').all(|part| !part.is_empty() && part.bytes().all(atom))
}

/// At least two labels of letters, digits and hyphens (RFC 1123, 2.1), the last of which is no number.
fn is_domain(domain: &str) -> bool {
    let label = |part: &str| {
        (1..=63).contains(&part.len())
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let top = domain.rsplit('.').next().unwrap_or_default();
    domain.len() <= 253
        && domain.contains('.')
        && domain.split('.').all(label)
        && !top.bytes().all(|b| b.is_ascii_digit())
}

/// The security e-mail of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SecurityEmail {
    /// Its device.
    pub device: DeviceId,
    /// The address.
    pub address: EmailAddress,
}

/// The security e-mail that is bound to this account.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<SecurityEmail>, StoreError> {
    tx.query_opt(
        "SELECT device, address FROM security_emails WHERE account = $1",
        params![account],
    )?
    .map(|row| {
        Ok(SecurityEmail {
            device: row.parsed(0)?,
            address: stored(row.text(1)?)?,
        })
    })
    .transpose()
}

fn stored(text: &str) -> Result<EmailAddress, StoreError> {
    EmailAddress::parse(text).map_err(|error| StoreError::Inconsistent(format!("a stored address: {error}")))
}

/// How many accounts have an address that counts as this one.
pub fn count_of(tx: &mut Tx<'_>, address: &EmailAddress) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM security_emails WHERE address_key = $1",
        params![address.key()],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Binds a proven address, if not too many accounts have it already (R62). Units that write run one after another, so the
/// count still holds when the row is made.
pub fn insert(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    name: &DeviceName,
    address: &EmailAddress,
    most_accounts: u32,
    now: UnixTime,
) -> Result<Device, DeviceError> {
    let device = rows::insert(tx, entropy, account, DeviceKind::Email, name, Limits::default(), now)?;
    if count_of(tx, address)? >= i64::from(most_accounts) {
        return Err(DeviceError::AddressLimit { most: most_accounts });
    }
    tx.execute(
        "INSERT INTO security_emails (device, account, address, address_key) VALUES ($1, $2, $3, $4)",
        params![device.id, account, address.as_str(), address.key()],
    )?;
    tx.execute("DELETE FROM proposed_emails WHERE account = $1", params![account])?;
    Ok(device)
}

/// An address that an administrator wishes an account to have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proposed {
    /// The address.
    pub address: EmailAddress,
    /// Who wishes it.
    pub by: String,
    /// When it is too late to confirm it.
    pub expires_at: UnixTime,
}

/// Keeps an address until its person confirms it; one kept before is void. The secret for the letter's link.
pub fn propose(
    tx: &mut Tx<'_>,
    entropy: &dyn Entropy,
    account: AccountId,
    address: &EmailAddress,
    by: &str,
    now: UnixTime,
) -> Result<Token, DeviceError> {
    let token = Token::draw(entropy, LINK_BYTES)?;
    tx.execute(
        "INSERT INTO proposed_emails (account, hash, address, proposed_by, created_at, expires_at) \
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account) DO UPDATE SET hash = excluded.hash, \
         address = excluded.address, proposed_by = excluded.proposed_by, created_at = excluded.created_at, \
         expires_at = excluded.expires_at",
        params![
            account,
            token.hash().as_slice(),
            address.as_str(),
            by,
            now,
            now.saturating_add(PROPOSED_FOR)
        ],
    )?;
    Ok(token)
}

/// What this link would confirm for this account; `None` for a link that is over, used, or another's.
pub fn proposed(
    tx: &mut Tx<'_>,
    account: AccountId,
    secret: &str,
    now: UnixTime,
) -> Result<Option<Proposed>, StoreError> {
    tx.query_opt(
        "SELECT address, proposed_by, expires_at FROM proposed_emails \
         WHERE account = $1 AND hash = $2 AND expires_at > $3 AND created_at <= $4",
        params![account, hash(secret).as_slice(), now, now],
    )?
    .map(|row| {
        Ok(Proposed {
            address: stored(row.text(0)?)?,
            by: row.text(1)?.to_owned(),
            expires_at: row.int(2)?,
        })
    })
    .transpose()
}

/// Takes the wish of this link; one statement, so that it is taken once.
pub fn take_proposed(
    tx: &mut Tx<'_>,
    account: AccountId,
    secret: &str,
    now: UnixTime,
) -> Result<Option<EmailAddress>, StoreError> {
    tx.query_opt(
        "DELETE FROM proposed_emails WHERE account = $1 AND hash = $2 AND expires_at > $3 AND created_at <= $4 \
         RETURNING address",
        params![account, hash(secret).as_slice(), now, now],
    )?
    .map(|row| stored(row.text(0)?))
    .transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_a_letter_reaches_and_no_others() {
        for good in [
            "ann@example.org",
            "  Ann.Lee+mfa@Example.ORG ",
            "a@b.co",
            "o'brien@xn--bcher-kva.example",
            "!#$%&'*+-/=?^_`{|}~@example.org",
        ] {
            assert!(EmailAddress::parse(good).is_ok(), "{good:?}");
        }
        let long = format!("{}@example.org", "a".repeat(65));
        let longer = format!("ann@{}.org", "a.".repeat(130));
        for bad in [
            "",
            "ann",
            "@example.org",
            "ann@",
            "ann@localhost",
            "ann@[192.0.2.1]",
            "ann@192.0.2.1",
            "ann@example..org",
            ".ann@example.org",
            "ann.@example.org",
            "a..b@example.org",
            "\"ann\"@example.org",
            "ann lee@example.org",
            "ann@exa mple.org",
            "ann@example.org\r\nBcc: eve@evil.example",
            "ann@example.org,eve@evil.example",
            "ann@-example.org",
            "ann@bücher.example",
            "änn@example.org",
            "ann@example.org\0",
            "<ann@example.org>",
            long.as_str(),
            longer.as_str(),
        ] {
            assert!(EmailAddress::parse(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn letter_case_makes_no_second_address() {
        let read = |text: &str| EmailAddress::parse(text).unwrap();
        assert_eq!(read("Ann@EXAMPLE.org").as_str(), "Ann@example.org");
        assert_eq!(read("Ann@EXAMPLE.org").key(), read("ann@example.org").key());
        assert_ne!(read("ann+x@example.org").key(), read("ann@example.org").key());
        assert_eq!(read("ann@example.org").masked(), "a…@e….org");
    }
}
