//! The software key behind a hidraw file: what stands on it may trust it.

mod library;
mod program;
