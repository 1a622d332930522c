//! Everything web: the OpenID provider, its pages and sessions. [`app::build`] makes the router that the program serves and
//! the tests drive.
#![deny(unsafe_code)]

pub mod admin;
pub mod app;
pub mod clients;
pub mod config;
pub mod grants;
pub mod http;
pub mod jose;
pub mod keys;
pub mod logout;
pub mod mail;
pub mod oidc;
pub mod operations;
pub mod outbound;
pub mod pages;
pub mod passkeys;
pub mod passwords;
mod schema;
pub mod sessions;
pub mod telemetry;

pub use schema::SCHEMA;
