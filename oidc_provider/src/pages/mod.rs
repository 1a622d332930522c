//! Pages that people see: forms to flow answers, steps to templates. Every page works without scripts.

pub mod admin;
mod announcement;
mod application;
pub mod approve;
pub mod assets;
pub mod bind;
mod check_devices;
mod conclusion;
pub mod connect;
pub mod consent;
pub mod flow;
pub mod frame;
pub mod not_me;
pub mod passkey;
pub mod portal;
pub mod problem;
mod purpose;
mod questions;
pub mod refusal;
pub mod security;
mod show;
pub mod sign_in;
pub mod turn;
pub mod view;
mod weak_password;
pub mod which;

pub use application::About;
pub use frame::Frame;
pub use show::{error_page, message, page, page_with, with_policy};
