//! When and from where somebody last signed in (W23): told at the next sign-in, so that a stranger's is noticed.

use crate::accounts::LoginName;
use crate::audit::utc;
use crate::clock::UnixTime;
use crate::ids::RequestId;
use crate::params;
use crate::source::Door;
use crate::store::{StoreError, Tx};
use crate::texts::Texts;

/// A sign-in that let somebody in, as the trail tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSignIn {
    /// When.
    pub at: UnixTime,
    /// At which door; `None` for what the trail does not tell.
    pub door: Option<Door>,
    /// From where, as a person reads it; empty for what the trail does not tell.
    pub source: String,
}

/// What of the trail is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Before {
    /// This sign-in, which may be in the trail already.
    Request(RequestId),
    /// This moment.
    Moment(UnixTime),
}

/// The last sign-in of this name before that.
pub fn of(tx: &mut Tx<'_>, login: &LoginName, before: Before) -> Result<Option<LastSignIn>, StoreError> {
    let (request, moment) = match before {
        Before::Request(request) => (request.to_string(), UnixTime::MAX),
        Before::Moment(moment) => (String::new(), moment),
    };
    let row = tx.query_opt(
        "SELECT at, event FROM audit_events WHERE subject = $1 AND at < $3 \
         AND kind IN ('sign-in-granted', 'sign-in-exempt') AND COALESCE(request, '') <> $2 ORDER BY seq DESC LIMIT 1",
        params![login.as_str(), request, moment],
    )?;
    let Some(row) = row else { return Ok(None) };
    let event: serde_json::Value = serde_json::from_str(row.text(1)?)
        .map_err(|why| StoreError::Inconsistent(format!("an event of the audit trail cannot be read: {why}")))?;
    let told = |name: &str| event.get(name).and_then(serde_json::Value::as_str);
    Ok(Some(LastSignIn {
        at: row.int(0)?,
        door: told("door").and_then(|door| door.parse().ok()),
        source: told("source").unwrap_or_default().to_owned(),
    }))
}

impl LastSignIn {
    /// The sentence about it.
    pub fn sentence(&self, t: Texts) -> String {
        let door = match self.door {
            Some(Door::Web) => t.say("sign-in-last-web"),
            Some(Door::Shell | Door::Command) => t.say("sign-in-last-shell"),
            None => String::new(),
        };
        // 2026-05-01T12:00:00Z, as people read it.
        let time = utc::text(self.at).replace('T', " ").replace('Z', " UTC");
        t.fill(
            "sign-in-last",
            [("time", time.as_str()), ("door", &door), ("source", &self.source)],
        )
    }
}
