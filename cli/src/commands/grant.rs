//! `samekey grant`: what a person granted to applications, with the tokens that rest on it.

use crate::exit::Failure;
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_provider::grants::{self, Grant};
use samekey_shared::audit::EventKind;
use samekey_shared::ids::RequestId;
use serde_json::{Value, json};
use std::path::Path;

/// `samekey grant …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// List what holds now: to whom, since when, and whether it goes on after signing out
    List {
        /// Whose: a login name
        #[arg(value_name = "USER")]
        user: String,
    },
    /// End grants with every access and refresh token of theirs
    Revoke {
        /// Whose: a login name
        #[arg(value_name = "USER")]
        user: String,
        /// Only this one, by its id as `list` shows it
        #[arg(long, value_name = "ID", conflicts_with = "client")]
        id: Option<RequestId>,
        /// Only those of this application
        #[arg(long, value_name = "CLIENT")]
        client: Option<String>,
    },
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::List { user } => list(&installation, user),
        Verb::Revoke { user, id, client } => revoke(&installation, user, *id, client.as_deref()),
    }
}

fn list(installation: &Installation, user: &str) -> Result<Answer, Failure> {
    let (name, now) = (installation.login_name(user)?, installation.now());
    let found = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        Ok::<_, Failure>(grants::given(tx, account.id, now)?)
    })?;
    let mut table = Table::new(&["APPLICATION", "SINCE", "UNTIL", "OFFLINE", "SCOPE", "ID"]);
    for one in &found {
        table.row([
            one.client.to_string(),
            moment(Some(one.given_at)),
            moment(Some(one.ends_at)),
            if one.offline { "yes" } else { "no" }.to_owned(),
            one.scope.clone(),
            one.id.to_string(),
        ]);
    }
    let all: Vec<Value> = found.iter().map(as_json).collect();
    Ok(Answer::data(json!({ "grants": all }), table.draw()))
}

fn as_json(one: &Grant) -> Value {
    json!({
        "id": one.id,
        "client": one.client,
        "scope": one.scope,
        "offline": one.offline,
        "given_at": one.given_at,
        "ends_at": one.ends_at,
    })
}

fn revoke(
    installation: &Installation,
    user: &str,
    id: Option<RequestId>,
    client: Option<&str>,
) -> Result<Answer, Failure> {
    let (name, now) = (installation.login_name(user)?, installation.now());
    let wanted =
        |one: &Grant| id.is_none_or(|id| one.id == id) && client.is_none_or(|client| one.client.as_str() == client);
    let ended = installation.realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        let mut ended = Vec::new();
        // A list is never longer than a page; what is left is ended by running it again.
        for one in grants::given(tx, account.id, now)?.iter().filter(|one| wanted(one)) {
            grants::end_grant(tx, one.id)?;
            let event = installation::event(EventKind::TokenRevoked)
                .about(&name)
                .request(one.id);
            installation.record(tx, &event.detail("client", &one.client))?;
            ended.push(one.id);
        }
        Ok::<_, Failure>(ended)
    })?;
    if ended.is_empty() {
        return Err(Failure::not_found("there is no such grant, or it has ended already"));
    }
    let remark = format!("{} ended, with every token of theirs.", ended.len());
    Ok(Answer::change(true, json!({ "user": name, "grants": ended }), remark))
}
