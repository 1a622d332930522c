//! The policies that were applied, each a numbered version; one of them is active. Its statements, for both engines.

use super::Policy;
use super::check::{CheckReport, check};
use super::warnings::KnownAccount;
use crate::clock::UnixTime;
use crate::store::{Component, Migration, Row, StoreError, Tx};
use crate::trust;

/// The table of policies.
pub const SCHEMA: Component = Component {
    name: "policy",
    migrations: &[Migration {
        version: 1,
        sql: include_str!("../../migrations/policy_0001.sql"),
    }],
};

/// A policy as it was applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredPolicy {
    /// 1 for the first that was applied, and so on.
    pub version: i64,
    /// As [`Policy::hash`] was when it was applied.
    pub hash: String,
    /// The file's text.
    pub text: String,
    /// When it was applied.
    pub applied_at: UnixTime,
    /// By whom.
    pub by: String,
    /// Whether it is the one that holds.
    pub active: bool,
}

/// Why a policy was not applied. The one before still holds.
#[derive(Debug, thiserror::Error)]
pub enum ApplyError {
    /// Its check found faults.
    #[error("the policy was not applied: {} faults, the first on {}", .0.errors.len(), first(.0))]
    Refused(Box<CheckReport>),
    /// The store did not do as asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn first(report: &CheckReport) -> String {
    report.errors.first().map(ToString::to_string).unwrap_or_default()
}

fn stored(row: &Row) -> Result<StoredPolicy, StoreError> {
    Ok(StoredPolicy {
        version: row.int(0)?,
        hash: row.text(1)?.to_owned(),
        text: row.text(2)?.to_owned(),
        applied_at: row.int(3)?,
        by: row.text(4)?.to_owned(),
        active: row.flag(5)?,
    })
}

/// The policy that holds; `None` when none was ever applied and the shipped default does.
pub fn active(tx: &mut Tx<'_>) -> Result<Option<StoredPolicy>, StoreError> {
    let row = tx.query_opt(
        "SELECT version, hash, document, applied_at, applied_by, active FROM policies WHERE active = 1",
        &[],
    )?;
    row.as_ref().map(stored).transpose()
}

/// The version that holds, 0 for the shipped default: what a cached policy is compared with.
pub fn active_version(tx: &mut Tx<'_>) -> Result<i64, StoreError> {
    let row = tx.query_opt("SELECT version FROM policies WHERE active = 1", &[])?;
    row.map_or(Ok(0), |row| row.int(0))
}

/// The policy that holds, parsed, and its version. One that does not parse is a fault of the store, never a reason to
/// fall back to another.
pub fn load(tx: &mut Tx<'_>) -> Result<(i64, Policy), StoreError> {
    let Some(stored) = active(tx)? else {
        return Ok((0, Policy::shipped_default()));
    };
    let policy = Policy::parse(&stored.text).map_err(|problems| {
        let first = problems.first().map(ToString::to_string).unwrap_or_default();
        StoreError::Inconsistent(format!("policies, version {}: {first}", stored.version))
    })?;
    Ok((stored.version, policy))
}

/// Checks a policy and makes it the one that holds. `accounts` are those whom the check looks after. The caller appends
/// the audit event in the same unit of work.
pub fn apply(
    tx: &mut Tx<'_>,
    text: &str,
    by: &str,
    now: UnixTime,
    accounts: &[KnownAccount],
) -> Result<(StoredPolicy, CheckReport), ApplyError> {
    let report = check(text, now, accounts);
    let Some(policy) = report.policy.as_ref().filter(|_| report.is_clean()) else {
        return Err(ApplyError::Refused(Box::new(report)));
    };
    tx.execute("UPDATE policies SET active = 0 WHERE active = 1", &[])?;
    let row = tx.query_opt("SELECT COALESCE(MAX(version), 0) + 1 FROM policies", &[])?;
    let version = row.map_or(Ok(1), |row| row.int(0))?;
    tx.execute(
        "INSERT INTO policies (version, hash, document, applied_at, applied_by, active) VALUES ($1, $2, $3, $4, $5, 1)",
        crate::params![version, policy.hash(), text, now, by],
    )?;
    trust::follow_policy(tx, policy)?;
    let stored = StoredPolicy {
        version,
        hash: policy.hash().to_owned(),
        text: text.to_owned(),
        applied_at: now,
        by: by.to_owned(),
        active: true,
    };
    Ok((stored, report))
}

/// The policies that were applied, newest first.
pub fn history(tx: &mut Tx<'_>, limit: u32) -> Result<Vec<StoredPolicy>, StoreError> {
    let rows = tx.query(
        "SELECT version, hash, document, applied_at, applied_by, active FROM policies ORDER BY version DESC LIMIT $1",
        crate::params![limit],
    )?;
    rows.iter().map(stored).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;

    const ONE: &str = "version = 1\n[default]\nlevel = \"high\"\n";
    const TWO: &str = "version = 1\n[default]\nlevel = \"highest\"\n";

    fn store() -> (tempfile::TempDir, Store) {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::create_sqlite(&folder.path().join("store.db")).unwrap();
        store
            .migrate(&[crate::accounts::rows::SCHEMA, trust::SCHEMA, SCHEMA])
            .unwrap();
        (folder, store)
    }

    fn put(store: &Store, text: &str, accounts: &[KnownAccount]) -> Result<i64, ApplyError> {
        store.write(|tx| apply(tx, text, "root", 1_000, accounts).map(|(stored, _)| stored.version))
    }

    #[test]
    fn the_shipped_default_holds_until_one_is_applied() {
        let (_folder, store) = store();
        let (version, policy) = store.read(load).unwrap();
        assert_eq!(version, 0);
        assert_eq!(policy.hash(), Policy::shipped_default().hash());
        assert_eq!(put(&store, ONE, &[]).unwrap(), 1);
        assert_eq!(put(&store, TWO, &[]).unwrap(), 2);
        let (version, policy) = store.read(load).unwrap();
        assert_eq!((version, policy.text()), (2, TWO));
        assert_eq!(store.read(active_version).unwrap(), 2);
        let history = store.read(|tx| history(tx, 10)).unwrap();
        let shown: Vec<_> = history.iter().map(|p| (p.version, p.active, p.by.as_str())).collect();
        assert_eq!(shown, [(2, true, "root"), (1, false, "root")]);
    }

    #[test]
    fn a_faulty_policy_leaves_the_old_one_in_place() {
        let (_folder, store) = store();
        put(&store, ONE, &[]).unwrap();
        let failing = format!("{ONE}[[test]]\nuser = \"a\"\nservice = \"pam:sshd\"\nexpect-level = \"single\"\n");
        for wrong in ["version = 2", "version = 1\nrul = 1", &failing] {
            assert!(
                matches!(put(&store, wrong, &[]), Err(ApplyError::Refused(_))),
                "{wrong}"
            );
        }
        let administrator = KnownAccount {
            user: "root".into(),
            administrator: true,
            bound: [crate::methods::Method::Totp].into(),
            ..KnownAccount::default()
        };
        let refused = put(&store, TWO, std::slice::from_ref(&administrator)).unwrap_err();
        assert!(
            refused.to_string().contains("no administrator could sign in"),
            "{refused}"
        );
        assert_eq!(store.read(active_version).unwrap(), 1);
    }

    #[test]
    fn a_stored_policy_that_does_not_parse_is_never_replaced_by_an_easier_one() {
        let (_folder, store) = store();
        put(&store, ONE, &[]).unwrap();
        let spoil = |tx: &mut Tx<'_>| tx.execute("UPDATE policies SET document = 'x'", &[]);
        store.write(spoil).unwrap();
        assert!(matches!(store.read(load), Err(StoreError::Inconsistent(_))));
    }
}
