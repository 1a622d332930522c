//! The whole provider through its real router, with a clock moved by hand: one file for each theme.
//!
//! Numbers of rows are those of the list of past holes of other providers (reference/oidc.md, section 3).
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod browser;
mod desk;
mod keys;
mod post_office;
mod prover;
mod registrant;
mod relying_party;
mod scene;
mod signer;
mod site;

mod access;
mod accounts;
mod admin;
mod api;
mod approve;
mod authorize;
mod branding;
mod certificates;
mod claims;
mod client_auth;
mod connect;
mod consent;
mod discovery;
mod dpop;
mod email;
mod enumeration;
mod exchange;
mod faults;
mod first_sign_in;
mod forms;
mod http;
mod jarm;
mod introspect;
mod language;
mod letters;
mod levels;
mod logout;
mod logout_notices;
mod operations;
mod par;
mod own_tokens;
mod passkeys;
mod portal;
mod refresh;
mod register;
mod remember;
mod request_objects;
mod requests;
mod revoke;
mod routes;
mod secrets;
mod security;
mod security_devices;
mod security_sessions;
mod security_totp;
mod sign_in;
mod sign_in_pages;
mod standing;
mod still;
mod token;
mod upgrade;
mod userinfo;
