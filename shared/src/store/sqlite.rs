//! The SQLite engine: open, pragmas, file mode, one writer.

use super::driver::{Purpose, Row, Statements, Tx, Value};
use super::error::StoreError;
use rusqlite::{Connection, OpenFlags, types::ValueRef};
use std::path::Path;
use std::sync::{Mutex, MutexGuard, PoisonError};

pub(super) struct Sqlite {
    writer: Mutex<Connection>,
}

impl Sqlite {
    pub(super) fn open(path: &Path, create: bool) -> Result<Self, StoreError> {
        let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        if create {
            flags |= OpenFlags::SQLITE_OPEN_CREATE;
        }
        let connection = Connection::open_with_flags(path, flags).map_err(told)?;
        connection
            .busy_timeout(std::time::Duration::from_secs(5))
            .map_err(told)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(told)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(told)?;
        Ok(Self {
            writer: Mutex::new(connection),
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run("BEGIN", Purpose::Read, work)
    }

    pub(super) fn write<T, E: From<StoreError>>(
        &self,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        self.run("BEGIN IMMEDIATE", Purpose::Write, work)
    }

    fn run<T, E: From<StoreError>>(
        &self,
        begin: &str,
        purpose: Purpose,
        work: &mut dyn FnMut(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = self.connection();
        connection.execute_batch(begin).map_err(told)?;
        let mut statements = Running(&connection);
        let done = work(&mut Tx::over(&mut statements, purpose));
        let end = if done.is_ok() { "COMMIT" } else { "ROLLBACK" };
        if let Err(error) = connection.execute_batch(end) {
            let _ = connection.execute_batch("ROLLBACK");
            return Err(told(error).into());
        }
        done
    }
}

struct Running<'a>(&'a Connection);

/// Binds `$n` to the n-th parameter. SQLite takes `$1` for a name and counts names in order of appearance, so that
/// `SET a = $2 WHERE b = $1` would silently swap the two.
fn bind(statement: &mut rusqlite::CachedStatement<'_>, params: &[Value]) -> Result<(), StoreError> {
    for at in 1..=statement.parameter_count() {
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

impl Statements for Running<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(told)?;
        bind(&mut statement, params)?;
        let changed = statement.raw_execute().map_err(told)?;
        Ok(changed as u64)
    }

    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let mut statement = self.0.prepare_cached(sql).map_err(told)?;
        bind(&mut statement, params)?;
        let columns = statement.column_count();
        let mut rows = statement.raw_query();
        let mut out = Vec::new();
        while let Some(row) = rows.next().map_err(told)? {
            let mut values = Vec::with_capacity(columns);
            for column in 0..columns {
                values.push(match row.get_ref(column).map_err(told)? {
                    ValueRef::Null => Value::Null,
                    ValueRef::Integer(v) => Value::Int(v),
                    ValueRef::Text(v) => Value::Text(
                        std::str::from_utf8(v)
                            .map_err(|_| StoreError::Inconsistent("a text is not UTF-8".into()))?
                            .to_owned(),
                    ),
                    ValueRef::Blob(v) => Value::Bytes(v.to_vec()),
                    ValueRef::Real(_) => return Err(StoreError::Inconsistent("a number is not whole".into())),
                });
            }
            out.push(Row(values));
        }
        Ok(out)
    }
}

fn told(error: rusqlite::Error) -> StoreError {
    use rusqlite::ErrorCode;
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
    fn parameters_go_by_their_number_not_by_their_place() {
        let folder = tempfile::tempdir().unwrap();
        let engine = Sqlite::open(&folder.path().join("store.db"), true).unwrap();
        let row = engine.write(&mut |tx: &mut Tx<'_>| {
            tx.execute("CREATE TABLE t (a BIGINT, b TEXT)", &[])?;
            tx.execute("INSERT INTO t (b, a) VALUES ($2, $1)", params![7_i64, "seven"])?;
            tx.query(
                "SELECT a FROM t WHERE b = $2 AND a = $1 AND b = $2",
                params![7_i64, "seven"],
            )
        });
        assert_eq!(row.unwrap().first().map(|row| row.int(0).unwrap()), Some(7));
        let missing = engine.read(&mut |tx: &mut Tx<'_>| tx.query("SELECT a FROM t WHERE a = $2", params![7_i64]));
        assert!(matches!(missing, Err(StoreError::Statement(_))));
    }
}
