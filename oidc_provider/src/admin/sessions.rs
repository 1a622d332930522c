//! Browser sessions as administrators see them: of one account, of all, page by page; ended one by one.

use samekey_shared::accounts::{self, LoginName};
use samekey_shared::administration::{AdministrationError, Desk, Page};
use samekey_shared::audit::EventKind;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::SessionId;
use samekey_shared::params;
use samekey_shared::roles::Action;
use samekey_shared::store::{Row, StoreError};

use crate::sessions;

/// A session and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its id.
    pub id: SessionId,
    /// The account's name.
    pub account: LoginName,
    /// What its browser calls itself.
    pub browser: String,
    /// Where it was signed in.
    pub source: String,
    /// When.
    pub signed_in_at: UnixTime,
    /// When it was last used.
    pub seen_at: UnixTime,
    /// When it ends.
    pub expires_at: UnixTime,
}

/// The page's statement; a test asks SQLite for its plan.
pub const PAGE: &str = "SELECT s.id, a.name, s.browser, s.source, s.first_at, s.seen_at, s.expires_at FROM web_sessions s \
     JOIN accounts a ON a.id = s.account WHERE s.id > $1 AND s.expires_at > $2 ORDER BY s.id LIMIT $3";

const OF_ACCOUNT: &str = "SELECT s.id, a.name, s.browser, s.source, s.first_at, s.seen_at, s.expires_at FROM web_sessions s \
     JOIN accounts a ON a.id = s.account WHERE s.account = $1 AND s.expires_at > $2 ORDER BY s.seen_at DESC, s.id LIMIT $3";

/// Live sessions after this id; in the order of ids, which is no order of time.
pub fn page(desk: &Desk<'_>, after: &str, limit: u32) -> Result<Page<Listed>, AdministrationError> {
    let now = desk.realm.clock.now();
    desk.realm.store.read(|tx| {
        desk.allowed(tx, Action::SessionsSee, None)?;
        let mut items = listed(&tx.query(PAGE, params![after, now, limit + 1])?)?;
        let more = items.len() > limit as usize;
        items.truncate(limit as usize);
        let next = items.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(Page { items, next })
    })
}

/// The live sessions of one account, the one used last first.
pub fn of_account(desk: &Desk<'_>, name: &LoginName) -> Result<Vec<Listed>, AdministrationError> {
    let now = desk.realm.clock.now();
    desk.realm.store.read(|tx| {
        let account = accounts::rows::find(tx, name)?.ok_or(AdministrationError::NotFound)?;
        desk.allowed(tx, Action::SessionsSee, Some(&account))?;
        Ok(listed(&tx.query(OF_ACCOUNT, params![account.id, now, 200_u32])?)?)
    })
}

/// Ends one, with every code and token that was given under it.
pub fn end(desk: &Desk<'_>, id: SessionId) -> Result<(), AdministrationError> {
    desk.realm.store.write(|tx| {
        let row = tx.query_opt("SELECT account FROM web_sessions WHERE id = $1", params![id])?;
        let owner = row.ok_or(AdministrationError::NotFound)?.parsed(0)?;
        let account = accounts::rows::by_id(tx, owner)?.ok_or(AdministrationError::NotFound)?;
        desk.allowed(tx, Action::SessionsEnd, Some(&account))?;
        sessions::end(tx, id)?;
        let event = desk.administrator.event(EventKind::SessionEnded).about(&account.name);
        desk.record(tx, &event.detail("session", id))?;
        Ok(())
    })
}

fn listed(rows: &[Row]) -> Result<Vec<Listed>, StoreError> {
    let one = |row: &Row| {
        Ok(Listed {
            id: row.parsed(0)?,
            account: row.parsed(1)?,
            browser: row.text(2)?.to_owned(),
            source: row.text(3)?.to_owned(),
            signed_in_at: row.int(4)?,
            seen_at: row.int(5)?,
            expires_at: row.int(6)?,
        })
    };
    rows.iter().map(one).collect()
}
