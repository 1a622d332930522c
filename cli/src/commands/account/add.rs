//! `samekey account add`: once, and the second time nothing changes.

use super::described;
use super::password::hashed;
use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::Answer;
use crate::password::PasswordSource;
use samekey_shared::accounts::password::{self, Match};
use samekey_shared::accounts::{Account, AccountError, NewAccount, rows};
use samekey_shared::audit::EventKind;
use samekey_shared::ids::AccountId;
use samekey_shared::roles::Role;
use samekey_shared::secrets::SecretText;
use serde_json::json;
use std::collections::BTreeSet;

/// An account as the administrator describes it.
#[derive(Debug, clap::Args)]
pub struct Add {
    /// Login name: the Linux user's name, where there is one
    name: String,
    /// The person's name, for pages
    #[arg(long, value_name = "TEXT")]
    display_name: Option<String>,
    /// The profile's address: for reference, never for verification
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// A flag that policies may ask for; may be repeated
    #[arg(long = "flag", value_name = "FLAG")]
    flags: Vec<String>,
    /// A group that the store gives it; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// What it may administer: owner, admin, helpdesk, auditor, user
    #[arg(long, value_name = "ROLE", default_value_t)]
    role: Role,
    /// Leave an account of that name as it is, whatever it is like
    #[arg(long)]
    if_missing: bool,
    #[command(flatten)]
    password: PasswordSource,
}

/// Adds it.
pub fn add(installation: &Installation, wanted: &Add) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let name = installation.login_name(&wanted.name)?;
    let password = wanted
        .password
        .is_given()
        .then(|| wanted.password.obtain())
        .transpose()?;
    let there = realm.store.read(|tx| rows::find(tx, &name))?;
    if let Some(account) = there {
        return existing(installation, wanted, &account, password.as_ref());
    }
    let hash = password
        .as_ref()
        .map(|password| hashed(installation, password))
        .transpose()?;
    let account = NewAccount {
        id: AccountId::draw(realm.entropy.as_ref())?,
        name: name.clone(),
        display_name: wanted.display_name.clone(),
        email: wanted.email.clone(),
        flags: wanted.flags.iter().cloned().collect(),
        role: wanted.role,
        created_at: installation.now(),
    };
    realm.store.write(|tx| {
        rows::insert(tx, &account)?;
        wanted
            .groups
            .iter()
            .try_for_each(|group| rows::add_group(tx, account.id, group))?;
        installation.record(tx, &installation::event(EventKind::AccountAdded).about(&name))?;
        if let Some(hash) = &hash {
            rows::set_password(tx, account.id, hash)?;
            installation.record(tx, &installation::event(EventKind::PasswordSet).about(&name))?;
        }
        Ok::<_, AccountError>(())
    })?;
    let data = json!({ "account": described(installation, &name)? });
    Ok(Answer::change(true, data, format!("Account {name} added.")))
}

/// `account add` for a name that is taken: fine if it is the same account.
fn existing(
    installation: &Installation,
    wanted: &Add,
    account: &Account,
    password: Option<&SecretText>,
) -> Result<Answer, Failure> {
    let name = &account.name;
    if !wanted.if_missing && !is_same(installation, wanted, account, password)? {
        return Err(Failure::new(
            Exit::Conflict,
            "name_taken",
            format!("account {name} exists and is not like that"),
        )
        .hint("`samekey account show` shows what it is; --if-missing leaves it as it is."));
    }
    let data = json!({ "account": described(installation, name)? });
    Ok(Answer::change(false, data, format!("Account {name} is there already.")))
}

fn is_same(
    installation: &Installation,
    wanted: &Add,
    account: &Account,
    password: Option<&SecretText>,
) -> Result<bool, Failure> {
    let realm = &installation.realm;
    let groups = realm.store.read(|tx| rows::groups_of(tx, account.id))?;
    let set = |words: &[String]| words.iter().cloned().collect::<BTreeSet<_>>();
    let same = wanted.display_name == account.display_name
        && wanted.email == account.email
        && set(&wanted.flags) == account.flags
        && set(&wanted.groups) == groups
        && wanted.role == account.role;
    let Some(password) = password.filter(|_| same) else {
        return Ok(same);
    };
    let Some(hash) = realm.store.read(|tx| rows::password_of(tx, account.id))? else {
        return Ok(false);
    };
    let verdict =
        password::verify(&hash, password, &realm.password_cost).map_err(|error| super::password::unfit(&error))?;
    Ok(matches!(verdict, Match::Right { .. }))
}
