//! The modules themselves, for every plan that runs them: each function is one module, told how answers come back.

pub mod claims;
pub mod codes;
pub mod discovery;
pub mod happy;
pub mod prompts;
pub mod request_objects;
pub mod requests;
