//! Why the store did not do as asked.

/// A failure of the store. None of them may ever be read as "no such row".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else held the store for longer than we may wait.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// A uniqueness rule of the schema refused the row.
    #[error("the row conflicts with another: {0}")]
    Conflict(String),
    /// The store cannot be reached, opened, read or written.
    #[error("the store is unavailable: {0}")]
    Unavailable(String),
    /// The disk or the quota is full; nothing was changed.
    #[error("the store's disk is full: {0}")]
    Full(String),
    /// A row holds what our own code would never write.
    #[error("the store is inconsistent: {0}")]
    Inconsistent(String),
    /// The statement is wrong: a fault of ours.
    #[error("the statement was refused: {0}")]
    Statement(String),
    /// The store is not safe to use as it lies there, or cannot do what was asked; the text says what to do.
    #[error("{0}")]
    Refused(String),
    /// The store was written by a newer release.
    #[error("the store is of schema version {found} of `{component}`, this program knows up to {known}: upgrade it")]
    TooNew {
        /// The component whose schema it is.
        component: String,
        /// The version in the store.
        found: i64,
        /// The newest that we know.
        known: i64,
    },
}
