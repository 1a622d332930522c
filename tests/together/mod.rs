//! Both doors at once over one store: what must hold when many come together, and when the power goes.

mod explained;
pub mod installation;
mod killed;
mod letters;
mod one_code;
mod one_key;
mod realms;
mod visitor;
