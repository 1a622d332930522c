//! Everything web: the OpenID provider, its pages and sessions. `app::build` makes the router that the program serves and
//! the tests drive.

pub mod clients;
pub mod keys;
pub mod oidc;
mod schema;

pub use schema::SCHEMA;
