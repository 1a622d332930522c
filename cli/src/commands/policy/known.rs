//! The accounts of the store as a policy check looks at them: whom would it lock out, who would have to enrol again?

use crate::exit::Failure;
use crate::installation::Installation;
use samekey_shared::accounts::{self, Account, AccountState, Groups, groups};
use samekey_shared::clock::UnixTime;
use samekey_shared::devices;
use samekey_shared::policy::{KnownAccount, Policy};
use std::collections::BTreeMap;

/// So many accounts are looked at: each may cost a question to a directory.
const MOST: u32 = 10_000;

/// What was looked at.
#[derive(Debug, Default)]
pub struct Known {
    /// The accounts, at most [`MOST`].
    pub accounts: Vec<KnownAccount>,
    since: BTreeMap<String, UnixTime>,
    more: bool,
}

impl Known {
    /// The account of this name, if it is active.
    pub fn find(&self, user: &str) -> Option<&KnownAccount> {
        // The store lists them in the order of their names.
        let found = self
            .accounts
            .binary_search_by(|account| account.user.as_str().cmp(user));
        found.ok().and_then(|index| self.accounts.get(index))
    }

    /// When the account was made: its time to enrol runs from then.
    pub fn since(&self, user: &str) -> Option<UnixTime> {
        self.since.get(user).copied()
    }

    /// That not all were looked at, if so.
    pub fn remark(&self) -> Option<String> {
        self.more
            .then(|| format!("Only the first {MOST} accounts were looked at."))
    }
}

/// The store's accounts with the groups that they have under the policy of this text; none when it does not parse.
pub fn accounts(installation: &Installation, text: &str) -> Result<Known, Failure> {
    let Ok(policy) = Policy::parse(text) else {
        return Ok(Known::default());
    };
    let store = &installation.realm.store;
    let mut listed = store.read(|tx| accounts::rows::list(tx, None, MOST + 1))?;
    let more = listed.len() > MOST as usize;
    listed.truncate(MOST as usize);
    let known = listed.iter().filter(|account| account.state == AccountState::Active);
    let accounts = known
        .map(|account| one(installation, &policy, account))
        .collect::<Result<_, Failure>>()?;
    let since = listed
        .iter()
        .map(|account| (account.name.to_string(), account.created_at))
        .collect();
    Ok(Known { accounts, since, more })
}

fn one(installation: &Installation, policy: &Policy, account: &Account) -> Result<KnownAccount, Failure> {
    let source = policy.group_source();
    // Outside the unit of work: a directory may take seconds.
    let nss = if source.asks_nss() {
        groups::from_nss(&account.name)
    } else {
        Groups::Unknown
    };
    installation.realm.store.read(|tx| {
        Ok(KnownAccount {
            user: account.name.to_string(),
            groups: groups::of(source, tx, nss.clone(), Some(account.id))?.known().cloned(),
            flags: account.flags.clone(),
            administrator: account.role.administers(),
            bound: devices::rows::bound(tx, account.id)?.methods(),
        })
    })
}
