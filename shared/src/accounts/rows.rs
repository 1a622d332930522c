//! The rows of accounts, and of the groups that the store gives them.
//!
//! Removing an account keeps its row, so that its id, which tokens name, is never given again and the trail of its
//! devices stays; its name becomes free, its password, groups and attributes are wiped. A removed account is invisible here.

use super::password::PasswordHash;
use super::profile::{check_flags, check_shown};
use super::{Account, AccountError, AccountState, LoginName, NewAccount};
use crate::clock::UnixTime;
use crate::ids::AccountId;
use crate::params;
use crate::roles::Role;
use crate::store::{Component, Migration, Row, StoreError, Tx};
use crate::trust;
use std::collections::BTreeSet;

/// The tables of this domain.
pub const SCHEMA: Component = Component {
    name: "accounts",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../../migrations/accounts_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../../migrations/accounts_0002.sql"),
        },
        Migration {
            version: 3,
            sql: include_str!("../../migrations/accounts_0003.sql"),
        },
    ],
};

/// A query for whole accounts, in the order that `account` reads.
macro_rules! whole_accounts {
    ($($tail:tt)+) => {
        concat!(
            "SELECT id, name, display_name, email, state, flags, role, \
             CAST(CASE WHEN password IS NULL THEN 0 ELSE 1 END AS BIGINT), created_at, first_sign_in_at \
             FROM accounts ",
            $($tail)+
        )
    };
}

pub(crate) use whole_accounts;

/// The account of this name.
pub fn find(tx: &mut Tx<'_>, name: &LoginName) -> Result<Option<Account>, StoreError> {
    tx.query_opt(whole_accounts!("WHERE name = $1 AND removed_at IS NULL"), params![name])?
        .map(|row| account(&row))
        .transpose()
}

/// The account of this id.
pub fn by_id(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<Account>, StoreError> {
    tx.query_opt(whole_accounts!("WHERE id = $1 AND removed_at IS NULL"), params![id])?
        .map(|row| account(&row))
        .transpose()
}

/// Up to `limit` accounts in the order of their names, those after `after`.
pub fn list(tx: &mut Tx<'_>, after: Option<&str>, limit: u32) -> Result<Vec<Account>, StoreError> {
    tx.query(
        whole_accounts!("WHERE removed_at IS NULL AND name > $1 ORDER BY name LIMIT $2"),
        params![after.unwrap_or_default(), limit],
    )?
    .iter()
    .map(account)
    .collect()
}

/// Makes an account, active and without password.
pub fn insert(tx: &mut Tx<'_>, new: &NewAccount) -> Result<(), AccountError> {
    check_shown("the display name", new.display_name.as_deref())?;
    check_shown("the e-mail address", new.email.as_deref())?;
    check_flags(&new.flags)?;
    let made = tx.execute(
        "INSERT INTO accounts (id, name, display_name, email, state, flags, role, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
        params![
            new.id,
            &new.name,
            new.display_name.as_deref(),
            new.email.as_deref(),
            AccountState::Active.as_str(),
            words(&new.flags),
            new.role.as_str(),
            new.created_at
        ],
    )?;
    if made == 1 {
        Ok(())
    } else {
        Err(AccountError::NameTaken(new.name.clone()))
    }
}

/// Locks, unlocks or disables. No browser or shell is remembered across it.
pub fn set_state(tx: &mut Tx<'_>, id: AccountId, state: AccountState) -> Result<(), AccountError> {
    trust::revoke_all(tx, id)?;
    existing(tx.execute(
        "UPDATE accounts SET state = $1 WHERE id = $2 AND removed_at IS NULL",
        params![state.as_str(), id],
    )?)
}

/// Replaces the flags.
pub fn set_flags(tx: &mut Tx<'_>, id: AccountId, flags: &BTreeSet<String>) -> Result<(), AccountError> {
    check_flags(flags)?;
    existing(tx.execute(
        "UPDATE accounts SET flags = $1 WHERE id = $2 AND removed_at IS NULL",
        params![words(flags), id],
    )?)
}

/// Changes the name shown, or takes it away.
pub fn set_display_name(tx: &mut Tx<'_>, id: AccountId, name: Option<&str>) -> Result<(), AccountError> {
    check_shown("the display name", name)?;
    existing(tx.execute(
        "UPDATE accounts SET display_name = $1 WHERE id = $2 AND removed_at IS NULL",
        params![name, id],
    )?)
}

/// Changes the profile's address, or takes it away.
pub fn set_email(tx: &mut Tx<'_>, id: AccountId, email: Option<&str>) -> Result<(), AccountError> {
    check_shown("the e-mail address", email)?;
    existing(tx.execute(
        "UPDATE accounts SET email = $1 WHERE id = $2 AND removed_at IS NULL",
        params![email, id],
    )?)
}

/// Gives another role.
pub fn set_role(tx: &mut Tx<'_>, id: AccountId, role: Role) -> Result<(), AccountError> {
    existing(tx.execute(
        "UPDATE accounts SET role = $1 WHERE id = $2 AND removed_at IS NULL",
        params![role.as_str(), id],
    )?)
}

/// How many other active accounts have this role, one above `user`.
pub fn count_active_of(tx: &mut Tx<'_>, role: Role, besides: AccountId) -> Result<i64, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*) FROM accounts WHERE removed_at IS NULL AND role <> 'user' AND role = $1 AND state = $2 AND id <> $3",
        params![role.as_str(), AccountState::Active.as_str(), besides],
    )?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// Remembers the first sign-in; later ones change nothing.
pub fn note_sign_in(tx: &mut Tx<'_>, id: AccountId, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "UPDATE accounts SET first_sign_in_at = $1 WHERE id = $2 AND first_sign_in_at IS NULL",
        params![now, id],
    )
    .map(drop)
}

/// Holds the account's row until the unit ends, so that whoever else holds it waits; false if there is no such
/// account.
pub(crate) fn hold(tx: &mut Tx<'_>, id: AccountId) -> Result<bool, StoreError> {
    let held = tx.execute(
        "UPDATE accounts SET state = state WHERE id = $1 AND removed_at IS NULL",
        params![id],
    )?;
    Ok(held == 1)
}

/// Removes the account. Its devices are unbound by the caller, through `devices::rows::unbind`, in the same unit.
pub fn remove(tx: &mut Tx<'_>, id: AccountId, now: UnixTime) -> Result<(), AccountError> {
    tx.execute("DELETE FROM account_groups WHERE account = $1", params![id])?;
    tx.execute("DELETE FROM account_attributes WHERE account = $1", params![id])?;
    trust::revoke_all(tx, id)?;
    existing(tx.execute(
        "UPDATE accounts SET removed_at = $1, state = $2, password = NULL, role = $3 \
         WHERE id = $4 AND removed_at IS NULL",
        params![now, AccountState::Disabled.as_str(), Role::User.as_str(), id],
    )?)
}

/// Sets the password's hash. What was remembered under the one before is void (Q12).
pub fn set_password(tx: &mut Tx<'_>, id: AccountId, hash: &PasswordHash) -> Result<(), AccountError> {
    trust::revoke_all(tx, id)?;
    existing(tx.execute(
        "UPDATE accounts SET password = $1 WHERE id = $2 AND removed_at IS NULL",
        params![hash.as_str(), id],
    )?)
}

/// Replaces a hash by one of the same password at a higher cost, unless the password was changed meanwhile.
pub fn rehash_password(
    tx: &mut Tx<'_>,
    id: AccountId,
    before: &PasswordHash,
    after: &PasswordHash,
) -> Result<bool, StoreError> {
    let changed = tx.execute(
        "UPDATE accounts SET password = $1 WHERE id = $2 AND password = $3 AND removed_at IS NULL",
        params![after.as_str(), id, before.as_str()],
    )?;
    Ok(changed == 1)
}

/// The password's hash, if there is a password.
pub fn password_of(tx: &mut Tx<'_>, id: AccountId) -> Result<Option<PasswordHash>, StoreError> {
    let row = tx.query_opt(
        "SELECT password FROM accounts WHERE id = $1 AND removed_at IS NULL",
        params![id],
    )?;
    let Some(row) = row else { return Ok(None) };
    Ok(row.opt_text(0)?.map(PasswordHash::from_store))
}

/// Puts the account into a group of the store.
pub fn add_group(tx: &mut Tx<'_>, id: AccountId, group: &str) -> Result<(), AccountError> {
    if by_id(tx, id)?.is_none() {
        return Err(AccountError::NotFound);
    }
    // The same characters as a login name: rules and `id` must be able to name it.
    if group.parse::<LoginName>().is_err() {
        return Err(AccountError::Text {
            what: "the group",
            why: "it is made of a-z, 0-9, _ . and -, at most 64",
        });
    }
    tx.execute(
        "INSERT INTO account_groups (account, name) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        params![id, group],
    )?;
    Ok(())
}

/// Takes the account out of a group of the store; being outside already is fine.
pub fn remove_group(tx: &mut Tx<'_>, id: AccountId, group: &str) -> Result<(), StoreError> {
    tx.execute(
        "DELETE FROM account_groups WHERE account = $1 AND name = $2",
        params![id, group],
    )
    .map(drop)
}

/// The groups that the store gives this account.
pub fn groups_of(tx: &mut Tx<'_>, id: AccountId) -> Result<BTreeSet<String>, StoreError> {
    tx.query(
        "SELECT name FROM account_groups WHERE account = $1 ORDER BY name",
        params![id],
    )?
    .iter()
    .map(|row| row.text(0).map(str::to_owned))
    .collect()
}

pub(crate) fn account(row: &Row) -> Result<Account, StoreError> {
    Ok(Account {
        id: row.parsed(0)?,
        name: row.parsed(1)?,
        display_name: row.opt_text(2)?.map(str::to_owned),
        email: row.opt_text(3)?.map(str::to_owned),
        state: row.parsed(4)?,
        flags: row.text(5)?.split_ascii_whitespace().map(str::to_owned).collect(),
        role: row.parsed(6)?,
        has_password: row.flag(7)?,
        created_at: row.int(8)?,
        first_sign_in_at: row.opt_int(9)?,
    })
}

fn existing(changed: u64) -> Result<(), AccountError> {
    if changed == 1 {
        Ok(())
    } else {
        Err(AccountError::NotFound)
    }
}

fn words(flags: &BTreeSet<String>) -> String {
    flags.iter().map(String::as_str).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store.migrate(&[SCHEMA, trust::SCHEMA]).unwrap();
        (folder, store)
    }

    fn new(id: u8, name: &str) -> NewAccount {
        NewAccount {
            id: format!("{id:032x}").parse().unwrap(),
            name: name.parse().unwrap(),
            display_name: Some("Alice Ärmel".into()),
            email: None,
            flags: ["mfa-required".to_owned()].into(),
            role: Role::User,
            created_at: 100,
        }
    }

    #[test]
    fn what_was_made_is_found_and_a_name_belongs_to_one() {
        let (_folder, store) = store();
        store
            .write(|tx| {
                insert(tx, &new(1, "alice"))?;
                let alice = find(tx, &"alice".parse().unwrap())?.unwrap();
                assert_eq!(by_id(tx, alice.id)?.as_ref(), Some(&alice));
                assert_eq!(alice.flags, ["mfa-required".to_owned()].into());
                assert_eq!((alice.state, alice.has_password), (AccountState::Active, false));
                let again = insert(tx, &new(2, "alice")).unwrap_err();
                assert_eq!(again.code(), "name_taken");
                Ok::<_, AccountError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_removed_account_is_gone_and_its_name_free_but_not_its_id() {
        let (_folder, store) = store();
        store
            .write(|tx| {
                let first = new(1, "alice");
                insert(tx, &first)?;
                set_password(tx, first.id, &PasswordHash::from_store("hash"))?;
                add_group(tx, first.id, "wheel")?;
                remove(tx, first.id, 200)?;
                assert_eq!(find(tx, &first.name)?, None);
                assert!(password_of(tx, first.id)?.is_none());
                assert!(groups_of(tx, first.id)?.is_empty());
                assert!(matches!(remove(tx, first.id, 300), Err(AccountError::NotFound)));
                assert!(matches!(
                    set_state(tx, first.id, AccountState::Active),
                    Err(AccountError::NotFound)
                ));
                assert!(insert(tx, &first).is_err());
                insert(tx, &new(2, "alice"))?;
                Ok::<_, AccountError>(())
            })
            .unwrap();
    }

    #[test]
    fn lists_page_by_page() {
        let (_folder, store) = store();
        store
            .write(|tx| {
                for (id, name) in [(1, "carol"), (2, "alice"), (3, "bob")] {
                    insert(tx, &new(id, name))?;
                }
                let first = list(tx, None, 2)?;
                let rest = list(tx, Some(first[1].name.as_str()), 2)?;
                let names = first.iter().chain(&rest).map(|a| a.name.as_str()).collect::<Vec<_>>();
                assert_eq!(names, ["alice", "bob", "carol"]);
                Ok::<_, AccountError>(())
            })
            .unwrap();
    }

    #[test]
    fn a_rehash_never_undoes_a_change_of_password() {
        let (_folder, store) = store();
        let hash = PasswordHash::from_store;
        store
            .write(|tx| {
                let alice = new(1, "alice");
                insert(tx, &alice)?;
                set_password(tx, alice.id, &hash("old"))?;
                assert!(rehash_password(tx, alice.id, &hash("old"), &hash("dearer"))?);
                set_password(tx, alice.id, &hash("changed"))?;
                assert!(!rehash_password(tx, alice.id, &hash("dearer"), &hash("dearest"))?);
                assert_eq!(password_of(tx, alice.id)?.unwrap().as_str(), "changed");
                Ok::<_, AccountError>(())
            })
            .unwrap();
    }

    #[test]
    fn texts_that_could_fool_a_reader_are_refused() {
        let (_folder, store) = store();
        for text in ["", "a\nb", "\u{1b}[31m", "x\u{202e}y", &"a".repeat(201)] {
            let bad = NewAccount {
                display_name: Some(text.into()),
                ..new(1, "alice")
            };
            let refused = store.write(|tx| insert(tx, &bad)).unwrap_err();
            assert!(matches!(refused, AccountError::Text { .. }), "{text:?}");
        }
        let bad = NewAccount {
            flags: ["two words".to_owned()].into(),
            ..new(1, "alice")
        };
        assert!(store.write(|tx| insert(tx, &bad)).is_err());
        store.write(|tx| insert(tx, &new(1, "alice"))).unwrap();
        let bad = store.write(|tx| add_group(tx, new(1, "alice").id, "domain users"));
        assert!(bad.is_err());
    }

    #[test]
    fn the_cost_of_a_lookup_does_not_grow_with_the_accounts() {
        let (_folder, store) = store();
        let name: LoginName = "alice".parse().unwrap();
        let plan = store
            .read(|tx| {
                tx.query(
                    concat!(
                        "EXPLAIN QUERY PLAN ",
                        whole_accounts!("WHERE name = $1 AND removed_at IS NULL")
                    ),
                    params![&name],
                )
            })
            .unwrap();
        let text = plan.iter().map(|row| row.text(3).unwrap()).collect::<String>();
        assert!(text.contains("USING INDEX accounts_name"), "{text}");
    }
}

/// How many accounts there are, by what `samekey status` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// All that were not removed.
    pub all: i64,
    /// Those locked by an administrator.
    pub locked: i64,
    /// Those disabled.
    pub disabled: i64,
    /// Those active that may administer.
    pub administrators: i64,
}

/// Counts the accounts.
pub fn count(tx: &mut Tx<'_>) -> Result<Counts, StoreError> {
    let rows = tx.query(
        "SELECT state, role, COUNT(*) FROM accounts WHERE removed_at IS NULL GROUP BY state, role",
        &[],
    )?;
    let mut counts = Counts::default();
    for row in &rows {
        let (state, role, number) = (row.parsed::<AccountState>(0)?, row.parsed::<Role>(1)?, row.int(2)?);
        counts.all += number;
        match state {
            AccountState::Active if role.administers() => counts.administrators += number,
            AccountState::Active => {}
            AccountState::Locked => counts.locked += number,
            AccountState::Disabled => counts.disabled += number,
        }
    }
    Ok(counts)
}
