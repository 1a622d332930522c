//! `SSH_AUTH_INFO_0`: the authentication methods that a connection completed, as sshd's monitor tells PAM.
//!
//! One method a line (OpenSSH's `auth2_update_session_info`): its name, with `/submethod` for some; of `publickey` then the
//! key, and of a key in an authenticator sometimes ` signature count = N`. sshd refuses to write a line break of anybody
//! else's, so a line is one method; whatever reads otherwise is not understood, and what is not understood proves nothing.

use super::PublicKey;
use serde::{Deserialize, Serialize};

/// The longest that is read: several certificates with RSA keys of 16384 bits fit.
const LONGEST: usize = 32 * 1024;

/// Most methods of one connection.
const MOST: usize = 32;

/// What sshd says is not in the form that it is known to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("SSH_AUTH_INFO_0 is not as sshd writes it")]
pub struct Unreadable;

/// What a connection has completed so far.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AuthInfo {
    /// Names of the methods, in their order: `publickey`, `keyboard-interactive/pam`.
    pub methods: Vec<String>,
    /// The key of the first `publickey`.
    pub key: Option<PublicKey>,
}

/// The key that came first at a login.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ShownKey {
    /// The name of its type: `sk-ssh-ed25519@openssh.com`.
    pub key_type: String,
    /// `SHA256:…`.
    pub fingerprint: String,
    /// Whether this host's sshd takes keys on no easier terms than those they are enrolled with: the host's administrator
    /// says so, and the doctor holds it against sshd's configuration (decision 20).
    pub on_our_terms: bool,
}

impl ShownKey {
    /// Of a key, on a host of this kind.
    pub fn of(key: &PublicKey, on_our_terms: bool) -> Self {
        Self {
            key_type: key.key_type().to_owned(),
            fingerprint: key.fingerprint(),
            on_our_terms,
        }
    }
}

impl AuthInfo {
    /// Reads the whole text. One line that is not understood makes all of it so.
    pub fn parse(text: &str) -> Result<Self, Unreadable> {
        if text.is_empty() {
            return Ok(Self::default());
        }
        let lines = text.strip_suffix('\n').unwrap_or(text);
        if text.len() > LONGEST || lines.chars().any(|c| c.is_control() && c != '\n') {
            return Err(Unreadable);
        }
        let mut info = Self::default();
        for line in lines.split('\n') {
            let (method, rest) = match line.split_once(' ') {
                Some((method, rest)) => (method, Some(rest)),
                None => (line, None),
            };
            let ordinary = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'/' | b'.' | b'@' | b'_');
            if method.is_empty() || !method.bytes().all(ordinary) || info.methods.len() >= MOST {
                return Err(Unreadable);
            }
            if method == "publickey" {
                let key = key(rest.ok_or(Unreadable)?)?;
                info.key.get_or_insert(key);
            }
            info.methods.push(method.to_owned());
        }
        Ok(info)
    }
}

/// `TYPE BASE64`, and what sshd adds of an authenticator's counter.
fn key(text: &str) -> Result<PublicKey, Unreadable> {
    let (key_type, rest) = text.split_once(' ').ok_or(Unreadable)?;
    let (base64, remark) = match rest.split_once(' ') {
        Some((base64, remark)) => (base64, Some(remark)),
        None => (rest, None),
    };
    let key = PublicKey::read(key_type, base64).map_err(|_| Unreadable)?;
    let counts = |remark: &str| {
        let number = remark.strip_prefix("signature count = ");
        number.is_some_and(|number| number.parse::<u32>().is_ok() && number.bytes().all(|b| b.is_ascii_digit()))
    };
    match remark {
        None => Ok(key),
        Some(remark) if key_type.starts_with("sk-") && counts(remark) => Ok(key),
        Some(_) => Err(Unreadable),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
    /// `sk-ssh-ed25519@openssh.com`, a key of sevens, `ssh:`.
    const SK: &str = "sk-ssh-ed25519@openssh.com \
                      AAAAGnNrLXNzaC1lZDI1NTE5QG9wZW5zc2guY29tAAAAIAcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHAAAABHNzaDo=";

    fn read(text: &str) -> Result<AuthInfo, Unreadable> {
        AuthInfo::parse(text)
    }

    #[test]
    fn what_sshd_writes_is_read() {
        assert_eq!(read(""), Ok(AuthInfo::default()));
        let info = read(&format!("publickey {KEY}\nkeyboard-interactive/pam\n")).unwrap();
        assert_eq!(info.methods, ["publickey", "keyboard-interactive/pam"]);
        assert_eq!(info.key.unwrap().key_type(), "ssh-ed25519");
        let info = read(&format!("publickey {SK} signature count = 17\n")).unwrap();
        assert!(info.key.unwrap().is_security_key());
        // Of several keys the first counts, as the first is what the policy is asked about.
        let info = read(&format!("publickey {KEY}\npublickey {SK}\n")).unwrap();
        assert_eq!(info.key.unwrap().key_type(), "ssh-ed25519");
        let hostbased = format!("hostbased {KEY} client user \"eve\", client host \"x\"\n");
        assert_eq!(read(&hostbased).unwrap().key, None);
        assert_eq!(read("gssapi-with-mic eve@EXAMPLE.ORG\n").unwrap().key, None);
    }

    #[test]
    fn what_somebody_else_could_have_written_is_not_understood() {
        let long = format!("publickey {KEY}\n").repeat(LONGEST / 80 + 1);
        for hostile in [
            "\n",
            "publickey\n",
            "publickey \n",
            "publickey ssh-ed25519\n",
            "publickey ssh-ed25519 AAAA\n",
            "publickey ssh-ed25519 %%%\n",
            &format!(" publickey {KEY}\n"),
            &format!("publickey  {KEY}\n"),
            &format!("publickey {KEY} \n"),
            &format!("publickey {KEY} signature count = 1\n"),
            &format!("publickey {SK} signature count = -1\n"),
            &format!("publickey {SK} signature count = 4294967296\n"),
            &format!("publickey {SK} verified\n"),
            &format!("publickey {KEY}\r\n"),
            &format!("publickey {KEY}\n\n"),
            &format!("publickey {KEY}\u{0}\n"),
            &format!("publickey {KEY}\u{2028}publickey {SK}\n"),
            &format!("publickey {KEY}\npublickey ssh-ed25519 AAAA\n"),
            // The name outside is not the one inside.
            &format!("publickey {}\n", SK.replacen("sk-ssh-ed25519@", "sk-ssh-ed25518@", 1)),
            &format!(
                "publickey {}\n",
                KEY.replacen("ssh-ed25519", "sk-ssh-ed25519@openssh.com", 1)
            ),
            "PASSWORD=\"x\" y\n",
            &long,
        ] {
            assert_eq!(read(hostile), Err(Unreadable), "{hostile:.100?}");
        }
        let many = "none\n".repeat(MOST + 1);
        assert_eq!(read(&many), Err(Unreadable));
    }

    proptest! {
        /// Whatever it is, it is answered; and a key comes only out of a line that says `publickey`.
        #[test]
        fn any_text_is_answered(text in "[ -~\n]{0,200}", at in any::<prop::sample::Index>(), put in any::<char>()) {
            let _ = read(&text);
            let mut damaged: Vec<char> = format!("hostbased {SK}\n").chars().collect();
            let at = at.index(damaged.len());
            damaged[at] = put;
            let damaged: String = damaged.into_iter().collect();
            if let Ok(info) = read(&damaged) {
                prop_assert_eq!(info.key, None);
            }
        }

        /// One changed letter of a key is another key or none.
        #[test]
        fn a_damaged_key_is_never_the_same(at in any::<prop::sample::Index>(), put in proptest::char::range('!', '~')) {
            let whole = format!("publickey {SK}\n");
            let known = read(&whole).unwrap().key;
            let mut damaged: Vec<char> = whole.chars().collect();
            let at = at.index(damaged.len() - 1);
            let before = std::mem::replace(&mut damaged[at], put);
            if let Ok(info) = read(&damaged.into_iter().collect::<String>()) {
                prop_assert!(before == put || info.key != known);
            }
        }
    }
}
