//! Logins through PAM: sshd, sudo, su and login.

mod elevation;
mod module;
mod module_abi;
mod sshd;
mod stock;
mod tripwire;
