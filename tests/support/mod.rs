//! What the whole-system tests stand on.

pub mod boxed;
pub mod site;
