//! The small synchronous driver that every domain writes its SQL against: values, rows, statements.

use super::error::StoreError;

/// One value in or out of a statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Value {
    /// SQL NULL.
    Null,
    /// BIGINT.
    Int(i64),
    /// TEXT.
    Text(String),
    /// BYTEA (PostgreSQL) or BLOB (SQLite).
    Bytes(Vec<u8>),
}

impl Value {
    /// The SQL type, for messages.
    #[cfg(feature = "postgres")]
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "NULL",
            Self::Int(_) => "a BIGINT",
            Self::Text(_) => "a TEXT",
            Self::Bytes(_) => "a BYTEA",
        }
    }
}

impl From<i64> for Value {
    fn from(v: i64) -> Self {
        Self::Int(v)
    }
}
impl From<u32> for Value {
    fn from(v: u32) -> Self {
        Self::Int(i64::from(v))
    }
}
/// Written as 0 or 1 in a BIGINT column, which both engines read alike.
impl From<bool> for Value {
    fn from(v: bool) -> Self {
        Self::Int(i64::from(v))
    }
}
impl From<&str> for Value {
    fn from(v: &str) -> Self {
        Self::Text(v.to_owned())
    }
}
impl From<String> for Value {
    fn from(v: String) -> Self {
        Self::Text(v)
    }
}
impl From<Vec<u8>> for Value {
    fn from(v: Vec<u8>) -> Self {
        Self::Bytes(v)
    }
}
impl From<&[u8]> for Value {
    fn from(v: &[u8]) -> Self {
        Self::Bytes(v.to_vec())
    }
}
impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(v: Option<T>) -> Self {
        v.map_or(Self::Null, Into::into)
    }
}

/// The parameters `$1`, `$2`, … of a statement.
#[macro_export]
macro_rules! params {
    ($($value:expr),* $(,)?) => { &[$($crate::store::Value::from($value)),*] as &[$crate::store::Value] };
}

/// One row of an answer, read by position.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row(pub(super) Vec<Value>);

impl Row {
    fn at(&self, column: usize) -> Result<&Value, StoreError> {
        self.0
            .get(column)
            .ok_or_else(|| StoreError::Inconsistent(format!("no column {column} in the answer")))
    }

    fn wrong(column: usize, wanted: &str) -> StoreError {
        StoreError::Inconsistent(format!("column {column} is no {wanted}"))
    }

    /// A BIGINT.
    pub fn int(&self, column: usize) -> Result<i64, StoreError> {
        self.opt_int(column)?.ok_or_else(|| Self::wrong(column, "integer"))
    }

    /// A BIGINT that may be NULL.
    pub fn opt_int(&self, column: usize) -> Result<Option<i64>, StoreError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            Value::Int(v) => Ok(Some(*v)),
            _ => Err(Self::wrong(column, "integer")),
        }
    }

    /// A BIGINT of 0 or 1.
    pub fn flag(&self, column: usize) -> Result<bool, StoreError> {
        match self.int(column)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Self::wrong(column, "flag of 0 or 1")),
        }
    }

    /// A TEXT.
    pub fn text(&self, column: usize) -> Result<&str, StoreError> {
        self.opt_text(column)?.ok_or_else(|| Self::wrong(column, "text"))
    }

    /// A TEXT that may be NULL.
    pub fn opt_text(&self, column: usize) -> Result<Option<&str>, StoreError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            Value::Text(v) => Ok(Some(v)),
            _ => Err(Self::wrong(column, "text")),
        }
    }

    /// Bytes.
    pub fn bytes(&self, column: usize) -> Result<&[u8], StoreError> {
        self.opt_bytes(column)?.ok_or_else(|| Self::wrong(column, "bytes"))
    }

    /// Bytes that may be NULL.
    pub fn opt_bytes(&self, column: usize) -> Result<Option<&[u8]>, StoreError> {
        match self.at(column)? {
            Value::Null => Ok(None),
            Value::Bytes(v) => Ok(Some(v)),
            _ => Err(Self::wrong(column, "bytes")),
        }
    }

    /// A TEXT that is read as something else, such as an id or a closed list of words.
    pub fn parsed<T: std::str::FromStr>(&self, column: usize) -> Result<T, StoreError> {
        let text = self.text(column)?;
        text.parse()
            .map_err(|_| StoreError::Inconsistent(format!("column {column} holds {text:?}, not what it should")))
    }
}

/// What an engine does for one unit of work.
pub(super) trait Statements {
    /// Runs a statement and tells how many rows it changed.
    fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError>;
    /// Runs a statement and gives its rows.
    fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError>;
    /// Runs a statement of a schema, once.
    fn define(&mut self, sql: &str) -> Result<(), StoreError>;
}

/// One unit of work: a view of the store in which everything holds or nothing does.
///
/// A statement that fails ends the unit: nothing more can be done in it and it is undone, whatever the closure returns.
/// (PostgreSQL works so by itself. Where a row may be there already, say `ON CONFLICT DO NOTHING` and look at the count.)
pub struct Tx<'a> {
    statements: &'a mut dyn Statements,
    purpose: Purpose,
    fault: Option<StoreError>,
}

/// What a unit of work was begun for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

impl<'a> Tx<'a> {
    pub(super) fn over(statements: &'a mut dyn Statements, purpose: Purpose) -> Self {
        Self {
            statements,
            purpose,
            fault: None,
        }
    }

    /// Whether this unit was begun to write. A unit begun to read refuses every change.
    pub fn may_write(&self) -> bool {
        self.purpose == Purpose::Write
    }

    /// The first failure of a statement, for which the unit must be undone.
    pub(super) fn fault(&self) -> Option<StoreError> {
        self.fault.clone()
    }

    fn run<T>(
        &mut self,
        params: &[Value],
        statement: impl FnOnce(&mut dyn Statements) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(fault) = &self.fault {
            return Err(StoreError::Statement(format!(
                "the unit of work had failed before: {fault}"
            )));
        }
        // SQLite would keep it, PostgreSQL would not.
        let holds_nul = |value: &Value| matches!(value, Value::Text(text) if text.contains('\0'));
        let done = if params.iter().any(holds_nul) {
            Err(StoreError::Statement("a text holds a NUL".into()))
        } else {
            statement(self.statements)
        };
        if let Err(error) = &done {
            self.fault = Some(error.clone());
        }
        done
    }

    /// Runs a statement and tells how many rows it changed: for PostgreSQL and SQLite alike the rows that the
    /// `WHERE` matched, also where the new value equals the old one.
    pub fn execute(&mut self, sql: &'static str, params: &[Value]) -> Result<u64, StoreError> {
        self.run(params, |statements| statements.execute(sql, params))
    }

    /// Runs a statement (a `SELECT`, or one with `RETURNING`) and gives its rows.
    pub fn query(&mut self, sql: &'static str, params: &[Value]) -> Result<Vec<Row>, StoreError> {
        self.run(params, |statements| statements.query(sql, params))
    }

    /// Runs a statement of a schema, in the words of this engine.
    pub(super) fn define(&mut self, sql: &str) -> Result<(), StoreError> {
        self.run(&[], |statements| statements.define(sql))
    }

    /// As `query`, for at most one row.
    pub fn query_opt(&mut self, sql: &'static str, params: &[Value]) -> Result<Option<Row>, StoreError> {
        let mut rows = self.query(sql, params)?;
        if rows.len() > 1 {
            return Err(StoreError::Inconsistent(format!(
                "{} rows where one at most may be",
                rows.len()
            )));
        }
        Ok(rows.pop())
    }
}
