//! Facts of this host for one login: its service, where the person comes from, what was proven before us.
//!
//! Facts are what root says. What an unprivileged caller says about service and terminal binds nobody but itself, and
//! whatever it says, it sits at this machine. A value that is there but makes no sense makes the source unknown, which
//! is never easier than any known one (policy.md, section 1).

use crate::peer::Trust;
use samekey_shared::accounts::{LoginName, RealmNames};
use samekey_shared::flows::Doorway;
use samekey_shared::methods::FirstFactor;
use samekey_shared::source::{Door, Source};
use samekey_shared::ssh::{AuthInfo, ShownKey};
use samekey_wire::Start;

/// Longest service name.
const LONGEST_SERVICE: usize = 64;

/// Where the person stands, or nothing if the request names no possible service.
pub fn doorway(start: &Start, trust: Trust, names: &RealmNames, host: &str) -> Option<Doorway> {
    if !is_service(&start.service) {
        return None;
    }
    Some(Doorway {
        door: Door::Shell,
        service: format!("pam:{}", start.service),
        host: Some(host.to_owned()),
        source: source(start, trust, names),
    })
}

/// The names that files in `pam.d` have.
fn is_service(name: &str) -> bool {
    let ordinary = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-' | b'@' | b'+');
    (1..=LONGEST_SERVICE).contains(&name.len()) && name.bytes().all(ordinary)
}

fn source(start: &Start, trust: Trust, names: &RealmNames) -> Source {
    if trust != Trust::Root {
        return by(Some(&start.user), names);
    }
    let ssh = start.ssh_connection.as_deref().map(|connection| {
        connection
            .split(' ')
            .next()
            .and_then(|address| Source::parse_address(address).ok())
    });
    match (&start.rhost, ssh) {
        (Some(rhost), ssh) => match Source::parse_address(rhost) {
            Ok(source) => source,
            // sshd with UseDNS gives a name, which is the owner of the address's claim; the address is in SSH_CONNECTION.
            Err(_) => ssh.flatten().unwrap_or(Source::Unknown),
        },
        (None, Some(Some(source))) => source,
        // A network login that does not say from where (sshd leaves PAM_RHOST unset for UNKNOWN) is not a local one.
        (None, Some(None)) => Source::Unknown,
        (None, None) if start.tty.as_deref() == Some("ssh") => Source::Unknown,
        (None, None) => by(start.ruser.as_deref(), names),
    }
}

/// Somebody at this machine, called so.
fn by(user: Option<&str>, names: &RealmNames) -> Source {
    match user.map(|user| LoginName::parse(user, names)) {
        None => Source::Local { by: None },
        Some(Ok(login)) => Source::Local {
            by: Some(login.to_string()),
        },
        Some(Err(_)) => Source::Unknown,
    }
}

/// What the stack tells of its own checks. `SSH_AUTH_INFO_0` is sshd's word only when sshd, as root, says it of its own
/// service: others may find whatever they like in PAM's environment, and for them it is as if it were not there. sshd's own
/// word that makes no sense is not "no key": it is something that nobody knows.
pub fn first_factor(start: &Start, trust: Trust, sshd_verifies: bool) -> FirstFactor {
    let told = start.auth_info.as_deref().filter(|_| is_sshd(start, trust));
    let Ok(info) = AuthInfo::parse(told.unwrap_or_default()) else {
        return FirstFactor::Unreadable;
    };
    match info.key {
        Some(key) => FirstFactor::PublicKey(ShownKey::of(&key, sshd_verifies)),
        None if start.had_password || info.methods.iter().any(|method| method == "password") => FirstFactor::Password,
        None => FirstFactor::None,
    }
}

/// Whether this is sshd, speaking for its own service.
fn is_sshd(start: &Start, trust: Trust) -> bool {
    trust == Trust::Root && format!("pam:{}", start.service) == samekey_shared::ssh::SERVICE
}

/// Whether sshd says that this very connection completed some method: a key, a password, a dialogue.
pub fn completed_a_method(start: &Start) -> bool {
    completed(start)
        .any(|line| line == "password" || line.starts_with("publickey ") || line.starts_with("keyboard-interactive"))
}

/// Whether sshd says that this very connection completed a method that runs the PAM stack.
pub fn ran_the_stack(start: &Start) -> bool {
    completed(start).any(|line| line == "password" || line.starts_with("keyboard-interactive"))
}

/// What sshd says that the connection completed. In the environment of anybody else it may be the person's own word
/// (`pam_env` with `user_readenv`).
fn completed(start: &Start) -> impl Iterator<Item = &str> {
    let told = start.auth_info.as_deref().filter(|_| start.service.starts_with("sshd"));
    told.unwrap_or_default().lines().map(str::trim)
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_wire::Call;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn start() -> Start {
        Start {
            call: Call::Authenticate,
            service: "sshd".into(),
            user: "demo".into(),
            tty: None,
            rhost: None,
            ruser: None,
            uid: 0,
            silent: false,
            ssh_connection: None,
            auth_info: None,
            had_password: false,
            locale: None,
        }
    }

    fn from(change: impl FnOnce(&mut Start)) -> Source {
        let mut start = start();
        change(&mut start);
        source(&start, Trust::Root, &RealmNames::default())
    }

    fn address(text: &str) -> Source {
        Source::parse_address(text).unwrap()
    }

    #[test]
    fn a_remote_host_is_its_address() {
        assert_eq!(from(|s| s.rhost = Some("192.0.2.7".into())), address("192.0.2.7"));
        assert_eq!(from(|s| s.rhost = Some("2001:db8::1".into())), address("2001:db8::1"));
        assert_eq!(
            from(|s| s.rhost = Some("::ffff:192.0.2.7".into())),
            address("192.0.2.7")
        );
    }

    #[test]
    fn what_is_no_address_is_unknown_and_never_local() {
        for strange in [
            "fe80::1%eth0",
            "[::1]",
            "192.0.2.7:22",
            "evil.example",
            "UNKNOWN",
            "127.0.0.1 ",
        ] {
            assert_eq!(from(|s| s.rhost = Some(strange.into())), Source::Unknown, "{strange}");
        }
        assert_eq!(from(|s| s.tty = Some("ssh".into())), Source::Unknown);
        assert_eq!(
            from(|s| s.ssh_connection = Some("UNKNOWN 65535 UNKNOWN 65535".into())),
            Source::Unknown
        );
    }

    #[test]
    fn a_name_from_dns_gives_way_to_the_connections_address() {
        let source = from(|s| {
            s.rhost = Some("office.example".into());
            s.ssh_connection = Some("192.0.2.7 4711 192.0.2.1 22".into());
        });
        assert_eq!(source, address("192.0.2.7"));
    }

    #[test]
    fn sudo_and_the_console_are_local() {
        assert_eq!(from(|_| {}), Source::Local { by: None });
        assert_eq!(
            from(|s| s.ruser = Some("alice".into())),
            Source::Local {
                by: Some("alice".into())
            }
        );
        assert_eq!(from(|s| s.ruser = Some("a b".into())), Source::Unknown);
    }

    #[test]
    fn an_unprivileged_caller_is_local_whatever_it_says() {
        let mut claim = start();
        claim.rhost = Some("192.0.2.7".into());
        claim.ssh_connection = Some("192.0.2.7 1 192.0.2.1 22".into());
        claim.ruser = Some("root".into());
        let source = source(&claim, Trust::Own, &RealmNames::default());
        assert_eq!(
            source,
            Source::Local {
                by: Some("demo".into())
            }
        );
    }

    #[test]
    fn services_are_file_names() {
        for good in ["sshd", "gdm-password", "polkit-1", "systemd-user"] {
            assert!(is_service(good), "{good}");
        }
        for bad in ["", "a/b", "a b", "a\n", "pam:sshd", &"a".repeat(65)] {
            assert!(!is_service(bad), "{bad:?}");
        }
    }

    #[test]
    fn completed_methods_name_the_first_factor() {
        let claim = |info: &str, had_password| {
            let mut start = start();
            start.auth_info = Some(info.to_owned());
            start.had_password = had_password;
            first_factor(&start, Trust::Root, false)
        };
        let FirstFactor::PublicKey(key) = claim(&format!("publickey {KEY}\n"), true) else {
            panic!("no key");
        };
        // `ssh-keygen -lf` of this key prints the same.
        assert_eq!(key.fingerprint, "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
        assert!(!key.on_our_terms);
        assert_eq!(claim("publickey ssh-ed25519 %%%\n", false), FirstFactor::Unreadable);
        // A password beside it does not make it known either.
        assert_eq!(claim("publickey ssh-ed25519 %%%\n", true), FirstFactor::Unreadable);
        assert_eq!(claim("", true), FirstFactor::Password);
        assert_eq!(claim("password\n", false), FirstFactor::Password);
        assert_eq!(claim("", false), FirstFactor::None);
    }

    #[test]
    fn a_key_is_believed_of_sshd_alone() {
        let told = |service: &str, trust, verifies| {
            let mut start = start();
            start.service = service.to_owned();
            start.auth_info = Some(format!("publickey {KEY}\n"));
            first_factor(&start, trust, verifies)
        };
        assert!(matches!(told("sshd", Trust::Root, false), FirstFactor::PublicKey(key) if !key.on_our_terms));
        assert!(matches!(told("sshd", Trust::Root, true), FirstFactor::PublicKey(key) if key.on_our_terms));
        for (service, trust) in [
            ("sshd", Trust::Own),
            ("sshd", Trust::Nobody),
            ("sudo", Trust::Root),
            ("login", Trust::Root),
            ("sshd-git", Trust::Root),
        ] {
            assert_eq!(told(service, trust, true), FirstFactor::None, "{service} {trust:?}");
        }
    }

    #[test]
    fn only_methods_that_run_the_stack_count_for_the_tripwire() {
        let ran = |info: &str| {
            let mut start = start();
            start.auth_info = Some(info.to_owned());
            ran_the_stack(&start)
        };
        assert!(ran("publickey ssh-ed25519 AAAA\nkeyboard-interactive/pam\n"));
        assert!(ran("password\n"));
        assert!(!ran("publickey ssh-ed25519 AAAA keyboard-interactive\n"));
        assert!(!ran("hostbased ssh-ed25519 AAAA\n"));
        assert!(!ran(""));
        let mut login = start();
        login.service = "login".into();
        login.auth_info = Some("password\n".into());
        assert!(!ran_the_stack(&login) && !completed_a_method(&login), "not sshd's word");
    }
}
