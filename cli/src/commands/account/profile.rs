//! `samekey account profile`: what applications may be told about a person (OpenID Connect Core 5.1).

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table};
use samekey_shared::accounts::attributes::{self, Attributes};
use samekey_shared::accounts::{Account, rows};
use samekey_shared::audit::EventKind;
use samekey_shared::devices::email::EmailAddress;
use samekey_shared::outbox::{self, AdministratorAct, Letter, LetterKind};
use samekey_shared::store::Tx;
use serde_json::{Value, json};

/// `samekey account profile`
#[derive(Debug, clap::Args)]
pub struct Profile {
    /// Login name
    name: String,
    /// Set a value, such as given_name=Ann or address.locality=Berlin; may be repeated; an empty one is taken away
    #[arg(long = "set", value_name = "NAME=VALUE", value_parser = pair)]
    set: Vec<(String, String)>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("write it as NAME=VALUE")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// The two that stand beside the account itself.
const NAME: &str = "name";
const EMAIL: &str = "email";

/// Shows the profile, after the changes if any.
pub fn profile(installation: &Installation, wanted: &Profile) -> Result<Answer, Failure> {
    let name = installation.login_name(&wanted.name)?;
    let (before, after) = installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        let before = shown(tx, &account)?;
        if wanted.set.is_empty() {
            return Ok((before.clone(), before));
        }
        let mut there = attributes::of_account(tx, account.id)?.unwrap_or_default().0;
        if wanted.set.iter().any(|(what, value)| differs(&before, what, value)) {
            tell(installation, tx, &account)?;
        }
        for (what, value) in &wanted.set {
            set(tx, &account, &mut there, what, value)?;
        }
        attributes::replace(tx, account.id, &there, installation.now())?;
        let account = Installation::account(tx, &name)?;
        let after = shown(tx, &account)?;
        if before != after {
            let event = installation::event(EventKind::AccountChanged)
                .about(&name)
                .detail("before", &before)
                .detail("after", &after);
            installation.record(tx, &event)?;
        }
        Ok::<_, Failure>((before, after))
    })?;
    let mut table = Table::new(&["CLAIM", "VALUE"]);
    for (claim, value) in after.as_object().into_iter().flatten() {
        table.row([claim.clone(), value.as_str().unwrap_or_default().to_owned()]);
    }
    let data = json!({ "account": name, "profile": after });
    if wanted.set.is_empty() {
        return Ok(Answer::data(data, table.draw()));
    }
    let remark = if before == after {
        format!("The profile of {name} is like that already.")
    } else {
        format!("The profile of {name} changed.")
    };
    Ok(Answer::change(before != after, data, remark).text(table.draw()))
}

fn differs(before: &Value, what: &str, value: &str) -> bool {
    before.get(what).and_then(Value::as_str).unwrap_or_default() != value
}

fn set(
    tx: &mut Tx<'_>,
    account: &Account,
    attributes: &mut Attributes,
    what: &str,
    value: &str,
) -> Result<(), Failure> {
    let given = Some(value).filter(|value| !value.is_empty());
    match what {
        NAME => rows::set_display_name(tx, account.id, given)?,
        EMAIL => {
            if given.is_some_and(|given| EmailAddress::parse(given).is_err()) {
                return Err(Failure::new(
                    Exit::Usage,
                    "name_invalid",
                    "that is no e-mail address; write it as name@example.org",
                ));
            }
            rows::set_email(tx, account.id, given)?;
        }
        other => attributes.set(other, value)?,
    }
    Ok(())
}

/// Writes to the person, at the addresses of before: one of them may be about to change.
fn tell(installation: &Installation, tx: &mut Tx<'_>, account: &Account) -> Result<(), Failure> {
    let letter = Letter {
        account: account.id,
        kind: LetterKind::Administrator {
            act: AdministratorAct::Changed,
            by: crate::identity::operator().name,
            what: None,
        },
        source: None,
    };
    Ok(outbox::write(tx, &installation.realm, &letter, installation.now())?)
}

fn shown(tx: &mut Tx<'_>, account: &Account) -> Result<Value, Failure> {
    let mut shown = serde_json::Map::new();
    let own = [(NAME, &account.display_name), (EMAIL, &account.email)];
    for (name, value) in own {
        shown.extend(value.clone().map(|value| (name.to_owned(), Value::from(value))));
    }
    let attributes = attributes::of_account(tx, account.id)?.unwrap_or_default().0;
    shown.extend(
        attributes
            .iter()
            .map(|(name, value)| (name.to_owned(), Value::from(value))),
    );
    Ok(Value::Object(shown))
}
