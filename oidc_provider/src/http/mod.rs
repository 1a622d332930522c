//! What every request passes through: path, peer, client address, and what every answer carries.

pub mod body;
pub mod browser;
pub mod client_ip;
pub mod cookies;
pub mod cors;
pub mod csrf;
pub mod fault;
pub mod guard;
pub mod headers;
pub mod json;
pub mod language;
pub mod params;
pub mod sealed;

pub use fault::{Failure, Fault};
pub use guard::Visitor;
pub use params::{BadParams, Params};
