//! Whether what was granted still holds, asked at every use (oidc.md row 16): client registered and still allowed these
//! scopes, account active, consent not withdrawn, session not ended where the grant rests on one, policy still met.

use super::{Grant, consents};
use crate::app::AppState;
use crate::clients::{self, Client, Consent};
use crate::http::{Failure, Fault};
use crate::oidc::scope::{Scope, Scopes};
use crate::sessions;
use samekey_shared::accounts::{self, Account, AccountState, Groups, LoginName, groups};
use samekey_shared::flows::{self, Age, FlowError};
use samekey_shared::ids::AccountId;
use samekey_shared::store::Tx;
use std::collections::BTreeSet;

/// What is about to be done with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    /// An access token is shown.
    Access,
    /// Tokens are about to be made of it for the first time.
    Code,
    /// Tokens are about to be made of it again.
    Refresh,
}

/// The person, as they are now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The account.
    pub account: Account,
    /// Its groups of the store; read only where the scope tells them.
    pub groups: BTreeSet<String>,
}

/// The answer.
#[derive(Debug, Clone)]
pub enum Holds {
    /// It does, for this client and person.
    Yes(Box<Client>, Option<Box<Holder>>),
    /// It does not, for this reason: a word for the log.
    No(&'static str),
    /// A rule looks at the system's groups: ask the name service about this name first, outside any unit of work.
    AskHost(LoginName),
}

/// Asks everything that a grant rests on. `host` is what the name service said; `None` as long as nobody asked it.
pub fn still_holds(
    app: &AppState,
    tx: &mut Tx<'_>,
    grant: &Grant,
    scope: &str,
    host: Option<&Groups>,
    used: Used,
) -> Result<Holds, FlowError> {
    let Some(client) = clients::by_id(tx, grant.client.as_str())? else {
        return Ok(Holds::No("client_gone"));
    };
    if !may_have(&client, scope) {
        return Ok(Holds::No("scope_taken_away"));
    }
    let Some(id) = grant.account else {
        return Ok(Holds::Yes(Box::new(client), None));
    };
    let account = accounts::rows::by_id(tx, id)?.filter(|account| account.state == AccountState::Active);
    let Some(account) = account else {
        return Ok(Holds::No("account_closed"));
    };
    let scopes = Scopes::read(scope);
    if client.settings.consent == Consent::Asked && !consents::covers(tx, id, &client.id, &scopes)? {
        return Ok(Holds::No("consent_withdrawn"));
    }
    if !session_goes_on(app, tx, grant, used)? {
        return Ok(Holds::No("session_ended"));
    }
    // A code of before an update that lacks this lives for seconds; anything else without it is refused.
    let shown = grant.details.as_ref().and_then(|details| details.shown.as_ref());
    match shown {
        None if used == Used::Code => {}
        None => return Ok(Holds::No("nothing_shown")),
        Some(shown) => {
            if host.is_none() && app.realm.policy(tx)?.asks_nss() {
                return Ok(Holds::AskHost(account.name));
            }
            let age = if used == Used::Refresh {
                Age::Counts
            } else {
                Age::WasFresh
            };
            let nss = host.cloned().unwrap_or(Groups::Unknown);
            let service = format!("oidc:{}", client.id);
            if !flows::still_let_in(&app.realm, tx, &account, &service, shown, nss, age)? {
                return Ok(Holds::No("policy_not_met"));
            }
        }
    }
    let groups = if scopes.has(Scope::Groups) || used != Used::Access {
        accounts::rows::groups_of(tx, id)?
    } else {
        BTreeSet::new()
    };
    Ok(Holds::Yes(Box::new(client), Some(Box::new(Holder { account, groups }))))
}

/// Whether the operator still allows the client every scope.
fn may_have(client: &Client, scope: &str) -> bool {
    let allowed = client.settings.scopes.as_ref();
    allowed.is_none_or(|allowed| scope.split(' ').all(|word| word.is_empty() || allowed.contains(word)))
}

/// What the name service says of an account's groups, where the policy looks at them: to be asked before a unit of work.
pub fn host_groups(app: &AppState, account: AccountId) -> Result<Groups, Fault> {
    let name = app.realm.store.read(|tx| to_ask_about(app, tx, Some(account)));
    let name = name.map_err(|error| Fault::as_json(&Failure::from(error)))?;
    Ok(groups_of_host(name.as_ref()))
}

/// Whom to ask the name service about, where the policy looks at what it says.
pub fn to_ask_about(
    app: &AppState,
    tx: &mut Tx<'_>,
    account: Option<AccountId>,
) -> Result<Option<LoginName>, FlowError> {
    let Some(account) = account else {
        return Ok(None);
    };
    if !app.realm.policy(tx)?.asks_nss() {
        return Ok(None);
    }
    Ok(accounts::rows::by_id(tx, account)?.map(|account| account.name))
}

/// What the name service says, if it is to be asked: outside any unit of work.
pub fn groups_of_host(name: Option<&LoginName>) -> Groups {
    name.map_or(Groups::Unknown, groups::from_nss)
}

/// Tokens of minutes end with their session because its end deletes them; what makes new ones looks.
fn session_goes_on(app: &AppState, tx: &mut Tx<'_>, grant: &Grant, used: Used) -> Result<bool, FlowError> {
    let looks = match used {
        Used::Access => false,
        Used::Code => true,
        Used::Refresh => !grant.offline,
    };
    match grant.session.filter(|_| looks) {
        Some(session) => Ok(sessions::is_live(tx, session, app.realm.clock.now())?),
        None => Ok(true),
    }
}
