//! Reads the key that another program made: an `otpauth://totp/…` URI, or the bare key in base32.
//!
//! Source: the Key URI Format of Google Authenticator, which apps and their exports follow.

use crate::exit::Failure;
use samekey_shared::devices::totp::{Algorithm, Shape};
use samekey_shared::secrets::SecretText;

/// A key and what its codes look like.
#[derive(Debug)]
pub struct Imported {
    /// The key in base32.
    pub key: SecretText,
    /// Algorithm and digits.
    pub shape: Shape,
}

/// Reads a URI, or a bare key with the settings that all apps have.
pub fn read(text: &str) -> Result<Imported, Failure> {
    let text = text.trim();
    match scheme_stripped(text) {
        Some(rest) => uri(rest),
        None if text.contains("://") => Err(wrong("it is no otpauth://totp/ URI")),
        None => Ok(Imported {
            key: text.into(),
            shape: Shape::default(),
        }),
    }
}

fn scheme_stripped(text: &str) -> Option<&str> {
    const SCHEME: &str = "otpauth://";
    text.get(..SCHEME.len())
        .filter(|start| start.eq_ignore_ascii_case(SCHEME))
        .map(|_| &text[SCHEME.len()..])
}

fn uri(rest: &str) -> Result<Imported, Failure> {
    let (path, query) = rest.split_once('?').ok_or_else(|| wrong("it has no key"))?;
    let kind = path.split('/').next().unwrap_or_default();
    if !kind.eq_ignore_ascii_case("totp") {
        return Err(wrong("it is not for time-based codes (totp)"));
    }
    let query = query.split('#').next().unwrap_or_default();
    let (mut key, mut algorithm, mut digits) = (None, Algorithm::Sha1, 6);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "secret" if key.is_some() => return Err(wrong("it has two keys")),
            "secret" => key = Some(SecretText::from(value.replace("%3D", "").replace("%3d", ""))),
            "algorithm" => {
                algorithm = value
                    .parse()
                    .map_err(|_| wrong("its algorithm is not SHA1, SHA256 or SHA512"))?;
            }
            "digits" => digits = value.parse().map_err(|_| wrong("its digits are no number"))?,
            "period" if value != "30" => return Err(wrong("its codes do not change every 30 seconds")),
            // Issuer, label and image only name it; the administrator names it anew.
            _ => {}
        }
    }
    let key = key
        .filter(|key| !key.expose().is_empty())
        .ok_or_else(|| wrong("it has no key"))?;
    let shape = Shape::new(algorithm, digits).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(Imported { key, shape })
}

/// The reason alone: the text holds a secret and is never repeated.
fn wrong(why: &str) -> Failure {
    Failure::usage(format!("this key cannot be imported: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_uris_of_every_accepted_shape() {
        for (text, algorithm, digits) in [
            (
                "otpauth://totp/Example:alice?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Example",
                Algorithm::Sha1,
                6,
            ),
            (
                "OTPAUTH://TOTP/x?algorithm=sha256&secret=GEZDGNBVGY3TQOJQ&period=30",
                Algorithm::Sha256,
                6,
            ),
            (
                "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=SHA512&digits=8#x",
                Algorithm::Sha512,
                8,
            ),
            (" gezd gnbv gy3t qojq\n", Algorithm::Sha1, 6),
        ] {
            let read = read(text).unwrap();
            assert_eq!(
                (read.shape.algorithm(), read.shape.digits()),
                (algorithm, digits),
                "{text}"
            );
            assert!(read.key.expose().to_ascii_lowercase().starts_with("gezd"));
        }
    }

    #[test]
    fn refuses_what_no_door_could_check_and_never_repeats_it() {
        for text in [
            "otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ&counter=1",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=60",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=7",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=x",
            "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&secret=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/x?issuer=GEZDGNBVGY3TQOJQ",
            "otpauth://totp/x?secret=",
            "otpauth://totp/GEZDGNBVGY3TQOJQ",
            "https://example.org/?secret=GEZDGNBVGY3TQOJQ",
        ] {
            let refused = read(text).unwrap_err();
            assert!(!refused.to_string().contains("GEZD"), "{refused}");
        }
    }
}
