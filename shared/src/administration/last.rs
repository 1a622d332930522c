//! Somebody must always be left who can put things right.

use super::accounts::Which;
use super::rows as pages;
use crate::accounts::{Account, AccountState, Groups, groups, rows};
use crate::devices;
use crate::policy::{KnownAccount, Policy};
use crate::realm::Realm;
use crate::roles::Role;
use crate::store::{StoreError, Tx};

/// More administrators than this are not asked about: one that gets in is enough.
const MOST: u32 = 1000;

/// Whether the account is the last that signs in and is an owner, or the last that may administer at all.
pub fn is_last(tx: &mut Tx<'_>, account: &Account) -> Result<bool, StoreError> {
    if account.state != AccountState::Active || !account.role.administers() {
        return Ok(false);
    }
    let owners = rows::count_active_of(tx, Role::Owner, account.id)?;
    if account.role == Role::Owner {
        return Ok(owners == 0);
    }
    Ok(owners == 0 && rows::count_active_of(tx, Role::Admin, account.id)? == 0)
}

/// Those that may administer, as a policy looks at them: it must not lock all of them out.
pub(super) fn administrators(realm: &Realm, policy: &Policy) -> Result<Vec<KnownAccount>, StoreError> {
    let found = realm.store.read(|tx| {
        let mut found = Vec::new();
        for role in [Role::Owner, Role::Admin] {
            found.extend(pages::page(tx, Which::OfRole(role), ("%", "%"), "", MOST)?);
        }
        found.retain(|account| account.state == AccountState::Active);
        Ok::<_, StoreError>(found)
    })?;
    let asks = policy.asks_nss();
    let known = found.into_iter().map(|account| {
        // Outside the unit of work: a directory may be slow.
        let nss = if asks {
            groups::from_nss(&account.name)
        } else {
            Groups::Unknown
        };
        realm.store.read(|tx| {
            Ok(KnownAccount {
                user: account.name.to_string(),
                groups: groups::of(policy.group_source(), tx, nss.clone(), Some(account.id))?
                    .known()
                    .cloned(),
                flags: account.flags.clone(),
                administrator: true,
                bound: devices::rows::bound(tx, account.id)?.methods(),
                ..KnownAccount::default()
            })
        })
    });
    known.collect()
}
