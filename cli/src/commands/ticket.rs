//! `samekey ticket`: enrolment tickets, for whoever has no device to prove themselves with (Q2, Q8, W26).

use super::device::bind::Show;
use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_shared::policy::{parse_duration, show_duration};
use samekey_shared::tickets::{self, Ended, Listed, NewTicket, TicketError};
use serde_json::{Value, json};
use std::path::Path;

/// Tickets that `list` shows at most: more open ones at a time are a mistake.
const MOST_LISTED: u32 = 1000;

/// `samekey ticket …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Give one out: link, short code and QR code are shown this once; the one that you gave out before is void
    New {
        /// Whose: a login name
        #[arg(value_name = "USER")]
        user: String,
        /// How long it is good, at most 24h
        #[arg(long = "for", value_name = "SPAN", default_value = "1h")]
        lives: String,
        /// How to show the QR code of the link
        #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
        qr: Show,
    },
    /// List the open ones; of one user also what became of those of late
    List {
        /// Whose: a login name
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
    },
    /// Take one back
    Revoke {
        /// Its id, as `list` shows it
        #[arg(value_name = "ID")]
        id: String,
    },
}

impl From<TicketError> for Failure {
    fn from(error: TicketError) -> Self {
        match error {
            TicketError::NoAccount => Self::not_found(error.to_string()),
            TicketError::Store(error) => error.into(),
            TicketError::Entropy(error) => error.into(),
        }
    }
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::New { user, lives, qr } => new(&installation, user, lives, *qr),
        Verb::List { user } => list(&installation, user.as_deref()),
        Verb::Revoke { id } => revoke(&installation, id),
    }
}

fn new(installation: &Installation, user: &str, lives: &str, qr: Show) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let lives = parse_duration(lives).map_err(Failure::usage)?;
    if !(60..=tickets::MOST).contains(&lives) {
        return Err(Failure::usage("a ticket is good for at least 1m and at most 24h"));
    }
    let name = installation.login_name(user)?;
    let (keyring, now) = (realm.keyring()?, installation.now());
    let by = installation::actor();
    let ticket = realm.store.write(|tx| {
        let account = Installation::account(tx, &name)?;
        let new = NewTicket {
            account: account.id,
            by: &by,
            lives,
        };
        Ok::<_, Failure>(tickets::issue(tx, realm.entropy.as_ref(), &keyring, &new, now)?)
    })?;
    let code = ticket.code.to_string();
    let link = realm.pages.as_deref().map(|pages| ticket.link(pages));
    let mut text = String::new();
    if let Some(link) = &link {
        text.push_str(&super::device::bind::drawing(qr, link.expose()));
        text.push_str(link.expose());
        text.push('\n');
    }
    text.push_str(&code);
    let data = json!({
        "user": name,
        "id": ticket.id,
        "code": code,
        "link": link.as_ref().map(|link| link.expose().clone()),
        "expires_at": ticket.expires_at,
    });
    let remark = format!(
        "Good once, for {}, together with {name}'s password. Hand it over in a way that reaches nobody else.",
        show_duration(lives)
    );
    let answer = Answer::change(true, data, remark).text(text);
    Ok(match link {
        Some(_) => answer,
        None => answer.remark("There is no link: this machine's configuration names no [provider] issuer."),
    })
}

fn list(installation: &Installation, user: Option<&str>) -> Result<Answer, Failure> {
    let store = &installation.realm.store;
    let listed = match user {
        Some(user) => {
            let name = installation.login_name(user)?;
            store.read(|tx| {
                let account = Installation::account(tx, &name)?;
                Ok::<_, Failure>(tickets::of_account(tx, account.id)?)
            })?
        }
        None => store.read(|tx| tickets::list(tx, None, MOST_LISTED))?,
    };
    let mut table = Table::new(&["USER", "STATE", "GIVEN OUT", "BY", "UNTIL", "ID"]);
    for one in &listed {
        table.row([
            one.login.clone(),
            one.state.to_string(),
            moment(Some(one.issued_at)),
            one.issued_by.clone(),
            moment(Some(one.expires_at)),
            one.id.to_string(),
        ]);
    }
    let tickets: Vec<Value> = listed.iter().map(as_json).collect();
    Ok(Answer::data(json!({ "tickets": tickets }), table.draw()))
}

fn as_json(one: &Listed) -> Value {
    json!({
        "id": one.id,
        "user": one.login,
        "state": one.state.as_str(),
        "issued_by": one.issued_by,
        "issued_at": one.issued_at,
        "expires_at": one.expires_at,
        "ended_at": one.ended_at,
        "device": one.device,
    })
}

fn revoke(installation: &Installation, id: &str) -> Result<Answer, Failure> {
    let id = id
        .parse()
        .map_err(|_| Failure::new(Exit::NotFound, "not_found", "there is no such ticket"))?;
    let (by, now) = (installation::actor(), installation.now());
    let ended = installation.realm.store.write(|tx| tickets::revoke(tx, id, &by, now))?;
    match ended {
        Ended::Now => Ok(Answer::change(true, json!({ "id": id }), "The ticket is void.")),
        Ended::Before => Err(Failure::new(
            Exit::NotFound,
            "not_found",
            "there is no such ticket, or it is void already",
        )),
    }
}
