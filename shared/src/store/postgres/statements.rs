//! Runs a domain's statements on one PostgreSQL connection: parameters, rows, and what the server's errors mean.

use crate::store::driver::{Row, Statements, Value};
use crate::store::error::StoreError;
use postgres::error::SqlState;
use postgres::types::{ToSql, Type};
use postgres::{Client, Statement};
use std::collections::HashMap;
use std::error::Error;

/// A connection and the statements it has prepared.
pub(super) struct Link {
    pub(super) client: Client,
    prepared: HashMap<&'static str, Statement>,
}

impl Link {
    pub(super) fn new(client: Client) -> Self {
        Self {
            client,
            prepared: HashMap::new(),
        }
    }

    fn prepare(&mut self, sql: &'static str) -> Result<Statement, postgres::Error> {
        if let Some(statement) = self.prepared.get(sql) {
            return Ok(statement.clone());
        }
        let statement = self.client.prepare(sql)?;
        self.prepared.insert(sql, statement.clone());
        Ok(statement)
    }
}

/// One unit of work's statements; remembers whether the server asked to try the unit again.
pub(super) struct Running<'a> {
    pub(super) link: &'a mut Link,
    pub(super) again: bool,
}

impl Running<'_> {
    fn told(&mut self, error: &postgres::Error) -> StoreError {
        self.again |= asks_again(error);
        told(error)
    }

    fn ready(&mut self, sql: &'static str, params: &[Value]) -> Result<Statement, StoreError> {
        let statement = match self.link.prepare(sql) {
            Ok(statement) => statement,
            Err(error) => return Err(self.told(&error)),
        };
        let wanted = statement.params().len();
        if wanted != params.len() {
            return Err(StoreError::Statement(format!(
                "{wanted} parameters in the statement, {} given",
                params.len()
            )));
        }
        Ok(statement)
    }
}

/// A parameter in the form that the client library sends.
type Sent<'a> = Box<dyn ToSql + Sync + 'a>;

fn sent<'a>(statement: &Statement, params: &'a [Value]) -> Result<Vec<Sent<'a>>, StoreError> {
    let pairs = params.iter().zip(statement.params());
    pairs.map(|(value, kind)| one(value, kind)).collect()
}

fn one<'a>(value: &'a Value, kind: &Type) -> Result<Sent<'a>, StoreError> {
    let narrow = |_| StoreError::Statement(format!("a parameter is too large for {kind}"));
    Ok(match (value, kind) {
        (Value::Null, &Type::INT8) => Box::new(None::<i64>),
        (Value::Null, &Type::INT4) => Box::new(None::<i32>),
        (Value::Null, &(Type::TEXT | Type::VARCHAR | Type::NAME)) => Box::new(None::<&str>),
        (Value::Null, &Type::BYTEA) => Box::new(None::<&[u8]>),
        (Value::Int(v), &Type::INT8) => Box::new(*v),
        (Value::Int(v), &Type::INT4) => Box::new(i32::try_from(*v).map_err(narrow)?),
        (Value::Text(v), &(Type::TEXT | Type::VARCHAR | Type::NAME)) => Box::new(v.as_str()),
        (Value::Bytes(v), &Type::BYTEA) => Box::new(v.as_slice()),
        (given, wanted) => {
            return Err(StoreError::Statement(format!(
                "a parameter is to be {wanted}, given was {}",
                given.kind()
            )));
        }
    })
}

fn lent<'a>(sent: &'a [Sent<'_>]) -> Vec<&'a (dyn ToSql + Sync)> {
    sent.iter().map(|value| &**value as &(dyn ToSql + Sync)).collect()
}

impl Statements for Running<'_> {
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        let statement = self.ready(sql, params)?;
        let sent = sent(&statement, params)?;
        let done = self.link.client.execute(&statement, &lent(&sent));
        done.map_err(|error| self.told(&error))
    }

    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        let statement = self.ready(sql, params)?;
        let sent = sent(&statement, params)?;
        let done = self.link.client.query(&statement, &lent(&sent));
        let rows = done.map_err(|error| self.told(&error))?;
        rows.iter().map(row).collect()
    }

    fn define(&mut self, sql: &str) -> Result<(), StoreError> {
        let done = self.link.client.batch_execute(sql);
        done.map_err(|error| self.told(&error))
    }
}

fn row(row: &postgres::Row) -> Result<Row, StoreError> {
    let values = (0..row.len()).map(|column| value(row, column));
    Ok(Row(values.collect::<Result<_, _>>()?))
}

/// A value as SQLite would give it: every integer is a BIGINT, a truth value is 0 or 1.
fn value(row: &postgres::Row, column: usize) -> Result<Value, StoreError> {
    let kind = row.columns()[column].type_();
    let read = match *kind {
        Type::INT8 => row.try_get::<_, Option<i64>>(column).map(Value::from),
        Type::INT4 => row
            .try_get::<_, Option<i32>>(column)
            .map(|v| Value::from(v.map(i64::from))),
        Type::INT2 => row
            .try_get::<_, Option<i16>>(column)
            .map(|v| Value::from(v.map(i64::from))),
        Type::BOOL => row.try_get::<_, Option<bool>>(column).map(Value::from),
        Type::TEXT | Type::VARCHAR | Type::NAME => row.try_get::<_, Option<String>>(column).map(Value::from),
        Type::BYTEA => row.try_get::<_, Option<Vec<u8>>>(column).map(Value::from),
        _ => {
            return Err(StoreError::Statement(format!(
                "column {column} is of type {kind}: cast it to BIGINT, TEXT or BYTEA"
            )));
        }
    };
    read.map_err(|error| told(&error))
}

/// Whether the server undid the unit through no fault of its own and it may simply be run again.
pub(super) fn asks_again(error: &postgres::Error) -> bool {
    matches!(
        error.code(),
        Some(&(SqlState::T_R_SERIALIZATION_FAILURE | SqlState::T_R_DEADLOCK_DETECTED))
    )
}

/// What an error of the server or of the connection means to whoever asked.
pub(super) fn told(error: &postgres::Error) -> StoreError {
    let Some(db) = error.as_db_error() else {
        // Without a word of the server's it is the connection.
        let cause = error.source().map_or_else(String::new, |cause| format!(": {cause}"));
        return StoreError::Unavailable(format!("{error}{cause}"));
    };
    let text = db.message().to_owned();
    let code = db.code().code();
    match (code, code.get(..2).unwrap_or_default()) {
        // Lock not available, statement timeout.
        ("40001" | "40P01" | "55P03" | "57014", _) => StoreError::Busy(text),
        ("53100", _) => StoreError::Full(text),
        (_, "23") => StoreError::Conflict(text),
        (_, "08" | "53" | "57" | "58" | "28" | "3D") => StoreError::Unavailable(text),
        (_, "XX") => StoreError::Inconsistent(text),
        // A transaction that writes in a read-only one, and all that is wrong with a statement.
        _ => StoreError::Statement(text),
    }
}
