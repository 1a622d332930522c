//! Runs a domain's statements on one SQLite connection: parameters, rows, and what SQLite's errors mean.

use crate::store::driver::{Purpose, Row, Statements, Value};
use crate::store::error::StoreError;
use rusqlite::{CachedStatement, Connection, ErrorCode, types::ValueRef};

pub(super) struct Running<'a> {
    pub(super) connection: &'a Connection,
    pub(super) purpose: Purpose,
}

impl<'a> Running<'a> {
    /// The statement, with its parameters. One that changes anything is refused in a unit begun to read: such a unit may
    /// run on the writer's connection, which SQLite itself lets change everything.
    fn ready(&self, sql: &'static str, params: &[Value]) -> Result<CachedStatement<'a>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql).map_err(told)?;
        if self.purpose == Purpose::Read && !statement.readonly() {
            return Err(StoreError::Statement("a unit begun to read was asked to write".into()));
        }
        bind(&mut statement, params)?;
        Ok(statement)
    }
}

impl Statements for Running<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.ready(sql, params)?;
        let changed = statement.raw_execute().map_err(told)?;
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.ready(sql, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(told)? {
            let values = (0..columns).map(|column| value(row.get_ref(column).map_err(told)?));
            out.push(Row(values.collect::<Result<_, _>>()?));
        }
        Ok(out)
    }

    /// Rows of a table whose key is one whole number lie in the order of that number, if SQLite reads `INTEGER` for it;
    /// `BIGINT` would cost a second tree beside the table, and a page more in every commit that appends.
    fn define(&mut self, sql: &str) -> Result<(), StoreError> {
        let sql = sql.replace("BIGINT PRIMARY KEY", "INTEGER PRIMARY KEY");
        self.connection.execute_batch(&sql).map_err(told)
    }
}

/// Runs one of the engine's own statements, such as `BEGIN IMMEDIATE`, which give no rows.
pub(super) fn step(connection: &Connection, sql: &'static str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(told)?;
    statement.raw_execute().map(|_| ()).map_err(told)
}

fn value(read: ValueRef<'_>) -> Result<Value, StoreError> {
    Ok(match read {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(v) => Value::Int(v),
        ValueRef::Text(v) => Value::Text(
            std::str::from_utf8(v)
                .map_err(|_| StoreError::Inconsistent("a text is not UTF-8".into()))?
                .to_owned(),
        ),
        ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
        ValueRef::Real(_) => return Err(StoreError::Inconsistent("a number is not whole".into())),
    })
}

/// Binds `$n` to the n-th parameter. SQLite takes `$1` for a name and counts names in order of appearance, so that
/// `SET a = $2 WHERE b = $1` would silently swap the two.
fn bind(statement: &mut CachedStatement<'_>, params: &[Value]) -> Result<(), StoreError> {
    let wanted = statement.parameter_count();
    if wanted != params.len() {
        return Err(StoreError::Statement(format!(
            "{wanted} parameters in the statement, {} given",
            params.len()
        )));
    }
    for at in 1..=wanted {
        let number = statement
            .parameter_name(at)
            .and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = number.and_then(|number| params.get(number.checked_sub(1)?));
        let value = value.ok_or_else(|| StoreError::Statement(format!("no value for parameter {at}")))?;
        match value {
            Value::Null => statement.raw_bind_parameter(at, rusqlite::types::Null),
            Value::Int(v) => statement.raw_bind_parameter(at, v),
            Value::Text(v) => statement.raw_bind_parameter(at, v),
            Value::Bytes(v) => statement.raw_bind_parameter(at, v),
        }
        .map_err(told)?;
    }
    Ok(())
}

/// What an error of SQLite means to whoever asked.
#[expect(clippy::needless_pass_by_value, reason = "fits map_err")]
pub(super) fn told(error: rusqlite::Error) -> StoreError {
    let text = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => StoreError::Busy(text),
        Some(ErrorCode::ConstraintViolation) => StoreError::Conflict(text),
        Some(ErrorCode::DiskFull) => StoreError::Full(text),
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => StoreError::Inconsistent(text),
        Some(
            ErrorCode::CannotOpen
            | ErrorCode::PermissionDenied
            | ErrorCode::ReadOnly
            | ErrorCode::SystemIoFailure
            | ErrorCode::OutOfMemory
            | ErrorCode::FileLockingProtocolFailed,
        ) => StoreError::Unavailable(text),
        _ => StoreError::Statement(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::params;

    #[test]
    fn a_number_as_key_has_no_tree_of_its_own() {
        let connection = Connection::open_in_memory().unwrap();
        let mut running = Running {
            connection: &connection,
            purpose: Purpose::Write,
        };
        running
            .define("CREATE TABLE events (seq BIGINT PRIMARY KEY, at BIGINT)")
            .unwrap();
        let trees = running.query("SELECT name FROM sqlite_schema", &[]).unwrap();
        assert_eq!(trees.len(), 1, "{trees:?}");
        let large = running.query(
            "INSERT INTO events (seq, at) VALUES ($1, 0) RETURNING seq",
            params![i64::MAX],
        );
        assert_eq!(large.unwrap()[0].int(0).unwrap(), i64::MAX);
    }

    #[test]
    fn parameters_go_by_their_number_not_by_their_place() {
        let connection = Connection::open_in_memory().unwrap();
        let mut running = Running {
            connection: &connection,
            purpose: Purpose::Write,
        };
        let rows = running.query("SELECT $2, $1, $2", params!["one", "two"]).unwrap();
        assert_eq!(
            [0, 1, 2].map(|column| rows[0].text(column).unwrap()),
            ["two", "one", "two"]
        );
        for given in [params!["one"], params!["one", "two", "three"]] {
            assert!(matches!(
                running.query("SELECT $2, $1", given),
                Err(StoreError::Statement(_))
            ));
        }
    }
}
