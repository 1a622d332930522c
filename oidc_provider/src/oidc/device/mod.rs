//! Device authorization (RFC 8628): a program without a browser of its own is signed in by its person, in a browser elsewhere.
//!
//! ```text
//!  program                              store                       browser of its person
//!  /device_authorization ─────────►  pending ◄── /device: code, sign-in as the policy asks, "this is mine" ──┐
//!  /token, every few seconds             │       (same machine, same rules, same consent as the code flow)   │
//!     authorization_pending, slow_down   ├─► approved ─► redeemed: tokens, once                      allow ◄──┤
//!     access_denied                      └─► denied                                                  deny  ◄──┘
//! ```
//!
//! Each step is one statement that names the state it starts from. Both codes are kept as hashes. Nobody is told whether a user
//! code exists before they have signed in, and wrong ones count in the throttle of their own account (oidc.md rows 19 and 27).

pub mod authorization;
pub mod poll;
mod rows;
mod user_code;

pub use rows::{Approved, approve, by_id, by_user_code, deny, forget_client, sweep};
pub use user_code::UserCode;

use crate::clients::{Client, ClientId};
use crate::grants::CodeDetails;
use crate::oidc::claims::Requested;
use crate::oidc::scope::Scopes;
use samekey_shared::clock::UnixTime;
use samekey_shared::flows::sign_in::Asked;
use samekey_shared::flows::{Grant, Shown};
use samekey_shared::ids::{AccountId, RequestId, SessionId};
use samekey_shared::methods::Level;
use samekey_shared::source::Source;
use samekey_shared::store::StoreError;
use std::str::FromStr;

/// `grant_type` (RFC 8628 section 3.4).
pub const GRANT_TYPE: &str = "urn:ietf:params:oauth:grant-type:device_code";
/// Where people type the code.
pub const PAGE: &str = "/device";

/// Seconds that both codes live: long enough to find the telephone, short for whoever would talk somebody into it.
const LIFETIME: i64 = 600;
/// Seconds between two polls, to begin with (RFC 8628 section 3.2).
const PAUSE: i64 = 5;
/// What a poll that came too early adds to them (RFC 8628 section 3.5).
const SLOWER: i64 = 5;
/// Devices of one client that may wait at a time: more are somebody filling the store.
const MOST_WAITING: i64 = 1000;

/// Where a device's grant is in its life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Nobody has decided.
    Pending,
    /// Its person signed it in; the tokens wait for the next poll.
    Approved,
    /// Its person refused.
    Denied,
    /// It has its tokens.
    Redeemed,
}

impl State {
    /// Its word in the store.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Redeemed => "redeemed",
        }
    }
}

impl FromStr for State {
    type Err = StoreError;
    fn from_str(text: &str) -> Result<Self, StoreError> {
        [Self::Pending, Self::Approved, Self::Denied, Self::Redeemed]
            .into_iter()
            .find(|state| state.name() == text)
            .ok_or_else(|| StoreError::Inconsistent(format!("no state of a device's grant: {text:?}")))
    }
}

/// A device that waits, as its person is shown it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Its id: known to nobody who did not type its code.
    pub id: RequestId,
    /// Whose program it is.
    pub client: ClientId,
    /// What it asks to be told.
    pub scopes: Scopes,
    /// Resources that its tokens are for (RFC 8707).
    pub resources: Vec<String>,
    /// Where it asked from, as a person reads it.
    pub source: String,
    /// What it calls itself; empty where it says nothing.
    pub agent: String,
    /// Where it is.
    pub state: State,
    /// When it asked.
    pub created_at: UnixTime,
    /// When its codes end.
    pub expires_at: UnixTime,
}

impl Waiting {
    /// Whether somebody may still decide.
    pub fn is_open(&self, now: UnixTime) -> bool {
        self.state == State::Pending && now < self.expires_at
    }
}

/// What its person must prove beyond the policy: what the client asks of everybody who signs in to it.
pub fn asked(client: &Client, strongest: Level) -> Asked {
    let wishes = client.settings.default_acr_values.iter();
    let mut within_reach = wishes
        .filter_map(|name| client.level(name))
        .filter(|level| *level <= strongest);
    Asked {
        level: within_reach.next(),
        max_age: client.settings.default_max_age,
        ..Asked::default()
    }
}

/// What a device is given by whoever proved this.
pub fn given(
    client: &Client,
    waiting: &Waiting,
    grant: &Grant,
    under: (AccountId, SessionId),
    from: (&Source, UnixTime),
) -> Approved {
    Approved {
        grant: grant.request,
        account: under.0,
        session: under.1,
        details: CodeDetails {
            scopes: waiting.scopes.clone(),
            nonce: None,
            acr: told(client, grant),
            amr: grant.amr().into_iter().map(str::to_owned).collect(),
            auth_time: grant.auth_time,
            claims: Requested::default(),
            resources: waiting.resources.clone(),
            dpop_jkt: None,
            shown: Some(Shown::of(grant, from.0, from.1)),
        },
    }
}

/// `acr` of what it is given: the first of the client's wishes that is satisfied, or the level reached.
fn told(client: &Client, grant: &Grant) -> Option<String> {
    let wishes = &client.settings.default_acr_values;
    let satisfied = |name: &&String| client.level(name).is_some_and(|level| level <= grant.level);
    let wish = wishes.iter().find(satisfied).cloned();
    wish.or_else(|| grant.acr().map(str::to_owned))
}
