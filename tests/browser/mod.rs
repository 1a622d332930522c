//! The web door in a real browser: Chromium, the real provider and the real sample app, on one machine in a box.

mod administrators;
mod applications;
mod desk_without_scripts;
mod device;
pub mod first_sign_in;
mod keys;
pub mod looks;
mod mail;
mod newcomer;
mod old_keys;
mod pages;
mod passkeys;
mod places;
mod remember;
pub mod scene;
mod security_information;
mod tour;
mod trouble;
