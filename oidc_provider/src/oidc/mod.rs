//! The protocol endpoints, one file each.

pub mod access;
pub mod acr;
pub mod authorize;
pub mod claims;
pub mod client_auth;
pub mod device;
pub mod discovery;
pub mod dpop;
pub mod end_session;
pub mod errors;
pub mod fapi2;
pub mod id_token;
pub mod introspect;
pub mod par;
pub mod register;
pub mod request_object;
pub mod revoke;
pub mod scope;
pub mod sender;
pub mod session_state;
pub mod subject;
pub mod token;
pub mod userinfo;
