//! The thread that tells applications: several at a time, so that one that hangs keeps no other waiting for long.

use super::notices::{self, Notice};
use super::token::{self, Told};
use crate::app::{App, Rounds};
use crate::clients;
use crate::oidc::subject::subject;
use crate::outbound::{self, Limits};
use samekey_shared::flows::FlowError;
use samekey_shared::ids::RequestId;
use std::time::Duration;

/// Between two looks for notices that are due.
const LOOK: Duration = Duration::from_secs(1);
/// Postings at a time.
const AT_ONCE: usize = 8;

/// Nothing is read of the answer but its status; the time is far shorter than a claim.
const ANSWER: Limits = Limits {
    bytes: 4096,
    time: Duration::from_secs(10),
};

/// Posts a logout token to this address; the answer's status, or why there was none.
pub type Post<'a> = dyn Fn(&str, &str) -> Result<u16, String> + Sync + 'a;

/// The thread; it ends with this value, and the postings in hand with it.
#[derive(Debug)]
pub struct Messenger {
    _thread: Rounds,
}

impl Messenger {
    /// Begins to tell.
    pub fn start(app: App) -> std::io::Result<Self> {
        let round = move || match once(&app, &|address, token| post(&app, address, token)) {
            Ok(0) => LOOK,
            Ok(_) => Duration::ZERO,
            Err(error) => {
                tracing::error!(%error, "applications wait to be told of ended sessions; the next look tries again");
                LOOK
            }
        };
        Ok(Self {
            _thread: Rounds::start("logouts", round)?,
        })
    }
}

fn post(app: &App, address: &str, token: &str) -> Result<u16, String> {
    let fields = [("logout_token", token)];
    let answer = outbound::post_form(app, address, &fields, ANSWER).map_err(|why| why.to_string())?;
    Ok(answer.status)
}

/// Tells the applications that are due, a few at a time; how many were tried.
pub fn once(app: &App, post: &Post<'_>) -> Result<usize, FlowError> {
    let realm = &app.realm;
    if !notices::is_due(realm)? {
        return Ok(0);
    }
    let mut held = Vec::new();
    while held.len() < AT_ONCE
        && let Some(notice) = notices::claim(realm)?
    {
        held.push(notice);
    }
    std::thread::scope(|scope| {
        let told = held.iter().map(|notice| scope.spawn(move || tell(app, notice, post)));
        let told: Vec<_> = told.collect();
        told.into_iter().try_for_each(|one| {
            // A thread that panicked leaves its notice claimed: it is tried again when the lease has ended.
            one.join().unwrap_or(Ok(()))
        })
    })?;
    Ok(held.len())
}

/// What became of a try.
enum Trouble {
    /// Trying again may help.
    Passing(String),
    /// Trying again will not.
    Lasting(String),
}

fn tell(app: &App, notice: &Notice, post: &Post<'_>) -> Result<(), FlowError> {
    let realm = &app.realm;
    let client = match realm.store.read(|tx| clients::by_id(tx, notice.client.as_str())) {
        Ok(client) => client,
        // One application's row that cannot be read keeps no other waiting.
        Err(why) => return Ok(notices::put_off(realm, notice, &why.to_string())?),
    };
    let Some((client, address)) = client.and_then(|client| {
        let address = client.settings.backchannel_logout_uri.clone()?;
        Some((client, address))
    }) else {
        // Removed meanwhile, or it does not want to know.
        return Ok(notices::done(realm, notice)?);
    };
    let id = RequestId::draw(realm.entropy.as_ref())?.to_string();
    let published = app.published();
    let token = published
        .keys
        .active(client.settings.id_token_alg)
        .map_err(|why| why.to_string())
        .and_then(|key| {
            let told = Told {
                issuer: app.config.issuer.as_str(),
                subject: &subject(app, &client, notice.account),
                client: client.id.as_str(),
                session: &notice.session.to_string(),
                id: &id,
                now: realm.clock.now(),
            };
            token::mint(key, &told).map_err(|why| why.to_string())
        });
    let sent = token
        .map_err(Trouble::Passing)
        .and_then(|token| judged(post(&address, &token)));
    match sent {
        Ok(()) => notices::done(realm, notice)?,
        Err(Trouble::Passing(why)) => {
            tracing::warn!(client = %notice.client, tries = notice.tries, why, "not told of an ended session yet");
            notices::put_off(realm, notice, &why)?;
        }
        Err(Trouble::Lasting(why)) => {
            tracing::error!(client = %notice.client, tries = notice.tries, why, "not told of an ended session");
            notices::given_up(realm, notice, &why)?;
        }
    }
    Ok(())
}

/// Section 2.8: 200, and some answer 204; 400 says that the token was refused, which another one of the same kind will be too.
fn judged(answer: Result<u16, String>) -> Result<(), Trouble> {
    match answer {
        Ok(200..=299) => Ok(()),
        Ok(status @ (408 | 425 | 429)) => Err(Trouble::Passing(format!("the application answered {status}"))),
        Ok(status @ 400..=499) => Err(Trouble::Lasting(format!("the application answered {status}"))),
        Ok(status) => Err(Trouble::Passing(format!("the application answered {status}"))),
        Err(why) => Err(Trouble::Passing(why)),
    }
}
