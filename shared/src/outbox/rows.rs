//! The rows of letters that wait.

use super::Body;
use crate::accounts::{self, Account, AccountState};
use crate::clock::UnixTime;
use crate::entropy::Entropy;
use crate::flows::FlowError;
use crate::ids::{AccountId, LetterId};
use crate::params;
use crate::roles::Role;
use crate::secrets::reseal::SealedColumn;
use crate::secrets::{Keyring, Place};
use crate::store::{Component, Migration, StoreError, Tx};
use crate::texts::Language;

/// The tables of this domain.
pub const SCHEMA: Component = Component {
    name: "outbox",
    migrations: &[
        Migration {
            version: 1,
            sql: include_str!("../../migrations/outbox_0001.sql"),
        },
        Migration {
            version: 2,
            sql: include_str!("../../migrations/outbox_0002.sql"),
        },
    ],
};

/// The sealed columns of this domain, for a rotation of the keyring.
pub const SEALED: &[SealedColumn] = &[SealedColumn {
    table: "outbox",
    column: "body",
    after: "SELECT id, body FROM outbox WHERE id > $1 ORDER BY id LIMIT $2",
    replace: "UPDATE outbox SET body = $1 WHERE id = $2 AND body = $3",
}];

/// Where a letter's body lies.
pub(super) fn place(id: LetterId) -> Place {
    Place::new("outbox", "body", id)
}

#[expect(clippy::too_many_arguments, reason = "what a row is made of")]
pub(super) fn insert(
    tx: &mut Tx<'_>,
    keyring: &Keyring,
    entropy: &dyn Entropy,
    id: LetterId,
    account: AccountId,
    body: &Body,
    void_at: UnixTime,
    now: UnixTime,
) -> Result<(), FlowError> {
    let text = serde_json::to_vec(body).map_err(|why| FlowError::Method(why.to_string()))?;
    let sealed = keyring
        .seal(entropy, &place(id), &text)
        .map_err(|why| FlowError::Keys(why.to_string()))?;
    tx.execute(
        "INSERT INTO outbox (id, account, kind, body, created_at, due_at, void_at, tries) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
        params![id, account, body.kind.word(), sealed, now, now, void_at],
    )?;
    Ok(())
}

/// Notes the language in which the account's person reads our pages: their letters speak it too.
pub fn speaks(tx: &mut Tx<'_>, account: AccountId, language: Language) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO outbox_languages (account, language) VALUES ($1, $2) \
         ON CONFLICT (account) DO UPDATE SET language = excluded.language \
         WHERE outbox_languages.language <> excluded.language",
        params![account, language.tag()],
    )
    .map(drop)
}

/// The language of an account's letters: English until we know better.
pub fn language_of(tx: &mut Tx<'_>, account: AccountId) -> Result<Language, StoreError> {
    let row = tx.query_opt(
        "SELECT language FROM outbox_languages WHERE account = $1",
        params![account],
    )?;
    let tag = row.as_ref().map(|row| row.text(0)).transpose()?;
    Ok(tag.and_then(Language::of_tag).unwrap_or_default())
}

/// The active accounts of this role.
pub(super) fn active_of(tx: &mut Tx<'_>, role: Role) -> Result<Vec<Account>, StoreError> {
    let rows = tx.query(
        "SELECT id FROM accounts WHERE removed_at IS NULL AND role <> 'user' AND role = $1 AND state = $2 ORDER BY id",
        params![role.as_str(), AccountState::Active.as_str()],
    )?;
    let mut found = Vec::new();
    for row in &rows {
        found.extend(accounts::rows::by_id(tx, row.parsed(0)?)?);
    }
    Ok(found)
}

/// Notes that this reminder is written; false where it was before.
pub(super) fn note_reminder(
    tx: &mut Tx<'_>,
    account: AccountId,
    deadline: UnixTime,
    days: i64,
) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO outbox_reminders (account, deadline, days) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
        params![account, deadline, days],
    )?;
    Ok(made == 1)
}

/// Forgets the reminders of deadlines long past.
pub(super) fn forget_reminders(tx: &mut Tx<'_>, before: UnixTime) -> Result<(), StoreError> {
    tx.execute("DELETE FROM outbox_reminders WHERE deadline < $1", params![before])
        .map(drop)
}

/// A letter that waits, without what it says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id.
    pub id: LetterId,
    /// Whom it is about, by login name.
    pub login: Option<String>,
    /// Its kind's word.
    pub kind: String,
    /// When it was written.
    pub created_at: UnixTime,
    /// When it is tried next.
    pub due_at: UnixTime,
    /// How often it was tried.
    pub tries: i64,
    /// Why the last try came to nothing.
    pub trouble: Option<String>,
}

/// The oldest letters that wait, at most so many.
pub fn waiting(tx: &mut Tx<'_>, most: u32) -> Result<Vec<Waiting>, StoreError> {
    tx.query(
        "SELECT o.id, a.name, o.kind, o.created_at, o.due_at, o.tries, o.trouble FROM outbox o \
         LEFT JOIN accounts a ON a.id = o.account ORDER BY o.created_at, o.id LIMIT $1",
        params![most],
    )?
    .iter()
    .map(|row| {
        Ok(Waiting {
            id: row.parsed(0)?,
            login: row.opt_text(1)?.map(str::to_owned),
            kind: row.text(2)?.to_owned(),
            created_at: row.int(3)?,
            due_at: row.int(4)?,
            tries: row.int(5)?,
            trouble: row.opt_text(6)?.map(str::to_owned),
        })
    })
    .collect()
}

/// How the queue stands.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct State {
    /// Letters that wait.
    pub waiting: i64,
    /// When the oldest of them was written.
    pub oldest: Option<UnixTime>,
    /// The most tries of one of them.
    pub most_tries: i64,
}

impl State {
    /// Seconds after which a letter that still waits means that something is wrong.
    pub const PATIENCE: i64 = 15 * 60;

    /// Whether letters do not get out.
    pub fn is_stuck(&self, now: UnixTime) -> bool {
        self.oldest
            .is_some_and(|oldest| now.saturating_sub(oldest) > Self::PATIENCE)
    }
}

/// How the queue stands.
pub fn state(tx: &mut Tx<'_>) -> Result<State, StoreError> {
    let row = tx.query_opt(
        "SELECT COUNT(*), MIN(created_at), CAST(COALESCE(MAX(tries), 0) AS BIGINT) FROM outbox",
        &[],
    )?;
    row.map_or(Ok(State::default()), |row| {
        Ok(State {
            waiting: row.int(0)?,
            oldest: row.opt_int(1)?,
            most_tries: row.int(2)?,
        })
    })
}
