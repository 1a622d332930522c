//! Whether a bound security e-mail counts at a door: the setting `email`, and what is asked there (Q4).

use crate::devices::Bound;
use crate::methods::{Level, Method};
use crate::policy::EmailUse;
use std::collections::BTreeSet;

/// Of the methods that could be answered, those that count here. An address that cannot reach what is asked is as if it
/// were not there: it takes nobody's time to enrol away, and is no reason to ask for another device.
pub(super) fn counting(usage: EmailUse, service: &str, level: Level, bound: &Bound) -> BTreeSet<Method> {
    let mut methods = bound.methods();
    let counts = level <= Method::Email.level()
        && match usage {
            EmailUse::Off => false,
            EmailUse::SensitiveOnly => is_sensitive(service),
            EmailUse::Emergency => !is_sensitive(service) && bound.devices.iter().any(|one| one.kind.is_lasting()),
            EmailUse::SecondFactor => true,
        };
    if !counts {
        methods.remove(&Method::Email);
    }
    methods
}

/// Confirming a sensitive operation, and no sign-in (R101): one's own devices, administration, becoming somebody else.
fn is_sensitive(service: &str) -> bool {
    const ELEVATION: [&str; 5] = ["pam:sudo", "pam:sudo-i", "pam:su", "pam:su-l", "pam:polkit-1"];
    service == "portal:devices" || service.starts_with("admin:") || ELEVATION.contains(&service)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::devices::{Device, DeviceKind, DeviceState};

    fn bound(kinds: &[DeviceKind]) -> Bound {
        let device = |kind: &DeviceKind| Device {
            id: format!("{:032x}", 1).parse().unwrap(),
            account: format!("{:032x}", 2).parse().unwrap(),
            kind: *kind,
            name: "x".parse().unwrap(),
            state: DeviceState::Bound,
            created_at: 0,
            last_used: None,
        };
        Bound {
            devices: kinds.iter().map(device).collect(),
            recovery_left: 0,
        }
    }

    #[test]
    fn what_an_address_is_good_for_is_what_the_setting_says() {
        use EmailUse::{Emergency, Off, SecondFactor, SensitiveOnly};
        let (alone, both) = ([DeviceKind::Email], [DeviceKind::Email, DeviceKind::Totp]);
        let rest = [DeviceKind::Email, DeviceKind::RecoveryCodes];
        for (usage, service, level, kinds, counts) in [
            (Off, "portal:sign-in", Level::Medium, &both[..], false),
            (Off, "portal:devices", Level::Medium, &both[..], false),
            (SensitiveOnly, "portal:sign-in", Level::Medium, &both[..], false),
            (SensitiveOnly, "portal:devices", Level::Medium, &alone[..], true),
            (SensitiveOnly, "pam:sudo", Level::Medium, &alone[..], true),
            (SensitiveOnly, "admin:accounts", Level::Medium, &both[..], true),
            (Emergency, "portal:sign-in", Level::Medium, &both[..], true),
            (Emergency, "pam:sshd", Level::Medium, &both[..], true),
            (Emergency, "oidc:wiki", Level::Medium, &alone[..], false),
            (Emergency, "oidc:wiki", Level::Medium, &rest[..], false),
            (Emergency, "portal:devices", Level::Medium, &both[..], false),
            (SecondFactor, "portal:sign-in", Level::Medium, &alone[..], true),
            (SecondFactor, "portal:sign-in", Level::High, &both[..], false),
            (Emergency, "portal:sign-in", Level::High, &both[..], false),
        ] {
            let found = counting(usage, service, level, &bound(kinds)).contains(&Method::Email);
            assert_eq!(found, counts, "{usage} {service} {level} {kinds:?}");
        }
    }
}
