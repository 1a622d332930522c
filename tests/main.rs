//! Whole-system tests, one program: each theme is a module.

mod shell;
mod support;
