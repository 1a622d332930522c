//! What is wrong with a policy's text, and where.

use crate::config::strict;
use std::fmt;
use std::ops::Range;

/// One fault of a policy file. A policy with any of them is not loaded; the old one stays.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
pub struct Problem {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong, and what was likely meant.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}: {}", self.line, self.column, self.message)
    }
}

/// A stretch of the text, in bytes.
pub(super) type Span = Range<usize>;

/// Collects the problems of one text, so that an administrator sees all of them at once.
#[derive(Debug)]
pub(super) struct Problems<'t> {
    text: &'t str,
    found: Vec<Problem>,
}

impl<'t> Problems<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        Self {
            text,
            found: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, at: &Span, message: impl Into<String>) {
        let (line, column) = strict::position(self.text, at.start);
        self.found.push(Problem {
            line,
            column,
            message: message.into(),
        });
    }

    /// All problems in the order of the text; empty when there is none.
    pub(super) fn sorted(mut self) -> Vec<Problem> {
        self.found.sort();
        self.found.dedup();
        self.found
    }
}
