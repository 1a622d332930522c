//! Accounts: who may sign in, under which one name, in which groups, with which password.

pub mod attributes;
pub mod groups;
mod login_name;
mod nss;
pub mod password;
mod profile;
pub mod rows;

pub use attributes::Attributes;
pub use groups::{GroupSource, Groups};
pub use login_name::{LoginName, LoginNameError, RealmNames};
pub use password::PasswordCost;
pub use profile::{Account, AccountError, AccountState, NewAccount};
