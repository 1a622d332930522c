//! Answers sshd, through `samekey ssh-keys`: the public keys that are enrolled for a user, each as a line of
//! `authorized_keys` (sshd(8)).
//!
//! Public keys are no secrets, but who has which is nobody's business: root may ask for anybody's, a user for their own, and
//! the one user that sshd runs the command as for anybody's.

use crate::conversation::Ending;
use crate::house::House;
use crate::journal;
use crate::line::{Line, Lost};
use crate::peer::Peer;
use samekey_shared::accounts::LoginName;
use samekey_shared::devices::ssh_key;
use samekey_wire::{Outage, Start, Verdict};

/// What is known of this host's sshd.
#[derive(Debug, Clone, Default)]
pub struct SshTerms {
    /// It takes enrolled keys only on the terms that they are enrolled on.
    pub verifies: bool,
    /// The user that it asks for keys as.
    pub keys_user: Option<String>,
}

impl SshTerms {
    /// Whether this peer may ask for anybody's keys.
    pub fn may_ask(&self, peer: Peer) -> bool {
        self.keys_user.as_deref().is_some_and(|user| peer.is_user(user))
    }
}

/// Tells the keys of this user. Whoever has none, is locked, disabled, or unknown, has the same: none.
pub fn serve(house: &House, line: &mut Line<'_>, start: &Start, peer: Peer) -> Result<Ending, Lost> {
    let Ok(login) = LoginName::parse(&start.user, &house.realm.names) else {
        journal::note(&format!("no ssh keys for {:?}, which is no login name", start.user));
        return Ok(told(None));
    };
    let lines = match house.realm.store.read(|tx| ssh_key::served(tx, &login)) {
        Ok(lines) => lines,
        Err(error) => {
            journal::trouble(&format!("sshd is told of no keys while this lasts: {error}"));
            return Ok(Ending::undecided(Outage::StoreUnavailable));
        }
    };
    journal::note(&format!("{} ssh keys of {login} told to uid {}", lines.len(), peer.uid));
    for one in lines {
        line.tell(one)?;
    }
    Ok(told(Some(login)))
}

/// The end: everything was told. It lets nobody in.
fn told(login: Option<LoginName>) -> Ending {
    Ending {
        verdict: Verdict::Exempt,
        code: "ok",
        login,
        request: None,
    }
}
