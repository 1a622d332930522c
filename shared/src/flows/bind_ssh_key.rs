//! Enrols an SSH key, from the administrator's command: whose key it is, and that it lives where it says, the administrator
//! vouches for. Names, limits, the letter and the trail are those of every other device.

use super::bind::{Authority, BindError, bound_event, limits};
use crate::accounts::rows;
use crate::audit;
use crate::devices::ssh_key::{self, NewKey};
use crate::devices::{Device, DeviceName};
use crate::ids::AccountId;
use crate::outbox::{self, LetterKind, Thing};
use crate::realm::Realm;

/// Enrols the key in one unit of work. A key belongs to one account.
pub fn enrol(
    realm: &Realm,
    authority: &Authority,
    account: AccountId,
    name: &DeviceName,
    new: &NewKey,
) -> Result<Device, BindError> {
    let now = realm.clock.now();
    realm.store.write(|tx| {
        let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
        let limits = limits(realm, tx)?;
        let device = ssh_key::insert(tx, realm.entropy.as_ref(), account, name, new, limits, now)?;
        let event = bound_event(authority, &found.name, &device)
            .detail("key", new.key().fingerprint())
            .detail("key_type", new.key().key_type())
            .detail("verification", new.verification().is_demanded());
        audit::append(tx, &event, now)?;
        let letter = LetterKind::DeviceBound {
            device: Thing::from(&device),
        };
        outbox::write(tx, realm, &authority.letter(account, letter), now)?;
        Ok(device)
    })
}
