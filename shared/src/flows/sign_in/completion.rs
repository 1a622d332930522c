//! A web sign-in in progress lives in a cookie, which can be sent twice: each completes once.

use crate::clock::UnixTime;
use crate::ids::RequestId;
use crate::params;
use crate::store::{Component, Migration, StoreError, Tx};

/// The completed sign-ins of late.
pub(crate) const SCHEMA: Component = Component {
    name: "flows",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../../migrations/flows_0001.sql"),
    }],
};

/// Marks this sign-in as completed; false when it was completed before.
pub(super) fn spend(tx: &mut Tx<'_>, request: RequestId, now: UnixTime) -> Result<bool, StoreError> {
    let made = tx.execute(
        "INSERT INTO completed_sign_ins (request, completed_at) VALUES ($1, $2) ON CONFLICT (request) DO NOTHING",
        params![request, now],
    )?;
    // A cookie outlives its sign-in by minutes; a day of memory is plenty.
    tx.execute(
        "DELETE FROM completed_sign_ins WHERE completed_at < $1",
        params![now - 86_400],
    )?;
    Ok(made == 1)
}
