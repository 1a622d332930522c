//! Logins through PAM: sshd, sudo, su and login.

mod sshd;
