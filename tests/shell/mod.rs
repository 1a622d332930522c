//! Logins through PAM: sshd, sudo, su and login.

mod elevation;
mod sshd;
mod stock;
mod tripwire;
