//! The outbox: letters written in the unit of work that they tell of, and sent later by whoever sends.
//!
//! ```text
//!  write(tx, realm, letter) ──► row, sealed ──claim──► one sender ──► sent: gone
//!     for each address             ▲                     │
//!                                  └── put off, later ◄──┤ failed
//!                                                        └──► given up: gone, a line in the trail
//! ```
//!
//! Nobody who signs in waits for a mail server, and no letter tells of what was undone. A claim is one statement and a
//! lease: two senders never hold one letter, and what a killed sender held comes back when its lease ends. It may then go
//! out twice, with the same `Message-ID`, if the server had taken it in the very moment of the kill.
//!
//! A realm without `[mail]` in its configuration writes none.

mod letter;
mod reminders;
mod rows;
mod sending;

pub use letter::{AdministratorAct, Body, Letter, LetterKind, Thing};
pub use reminders::remind;
pub use rows::{SCHEMA, SEALED, State, Waiting, language_of, speaks, state, waiting};
pub use sending::{Claimed, LEASE, claim, given_up, is_due, put_off, sent};

use crate::accounts::{self, Account};
use crate::clock::UnixTime;
use crate::devices::email::{self, EmailAddress};
use crate::flows::FlowError;
use crate::ids::LetterId;
use crate::objections;
use crate::realm::Realm;
use crate::roles::Role;
use crate::store::Tx;

/// Seconds after which a letter about something that happened is no longer worth sending.
const STALE: i64 = 3 * 86_400;

/// Writes a letter to every address of the account: the bound security e-mail and the one in the profile, which is told
/// of what happens though it verifies nothing (NIST SP 800-63B-4, 4.6; R60). Without any address nothing is written.
///
/// Call it in the unit of work that makes the letter true; where an address goes with it, before that.
pub fn write(tx: &mut Tx<'_>, realm: &Realm, letter: &Letter<'_>, now: UnixTime) -> Result<(), FlowError> {
    if !realm.mail {
        return Ok(());
    }
    let Some(account) = accounts::rows::by_id(tx, letter.account)? else {
        return Ok(());
    };
    let to = addresses(tx, &account)?;
    post(tx, realm, &account, letter, &to, now)
}

/// Writes a letter to this address alone: a code, or the question whether it is somebody's.
pub fn write_to(
    tx: &mut Tx<'_>,
    realm: &Realm,
    to: &EmailAddress,
    letter: &Letter<'_>,
    now: UnixTime,
) -> Result<(), FlowError> {
    if !realm.mail {
        return Ok(());
    }
    match accounts::rows::by_id(tx, letter.account)? {
        Some(account) => post(tx, realm, &account, letter, std::slice::from_ref(to), now),
        None => Ok(()),
    }
}

/// Tells everybody who administers, owners and administrators, in their own language.
pub fn write_to_administrators(
    tx: &mut Tx<'_>,
    realm: &Realm,
    letter: &Letter<'_>,
    now: UnixTime,
) -> Result<(), FlowError> {
    if !realm.mail {
        return Ok(());
    }
    for role in [Role::Owner, Role::Admin] {
        for account in rows::active_of(tx, role)? {
            let to = addresses(tx, &account)?;
            post(tx, realm, &account, letter, &to, now)?;
        }
    }
    Ok(())
}

fn addresses(tx: &mut Tx<'_>, account: &Account) -> Result<Vec<EmailAddress>, FlowError> {
    let bound = email::of_account(tx, account.id)?.map(|bound| bound.address);
    let profile = account.email.as_deref().and_then(|text| EmailAddress::parse(text).ok());
    let mut all: Vec<EmailAddress> = bound.into_iter().collect();
    all.extend(profile.filter(|one| all.iter().all(|known| known.key() != one.key())));
    Ok(all)
}

fn post(
    tx: &mut Tx<'_>,
    realm: &Realm,
    to: &Account,
    letter: &Letter<'_>,
    addresses: &[EmailAddress],
    now: UnixTime,
) -> Result<(), FlowError> {
    if addresses.is_empty() {
        return Ok(());
    }
    let entropy = realm.entropy.as_ref();
    // The link is about the account that the letter is about, which is not always its reader's.
    let not_me = if letter.kind.can_be_disputed() && letter.account == to.id {
        Some(objections::offer(tx, entropy, to.id, letter.kind.word(), now)?)
    } else {
        None
    };
    let language = language_of(tx, to.id)?;
    let keyring = realm.keyring()?;
    for address in addresses {
        let body = Body {
            to: address.as_str().to_owned(),
            login: to.name.to_string(),
            language: language.tag().to_owned(),
            kind: letter.kind.clone(),
            at: now,
            source: letter.source.map(ToString::to_string),
            not_me: not_me.as_ref().map(|link| link.text().to_owned()),
        };
        let id = LetterId::draw(entropy)?;
        let void_at = letter.kind.void_at().unwrap_or_else(|| now.saturating_add(STALE));
        rows::insert(tx, &keyring, entropy, id, to.id, &body, void_at, now)?;
    }
    Ok(())
}
