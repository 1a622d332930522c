//! Both doors at once over one store: what must hold when many come together, and when the power goes.

mod explained;
mod installation;
mod killed;
mod one_code;
mod one_key;
mod visitor;
