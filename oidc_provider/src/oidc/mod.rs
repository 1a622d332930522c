//! The protocol endpoints, one file each.

pub mod acr;
