//! What came first: the kind of it that rules select by, and the SSH key that is known here.

use super::Visit;
use super::circumstances::Subject;
use crate::clock::UnixTime;
use crate::devices::ssh_key::{self, EnrolledKey};
use crate::methods::{self, Evidence, FirstFactor};
use crate::policy::FirstFactorKind;
use crate::source::Door;
use crate::ssh;
use crate::store::{StoreError, Tx};

/// What rules select by, of a first factor; nothing where nobody can tell.
pub(super) fn first_kind(first: &FirstFactor) -> Option<FirstFactorKind> {
    Some(match first {
        FirstFactor::None => FirstFactorKind::None,
        FirstFactor::Password => FirstFactorKind::Password,
        FirstFactor::PublicKey(_) => FirstFactorKind::PublicKey,
        FirstFactor::Passkey => FirstFactorKind::Passkey,
        FirstFactor::Unreadable => return None,
    })
}

/// The account's own key of those that are enrolled, if it opened this login, and what it proves. Only sshd's word counts,
/// which is heard at its own service and nowhere else.
pub(super) fn key_shown(
    tx: &mut Tx<'_>,
    visit: &Visit<'_>,
    subject: &Subject,
    (first, now): (&FirstFactor, UnixTime),
) -> Result<(Option<EnrolledKey>, Option<Evidence>), StoreError> {
    let (FirstFactor::PublicKey(shown), Subject::Open(account)) = (first, subject) else {
        return Ok((None, None));
    };
    if visit.doorway.door != Door::Shell || visit.doorway.service != ssh::SERVICE {
        return Ok((None, None));
    }
    let enrolled = ssh_key::find(tx, account.id, &shown.fingerprint)?;
    let evidence = enrolled
        .as_ref()
        .and_then(|enrolled| methods::ssh_key::vouched(shown, enrolled, now));
    Ok((enrolled, evidence))
}
