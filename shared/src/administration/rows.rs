//! The statements of lists and counts over all accounts, once for both engines. Each walks an index in the order in which
//! its page is shown; a test asks SQLite for its plans.

use super::accounts::Which;
use crate::accounts::{Account, rows as accounts};
use crate::params;
use crate::store::{StoreError, Tx};

/// The tail of a page of accounts: `$1` the name before, `$2` and `$3` the patterns, `$4` how many.
macro_rules! page {
    ($($more:tt)*) => {
        accounts::whole_accounts!(
            "WHERE removed_at IS NULL AND name > $1 ",
            $($more)*
            "AND (name LIKE $2 ESCAPE '\\' OR lower(display_name) LIKE $3 ESCAPE '\\' \
             OR lower(email) LIKE $3 ESCAPE '\\') ORDER BY name LIMIT $4"
        )
    };
}

const ALL: &str = page!();
const IN_STATE: &str = page!("AND state <> 'active' AND state = $5 ",);
const OF_ROLE: &str = page!("AND role <> 'user' AND role = $5 ",);
const UNENROLLED: &str = page!(
    "AND state = 'active' AND NOT EXISTS (SELECT 1 FROM devices d WHERE d.account = accounts.id \
     AND d.unbound_at IS NULL AND d.kind <> 'recovery-codes') ",
);
const ONE_KIND: &str = page!(
    "AND state = 'active' AND 1 = (SELECT \
     MAX(CASE WHEN d.kind IN ('passkey', 'security-key') THEN 1 ELSE 0 END) \
     + MAX(CASE WHEN d.kind = 'totp' THEN 1 ELSE 0 END) + MAX(CASE WHEN d.kind = 'email' THEN 1 ELSE 0 END) \
     FROM devices d WHERE d.account = accounts.id AND d.unbound_at IS NULL) ",
);

/// Accounts by how many kinds of second factor they have (passkeys and security keys are one kind, R83): none, one, more.
const BY_KINDS: &str = "SELECT CAST(COALESCE(SUM(CASE WHEN kinds = 0 THEN 1 ELSE 0 END), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN kinds = 1 THEN 1 ELSE 0 END), 0) AS BIGINT), \
     CAST(COALESCE(SUM(CASE WHEN kinds > 1 THEN 1 ELSE 0 END), 0) AS BIGINT) FROM (SELECT a.id, \
     MAX(CASE WHEN d.kind IN ('passkey', 'security-key') THEN 1 ELSE 0 END) \
     + MAX(CASE WHEN d.kind = 'totp' THEN 1 ELSE 0 END) + MAX(CASE WHEN d.kind = 'email' THEN 1 ELSE 0 END) AS kinds \
     FROM accounts a LEFT JOIN devices d ON d.account = a.id AND d.unbound_at IS NULL \
     WHERE a.removed_at IS NULL AND a.state = 'active' GROUP BY a.id) AS held";

/// Every statement of a page, by name, for the test of their plans.
pub const STATEMENTS: &[(&str, &str)] = &[
    ("all", ALL),
    ("in-state", IN_STATE),
    ("of-role", OF_ROLE),
    ("unenrolled", UNENROLLED),
    ("one-kind", ONE_KIND),
    ("by-kinds", BY_KINDS),
];

/// Up to `limit` accounts after this name, of those that `which` and the patterns let through.
pub(super) fn page(
    tx: &mut Tx<'_>,
    which: Which,
    (begins, holds): (&str, &str),
    after: &str,
    limit: u32,
) -> Result<Vec<Account>, StoreError> {
    let rows = match which {
        Which::All => tx.query(ALL, params![after, begins, holds, limit])?,
        Which::Unenrolled => tx.query(UNENROLLED, params![after, begins, holds, limit])?,
        Which::OneKind => tx.query(ONE_KIND, params![after, begins, holds, limit])?,
        Which::InState(state) => tx.query(IN_STATE, params![after, begins, holds, limit, state.as_str()])?,
        Which::OfRole(role) => tx.query(OF_ROLE, params![after, begins, holds, limit, role.as_str()])?,
    };
    rows.iter().map(accounts::account).collect()
}

/// How many active accounts have no second factor, one kind, more.
pub(super) fn by_kinds(tx: &mut Tx<'_>) -> Result<[i64; 3], StoreError> {
    let row = tx.query_opt(BY_KINDS, &[])?;
    row.map_or(Ok([0; 3]), |row| Ok([row.int(0)?, row.int(1)?, row.int(2)?]))
}
