//! The `[mail]` section: how letters leave this machine.

use lettre::message::Mailbox;
use samekey_shared::config::safe_file::{self, Privacy, UnsafeFile};
use samekey_shared::secrets::SecretText;
use serde::Deserialize;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// Longest password file.
const MOST_PASSWORD: u64 = 4096;
/// Longest file of certificates.
const MOST_CERTIFICATES: u64 = 1024 * 1024;

/// The section as written.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MailSection {
    /// `smtp`, `sendmail` or `folder`.
    transport: TransportWord,
    /// Whom letters come from: `no-reply@example.org` or `Samekey <no-reply@example.org>`.
    from: String,
    /// The server's name, for SMTP.
    server: Option<String>,
    /// Its port: 587 for STARTTLS, 465 for TLS, 25 for neither.
    port: Option<u16>,
    /// `starttls`, `tls` or, on this machine only, `none`.
    security: Option<SecurityWord>,
    /// Who signs in there.
    user: Option<String>,
    /// The file that holds their password, for us alone to read.
    password_file: Option<PathBuf>,
    /// A PEM file of further authorities whose word on the server's certificate counts.
    ca_file: Option<PathBuf>,
    /// Where `folder` puts letters.
    folder: Option<PathBuf>,
    /// The program, for `sendmail`.
    program: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum TransportWord {
    Smtp,
    Sendmail,
    Folder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum SecurityWord {
    Starttls,
    Tls,
    None,
}

/// Why the section cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// `from`
    #[error("[mail] from: write an address such as no-reply@example.org or Samekey <no-reply@example.org>")]
    From,
    /// Something that this transport needs.
    #[error("[mail] {0}")]
    Missing(&'static str),
    /// Something that belongs to another transport.
    #[error("[mail] {key}: it is not for transport = \"{transport}\"; take it out")]
    Foreign {
        /// The key.
        key: &'static str,
        /// The transport.
        transport: &'static str,
    },
    /// Letters, and with them codes and passwords, in plain text over a network.
    #[error("[mail] security = \"none\": only for a server on this machine; use \"starttls\" or \"tls\"")]
    Plain,
    /// Half of a pair.
    #[error("[mail]: give both `user` and `password-file`, or neither")]
    HalfLogin,
    /// A file of ours.
    #[error("[mail]: {0}")]
    File(#[from] UnsafeFile),
    /// The certificates.
    #[error("[mail] ca-file: {0} holds no certificate that can be read")]
    Certificates(PathBuf),
    /// TLS.
    #[error("[mail] server: {0}")]
    Tls(String),
}

/// The section, checked.
#[derive(Debug, Clone)]
pub struct MailConfig {
    /// Whom letters come from.
    pub from: Mailbox,
    /// How they leave.
    pub(super) transport: Transport,
}

#[derive(Debug, Clone)]
pub(super) enum Transport {
    Smtp(Smtp),
    Sendmail(PathBuf),
    Folder(PathBuf),
}

/// A mail server.
#[derive(Debug, Clone)]
pub(super) struct Smtp {
    pub server: String,
    pub port: u16,
    pub security: Security,
    pub login: Option<(String, PathBuf)>,
    pub ca_file: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Security {
    Starttls,
    Tls,
    None,
}

impl Smtp {
    /// The password as it is in its file now.
    pub(super) fn password(path: &Path) -> Result<SecretText, MailError> {
        let bytes = safe_file::read(path, Privacy::Secret, MOST_PASSWORD)?;
        let text = String::from_utf8(bytes).map_err(|_| MailError::Missing("password-file: is not UTF-8"))?;
        match text.lines().next().unwrap_or_default() {
            "" => Err(MailError::Missing("password-file: its first line is empty")),
            line => Ok(line.into()),
        }
    }

    /// The further authorities, as they are in their file now.
    pub(super) fn authorities(path: &Path) -> Result<Vec<u8>, MailError> {
        Ok(safe_file::read(path, Privacy::Public, MOST_CERTIFICATES)?)
    }
}

impl MailSection {
    /// Holds the section against the rules; reads the files that it names, so that a wrong one is told at the start.
    pub fn check(self) -> Result<MailConfig, MailError> {
        let from: Mailbox = self.from.parse().map_err(|_| MailError::From)?;
        if !plain(&self.from) {
            return Err(MailError::From);
        }
        let transport = match self.transport {
            TransportWord::Smtp => {
                foreign(
                    "smtp",
                    &[("folder", self.folder.is_some()), ("program", self.program.is_some())],
                )?;
                Transport::Smtp(self.smtp()?)
            }
            TransportWord::Sendmail => {
                self.no_server("sendmail")?;
                foreign("sendmail", &[("folder", self.folder.is_some())])?;
                let program = self.program.unwrap_or_else(|| PathBuf::from("/usr/sbin/sendmail"));
                Transport::Sendmail(absolute(program, "program: give an absolute path")?)
            }
            TransportWord::Folder => {
                self.no_server("folder")?;
                foreign("folder", &[("program", self.program.is_some())])?;
                let folder = self.folder.ok_or(MailError::Missing("folder: where do letters go?"))?;
                Transport::Folder(absolute(folder, "folder: give an absolute path")?)
            }
        };
        Ok(MailConfig { from, transport })
    }

    fn no_server(&self, transport: &'static str) -> Result<(), MailError> {
        let keys = [
            ("server", self.server.is_some()),
            ("port", self.port.is_some()),
            ("security", self.security.is_some()),
            ("user", self.user.is_some()),
            ("password-file", self.password_file.is_some()),
            ("ca-file", self.ca_file.is_some()),
        ];
        foreign(transport, &keys)
    }

    fn smtp(self) -> Result<Smtp, MailError> {
        let server = self
            .server
            .ok_or(MailError::Missing("server: which mail server takes our letters?"))?;
        if server.is_empty() || !plain(&server) || server.contains(['/', '@', ' ']) {
            return Err(MailError::Missing("server: a name or an address, nothing else"));
        }
        let security = match self.security.unwrap_or(SecurityWord::Starttls) {
            SecurityWord::Starttls => Security::Starttls,
            SecurityWord::Tls => Security::Tls,
            SecurityWord::None => Security::None,
        };
        if security == Security::None && !is_here(&server) {
            return Err(MailError::Plain);
        }
        let login = match (self.user, self.password_file) {
            (Some(user), Some(file)) => {
                Smtp::password(&file)?;
                Some((user, file))
            }
            (None, None) => None,
            _ => return Err(MailError::HalfLogin),
        };
        let smtp = Smtp {
            server,
            port: self.port.unwrap_or(match security {
                Security::Starttls => 587,
                Security::Tls => 465,
                Security::None => 25,
            }),
            security,
            login,
            ca_file: self.ca_file,
        };
        super::smtp::check(&smtp)?;
        Ok(smtp)
    }
}

fn foreign(transport: &'static str, keys: &[(&'static str, bool)]) -> Result<(), MailError> {
    match keys.iter().find(|(_, given)| *given) {
        Some((key, _)) => Err(MailError::Foreign { key, transport }),
        None => Ok(()),
    }
}

fn absolute(path: PathBuf, otherwise: &'static str) -> Result<PathBuf, MailError> {
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(MailError::Missing(otherwise))
    }
}

fn plain(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// Loopback by number or by its one name.
fn is_here(server: &str) -> bool {
    server == "localhost" || server.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::config::strict;

    fn checked(text: &str) -> Result<MailConfig, String> {
        let section: MailSection = strict::parse(text)?;
        section.check().map_err(|why| why.to_string())
    }

    #[test]
    fn each_transport_takes_its_own_keys_and_no_others() {
        let from = "from = \"Samekey <no-reply@example.org>\"\n";
        for good in [
            "transport = \"smtp\"\nserver = \"mail.example.org\"",
            "transport = \"smtp\"\nserver = \"mail.example.org\"\nsecurity = \"tls\"\nport = 4650",
            "transport = \"smtp\"\nserver = \"127.0.0.1\"\nsecurity = \"none\"",
            "transport = \"smtp\"\nserver = \"::1\"\nsecurity = \"none\"",
            "transport = \"sendmail\"",
            "transport = \"folder\"\nfolder = \"/var/spool/samekey\"",
        ] {
            assert!(
                checked(&format!("{from}{good}")).is_ok(),
                "{good}: {:?}",
                checked(&format!("{from}{good}"))
            );
        }
        for (bad, why) in [
            ("transport = \"smtp\"", "server"),
            ("transport = \"pigeon\"", "pigeon"),
            (
                "transport = \"smtp\"\nserver = \"mail.example.org\"\nsecurity = \"none\"",
                "this machine",
            ),
            (
                "transport = \"smtp\"\nserver = \"127.0.0.1.evil.example\"\nsecurity = \"none\"",
                "this machine",
            ),
            (
                "transport = \"smtp\"\nserver = \"mail.example.org\"\nuser = \"x\"",
                "password-file",
            ),
            (
                "transport = \"smtp\"\nserver = \"mail.example.org\"\nfolder = \"/x\"",
                "folder",
            ),
            (
                "transport = \"smtp\"\nserver = \"mail.example.org\"\nca-file = \"/none/such\"",
                "/none/such",
            ),
            ("transport = \"folder\"", "folder"),
            ("transport = \"folder\"\nfolder = \"here\"", "absolute"),
            (
                "transport = \"folder\"\nfolder = \"/x\"\nserver = \"mail.example.org\"",
                "server",
            ),
            ("transport = \"sendmail\"\nsecurity = \"tls\"", "security"),
            (
                "transport = \"smtp\"\nserver = \"mail.example.org\"\npasswordfile = \"/x\"",
                "did you mean `password-file`?",
            ),
        ] {
            let error = checked(&format!("{from}{bad}")).unwrap_err();
            assert!(error.contains(why), "{bad}: {error}");
        }
        for from in [
            "",
            "no-reply",
            "a@b@c",
            "Samekey <no-reply@example.org>\\r\\nBcc: eve@evil.example",
        ] {
            let text = format!("from = \"{from}\"\ntransport = \"sendmail\"");
            assert!(checked(&text).is_err(), "{from}");
        }
    }

    #[test]
    fn a_password_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("password");
        std::fs::write(&file, "secret\n").unwrap();
        let text = format!(
            "from = \"a@example.org\"\ntransport = \"smtp\"\nserver = \"mail.example.org\"\nuser = \"x\"\n\
             password-file = \"{}\"",
            file.display()
        );
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(checked(&text).unwrap_err().contains("chmod"), "{:?}", checked(&text));
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(checked(&text).is_ok());
        std::fs::write(&file, "").unwrap();
        assert!(checked(&text).is_err());
    }
}
