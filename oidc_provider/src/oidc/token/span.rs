//! How long refresh tokens live, and whether a grant has any.

use crate::app::AppState;
use crate::clients::Client;
use crate::oidc::scope::{Scope, Scopes};
use crate::sessions;
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::SessionId;
use samekey_shared::store::{StoreError, Tx};

/// How long refresh tokens of a grant live.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    /// The end of the last of them.
    pub ends_at: UnixTime,
    /// Seconds that each may idle.
    pub idle: i64,
}

impl Span {
    /// The end of one that begins to idle now.
    pub fn next(self, now: UnixTime) -> UnixTime {
        self.ends_at.min(now.saturating_add(self.idle))
    }
}

/// Whether refresh tokens are given at all: for `offline_access`, or where the operator set the client so, for as long as
/// the session goes on.
pub(super) fn refresh_span(
    app: &AppState,
    tx: &mut Tx<'_>,
    client: &Client,
    scopes: &Scopes,
    session: SessionId,
) -> Result<Option<Span>, StoreError> {
    let now = app.realm.clock.now();
    if !client.may_refresh() {
        return Ok(None);
    }
    let offline = Span {
        ends_at: now.saturating_add(app.config.refresh_seconds),
        idle: app.config.refresh_idle_seconds,
    };
    if scopes.has(Scope::OfflineAccess) {
        return Ok(Some(offline));
    }
    if !client.refreshes_in_session() {
        return Ok(None);
    }
    let lasts = sessions::lasts(tx, session, now)?;
    Ok(lasts.map(|(ends_at, idle)| Span {
        ends_at: ends_at.min(offline.ends_at),
        idle: idle.unwrap_or(i64::MAX).min(offline.idle),
    }))
}
