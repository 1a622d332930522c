//! An SSH public key in the form of `authorized_keys` (RFC 4253, section 6.6; OpenSSH's PROTOCOL.u2f), and its fingerprint.

use data_encoding::{BASE64, BASE64_NOPAD};
use ring::digest::{SHA256, digest};

/// The longest name of a key's type (RFC 4251, section 6).
const LONGEST_TYPE: usize = 64;

/// The longest blob: an RSA key of 16384 bits has a little over 2 KiB, a certificate with many principals some more.
const LONGEST_BLOB: usize = 16 * 1024;

/// The largest file that is read for one key.
const LARGEST_FILE: usize = 32 * 1024;

/// The shortest RSA modulus that may be enrolled, in bits (NIST SP 800-131A; OpenSSH's own least is 1024).
const SHORTEST_RSA: usize = 2048;

/// Types that live in an authenticator, whose signatures tell whether somebody was there (OpenSSH's PROTOCOL.u2f).
const SECURITY_KEYS: [&str; 2] = ["sk-ssh-ed25519@openssh.com", "sk-ecdsa-sha2-nistp256@openssh.com"];

/// A text that is no key, or none that may be enrolled; a sentence without its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAKey {
    /// Not `TYPE BASE64 [COMMENT]`.
    #[error("it is no line of the form `TYPE BASE64 [COMMENT]`, as ssh-keygen writes into a .pub file")]
    Form,
    /// The blob is not base64, or holds something else than its type says.
    #[error("its base64 does not hold a key of the type that stands before it")]
    Blob,
    /// A private key.
    #[error("it is a private key: keep it where it is, and give the file that ends in .pub")]
    Private,
    /// More than one line.
    #[error("it holds more than one key: enrol them one by one, each with its name")]
    Several,
    /// `authorized_keys` options in front.
    #[error("it begins with options: give the key alone, the options of an enrolled key are ours")]
    Options,
    /// A certificate is not its plain key.
    #[error("it is a certificate: only plain keys are enrolled, a certificate is its authority's word")]
    Certificate,
    /// A type that no sshd of today takes, or that this realm does not know.
    #[error(
        "it is of a type that cannot be enrolled: ssh-ed25519, ecdsa-sha2-nistp256, -384 and -521, ssh-rsa, \
         sk-ssh-ed25519@openssh.com and sk-ecdsa-sha2-nistp256@openssh.com can"
    )]
    Type,
    /// An RSA key that is too short.
    #[error("its RSA modulus has less than {SHORTEST_RSA} bits")]
    Short,
}

/// A public key: its type and its blob, which begins with the same type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicKey {
    key_type: String,
    blob: Vec<u8>,
}

impl PublicKey {
    /// Reads `TYPE` and `BASE64` as sshd writes them, of whatever type, certificates too.
    pub fn read(key_type: &str, base64: &str) -> Result<Self, NotAKey> {
        let ordinary = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'@' | b'_');
        if !(1..=LONGEST_TYPE).contains(&key_type.len()) || !key_type.bytes().all(ordinary) {
            return Err(NotAKey::Form);
        }
        if base64.len() > LONGEST_BLOB * 4 / 3 + 4 {
            return Err(NotAKey::Blob);
        }
        let blob = BASE64.decode(base64.as_bytes()).map_err(|_| NotAKey::Blob)?;
        let mut fields = Fields(&blob);
        if blob.len() > LONGEST_BLOB || fields.next() != Some(key_type.as_bytes()) || fields.0.is_empty() {
            return Err(NotAKey::Blob);
        }
        Ok(Self {
            key_type: key_type.to_owned(),
            blob,
        })
    }

    /// Reads the file that holds one key to be enrolled: a type that may be, and whole.
    pub fn from_file(text: &str) -> Result<Self, NotAKey> {
        if text.contains(concat!("PRIVATE ", "KEY-----")) {
            return Err(NotAKey::Private);
        }
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let line = lines
            .next()
            .filter(|_| text.len() <= LARGEST_FILE)
            .ok_or(NotAKey::Form)?;
        if lines.next().is_some() {
            return Err(NotAKey::Several);
        }
        let mut words = line.split_ascii_whitespace();
        let (Some(key_type), Some(base64)) = (words.next(), words.next()) else {
            return Err(NotAKey::Form);
        };
        let has_options = words.any(|word| word.starts_with("AAAA")) || key_type.contains(['=', '"', ',']);
        match Self::read(key_type, base64) {
            Ok(key) => key.enrollable(),
            Err(_) if has_options || base64.contains('"') => Err(NotAKey::Options),
            Err(error) => Err(error),
        }
    }

    /// The type's name, for example `ssh-ed25519`.
    pub fn key_type(&self) -> &str {
        &self.key_type
    }

    /// The blob in base64, as it stands in `authorized_keys`.
    pub fn base64(&self) -> String {
        BASE64.encode(&self.blob)
    }

    /// `SHA256:…`, as `ssh-keygen -l` prints it of a plain key. Of a certificate it is the certificate's own, never its key's.
    pub fn fingerprint(&self) -> String {
        format!("SHA256:{}", BASE64_NOPAD.encode(digest(&SHA256, &self.blob).as_ref()))
    }

    /// Whether it lives in an authenticator. A certificate for such a key is another type.
    pub fn is_security_key(&self) -> bool {
        SECURITY_KEYS.contains(&self.key_type.as_str())
    }

    /// The same, if it is whole and of a type that may be enrolled.
    fn enrollable(self) -> Result<Self, NotAKey> {
        let mut fields = Fields(&self.blob);
        let _ = fields.next();
        let mut next = || fields.next().ok_or(NotAKey::Blob);
        match self.key_type.as_str() {
            "ssh-ed25519" => sized(next()?, 32)?,
            "sk-ssh-ed25519@openssh.com" => {
                sized(next()?, 32)?;
                application(next()?)?;
            }
            "ssh-rsa" => rsa(next()?, next()?)?,
            "ecdsa-sha2-nistp256" => curve(b"nistp256", 65, next()?, next()?)?,
            "ecdsa-sha2-nistp384" => curve(b"nistp384", 97, next()?, next()?)?,
            "ecdsa-sha2-nistp521" => curve(b"nistp521", 133, next()?, next()?)?,
            "sk-ecdsa-sha2-nistp256@openssh.com" => {
                curve(b"nistp256", 65, next()?, next()?)?;
                application(next()?)?;
            }
            name if name.contains("-cert-v0") => return Err(NotAKey::Certificate),
            _ => return Err(NotAKey::Type),
        }
        if fields.0.is_empty() {
            Ok(self)
        } else {
            Err(NotAKey::Blob)
        }
    }
}

fn sized(field: &[u8], length: usize) -> Result<(), NotAKey> {
    if field.len() == length {
        Ok(())
    } else {
        Err(NotAKey::Blob)
    }
}

/// A point that is not compressed, on the curve that the type names.
fn curve(wanted: &[u8], length: usize, name: &[u8], point: &[u8]) -> Result<(), NotAKey> {
    if name == wanted && point.len() == length && point.first() == Some(&4) {
        Ok(())
    } else {
        Err(NotAKey::Blob)
    }
}

/// Keys of authenticators sign for an application; one that is not ssh's was made for something else (a web site's
/// signature could then open a shell).
fn application(field: &[u8]) -> Result<(), NotAKey> {
    if field.starts_with(b"ssh:") && field.len() <= 255 && field.iter().all(u8::is_ascii_graphic) {
        Ok(())
    } else {
        Err(NotAKey::Blob)
    }
}

/// Exponent and modulus as positive numbers without a superfluous zero (RFC 4251, section 5: mpint).
fn rsa(exponent: &[u8], modulus: &[u8]) -> Result<(), NotAKey> {
    let positive = |number: &[u8]| match number {
        [0, second, ..] => *second >= 0x80,
        [first, ..] => (1..0x80).contains(first),
        [] => false,
    };
    let odd = |number: &[u8]| number.last().is_some_and(|last| last & 1 == 1);
    if !positive(exponent) || !positive(modulus) || !odd(exponent) || !odd(modulus) || exponent == [1] {
        return Err(NotAKey::Blob);
    }
    let bytes = modulus.strip_prefix(&[0]).unwrap_or(modulus);
    let bits = bytes
        .first()
        .map_or(0, |first| bytes.len() * 8 - first.leading_zeros() as usize);
    if bits < SHORTEST_RSA {
        Err(NotAKey::Short)
    } else {
        Ok(())
    }
}

/// The strings of a blob: four bytes of length, then so many bytes (RFC 4251, section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn next(&mut self) -> Option<&'a [u8]> {
        let (length, rest) = self.0.split_first_chunk::<4>()?;
        let (field, rest) = rest.split_at_checked(usize::try_from(u32::from_be_bytes(*length)).ok()?)?;
        self.0 = rest;
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

    fn blob(fields: &[&[u8]]) -> Vec<u8> {
        let mut out = Vec::new();
        for field in fields {
            out.extend(u32::try_from(field.len()).unwrap().to_be_bytes());
            out.extend(*field);
        }
        out
    }

    fn line(fields: &[&[u8]]) -> String {
        let name = String::from_utf8(fields[0].to_vec()).unwrap();
        format!("{name} {} ann@laptop\n", BASE64.encode(&blob(fields)))
    }

    #[test]
    fn a_plain_key_has_the_fingerprint_that_ssh_keygen_prints() {
        let key = PublicKey::from_file(PLAIN).unwrap();
        assert_eq!(key.fingerprint(), "SHA256:ZkAslGjFiUHdGf/WUL8rQvkib4PTvQatUV0OUQSncCA");
        assert_eq!(format!("{} {}", key.key_type(), key.base64()), PLAIN);
        assert!(!key.is_security_key());
    }

    #[test]
    fn each_type_is_enrolled_when_it_is_whole_and_only_then() {
        let mut point = vec![4; 65];
        let modulus = [&[0, 0x80][..], &[1; 255]].concat();
        let whole: [&[&[u8]]; 5] = [
            &[b"ssh-ed25519", &[7; 32]],
            &[b"sk-ssh-ed25519@openssh.com", &[7; 32], b"ssh:"],
            &[b"sk-ecdsa-sha2-nistp256@openssh.com", b"nistp256", &point, b"ssh:work"],
            &[b"ecdsa-sha2-nistp256", b"nistp256", &point],
            &[b"ssh-rsa", &[1, 0, 1], &modulus],
        ];
        for fields in whole {
            let key = PublicKey::from_file(&line(fields)).unwrap();
            assert_eq!(key.is_security_key(), fields[0].starts_with(b"sk-"));
            // One field less, or one more, is another thing.
            assert!(PublicKey::from_file(&line(&fields[..fields.len() - 1])).is_err());
            assert!(PublicKey::from_file(&line(&[fields, &[b"x"]].concat())).is_err());
        }
        point[0] = 2;
        let short = [&[0, 0x80][..], &[1; 127]].concat();
        let broken: [(&[&[u8]], NotAKey); 6] = [
            (&[b"ecdsa-sha2-nistp256", b"nistp256", &point], NotAKey::Blob),
            (&[b"ssh-rsa", &[1, 0, 1], &short], NotAKey::Short),
            (
                &[b"sk-ssh-ed25519@openssh.com", &[7; 32], b"https://example.org"],
                NotAKey::Blob,
            ),
            (&[b"ssh-ed25519-cert-v01@openssh.com", &[7; 32]], NotAKey::Certificate),
            (
                &[b"sk-ssh-ed25519-cert-v01@openssh.com", &[7; 32]],
                NotAKey::Certificate,
            ),
            (&[b"ssh-dss", &[7; 32]], NotAKey::Type),
        ];
        for (fields, why) in broken {
            assert_eq!(PublicKey::from_file(&line(fields)), Err(why), "{:?}", fields[0]);
        }
    }

    #[test]
    fn a_file_that_is_no_single_key_says_why() {
        for (text, why) in [
            ("", NotAKey::Form),
            ("ssh-ed25519", NotAKey::Form),
            ("ssh-ed25519 AAAA", NotAKey::Blob),
            ("ssh-ed25519 %%%%", NotAKey::Blob),
            (&PLAIN.replace("ssh-ed25519", "ssh-rsa"), NotAKey::Blob),
            (&format!("{PLAIN}\n{PLAIN}\n"), NotAKey::Several),
            (&format!("restrict,pty {PLAIN}"), NotAKey::Options),
            (&format!("command=\"/bin/true\" {PLAIN}"), NotAKey::Options),
            (
                concat!("-----BEGIN OPENSSH PRIVATE ", "KEY-----\nAAAA\n"),
                NotAKey::Private,
            ),
            (&format!("{PLAIN} {}", "x".repeat(LARGEST_FILE)), NotAKey::Form),
        ] {
            assert_eq!(PublicKey::from_file(text), Err(why), "{text:.60}");
        }
    }

    #[test]
    fn a_certificate_has_a_fingerprint_of_its_own() {
        let plain = PublicKey::from_file(&line(&[b"sk-ssh-ed25519@openssh.com", &[7; 32], b"ssh:"])).unwrap();
        let name = b"sk-ssh-ed25519-cert-v01@openssh.com";
        let certificate = BASE64.encode(&blob(&[name, b"nonce", &[7; 32], b"ssh:"]));
        let certificate = PublicKey::read("sk-ssh-ed25519-cert-v01@openssh.com", &certificate).unwrap();
        assert!(!certificate.is_security_key());
        assert_ne!(certificate.fingerprint(), plain.fingerprint());
    }
}
