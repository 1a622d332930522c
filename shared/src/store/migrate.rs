//! Embedded migrations: each component of the product owns a numbered list of them.

use super::{Store, StoreError, Tx};

/// One step of a component's schema.
#[derive(Debug, Clone, Copy)]
pub struct Migration {
    /// 1, 2, 3, … without gaps.
    pub version: i64,
    /// Its statements, one text for both engines, each ended by `;` at a line's end.
    pub sql: &'static str,
}

/// A part of the product with tables of its own.
#[derive(Debug, Clone, Copy)]
pub struct Component {
    /// Its name in the table of versions.
    pub name: &'static str,
    /// Its steps, oldest first.
    pub migrations: &'static [Migration],
}

const VERSIONS: &str =
    "CREATE TABLE IF NOT EXISTS schema_versions (component TEXT PRIMARY KEY, version BIGINT NOT NULL)";

/// Brings every component to its newest version in one unit of work.
pub(super) fn run(store: &Store, components: &[Component]) -> Result<(), StoreError> {
    store.write(|tx| {
        tx.execute(VERSIONS, &[])?;
        components.iter().try_for_each(|component| advance(tx, component))
    })
}

/// The version of each component in the store.
pub(super) fn versions(tx: &mut Tx<'_>) -> Result<Vec<(String, i64)>, StoreError> {
    let rows = tx.query("SELECT component, version FROM schema_versions ORDER BY component", &[])?;
    rows.iter()
        .map(|row| Ok((row.text(0)?.to_owned(), row.int(1)?)))
        .collect()
}

/// Where the store's schema is not the one that these components expect.
pub(super) fn differences(versions: &[(String, i64)], components: &[Component]) -> Vec<String> {
    let differences = components.iter().filter_map(|component| {
        let known = component.migrations.last().map_or(0, |last| last.version);
        let found = versions
            .iter()
            .find(|(name, _)| name == component.name)
            .map_or(0, |(_, version)| *version);
        (found != known).then(|| {
            format!(
                "the schema of `{}` is of version {found}, not {known} as this program expects",
                component.name
            )
        })
    });
    differences.collect()
}

/// Whether every component is of a version that this program knows.
pub(super) fn fit(versions: &[(String, i64)], components: &[Component]) -> Result<(), StoreError> {
    components.iter().try_for_each(|component| {
        let found = versions.iter().find(|(name, _)| name == component.name);
        found.map_or(Ok(()), |(_, version)| component.knows(*version))
    })
}

impl Component {
    /// Refuses a version that a newer release made.
    fn knows(&self, found: i64) -> Result<(), StoreError> {
        let known = self.migrations.last().map_or(0, |last| last.version);
        if found > known {
            return Err(StoreError::TooNew {
                component: self.name.to_owned(),
                found,
                known,
            });
        }
        Ok(())
    }
}

fn advance(tx: &mut Tx<'_>, component: &Component) -> Result<(), StoreError> {
    let row = tx.query_opt(
        "SELECT version FROM schema_versions WHERE component = $1",
        crate::params![component.name],
    )?;
    let found = row.map_or(Ok(0), |row| row.int(0))?;
    component.knows(found)?;
    for migration in component.migrations.iter().filter(|m| m.version > found) {
        for statement in migration.sql.split(";\n").map(str::trim).filter(|s| !s.is_empty()) {
            tx.define(statement.trim_end_matches(';'))?;
        }
        tx.execute(
            "INSERT INTO schema_versions (component, version) VALUES ($1, $2) \
             ON CONFLICT (component) DO UPDATE SET version = excluded.version",
            crate::params![component.name, migration.version],
        )?;
    }
    Ok(())
}
