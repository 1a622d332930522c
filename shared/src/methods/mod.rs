//! The second factors: their kinds and strength, and the check of one answer. Only this module mints `Evidence`.

mod method;

pub use method::{Level, Method, NotALevel, NotAMethod};
