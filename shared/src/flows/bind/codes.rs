//! Recovery codes: drawn with the first device, or anew; the set before is void from the same moment.

use super::super::FlowError;
use super::{Authority, BindError};
use crate::accounts::{LoginName, rows};
use crate::audit::{self, EventKind};
use crate::devices::{self, Device, DeviceKind, DeviceName, Limits, NameRule, Unbinding, UnboundWhy, recovery};
use crate::ids::AccountId;
use crate::outbox::{self, LetterKind};
use crate::realm::Realm;
use crate::store::Tx;

/// What a set of recovery codes is called among the devices.
const RECOVERY_NAME: &str = "recovery-codes";

/// Binds by `insert`, and in the same unit gives recovery codes to an account that has none left.
pub(in super::super) fn with_recovery(
    realm: &Realm,
    authority: &Authority,
    account: AccountId,
    login: &LoginName,
    mut insert: impl FnMut(&mut Tx<'_>) -> Result<Device, BindError> + Send,
) -> Result<(Device, Option<recovery::Drawn>), BindError> {
    // Hashing ten codes takes a moment: before the unit of work, and in vain if the account has some left.
    let left = realm.store.read(|tx| devices::rows::bound(tx, account))?.recovery_left;
    let drawn = if left == 0 { Some(draw(realm, account)?) } else { None };
    let device = realm.store.write(|tx| {
        let device = insert(tx)?;
        if let Some((_, set)) = &drawn {
            replace_codes(realm, tx, authority, account, login, set)?;
        }
        Ok::<_, BindError>(device)
    })?;
    Ok((device, drawn.map(|(codes, _)| codes)))
}

fn draw(realm: &Realm, account: AccountId) -> Result<(recovery::Drawn, recovery::Set), BindError> {
    let keyring = realm.keyring()?;
    let entropy = realm.entropy.as_ref();
    let count = realm
        .store
        .read(|tx| Ok::<_, FlowError>(realm.policy(tx)?.settings().recovery_codes))?;
    let drawn = recovery::Drawn::new(entropy, &keyring, account, count).map_err(FlowError::from)?;
    let set = drawn.hash(&realm.password_cost, entropy, &keyring, account)?;
    Ok((drawn, set))
}

/// Draws a new set of recovery codes; the set before is void from the same moment.
pub fn renew_recovery_codes(
    realm: &Realm,
    authority: &Authority,
    account: AccountId,
) -> Result<recovery::Drawn, BindError> {
    let login = realm.store.read(|tx| {
        rows::by_id(tx, account)?
            .map(|one| one.name)
            .ok_or(BindError::NoAccount)
    })?;
    let (drawn, set) = draw(realm, account)?;
    realm.store.write(|tx| {
        replace_codes(realm, tx, authority, account, &login, &set)?;
        let letter = authority.letter(account, LetterKind::RecoveryCodesMade);
        Ok::<_, BindError>(outbox::write(tx, realm, &letter, realm.clock.now())?)
    })?;
    Ok(drawn)
}

fn replace_codes(
    realm: &Realm,
    tx: &mut Tx<'_>,
    authority: &Authority,
    account: AccountId,
    login: &LoginName,
    set: &recovery::Set,
) -> Result<(), BindError> {
    let now = realm.clock.now();
    let before = devices::rows::bound(tx, account)?.devices;
    for old in before.iter().filter(|one| one.kind == DeviceKind::RecoveryCodes) {
        let end = Unbinding {
            at: now,
            by: authority.actor.to_string(),
            why: UnboundWhy::Replaced,
        };
        devices::rows::unbind(tx, account, old.id, &end)?;
    }
    let name =
        DeviceName::parse(RECOVERY_NAME, NameRule::Ascii).map_err(|error| FlowError::Method(error.to_string()))?;
    let made = devices::rows::insert_recovery(tx, realm.entropy.as_ref(), account, &name, set, Limits::default(), now)?;
    let event = authority
        .event(EventKind::RecoveryCodesMade)
        .about(login)
        .detail("device", made.id);
    audit::append(tx, &event, now)?;
    Ok(())
}
