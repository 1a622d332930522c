//! `samekey account`: the people and automations that sign in.

mod add;
mod change;
mod idle;
mod last;
mod lock;
mod password;
mod profile;
mod release;
mod remove;
mod rescue;
mod role;
mod show;

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::Answer;
use crate::password::PasswordSource;
use samekey_shared::accounts::{Account, AccountError, LoginName, rows};
use samekey_shared::roles::Role;
use serde_json::{Value, json};
use std::path::Path;

/// `samekey account …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Add an account
    ///
    /// One that exists just so already is left alone: exit 0, "changed": false. One that exists otherwise is a conflict
    /// (exit 7) unless --if-missing.
    Add(add::Add),
    /// Change flags or groups of an account
    Change(change::Change),
    /// Show or change what applications may be told about a person: names, address, telephone and the like
    ///
    /// Scopes profile, email, address and phone let applications ask for it. Nothing of it decides anything here.
    Profile(profile::Profile),
    /// List accounts in the order of their names
    List {
        /// Begin after this name
        #[arg(long, value_name = "NAME")]
        after: Option<String>,
        /// How many at most
        #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
        limit: u32,
    },
    /// Show an account, its devices and the locks that hold
    Show {
        /// Login name
        name: String,
    },
    /// Give an account another role: owner, admin, helpdesk, auditor, user (docs/reference/roles.md)
    Role {
        /// Login name
        name: String,
        /// The role
        role: Role,
        /// Also if nobody is left to administer
        #[arg(long)]
        force: bool,
    },
    /// Set the password: typed twice at a terminal, or --password-stdin, or --password-fd
    Password {
        /// Login name
        name: String,
        #[command(flatten)]
        source: PasswordSource,
    },
    /// Set or clear a flag that policies select by, such as mfa-required
    Flag {
        /// Login name
        name: String,
        /// The flag
        flag: String,
        /// Clear it
        #[arg(long)]
        clear: bool,
    },
    /// List accounts that nobody has signed in to for long; with --disable, disable them
    Idle(idle::Idle),
    /// Stop an account from signing in, at every door
    Lock {
        /// Login name
        name: String,
        /// Lock it also if nobody is left to administer
        #[arg(long)]
        force: bool,
    },
    /// Let an account sign in again; also lifts the locks that wrong codes made
    Unlock {
        /// Login name
        name: String,
    },
    /// Let an account change its devices again, after its person said "this was not me"
    Release {
        /// Login name
        name: String,
    },
    /// Let somebody without their device in by the first factor alone for a while; the daemons may be stopped
    ///
    /// An exception of the policy with an end, a reason and its author; it is audited, and its person is written to.
    Rescue(rescue::Rescue),
    /// Remove an account: its devices are unbound, its name becomes free, its trail stays
    Remove {
        /// Login name
        name: String,
        /// Do not ask for a typed YES
        #[arg(long)]
        yes: bool,
        /// Exit 0 if there is none
        #[arg(long)]
        if_present: bool,
        /// Remove it also if nobody is left to administer
        #[arg(long)]
        force: bool,
    },
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::Add(wanted) => add::add(&installation, wanted),
        Verb::Change(wanted) => change::change(&installation, wanted),
        Verb::Profile(wanted) => profile::profile(&installation, wanted),
        Verb::List { after, limit } => show::list(&installation, after.as_deref(), *limit),
        Verb::Show { name } => show::show(&installation, name),
        Verb::Role { name, role, force } => role::set(&installation, name, *role, *force),
        Verb::Password { name, source } => password::set_password(&installation, name, source),
        Verb::Flag { name, flag, clear } => {
            let change = change::Change::of_flag(name.clone(), flag.clone(), !clear);
            change::change(&installation, &change)
        }
        Verb::Idle(wanted) => idle::idle(&installation, wanted),
        Verb::Lock { name, force } => lock::lock(&installation, name, *force),
        Verb::Unlock { name } => lock::unlock(&installation, name),
        Verb::Release { name } => release::run(&installation, name),
        Verb::Rescue(wanted) => rescue::rescue(&installation, wanted),
        Verb::Remove {
            name,
            yes,
            if_present,
            force,
        } => remove::remove(
            &installation,
            name,
            remove::Removal {
                yes: *yes,
                if_present: *if_present,
                force: *force,
            },
        ),
    }
}

/// An account for programs.
fn as_json(account: &Account) -> Value {
    json!({
        "id": account.id,
        "name": account.name,
        "display_name": account.display_name,
        "email": account.email,
        "state": account.state.as_str(),
        "flags": account.flags,
        "role": account.role.as_str(),
        "has_password": account.has_password,
        "created_at": account.created_at,
        "first_sign_in_at": account.first_sign_in_at,
    })
}

fn described(installation: &Installation, name: &LoginName) -> Result<Value, Failure> {
    installation.realm.store.read(|tx| {
        let account = Installation::account(tx, name)?;
        let mut described = as_json(&account);
        described["groups"] = json!(rows::groups_of(tx, account.id)?);
        Ok(described)
    })
}

impl From<AccountError> for Failure {
    fn from(error: AccountError) -> Self {
        let (code, told) = (error.code(), error.to_string());
        match error {
            AccountError::Store(error) => error.into(),
            AccountError::NameTaken(_) => Self::new(Exit::Conflict, code, told),
            AccountError::NotFound => Self::new(Exit::NotFound, code, told),
            AccountError::Text { .. } => Self::new(Exit::Usage, code, told),
        }
    }
}
