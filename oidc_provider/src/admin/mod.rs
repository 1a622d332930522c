//! The administrators' door: pages under `/admin`, a JSON API under `/api/v1`, both over `shared::administration`.
//!
//! ```text
//! route (action) ─► door::pass: session, role, proof, form token ─► Seat ─► handler ─► Desk ─► one unit of work
//! ```
//!
//! A handler gets its [`Seat`] from the door and from nowhere else, so a route that declares no action serves nobody.

pub mod api;
pub mod clients;
pub mod days;
mod door;
mod program;
mod routes;
mod seat;
pub mod sessions;

pub(crate) use door::{TOKEN_HEADER, pass};
pub(crate) use routes::table;
pub use seat::{FORMS, Refused, Seat};
