//! Relying parties that other people wrote, unchanged, against the real provider on loopback: code flow with PKCE, what they verify,
//! refresh, userinfo, signing out.

mod apache;
mod client_try;
mod crate_openidconnect;
mod scripted;
mod site;
mod tls;
