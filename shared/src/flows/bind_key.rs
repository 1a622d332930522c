//! Binds a passkey or a security key, from Security Information, from the administrator's command, or at the first
//! sign-in. The front end has run the ceremony and verified its result; names, limits, recovery codes and the trail
//! are the same wherever it happens.

use super::bind::{Authority, BindError, bound_event, limits, with_recovery};
use super::keys::Allowed;
use crate::accounts::{LoginName, rows};
use crate::audit;
use crate::devices::fido::{self, NewCredential};
use crate::devices::{self, Device, DeviceError, DeviceKind, DeviceName, recovery};
use crate::ids::{AccountId, DeviceId};
use crate::outbox::{self, LetterKind, Thing};
use crate::realm::Realm;
use data_encoding::HEXLOWER;

/// What a ceremony of registration needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Starting {
    /// What the credential will be called.
    pub name: DeviceName,
    /// The keys that are bound already: not again (`excludeCredentials`).
    pub exclude: Vec<Allowed>,
    /// WebAuthn's user handle: the account's id.
    pub user_handle: [u8; 16],
    /// The account's canonical name.
    pub login: LoginName,
}

/// A credential that is bound.
#[derive(Debug)]
pub struct Finished {
    /// The device.
    pub device: Device,
    /// Codes for the day the key is lost, shown now and never again; `None` where the account has some left.
    pub recovery: Option<recovery::Drawn>,
}

/// Begins: tells at once if the name is taken or no further key may be bound. With `replaces`, the new one is to take
/// that device's place.
pub fn start(
    realm: &Realm,
    account: AccountId,
    name: DeviceName,
    replaces: Option<DeviceId>,
) -> Result<Starting, BindError> {
    let (exclude, login) = realm.store.read(|tx| {
        let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
        let bound = devices::rows::bound(tx, account)?;
        let keys = fido::of_account(tx, account)?;
        if replaces.is_some_and(|old| keys.iter().all(|one| one.device != old)) {
            return Err(BindError::Device(DeviceError::NotFound));
        }
        let most = limits(realm, tx)?.fido;
        if keys.len() >= most as usize && replaces.is_none() {
            let kind = DeviceKind::SecurityKey;
            return Err(DeviceError::LimitReached { kind, most }.into());
        }
        if bound.devices.iter().any(|one| one.name.key() == name.key()) {
            return Err(DeviceError::NameTaken(name.clone()).into());
        }
        let exclude: Vec<_> = keys.iter().map(Allowed::from).collect();
        Ok((exclude, found.name))
    })?;
    Ok(Starting {
        name,
        exclude,
        user_handle: account.to_bytes(),
        login,
    })
}

/// Binds the credential, with recovery codes where the account has none. Limits, name and credential id are looked at
/// again in the unit that binds: of two at once for the last place, one wins.
pub fn finish(
    realm: &Realm,
    authority: &Authority,
    account: AccountId,
    name: &DeviceName,
    new: &NewCredential,
    replaces: Option<DeviceId>,
) -> Result<Finished, BindError> {
    let now = realm.clock.now();
    let login = realm.store.read(|tx| {
        let found = rows::by_id(tx, account)?.ok_or(BindError::NoAccount)?;
        Ok::<_, BindError>(found.name)
    })?;
    let entropy = realm.entropy.as_ref();
    let (device, recovery) = with_recovery(realm, authority, account, &login, |tx| {
        let limits = limits(realm, tx)?;
        let device = fido::insert(tx, entropy, account, name, new, limits, replaces, now)?;
        let mut event = bound_event(authority, &login, &device)
            .detail("aaguid", HEXLOWER.encode(&new.aaguid))
            .detail("attested", new.attested);
        if let Some(old) = replaces {
            event = event.detail("replaces", old);
        }
        audit::append(tx, &event, now)?;
        let bound = LetterKind::DeviceBound {
            device: Thing::from(&device),
        };
        outbox::write(tx, realm, &authority.letter(account, bound), now)?;
        Ok(device)
    })?;
    Ok(Finished { device, recovery })
}
