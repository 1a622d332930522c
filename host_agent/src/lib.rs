//! The part of the agent that others use as well: `samekey device bind security-key` reads the agent's settings and asks
//! keys the way the agent does.
#![deny(unsafe_code)]

pub mod keys;
pub mod settings;
