//! A key asked of the person who is signed in, to confirm one thing: the page of an approval, for example.
//!
//! ```text
//!  ask ──► {"ceremony": id, "publicKey": …} ──► passkey.js ──► form fields `ceremony` and `credential` ──► verify
//! ```

use super::{Answered, PATIENCE, Passkeys, request_options};
use samekey_shared::challenges::{self, NewChallenge, Purpose};
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::fido;
use samekey_shared::flows::{Allowed, FlowError, UserVerification};
use samekey_shared::ids::AccountId;
use samekey_shared::methods::Method;
use samekey_shared::methods::fido::{KeyChecked, KeyError, Scene, Terms, accept};
use samekey_shared::realm::Realm;
use samekey_shared::store::Tx;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is to be confirmed, and by whom.
#[derive(Debug, Clone)]
pub struct Confirmation<'a> {
    /// Whose key it must be.
    pub account: AccountId,
    /// What for: never [`Purpose::SignIn`], which the shared machine alone asks.
    pub purpose: Purpose,
    /// The id of the one thing, and of the session: an answer to another is refused.
    pub binding: &'a str,
    /// Which methods count.
    pub methods: BTreeSet<Method>,
    /// Whether the key has to check its person.
    pub verification: UserVerification,
}

/// Gives out a challenge: what the script fetches. `None` where the person has no such key.
pub fn ask(
    passkeys: &Passkeys,
    realm: &Realm,
    tx: &mut Tx<'_>,
    what: &Confirmation<'_>,
    now: UnixTime,
) -> Result<Option<Value>, FlowError> {
    let allow: Vec<Allowed> = fido::of_account(tx, what.account)?
        .iter()
        .filter(|one| what.methods.contains(&one.kind.method()) && one.rp_id == passkeys.party().id)
        .filter(|one| one.works_in_browser())
        .map(Allowed::from)
        .collect();
    if allow.is_empty() {
        return Ok(None);
    }
    let new = NewChallenge {
        purpose: what.purpose,
        account: Some(what.account),
        binding: what.binding,
        state: None,
        lives: PATIENCE,
    };
    let challenge = challenges::issue(tx, realm.entropy.as_ref(), &new, now)
        .map_err(|error| FlowError::Method(error.to_string()))?;
    let options = request_options(passkeys, &challenge.bytes, &allow, what.verification);
    Ok(Some(
        json!({"ceremony": challenge.id.to_string(), "publicKey": options}),
    ))
}

/// Takes the form fields `ceremony` and `credential`. The challenge is spent whatever comes of it; both verifiers must
/// accept. Evidence comes out only as [`KeyChecked::Accepted`]; the trail is the caller's.
pub fn verify(
    passkeys: &Passkeys,
    tx: &mut Tx<'_>,
    what: &Confirmation<'_>,
    (ceremony, posted): (&str, &str),
    now: UnixTime,
) -> Result<KeyChecked, FlowError> {
    let refused = |error| Ok(KeyChecked::Refused(error, None));
    let spent = match ceremony.parse() {
        Ok(id) => challenges::spend(tx, id, what.purpose, what.binding, now)?,
        Err(_) => None,
    };
    let Some(spent) = spent.filter(|spent| spent.account == Some(what.account)) else {
        return refused(KeyError::ChallengeSpent);
    };
    let answered = match Answered::read(posted) {
        Ok(answered) => answered,
        Err(error) => return refused(error),
    };
    let verified = what.verification == UserVerification::Required;
    let known = fido::by_credential_id(tx, &answered.assertion.credential_id)?;
    if let Some(credential) = known.filter(|one| one.account == what.account)
        && let Err(error) = passkeys.second_opinion(&answered, &credential, &spent.bytes, verified)
    {
        return Ok(KeyChecked::Refused(error, Some(Box::new(credential))));
    }
    let terms = Terms {
        rp_id: &passkeys.party().id,
        challenge: &spent.bytes,
        scene: Scene::Web {
            origins: &passkeys.origins,
        },
        methods: &what.methods,
        user_verification: verified,
        pin: false,
    };
    accept(tx, Some(what.account), &answered.assertion, &terms, now)
        .map_err(|error| FlowError::Method(error.to_string()))
}
