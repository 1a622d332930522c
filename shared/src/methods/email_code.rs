//! Codes by e-mail: drawn, sent by letter, checked and spent.
//!
//! A code belongs to one account, one address, one purpose and one session or sign-in: its hash is keyed and goes over all
//! of them, so that it is worth nothing anywhere else, also to somebody who reads the store. Only the newest counts. It is
//! spent by one statement; a wrong one costs a try of it, counted in the store, so that no copy of a page gives more.

use super::{Evidence, Method, MethodError};
use crate::clock::UnixTime;
use crate::devices::email::EmailAddress;
use crate::entropy::{Entropy, EntropyError};
use crate::ids::{AccountId, DeviceId, RequestId};
use crate::params;
use crate::policy::EmailCode;
use crate::secrets::keyring::tag;
use crate::secrets::{Keyring, SecretText};
use crate::store::{StoreError, Tx};

/// The longest that a code may be good (ASVS 5, 6.5.5).
const MOST_LIFE: i64 = 600;
/// Codes for one account in an hour, for whatever purpose: nobody's mailbox is to be flooded through us.
const MOST_AN_HOUR: i64 = 10;
const HOUR: i64 = 3600;

/// What a code is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// To prove an address.
    Bind,
    /// To sign in, or to confirm a sensitive operation.
    SignIn,
}

impl Purpose {
    fn as_str(self) -> &'static str {
        match self {
            Self::Bind => "bind",
            Self::SignIn => "sign-in",
        }
    }
}

/// What a code belongs to.
#[derive(Debug, Clone, Copy)]
pub struct Bond<'a> {
    /// Whose.
    pub account: AccountId,
    /// What for.
    pub purpose: Purpose,
    /// The session or sign-in.
    pub binding: &'a str,
}

/// What comes of asking for a code.
#[derive(Debug)]
pub enum Drawn {
    /// This one goes into the letter; codes before it are void.
    Code {
        /// The code.
        code: SecretText,
        /// When it is void.
        until: UnixTime,
    },
    /// Another went out a moment ago, or too many did: not before this moment.
    NotYet {
        /// When another may be asked for.
        at: UnixTime,
    },
}

/// Draws a code.
pub fn draw(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    bond: &Bond<'_>,
    address: &EmailAddress,
    rule: &EmailCode,
    now: UnixTime,
) -> Result<Drawn, MethodError> {
    // A code from the future was made by a clock that has since been set back: it is no good, and holds up nobody.
    tx.execute(
        "DELETE FROM email_codes WHERE created_at <= $1 OR created_at > $2",
        params![now - HOUR, now],
    )?;
    if let Some(at) = held_up(tx, bond, rule, now)? {
        return Ok(Drawn::NotYet { at });
    }
    void(tx, bond)?;
    let code = digits(entropy, rule.digits)?;
    let until = now.saturating_add(rule.ttl.min(MOST_LIFE));
    tx.execute(
        "INSERT INTO email_codes (id, account, purpose, binding, address, hash, created_at, expires_at, tries_left, voided) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0)",
        params![
            RequestId::draw(entropy)?.to_string(),
            bond.account,
            bond.purpose.as_str(),
            bond.binding,
            address.as_str(),
            hash(keyring, bond, address, code.expose()),
            now,
            until,
            rule.tries.max(1)
        ],
    )?;
    Ok(Drawn::Code { code, until })
}

/// Until when no further code may be had.
fn held_up(tx: &mut Tx<'_>, bond: &Bond<'_>, rule: &EmailCode, now: UnixTime) -> Result<Option<UnixTime>, StoreError> {
    let last = tx.query_opt(
        "SELECT MAX(created_at) FROM email_codes WHERE account = $1 AND purpose = $2 AND binding = $3",
        params![bond.account, bond.purpose.as_str(), bond.binding],
    )?;
    let last = last.map(|row| row.opt_int(0)).transpose()?.flatten();
    if let Some(at) = last.map(|last| last.saturating_add(rule.resend)).filter(|at| *at > now) {
        return Ok(Some(at));
    }
    let all = tx.query_opt(
        "SELECT COUNT(*), MIN(created_at) FROM email_codes WHERE account = $1",
        params![bond.account],
    )?;
    let Some(all) = all else { return Ok(None) };
    Ok((all.int(0)? >= MOST_AN_HOUR).then_some(all.opt_int(1)?.unwrap_or(now).saturating_add(HOUR)))
}

/// Voids the codes that were drawn for this; those of others stay.
pub fn void(tx: &mut Tx<'_>, bond: &Bond<'_>) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE email_codes SET voided = 1 WHERE account = $1 AND purpose = $2 AND binding = $3",
        params![bond.account, bond.purpose.as_str(), bond.binding],
    )
    .map(drop)
}

/// The address that the newest code went to, and when that code is void; `None` where there is none that still counts.
pub fn sent_to(
    tx: &mut Tx<'_>,
    bond: &Bond<'_>,
    now: UnixTime,
) -> Result<Option<(EmailAddress, UnixTime)>, StoreError> {
    tx.query_opt(
        "SELECT address, expires_at FROM email_codes WHERE account = $1 AND purpose = $2 AND binding = $3 \
         AND voided = 0 AND spent_at IS NULL AND expires_at > $4 AND created_at <= $5 AND tries_left > 0",
        params![bond.account, bond.purpose.as_str(), bond.binding, now, now],
    )?
    .map(|row| {
        let address = EmailAddress::parse(row.text(0)?)
            .map_err(|error| StoreError::Inconsistent(format!("a code's address: {error}")))?;
        Ok((address, row.int(1)?))
    })
    .transpose()
}

/// What the check of a typed code found.
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Found {
    /// Right, and spent by this very check.
    Right,
    /// Wrong; the code has this many tries left.
    Wrong {
        /// None left: the code is void.
        left: i64,
    },
    /// Right once, but spent, or another took its place.
    Used,
    /// No code that was sent is good any more.
    Over,
}

/// Compares and spends, in the caller's unit.
pub fn spend(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    bond: &Bond<'_>,
    address: &EmailAddress,
    typed: &str,
    now: UnixTime,
) -> Result<Found, StoreError> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).take(32).collect();
    let mark = hash(keyring, bond, address, &typed);
    let (purpose, binding) = (bond.purpose.as_str(), bond.binding);
    let right = tx.execute(
        "UPDATE email_codes SET spent_at = $1 WHERE account = $2 AND purpose = $3 AND binding = $4 AND hash = $5 \
         AND voided = 0 AND spent_at IS NULL AND expires_at > $6 AND created_at <= $7 AND tries_left > 0",
        params![now, bond.account, purpose, binding, mark.clone(), now, now],
    )?;
    if right == 1 {
        return Ok(Found::Right);
    }
    let known = tx.query(
        "SELECT id FROM email_codes WHERE account = $1 AND purpose = $2 AND binding = $3 AND hash = $4 \
         AND (spent_at IS NOT NULL OR voided = 1)",
        params![bond.account, purpose, binding, mark],
    )?;
    if !known.is_empty() {
        return Ok(Found::Used);
    }
    let counted = tx.query_opt(
        "UPDATE email_codes SET tries_left = tries_left - 1 WHERE account = $1 AND purpose = $2 AND binding = $3 \
         AND voided = 0 AND spent_at IS NULL AND expires_at > $4 AND created_at <= $5 AND tries_left > 0 \
         RETURNING tries_left",
        params![bond.account, purpose, binding, now, now],
    )?;
    counted.map_or(Ok(Found::Over), |row| Ok(Found::Wrong { left: row.int(0)? }))
}

/// As [`spend`], for a sign-in: a right code of the bound address is evidence.
pub fn check(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    bond: &Bond<'_>,
    (device, address): (DeviceId, &EmailAddress),
    typed: &str,
    now: UnixTime,
) -> Result<Result<Evidence, Found>, MethodError> {
    Ok(match spend(tx, keyring, bond, address, typed, now)? {
        Found::Right => Ok(Evidence::mint(Method::Email, device, now)),
        other => Err(other),
    })
}

fn hash(keyring: &Keyring, bond: &Bond<'_>, address: &EmailAddress, code: &str) -> Vec<u8> {
    let key = keyring.subkey("email-code");
    let account = bond.account.to_bytes();
    let (purpose, to) = (bond.purpose.as_str(), address.key());
    let parts = [
        &account,
        purpose.as_bytes(),
        bond.binding.as_bytes(),
        to.as_bytes(),
        code.as_bytes(),
    ];
    tag(&key, &parts).into_inner()
}

/// So many digits, each as likely as any other.
fn digits(entropy: &dyn Entropy, count: u32) -> Result<SecretText, EntropyError> {
    let count = count.clamp(6, 12) as usize;
    let mut code = String::with_capacity(count);
    while code.len() < count {
        let mut byte = [0; 1];
        entropy.fill(&mut byte)?;
        // 250 is the largest multiple of ten that a byte holds.
        if byte[0] < 250 {
            code.push(char::from(b'0' + byte[0] % 10));
        }
    }
    Ok(code.into())
}
