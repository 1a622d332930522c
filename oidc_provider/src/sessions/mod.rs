//! Browser sessions: made when somebody signs in, replaced whenever what was proven changes, ended by signing out.
//!
//! The cookie holds 256 random bits, the store their hash. Whenever something is proven anew the bits are drawn anew, so that a
//! cookie from before is worth nothing afterwards (oidc.md row 20). The session's id stays as long as the same person stays:
//! applications know it as `sid`, and what they were given under it ends with it.
//!
//! ```text
//! sign-in ─► session ─► codes and tokens, each application noted ─► end ─► codes and tokens gone, a notice for each application
//! ```
//!
//! Every way to end a session writes the notices in the same unit of work (OpenID Connect Back-Channel Logout 1.0);
//! [`crate::logout`] sends them.

mod applications;
mod list;
mod rows;

pub use applications::{clients_of, forget_client, note_client};
pub use list::{Listed, end_all, end_born_of, end_born_of_replaced, end_own, of_account};
pub use rows::{end, is_live, lasts, sign_out, sweep, touch};

use crate::http::cookies;
use axum::http::HeaderMap;
use samekey_shared::accounts::{self, Account, AccountState};
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::sign_in::Prior;
use samekey_shared::flows::{FlowError, Grant};
use samekey_shared::ids::{AccountId, SessionId};
use samekey_shared::methods::{Evidence, FirstFactor};
use samekey_shared::realm::Realm;
use samekey_shared::secrets::opaque;
use samekey_shared::store::{StoreError, Tx};

/// Random bytes of a session cookie.
pub const COOKIE_BYTES: usize = 32;

/// A live session and whose it is.
#[derive(Debug, Clone)]
pub struct Session {
    /// Its id: `sid` in tokens. Never the cookie's value.
    pub id: SessionId,
    /// The account, as it is now.
    pub account: Account,
    /// What came first: a password, or a passkey alone.
    pub first: FirstFactor,
    /// When it was right.
    pub first_at: UnixTime,
    /// The second factors.
    pub evidence: Vec<Evidence>,
}

impl Session {
    /// What a sign-in machine may count on.
    pub fn prior(&self) -> Prior {
        Prior {
            first: self.first.clone(),
            first_at: self.first_at,
            evidence: self.evidence.clone(),
        }
    }
}

/// What is written when somebody signs in.
#[derive(Debug, Clone)]
pub struct NewSession {
    /// Its id.
    pub id: SessionId,
    /// Hash of the cookie's value.
    pub secret_hash: [u8; 32],
    /// What the browser calls itself ([`crate::http::browser`]).
    pub browser: String,
    /// Where it was signed in, as a person reads it.
    pub source: String,
    /// When it ends.
    pub expires_at: UnixTime,
    /// How many seconds it may idle, by the rules of the sign-in (W20).
    pub idle: i64,
}

/// The session of whoever sent these headers; `None` for no cookie, a wrong one, a session that ended or idled too long, or
/// an account that is no longer active.
pub fn current(realm: &Realm, tx: &mut Tx<'_>, headers: &HeaderMap) -> Result<Option<Session>, FlowError> {
    let Some(cookie) = cookies::value(headers, cookies::SESSION).filter(|value| !value.is_empty()) else {
        return Ok(None);
    };
    let now = realm.clock.now();
    let idle = realm.policy(tx)?.idle();
    let Some(found) = rows::by_secret(tx, &opaque::hash(cookie), now, idle)? else {
        return Ok(None);
    };
    let account = accounts::rows::by_id(tx, found.account)?.filter(|account| account.state == AccountState::Active);
    Ok(account.map(|account| Session {
        id: found.id,
        account,
        first: found.first,
        first_at: found.first_at,
        evidence: found.evidence,
    }))
}

/// Writes the session of a grant: the one that the same browser had goes on under a new cookie if it is the same person's,
/// and ends if it was another's. The id of the session that there is now.
pub fn begin(
    tx: &mut Tx<'_>,
    new: &NewSession,
    account: AccountId,
    grant: &Grant,
    before: Option<&Session>,
    now: UnixTime,
) -> Result<SessionId, StoreError> {
    let first_at = grant.first_at.unwrap_or(now);
    let first = (&grant.first, first_at);
    if let Some(before) = before {
        if before.account.id == account && rows::renew(tx, before.id, new, first, &grant.evidence, now)? {
            return Ok(before.id);
        }
        rows::sign_out(tx, before.id)?;
    }
    rows::insert(tx, new, account, first, &grant.evidence, now)?;
    Ok(new.id)
}
