//! The `[agent]` section of the configuration file.

use serde::Deserialize;
use std::path::PathBuf;

/// What the administrator may set; absent keys have these defaults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Settings {
    /// Where to listen when systemd hands over no socket.
    pub socket: PathBuf,
    /// Most conversations at a time; what comes beyond is refused, not queued.
    pub conversations: usize,
    /// This host's name in policies and in the audit trail; the system's own name if absent.
    pub host: Option<String>,
    /// The program that asks security keys plugged into this machine. Without it none is asked.
    pub security_key: PathBuf,
    /// sshd on this host takes a key that is enrolled with verification only when its signature shows a verified person:
    /// `PubkeyAuthOptions verify-required`, or keys from `samekey ssh-keys` alone. The doctor holds it against sshd's word.
    pub sshd_verifies: bool,
    /// The user that `samekey ssh-keys` runs as (`AuthorizedKeysCommandUser`): it may ask for anybody's public keys.
    pub ssh_keys_user: String,
}

/// Least and most that `conversations` may be.
const CONVERSATIONS: std::ops::RangeInclusive<usize> = 4..=4096;

impl Default for Settings {
    fn default() -> Self {
        Self {
            socket: PathBuf::from("/run/samekey/agent.sock"),
            conversations: 256,
            host: None,
            security_key: PathBuf::from("/usr/libexec/samekey/samekey-key"),
            sshd_verifies: false,
            ssh_keys_user: "samekey-ssh".to_owned(),
        }
    }
}

impl Settings {
    /// The name of this host: as configured, as the system knows it, or "unknown".
    pub fn host_name(&self) -> String {
        self.host.clone().unwrap_or_else(|| {
            let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
            match name.trim() {
                "" => "unknown".to_owned(),
                name => name.to_owned(),
            }
        })
    }

    /// Refuses what cannot work, in words for the administrator.
    pub fn validate(&self) -> Result<(), String> {
        if !self.socket.is_absolute() {
            return Err("[agent] socket must be an absolute path".to_owned());
        }
        if !self.security_key.is_absolute() {
            return Err("[agent] security-key must be an absolute path".to_owned());
        }
        if self.ssh_keys_user.is_empty() || self.ssh_keys_user.contains('\0') {
            return Err("[agent] ssh-keys-user must be the name of a user".to_owned());
        }
        if !CONVERSATIONS.contains(&self.conversations) {
            return Err(format!(
                "[agent] conversations must be from {} to {}",
                CONVERSATIONS.start(),
                CONVERSATIONS.end()
            ));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_section_is_the_default_and_a_wrong_one_is_refused() {
        let parse = |text: &str| toml::from_str::<Settings>(text);
        assert_eq!(parse("").unwrap(), Settings::default());
        assert!(parse("sockt = \"/a\"").is_err());
        assert!(parse("socket = \"a\"").unwrap().validate().is_err());
        assert!(parse("security-key = \"samekey-key\"").unwrap().validate().is_err());
        assert!(parse("ssh-keys-user = \"\"").unwrap().validate().is_err());
        assert!(!Settings::default().sshd_verifies && parse("sshd-verifies = true").unwrap().sshd_verifies);
        assert!(parse("conversations = 0").unwrap().validate().is_err());
        assert!(parse("host = \"web1\"").unwrap().validate().is_ok());
    }
}
