//! The store's accounts as a policy looks at them: whom would it lock out, who would have to enrol again?

use super::Policy;
use super::warnings::KnownAccount;
use crate::accounts::{self, Account, AccountState, Groups, groups};
use crate::devices;
use crate::store::{Store, StoreError, Tx};

/// So many accounts are read in one unit of work.
const PAGE: u32 = 1000;

/// Everybody who may sign in, in the order of their names, read once and looked at under any of the policies that they
/// were read for.
#[derive(Debug, Clone, Default)]
pub struct People(Vec<Person>);

#[derive(Debug, Clone)]
struct Person {
    /// All but the groups, which depend on where a policy takes them from.
    known: KnownAccount,
    nss: Groups,
    stored: Groups,
}

impl People {
    /// Reads the active accounts. The name service is asked about each of them only if a rule of these policies looks at
    /// groups: a directory may be slow.
    pub fn read(store: &Store, policies: &[&Policy]) -> Result<Self, StoreError> {
        let mut people = Vec::new();
        let mut after: Option<String> = None;
        loop {
            let (last, page) = store.read(|tx| page(tx, after.as_deref(), policies))?;
            people.extend(page);
            match last {
                Some(name) => after = Some(name),
                None => break,
            }
        }
        if policies.iter().any(|policy| policy.asks_nss()) {
            // Outside the unit of work.
            for (person, account) in &mut people {
                person.nss = groups::from_nss(&account.name);
            }
        }
        let mut people: Vec<Person> = people.into_iter().map(|(person, _)| person).collect();
        // An engine may order by a language's rules.
        people.sort_by(|a, b| a.known.user.cmp(&b.known.user));
        Ok(Self(people))
    }

    /// Them with the groups that they have under this policy.
    pub fn under(&self, policy: &Policy) -> Vec<KnownAccount> {
        let source = policy.group_source();
        let seen = |person: &Person| KnownAccount {
            groups: source.of(person.nss.clone(), person.stored.clone()).known().cloned(),
            ..person.known.clone()
        };
        self.0.iter().map(seen).collect()
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is nobody.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

type Page = (Option<String>, Vec<(Person, Account)>);

fn page(tx: &mut Tx<'_>, after: Option<&str>, policies: &[&Policy]) -> Result<Page, StoreError> {
    let listed = accounts::rows::list(tx, after, PAGE)?;
    let last = listed.last().map(|account| account.name.to_string());
    let stored = policies.iter().any(|policy| policy.group_source().asks_store());
    let active = listed
        .into_iter()
        .filter(|account| account.state == AccountState::Active);
    let mut people = Vec::new();
    for account in active {
        people.push((person(tx, &account, stored)?, account));
    }
    Ok((last, people))
}

fn person(tx: &mut Tx<'_>, account: &Account, stored: bool) -> Result<Person, StoreError> {
    let stored = if stored {
        Groups::Known(accounts::rows::groups_of(tx, account.id)?)
    } else {
        Groups::Unknown
    };
    Ok(Person {
        known: KnownAccount {
            user: account.name.to_string(),
            groups: None,
            flags: account.flags.clone(),
            administrator: account.role.administers(),
            bound: devices::rows::bound(tx, account.id)?.methods(),
            since: Some(account.created_at),
        },
        nss: Groups::Unknown,
        stored,
    })
}
