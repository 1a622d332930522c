//! `samekey client token`: initial access tokens, with which apps register themselves (RFC 7591).

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_provider::clients::initial::{self, InitialTokenError, NewInitialToken, Terms};
use samekey_provider::clients::{Consent, Pkce};
use samekey_shared::audit::EventKind;
use samekey_shared::policy::parse_duration;
use serde_json::json;

/// `samekey client token …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Give one out, shown this once; the provider takes it where `[provider] registration` is `token` or `open`
    New {
        /// What it is for
        #[arg(long, default_value = "")]
        note: String,
        /// How many apps may register with it
        #[arg(long, default_value_t = 1)]
        uses: i64,
        /// How long it is good
        #[arg(long = "for", value_name = "SPAN", default_value = "24h")]
        lives: String,
        /// Nobody is asked before such an app learns who they are: apps of your own
        #[arg(long)]
        consent_given: bool,
        /// Such an app may leave out PKCE, if it keeps a secret
        #[arg(long)]
        pkce_optional: bool,
    },
    /// List those given out
    List,
    /// Take one back; apps that registered with it stay
    Revoke {
        /// Its id, as `list` shows it
        id: String,
    },
}

impl From<InitialTokenError> for Failure {
    fn from(error: InitialTokenError) -> Self {
        match error {
            InitialTokenError::Store(error) => error.into(),
            InitialTokenError::Entropy(error) => error.into(),
            InitialTokenError::Bounds => Self::usage(error.to_string()),
        }
    }
}

/// Runs the verb.
pub(super) fn run(installation: &Installation, verb: &Verb) -> Result<Answer, Failure> {
    match verb {
        Verb::New {
            note,
            uses,
            lives,
            consent_given,
            pkce_optional,
        } => {
            let terms = Terms {
                consent: if *consent_given { Consent::Given } else { Consent::Asked },
                pkce: if *pkce_optional { Pkce::Optional } else { Pkce::Required },
            };
            let new = NewInitialToken {
                note: note.clone(),
                terms,
                uses: *uses,
                lives: parse_duration(lives).map_err(Failure::usage)?,
                by: installation::actor().to_string(),
            };
            give_out(installation, &new)
        }
        Verb::List => list(installation),
        Verb::Revoke { id } => revoke(installation, id),
    }
}

fn give_out(installation: &Installation, new: &NewInitialToken) -> Result<Answer, Failure> {
    let (realm, now) = (&installation.realm, installation.now());
    let (id, token) = realm.store.write(|tx| {
        let (id, token) = initial::issue(tx, new, realm.entropy.as_ref(), now)?;
        let event = installation::event(EventKind::InitialTokenIssued)
            .detail("initial-token", &id)
            .detail("uses", new.uses);
        installation.record(tx, &event)?;
        Ok::<_, Failure>((id, token))
    })?;
    let data = json!({
        "id": id,
        "token": token.text(),
        "uses": new.uses,
        "expires_at": now + new.lives,
        "terms": new.terms,
    });
    Ok(Answer::change(true, data, "The token is shown this once:").text(token.text()))
}

fn list(installation: &Installation) -> Result<Answer, Failure> {
    let tokens = installation.realm.store.read(initial::list)?;
    let now = installation.now();
    let mut table = Table::new(&["ID", "STATE", "USES LEFT", "USED", "UNTIL", "BY", "NOTE"]);
    for token in &tokens {
        let state = match token {
            token if token.revoked_at.is_some() => "revoked",
            token if token.expires_at <= now => "expired",
            token if token.uses_left == 0 => "used",
            _ => "open",
        };
        table.row([
            token.id.clone(),
            state.to_owned(),
            token.uses_left.to_string(),
            token.uses.to_string(),
            moment(Some(token.expires_at)),
            token.issued_by.clone(),
            token.note.clone(),
        ]);
    }
    Ok(Answer::data(json!({ "tokens": tokens }), table.draw()))
}

fn revoke(installation: &Installation, id: &str) -> Result<Answer, Failure> {
    let done = installation.realm.store.write(|tx| {
        let done = initial::revoke(tx, id, installation.now())?;
        if done {
            let event = installation::event(EventKind::InitialTokenRevoked).detail("initial-token", id);
            installation.record(tx, &event)?;
        }
        Ok::<_, Failure>(done)
    })?;
    if done {
        Ok(Answer::change(true, json!({ "id": id }), "The token is void."))
    } else {
        Err(Failure::new(
            Exit::NotFound,
            "not_found",
            "there is no such token, or it is void already",
        ))
    }
}
