//! Takes an assertion in the caller's unit of work: finds the credential, checks it, moves its counter on, mints.

use super::assertion::{self, Assertion, Expected};
use super::client_data::Scene;
use super::error::KeyError;
use crate::clock::UnixTime;
use crate::devices::fido::{self, Credential};
use crate::ids::AccountId;
use crate::methods::{Evidence, KeyProof, Method, MethodError};
use crate::store::Tx;
use std::collections::BTreeSet;

/// What the assertion has to be bound to, before it is known which credential made it.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The relying party.
    pub rp_id: &'a str,
    /// The challenge, as the store had it.
    pub challenge: &'a [u8],
    /// The place.
    pub scene: Scene<'a>,
    /// The methods that are accepted: a passkey, a security key, or both.
    pub methods: &'a BTreeSet<Method>,
    /// Whether user verification is demanded.
    pub user_verification: bool,
    /// Whether we asked the PIN ourselves.
    pub pin: bool,
}

/// What became of an assertion.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyChecked {
    /// Right, and its counter moved on by this very check.
    Accepted(Evidence, Box<Credential>),
    /// Not accepted; nothing was changed. The credential, where one is bound to the account in question.
    Refused(KeyError, Option<Box<Credential>>),
}

/// Checks the assertion for this account, or for whoever the credential belongs to where `account` is `None`: then the
/// key must tell the account itself (WebAuthn Level 3, 7.2, step 6) and have checked its person.
pub fn accept(
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
    assertion: &Assertion,
    terms: &Terms<'_>,
    now: UnixTime,
) -> Result<KeyChecked, MethodError> {
    let refused = |error| Ok(KeyChecked::Refused(error, None));
    let Some(credential) = fido::by_credential_id(tx, &assertion.credential_id)? else {
        return refused(KeyError::UnknownCredential);
    };
    if account.is_some_and(|account| account != credential.account) {
        return refused(KeyError::OtherAccount);
    }
    if !tells_account(assertion, &credential, account.is_none()) {
        return refused(KeyError::OtherAccount);
    }
    let verdict = judge(&credential, assertion, terms, account.is_none());
    let seen = match verdict {
        Ok(seen) => seen,
        Err(error) => return Ok(KeyChecked::Refused(error, Some(Box::new(credential)))),
    };
    if !fido::advance(tx, credential.device, &seen)? {
        return Ok(KeyChecked::Refused(KeyError::CounterBehind, Some(Box::new(credential))));
    }
    let user_verified = seen.user_verified && credential.user_verified;
    let key = KeyProof {
        user_verified,
        backup_eligible: seen.backup_eligible,
        attested: credential.attested,
        pin: terms.pin && user_verified,
    };
    let evidence = Evidence::mint_key(credential.kind.method(), credential.device, now, key);
    Ok(KeyChecked::Accepted(evidence, Box::new(credential)))
}

/// A user handle that is told must be the account's; without a name it must be told.
fn tells_account(assertion: &Assertion, credential: &Credential, demanded: bool) -> bool {
    match &assertion.user_handle {
        Some(handle) => handle.as_slice() == credential.account.to_bytes(),
        None => !demanded,
    }
}

fn judge(
    credential: &Credential,
    assertion: &Assertion,
    terms: &Terms<'_>,
    alone: bool,
) -> Result<assertion::Seen, KeyError> {
    if !terms.methods.contains(&credential.kind.method()) {
        return Err(KeyError::NotThisKind);
    }
    let verified = terms.user_verification || alone;
    // A PIN that a finder has set on a key that never had one proves nothing about its person.
    if verified && !credential.user_verified {
        return Err(KeyError::NotVerified);
    }
    let expected = Expected {
        rp_id: terms.rp_id,
        app_id: credential.app_id.as_deref(),
        challenge: terms.challenge,
        scene: terms.scene,
        user_verification: verified,
        backup_eligible: credential.backup_eligible,
    };
    assertion::check(assertion, &credential.public_key, &expected)
}
