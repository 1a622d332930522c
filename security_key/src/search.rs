//! Which of the keys is meant: all are asked at once and silently, so that a mute one keeps nobody waiting.

use crate::fault::Fault;
use crate::token::{Info, Proof, Token, Wish};
use samekey_wire::key::Wanted;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

/// How long keys may take to say what they are and whether they hold a credential. They need a tenth.
pub const LOOK_WITHIN: Duration = Duration::from_secs(3);

/// What is signed in a silent look: nothing that anybody would accept.
const LOOK: &[u8] = b"samekey-key looks which key it is";

/// A key that answered.
pub struct Answered<T> {
    /// The key.
    pub token: T,
    /// What it said of itself.
    pub info: Info,
    /// The place, among those looked for, of a credential that it holds.
    pub holds: Option<usize>,
}

/// What came of a search.
pub struct Found<T> {
    /// Keys that answered.
    pub answered: Vec<Answered<T>>,
    /// Faults of those that broke.
    pub broken: Vec<Fault>,
    /// How many did not answer in time.
    pub mute: usize,
}

/// Asks every key which of these credentials it holds. Ends as soon as one holds one.
pub fn look<T: Token>(tokens: Vec<T>, rp_id: &str, wanted: &[Wanted], until: Instant) -> Found<T> {
    let mut found = Found {
        answered: Vec::new(),
        broken: Vec::new(),
        mute: tokens.len(),
    };
    let until = until.min(Instant::now() + LOOK_WITHIN);
    let wanted: Arc<[Wanted]> = wanted.into();
    let (answers, incoming) = channel();
    for token in tokens {
        let (answers, wanted, rp_id) = (answers.clone(), Arc::clone(&wanted), rp_id.to_owned());
        thread::spawn(move || {
            let asked = catch_unwind(AssertUnwindSafe(|| ask(token, &rp_id, &wanted)));
            let _ = answers.send(asked.unwrap_or(Err(Fault::Nonsense)));
        });
    }
    drop(answers);
    while found.mute > 0 {
        let left = until.saturating_duration_since(Instant::now());
        match incoming.recv_timeout(left) {
            Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            Ok(Err(fault)) => found.broken.push(fault),
            Ok(Ok(answer)) => {
                let holds = answer.holds.is_some();
                found.answered.push(answer);
                if holds {
                    found.mute = 0;
                    break;
                }
            }
        }
        found.mute -= 1;
    }
    found
}

/// Asks one key.
fn ask<T: Token>(mut token: T, rp_id: &str, wanted: &[Wanted]) -> Result<Answered<T>, Fault> {
    let info = token.info()?;
    let mut holds = None;
    for list in lists(rp_id, wanted, info.most_in_list) {
        let wish = Wish {
            rp_id: list.rp_id,
            client_data: LOOK,
            credentials: &list.ids,
            proof: Proof::Nothing,
        };
        match token.assert(&wish) {
            Ok(signed) => {
                holds = wanted
                    .iter()
                    .position(|credential| credential.id.0 == signed.credential_id);
                break;
            }
            Err(Fault::Gone) => return Err(Fault::Gone),
            // It holds none, or does not say so without knowing who asks.
            Err(_) => {}
        }
    }
    Ok(Answered { token, info, holds })
}

/// Ids that can be asked for in one call: for one relying party, and no more than the key takes.
pub struct List<'a> {
    /// The relying party's id, or a U2F application id.
    pub rp_id: &'a str,
    /// The ids.
    pub ids: Vec<&'a [u8]>,
}

/// Cuts what is wanted into calls.
pub fn lists<'a>(rp_id: &'a str, wanted: &'a [Wanted], most: usize) -> Vec<List<'a>> {
    let mut lists: Vec<List<'a>> = Vec::new();
    for credential in wanted {
        let rp_id = credential.app_id.as_deref().unwrap_or(rp_id);
        let id = credential.id.0.as_slice();
        let open = lists
            .iter_mut()
            .find(|list| list.rp_id == rp_id && list.ids.len() < most.max(1));
        match open {
            Some(list) => list.ids.push(id),
            None => lists.push(List { rp_id, ids: vec![id] }),
        }
    }
    lists
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scripted::{Scripted, wanted};

    fn soon() -> Instant {
        Instant::now() + Duration::from_secs(60)
    }

    #[test]
    fn the_key_that_holds_a_credential_is_found_among_many() {
        let keys = vec![
            Scripted::new("a"),
            Scripted::new("b").holding(b"two"),
            Scripted::new("c"),
        ];
        let found = look(keys, "example.org", &wanted(&["one", "two"]), soon());
        let holder = found.answered.iter().find(|key| key.holds.is_some()).unwrap();
        assert_eq!((holder.info.model.as_str(), holder.holds), ("b", Some(1)));
    }

    #[test]
    fn a_mute_key_keeps_nobody_waiting() {
        let keys = vec![Scripted::new("mute").mute(), Scripted::new("b").holding(b"one")];
        let found = look(keys, "example.org", &wanted(&["one"]), soon());
        assert_eq!(found.answered.len(), 1);
        let keys = vec![Scripted::new("mute").mute()];
        let found = look(
            keys,
            "example.org",
            &wanted(&["one"]),
            Instant::now() + Duration::from_millis(20),
        );
        assert_eq!((found.answered.len(), found.mute), (0, 1));
    }

    #[test]
    fn a_key_whose_answer_makes_the_driver_panic_is_a_broken_one() {
        let keys = vec![Scripted::new("x").panicking(), Scripted::new("b").holding(b"one")];
        let found = look(keys, "example.org", &wanted(&["one"]), soon());
        assert!(found.answered.iter().any(|key| key.holds == Some(0)));
    }

    #[test]
    fn lists_keep_to_what_the_key_takes_and_to_one_relying_party() {
        let mut many = wanted(&["1", "2", "3", "4"]);
        many[2].app_id = Some("https://example.org".into());
        let shape: Vec<(&str, usize)> = lists("example.org", &many, 2)
            .into_iter()
            .map(|list| (list.rp_id, list.ids.len()))
            .collect();
        assert_eq!(
            shape,
            [("example.org", 2), ("https://example.org", 1), ("example.org", 1)]
        );
        assert_eq!(lists("example.org", &many, 0).len(), 4);
    }
}
