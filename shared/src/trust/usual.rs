//! Whether a sign-in is unusual for its account (W3): from a network it never came from, or in a browser never seen.
//!
//! Both are plain facts, with no score behind them. The first sign-in of an account is not unusual for want of a history:
//! everybody's first would be. What is not known (no address) is told as unknown, which hits every rule about it. A shell
//! has no browser: there the network alone counts. Networks are known by [`crate::attempts`], from a proof on.

use super::Mark;
use super::browser::Browser;
use crate::accounts::{Account, LoginName};
use crate::attempts;
use crate::clock::UnixTime;
use crate::ids::AccountId;
use crate::params;
use crate::secrets::opaque::Token;
use crate::source::Source;
use crate::store::{StoreError, Tx};

/// The mark of a browser's fresh cookie.
pub fn mark_of(cookie: &Token) -> Mark {
    Mark::of(cookie.text())
}

/// From now on this browser is one of the account's.
pub fn know_browser(tx: &mut Tx<'_>, account: AccountId, mark: &Mark, now: UnixTime) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO known_browsers (account, mark, last_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account, mark) DO UPDATE SET last_at = excluded.last_at",
        params![account, mark.as_slice(), now],
    )?;
    Ok(())
}

fn is_known(tx: &mut Tx<'_>, account: AccountId, mark: &Mark) -> Result<bool, StoreError> {
    let row = tx.query_opt(
        "SELECT 1 FROM known_browsers WHERE account = $1 AND mark = $2",
        params![account, mark.as_slice()],
    )?;
    Ok(row.is_some())
}

/// What there is of a browser to judge by.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Sight<'a> {
    /// None: a terminal, or a browser that holds a session of this account, which it got by signing in.
    NoNeed,
    /// What it shows; `None` where the door did not look.
    Shows(Option<&'a Browser>),
}

/// Whether this sign-in is unusual; `None` where that cannot be known.
pub(crate) fn abnormal(
    tx: &mut Tx<'_>,
    (login, account): (Option<&LoginName>, Option<&Account>),
    source: &Source,
    sight: Sight<'_>,
) -> Result<Option<bool>, StoreError> {
    let network = match (source, login) {
        (Source::Local { .. }, _) => false,
        (Source::Address(_), Some(login)) => !attempts::is_known_source(tx, login, source)?,
        _ => return Ok(None),
    };
    let Some(account) = account else {
        return Ok(Some(network));
    };
    if account.first_sign_in_at.is_none() {
        return Ok(Some(false));
    }
    match sight {
        _ if network => Ok(Some(true)),
        Sight::NoNeed => Ok(Some(false)),
        Sight::Shows(None) => Ok(None),
        Sight::Shows(Some(Browser { mark: None, .. })) => Ok(Some(true)),
        Sight::Shows(Some(Browser { mark: Some(mark), .. })) => {
            is_known(tx, account.id, mark).map(|known| Some(!known))
        }
    }
}
