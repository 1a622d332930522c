//! `samekey mail`: try whether letters arrive, and see those that wait.

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, Table, moment};
use samekey_provider::config::Issuer;
use samekey_provider::mail::{self, MailConfig, MailError, MailSection, Place};
use samekey_shared::config::Owner;
use samekey_shared::devices::email::EmailAddress;
use samekey_shared::ids::LetterId;
use samekey_shared::outbox::{self, Body, LetterKind};
use samekey_shared::texts::Language;
use serde_json::json;
use std::path::Path;

/// Most letters that are listed.
const MOST: u32 = 200;

/// `samekey mail …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Send a letter to this address now, past the queue, and tell what became of it
    Test {
        /// Where to
        #[arg(value_name = "ADDRESS")]
        address: String,
    },
    /// List the letters that wait, without what they say
    Queue,
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::Test { address } => test(&installation, address),
        Verb::Queue => queue(&installation),
    }
}

fn section(installation: &Installation) -> Result<MailConfig, Failure> {
    if !installation.config.writes_letters() {
        return Err(
            Failure::new(Exit::Unavailable, "mail_off", "the configuration has no [mail] section")
                .hint("docs/mail.md shows one."),
        );
    }
    let section: MailSection = installation
        .config
        .section(Owner::Mail)
        .map_err(|error| Failure::new(Exit::Unavailable, "config_unusable", error.to_string()))?;
    Ok(section.check()?)
}

fn test(installation: &Installation, address: &str) -> Result<Answer, Failure> {
    let config = section(installation)?;
    let to =
        EmailAddress::parse(address).map_err(|error| Failure::new(Exit::Usage, "name_invalid", error.to_string()))?;
    let realm = &installation.realm;
    let id = LetterId::draw(realm.entropy.as_ref())?;
    let now = installation.now();
    let body = Body {
        to: to.to_string(),
        login: crate::identity::operator().name,
        language: Language::English.tag().to_owned(),
        kind: LetterKind::Test,
        at: now,
        source: None,
        not_me: None,
    };
    // The letter has no link of ours in it; any address of pages does.
    let pages = realm.pages.as_deref().unwrap_or("http://localhost");
    let issuer: Issuer = pages
        .parse()
        .map_err(|error| Failure::failed(format!("{pages}: {error}")))?;
    let contact = realm
        .store
        .read(|tx| Ok::<_, Failure>(realm.policy(tx)?.settings().contact.clone()))?;
    let place = Place {
        realm: &realm.names.realm,
        issuer: &issuer,
        contact,
        now,
    };
    let written = mail::written(&body, &place).map_err(Failure::failed)?;
    let message = mail::message(&config, id, &body.to, &written, now).map_err(Failure::failed)?;
    match mail::send(&config, id, &message) {
        Ok(()) => Ok(
            Answer::data(json!({ "to": body.to, "letter": id.to_string() }), String::new())
                .remark(format!("Taken: a letter to {to} is on its way.")),
        ),
        Err(trouble) => Err(Failure::failed(format!("not taken: {trouble}"))),
    }
}

fn queue(installation: &Installation) -> Result<Answer, Failure> {
    let (state, waiting) = installation
        .realm
        .store
        .read(|tx| Ok::<_, Failure>((outbox::state(tx)?, outbox::waiting(tx, MOST)?)))?;
    let mut table = Table::new(&["WRITTEN", "ABOUT", "LETTER", "TRIES", "NEXT TRY", "TROUBLE"]);
    for one in &waiting {
        table.row([
            moment(Some(one.created_at)),
            one.login.clone().unwrap_or_else(|| "-".to_owned()),
            one.kind.clone(),
            one.tries.to_string(),
            moment(Some(one.due_at)),
            one.trouble.clone().unwrap_or_else(|| "-".to_owned()),
        ]);
    }
    let letters: Vec<_> = waiting
        .iter()
        .map(|one| {
            json!({
                "id": one.id.to_string(), "user": one.login, "letter": one.kind, "created_at": one.created_at,
                "due_at": one.due_at, "tries": one.tries, "trouble": one.trouble,
            })
        })
        .collect();
    let data = json!({ "waiting": state.waiting, "oldest": state.oldest, "letters": letters });
    let stuck = state.is_stuck(installation.now());
    let remark = match (state.waiting, stuck) {
        (0, _) => "No letter waits.".to_owned(),
        (number, false) => format!("{number} letters wait."),
        (number, true) => {
            format!("{number} letters wait, the oldest for too long: is the provider running, and its mail server?")
        }
    };
    Ok(Answer::data(data, table.draw()).remark(remark))
}

impl From<MailError> for Failure {
    fn from(error: MailError) -> Self {
        Self::new(Exit::Unavailable, "config_unusable", error.to_string())
    }
}
