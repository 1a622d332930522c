//! `samekey account list` and `show`.

use super::{as_json, described};
use crate::commands::device;
use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::{Answer, Table, moment};
use samekey_shared::accounts::rows;
use samekey_shared::{attempts, devices};
use serde_json::{Value, json};

/// A page of accounts.
pub fn list(installation: &Installation, after: Option<&str>, limit: u32) -> Result<Answer, Failure> {
    // One more than wanted tells whether more follow.
    let mut accounts = installation
        .realm
        .store
        .read(|tx| rows::list(tx, after, limit.saturating_add(1)))?;
    let more = accounts.len() > limit as usize;
    accounts.truncate(limit as usize);
    let next = accounts.last().filter(|_| more).map(|last| last.name.to_string());
    let mut table = Table::new(&["NAME", "STATE", "SHOWN AS", "ROLE", "PASSWORD", "FLAGS", "SINCE"]);
    for account in &accounts {
        let word = |is: bool| if is { "yes" } else { "no" }.to_owned();
        table.row([
            account.name.to_string(),
            account.state.to_string(),
            account.display_name.clone().unwrap_or_default(),
            account.role.to_string(),
            word(account.has_password),
            account.flags.iter().cloned().collect::<Vec<_>>().join(" "),
            moment(Some(account.created_at)),
        ]);
    }
    let data = json!({ "accounts": accounts.iter().map(as_json).collect::<Vec<_>>(), "next": next });
    let answer = Answer::data(data, table.draw());
    Ok(match next {
        Some(next) => answer.remark(format!("More follow: --after {next}")),
        None => answer,
    })
}

/// One account, its devices and the locks that hold.
pub fn show(installation: &Installation, name: &str) -> Result<Answer, Failure> {
    let name = installation.login_name(name)?;
    let (mut devices, locks) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let lockout = installation.realm.policy(tx)?.settings().lockout;
        let locks = attempts::locks(tx, &lockout, &name, installation.now())?;
        Ok::<_, Failure>((devices::rows::bound(tx, account.id)?.devices, locks))
    })?;
    device::in_order(&mut devices);
    let mut account = described(installation, &name)?;
    account["devices"] = devices.iter().map(device::as_json).collect();
    account["locks"] = locks
        .iter()
        .map(|lock| json!({ "who": lock.bucket, "until": lock.until }))
        .collect();
    let mut table = Table::new(&["WHAT", "VALUE"]);
    for field in ["name", "id", "display_name", "email", "state", "role", "has_password"] {
        table.row([field.replace('_', " "), plain(&account[field])]);
    }
    table.row(["flags".to_owned(), plain(&account["flags"])]);
    table.row(["groups".to_owned(), plain(&account["groups"])]);
    table.row(["since".to_owned(), moment(account["created_at"].as_i64())]);
    table.row(["first sign-in".to_owned(), moment(account["first_sign_in_at"].as_i64())]);
    for device in &devices {
        table.row(["device".to_owned(), device::in_words(device)]);
    }
    for lock in &locks {
        let until = if lock.until == attempts::Gate::NEVER {
            "unlocked".to_owned()
        } else {
            moment(Some(lock.until))
        };
        table.row(["locked".to_owned(), format!("{} until {until}", lock.bucket)]);
    }
    Ok(Answer::data(json!({ "account": account }), table.draw()))
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(is) => if *is { "yes" } else { "no" }.to_owned(),
        Value::Array(items) if items.is_empty() => "-".to_owned(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        other => other.to_string(),
    }
}
