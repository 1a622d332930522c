//! Shells that are not asked again for a while (`recheck`, Q12): there is no token, but the same account enters the same
//! host by the same service, from the same address, with the same public key, under the same policy.

use crate::clock::UnixTime;
use crate::flows::Doorway;
use crate::ids::AccountId;
use crate::methods::FirstFactor;
use crate::params;
use crate::source::Door;
use crate::ssh::ShownKey;
use crate::store::{StoreError, Tx};
use ring::digest::{Context, SHA256};

/// What a shell's sign-in is bound to, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Binding([u8; 32]);

impl Binding {
    /// The binding of this login; nothing where a part of it is not known. sudo and su have neither address nor key, so
    /// they have none either.
    pub fn of(doorway: &Doorway, first: &FirstFactor, policy_hash: &str) -> Option<Self> {
        let FirstFactor::PublicKey(ShownKey { fingerprint, .. }) = first else {
            return None;
        };
        let host = doorway.host.as_deref().filter(|host| !host.is_empty())?;
        let address = doorway.source.ip()?.to_string();
        let readable = doorway.door == Door::Shell && fingerprint.starts_with("SHA256:");
        let mut context = Context::new(&SHA256);
        for part in [host, &doorway.service, &address, fingerprint, policy_hash] {
            // Its length first: two different logins never run together into one text.
            context.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
            context.update(part.as_bytes());
        }
        let mut hash = [0; 32];
        hash.copy_from_slice(context.finish().as_ref());
        readable.then_some(Self(hash))
    }
}

/// Notes that the second factor was proven at this shell just now.
pub(crate) fn note(
    tx: &mut Tx<'_>,
    account: AccountId,
    binding: &Binding,
    lives: i64,
    now: UnixTime,
) -> Result<(), StoreError> {
    tx.execute(
        "INSERT INTO rechecks (account, binding, verified_at, expires_at) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (account, binding) DO UPDATE SET verified_at = excluded.verified_at, \
         expires_at = excluded.expires_at, last_used_at = NULL",
        params![account, binding.0.as_slice(), now, now.saturating_add(lives)],
    )?;
    Ok(())
}

/// When the second factor was last proven at this shell. A proof from the future was made by a clock that has since been
/// set back: it is dead, and gone where the unit may write.
pub(crate) fn proven_at(
    tx: &mut Tx<'_>,
    account: AccountId,
    binding: &Binding,
    now: UnixTime,
) -> Result<Option<UnixTime>, StoreError> {
    let row = tx.query_opt(
        "SELECT verified_at FROM rechecks WHERE account = $1 AND binding = $2 AND expires_at > $3",
        params![account, binding.0.as_slice(), now],
    )?;
    let Some(at) = row.map(|row| row.int(0)).transpose()? else {
        return Ok(None);
    };
    if at > now && tx.may_write() {
        tx.execute(
            "DELETE FROM rechecks WHERE account = $1 AND binding = $2",
            params![account, binding.0.as_slice()],
        )?;
    }
    Ok(Some(at).filter(|at| *at <= now))
}

/// Notes that the earlier proof spares a question now; false if it died since it was looked at.
pub(crate) fn used(tx: &mut Tx<'_>, account: AccountId, binding: &Binding, now: UnixTime) -> Result<bool, StoreError> {
    let used = tx.execute(
        "UPDATE rechecks SET last_used_at = $1 \
         WHERE account = $2 AND binding = $3 AND expires_at > $1 AND verified_at <= $1",
        params![now, account, binding.0.as_slice()],
    )?;
    Ok(used == 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Source;

    fn doorway(host: &str, service: &str, source: &str) -> Doorway {
        Doorway {
            door: Door::Shell,
            service: service.into(),
            host: Some(host.into()).filter(|host: &String| !host.is_empty()),
            source: Source::remote_host(source),
        }
    }

    fn key(print: &str) -> FirstFactor {
        FirstFactor::PublicKey(ShownKey {
            key_type: "ssh-ed25519".into(),
            fingerprint: print.into(),
            on_our_terms: false,
        })
    }

    #[test]
    fn another_part_is_another_binding() {
        let one = Binding::of(&doorway("h", "pam:sshd", "192.0.2.7"), &key("SHA256:a"), "p");
        assert!(one.is_some());
        for (host, service, source, print, policy) in [
            ("g", "pam:sshd", "192.0.2.7", "SHA256:a", "p"),
            ("h", "pam:ssh", "192.0.2.7", "SHA256:a", "p"),
            ("h", "pam:sshd", "192.0.2.8", "SHA256:a", "p"),
            ("h", "pam:sshd", "192.0.2.7", "SHA256:b", "p"),
            ("h", "pam:sshd", "192.0.2.7", "SHA256:a", "q"),
            ("hp", "am:sshd", "192.0.2.7", "SHA256:a", "p"),
        ] {
            let other = Binding::of(&doorway(host, service, source), &key(print), policy);
            assert!(other.is_some() && other != one, "{host} {service} {source} {print}");
        }
    }

    #[test]
    fn what_is_not_known_binds_nothing() {
        let known = doorway("h", "pam:sshd", "192.0.2.7");
        assert_eq!(Binding::of(&known, &FirstFactor::Password, "p"), None);
        assert_eq!(Binding::of(&known, &FirstFactor::None, "p"), None);
        assert_eq!(Binding::of(&known, &key("unreadable"), "p"), None);
        let nowhere = [doorway("", "pam:sshd", "192.0.2.7"), doorway("h", "pam:sshd", "x")];
        let web = Doorway {
            door: Door::Web,
            ..known
        };
        for doorway in nowhere.iter().chain([&web]) {
            assert_eq!(Binding::of(doorway, &key("SHA256:a"), "p"), None, "{doorway:?}");
        }
    }
}
