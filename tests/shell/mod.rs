//! Logins through PAM: sshd, sudo, su and login.

mod agent;
mod approvals;
mod doctor;
mod elevation;
mod fail_closed;
mod fail_closed_keys;
mod first_login;
mod keys;
mod module;
mod module_abi;
mod moving;
mod notices;
mod recheck;
mod samekey_key;
mod setup;
mod ssh_keys;
mod sshd;
mod stacks;
mod stock;
mod tripwire;
