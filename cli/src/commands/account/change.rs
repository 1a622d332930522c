//! `samekey account change`: flags and groups.

use super::described;
use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::Answer;
use samekey_shared::accounts::rows;
use samekey_shared::audit::EventKind;
use serde_json::json;

/// What to change; what is not named stays.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = true)]
pub struct Properties {
    /// Set a flag; may be repeated
    #[arg(long = "flag", value_name = "FLAG")]
    flags: Vec<String>,
    /// Clear a flag; may be repeated
    #[arg(long = "no-flag", value_name = "FLAG")]
    no_flags: Vec<String>,
    /// Put it into a group of the store; may be repeated
    #[arg(long = "group", value_name = "GROUP")]
    groups: Vec<String>,
    /// Take it out of a group of the store; may be repeated
    #[arg(long = "no-group", value_name = "GROUP")]
    no_groups: Vec<String>,
}

/// `samekey account change`
#[derive(Debug, clap::Args)]
pub struct Change {
    /// Login name
    name: String,
    #[command(flatten)]
    properties: Properties,
}

impl Change {
    /// Sets or clears one flag.
    pub fn of_flag(name: String, flag: String, on: bool) -> Self {
        let (flags, no_flags) = if on {
            (vec![flag], Vec::new())
        } else {
            (Vec::new(), vec![flag])
        };
        Self {
            name,
            properties: Properties {
                flags,
                no_flags,
                groups: Vec::new(),
                no_groups: Vec::new(),
            },
        }
    }
}

/// Changes what is named.
pub fn change(installation: &Installation, wanted: &Change) -> Result<Answer, Failure> {
    let name = installation.login_name(&wanted.name)?;
    let to = &wanted.properties;
    let changed = installation.realm.store.write(|tx| {
        let before = Installation::account(tx, &name)?;
        let groups_before = rows::groups_of(tx, before.id)?;
        let mut flags = before.flags.clone();
        flags.extend(to.flags.iter().cloned());
        flags.retain(|flag| !to.no_flags.contains(flag));
        rows::set_flags(tx, before.id, &flags)?;
        to.groups
            .iter()
            .try_for_each(|group| rows::add_group(tx, before.id, group))?;
        to.no_groups
            .iter()
            .try_for_each(|group| rows::remove_group(tx, before.id, group))?;
        let changed = Installation::account(tx, &name)? != before || rows::groups_of(tx, before.id)? != groups_before;
        if changed {
            installation.record(
                tx,
                &installation::event(EventKind::AccountChanged)
                    .about(&name)
                    .detail("to", summary(to)),
            )?;
        }
        Ok::<_, Failure>(changed)
    })?;
    let data = json!({ "account": described(installation, &name)? });
    let remark = if changed {
        format!("Account {name} changed.")
    } else {
        format!("Account {name} is like that already.")
    };
    Ok(Answer::change(changed, data, remark))
}

fn summary(to: &Properties) -> String {
    let signed = |sign: &str, kind: &str, words: &[String]| {
        words
            .iter()
            .map(|word| format!("{sign}{kind}:{word}"))
            .collect::<Vec<_>>()
    };
    let mut parts = signed("+", "flag", &to.flags);
    parts.extend(signed("-", "flag", &to.no_flags));
    parts.extend(signed("+", "group", &to.groups));
    parts.extend(signed("-", "group", &to.no_groups));
    parts.join(" ")
}
