//! What the person has, and the line of each device.

use super::caller::Here;
use super::permission::Permission;
use super::view::DeviceView;
use crate::http::Fault;
use samekey_shared::audit::utc;
use samekey_shared::devices::fido::{self, Credential};
use samekey_shared::devices::ssh_key::{self, EnrolledKey};
use samekey_shared::devices::{self, Bound, Device, DeviceKind, LastUse};
use samekey_shared::flows::FlowError;
use samekey_shared::flows::ordinary::{self, Ordinary};
use samekey_shared::methods::{Level, Method};
use samekey_shared::source::Door;
use samekey_shared::texts::Texts;
use std::collections::BTreeSet;

/// What the account has, and what the policy makes of it.
pub(super) struct Possessions {
    pub bound: Bound,
    pub keys: Vec<Credential>,
    pub ssh: Vec<EnrolledKey>,
    pub ordinary: Ordinary,
}

/// What may be changed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rights {
    pub bind: Permission,
    pub unbind: Permission,
}

impl Possessions {
    pub(super) fn of(here: Here<'_>) -> Result<Self, Fault> {
        let (realm, account) = (&here.app.realm, &here.session.account);
        let found = realm.store.read(|tx| {
            Ok::<_, FlowError>(Self {
                bound: devices::rows::bound(tx, account.id)?,
                keys: fido::of_account(tx, account.id)?,
                ssh: ssh_key::of_account(tx, account.id)?,
                ordinary: Ordinary::of(realm, tx, account, &here.visitor.source)?,
            })
        })?;
        Ok(found)
    }

    /// The device of this id, where it is this very account's.
    pub(super) fn device(&self, id: &str) -> Option<&Device> {
        self.bound.devices.iter().find(|one| one.id.to_string() == id)
    }

    /// The key of this id.
    pub(super) fn key(&self, id: &str) -> Option<&Credential> {
        self.keys.iter().find(|one| one.device.to_string() == id)
    }

    /// How many of a kind.
    pub(super) fn count(&self, kind: DeviceKind) -> usize {
        self.bound.devices.iter().filter(|one| one.kind == kind).count()
    }

    /// Methods of the devices to live on.
    pub(super) fn lasting(&self) -> BTreeSet<Method> {
        ordinary::lasting(&self.bound)
    }

    /// A valid name that is free (R68): `Passkey`, `Passkey-2`, …
    pub(super) fn suggestion(&self, base: &str) -> String {
        let taken = |name: &str| {
            let mut names = self.bound.devices.iter().map(|one| one.name.as_str());
            names.any(|known| known.eq_ignore_ascii_case(name))
        };
        let numbered = (2..100).map(|n| format!("{base}-{n}"));
        let mut names = std::iter::once(base.to_owned()).chain(numbered);
        names.find(|name| !taken(name)).unwrap_or_default()
    }
}

/// Everything that the page says of a device.
pub(super) fn line(here: Here<'_>, device: &Device, has: &Possessions, rights: Rights) -> DeviceView {
    let t = here.t();
    let key = has.keys.iter().find(|one| one.device == device.id);
    let successor = has.keys.iter().find(|one| one.replaces == Some(device.id));
    let is_codes = device.kind == DeviceKind::RecoveryCodes;
    let codes = is_codes.then(|| t.with("devices-codes-left", "left", has.bound.recovery_left));
    let may_bind = rights.bind == Permission::Granted;
    let may_unbind = rights.unbind == Permission::Granted;
    DeviceView {
        id: device.id.to_string(),
        name: device.name.to_string(),
        kind: kind(t, device.kind),
        model: key.and_then(|key| here.app.passkeys.as_ref()?.model(key.aaguid)),
        level: level(t, device.kind, key),
        created: t.with("security-created", "day", day(device.created_at)),
        last_used: last_use(t, device.last_used.as_ref()),
        copies: key.map(|key| copies(t, key)),
        remark: successor
            .map(|new| t.with("devices-goes-after", "successor", &new.name))
            .or(codes)
            .or_else(|| fingerprint(t, device, has)),
        is_old: key.is_some_and(Credential::is_old),
        is_accepted: !device.kind.is_asked() || has.ordinary.accepts(device.kind.method()),
        can_update: key.is_some_and(can_be_updated) && successor.is_none() && may_bind,
        can_rename: may_bind && !is_codes,
        can_replace: may_bind && may_unbind && device.kind == DeviceKind::Totp,
        can_unbind: may_unbind,
    }
}

/// Of an SSH key, by what to know it, and whether its signatures must show that they verified somebody.
fn fingerprint(t: Texts, device: &Device, has: &Possessions) -> Option<String> {
    let key = has.ssh.iter().find(|one| one.device == device.id)?;
    let print = key.key.fingerprint();
    Some(if key.verification.is_demanded() {
        t.with("security-ssh-key-verifying", "fingerprint", print)
    } else {
        t.with("security-ssh-key-plain", "fingerprint", print)
    })
}

/// What only shows possession can become a passkey (R73 to R75).
pub(super) fn can_be_updated(key: &Credential) -> bool {
    key.kind == DeviceKind::SecurityKey
}

/// What a device is.
fn kind(t: Texts, kind: DeviceKind) -> String {
    match kind {
        DeviceKind::Totp => t.say("devices-kind-totp"),
        DeviceKind::RecoveryCodes => t.say("devices-kind-recovery-codes"),
        DeviceKind::Passkey => t.say("devices-kind-passkey"),
        DeviceKind::SecurityKey => t.say("devices-kind-security-key"),
        DeviceKind::Email => t.say("security-email-kind"),
        DeviceKind::SshKey => t.say("devices-kind-ssh-key"),
    }
}

/// The badge (R102): recovery codes and SSH keys have none.
fn level(t: Texts, kind: DeviceKind, key: Option<&Credential>) -> Option<(&'static str, String)> {
    let best = match key {
        Some(key) => key.best_level(),
        // What an SSH key proves depends on the host that it opens.
        None if matches!(kind, DeviceKind::RecoveryCodes | DeviceKind::SshKey) => return None,
        None => kind.method().level(),
    };
    let name = match best {
        Level::Hardware => t.say("security-level-hardware"),
        Level::Highest => t.say("devices-level-highest"),
        Level::High => t.say("devices-level-high"),
        Level::Medium => t.say("devices-level-medium"),
        Level::Single | Level::None => return None,
    };
    // The style sheet knows no badge above the highest.
    Some((best.min(Level::Highest).as_str(), name))
}

/// R44: whether copies of the key may exist.
fn copies(t: Texts, key: &Credential) -> String {
    match (key.backed_up, key.backup_eligible) {
        (true, _) => t.say("devices-synced"),
        (false, true) => t.say("devices-can-be-synced"),
        (false, false) => t.say("devices-on-this-device"),
    }
}

fn last_use(t: Texts, last: Option<&LastUse>) -> String {
    let Some(last) = last else {
        return t.say("security-never-used");
    };
    let told = match (&last.service, last.door) {
        (Some(service), door) => {
            let service = service.split_once(':').map_or(service.as_str(), |(_, name)| name);
            let values = [
                ("moment", minute(last.at)),
                ("service", service.to_owned()),
                ("source", last.source.clone()),
            ];
            match door {
                Door::Web => t.fill("security-used-web", values),
                Door::Shell => t.fill("security-used-shell", values),
                Door::Command => t.fill("security-used-command", values),
            }
        }
        (None, door) => {
            let values = [("moment", minute(last.at)), ("source", last.source.clone())];
            match door {
                Door::Web => t.fill("devices-used-on-the-web", values),
                Door::Shell => t.fill("devices-used-at-a-terminal", values),
                Door::Command => t.fill("devices-used-by-command", values),
            }
        }
    };
    t.with("security-last-used-at", "use", told)
}

/// `2026-05-01`
pub(super) fn day(moment: i64) -> String {
    utc::text(moment).chars().take_while(|c| *c != 'T').collect()
}

/// `2026-05-01 12:00 UTC`
pub(super) fn minute(moment: i64) -> String {
    let text = utc::text(moment).replace('T', " ");
    let end = text.rfind(':').unwrap_or(text.len());
    format!("{} UTC", &text[..end])
}
