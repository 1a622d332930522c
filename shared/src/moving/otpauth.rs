//! Keys as authenticator apps hand them on: an `otpauth://totp/…` URI, or the bare key in base32.
//!
//! Source: the Key URI Format of Google Authenticator, which apps and their exports follow.

use super::lines::{is_comment, lines};
use super::{Brought, CarriedApp, Row, Unfit};
use crate::devices::totp::{Algorithm, PERIOD, Shape, base32};
use crate::secrets::SecretBytes;

/// A key, what its codes look like, and whom it names.
#[derive(Debug)]
pub struct Uri {
    /// The key.
    pub secret: SecretBytes,
    /// Algorithm and digits.
    pub shape: Shape,
    /// The account in the label.
    pub account: Option<String>,
    /// The site.
    pub issuer: Option<String>,
}

/// Reads a URI, or a bare key with the settings that all apps have.
pub fn read(text: &str) -> Result<Uri, Unfit> {
    let text = text.trim();
    match after_scheme("otpauth://", text) {
        Some(rest) => uri(rest),
        None if text.contains("://") => Err(Unfit::Malformed("it is no otpauth://totp/ URI")),
        None => Ok(Uri {
            secret: base32(text)?,
            shape: Shape::default(),
            account: None,
            issuer: None,
        }),
    }
}

/// One row for each line; bare keys have no place here, since nothing tells whose they are.
pub(super) fn read_list(bytes: &[u8]) -> Vec<Row> {
    let kept = lines(bytes).filter(|(_, line)| !line.is_ok_and(is_comment));
    kept.map(|(number, line)| {
        let read = line.and_then(|line| match after_scheme("otpauth://", line) {
            Some(rest) => uri(rest),
            None => Err(Unfit::Malformed("it is no otpauth://totp/ URI")),
        });
        match read {
            Ok(uri) => Row {
                owner: uri.account,
                issuer: uri.issuer,
                ..Row::new(
                    number,
                    Ok(Brought::App(CarriedApp {
                        secret: uri.secret,
                        shape: uri.shape,
                        drift: 0,
                        last_step: None,
                    })),
                )
            },
            Err(unfit) => Row::new(number, Err(unfit)),
        }
    })
    .collect()
}

/// What follows the scheme, in any letter case.
pub(super) fn after_scheme<'a>(scheme: &str, text: &'a str) -> Option<&'a str> {
    let start = text.get(..scheme.len())?;
    start.eq_ignore_ascii_case(scheme).then(|| &text[scheme.len()..])
}

fn uri(rest: &str) -> Result<Uri, Unfit> {
    let (path, query) = rest.split_once('?').ok_or(Unfit::Key("it has no key"))?;
    let (kind, label) = path.split_once('/').unwrap_or((path, ""));
    if kind.eq_ignore_ascii_case("hotp") {
        return Err(Unfit::Hotp);
    }
    if !kind.eq_ignore_ascii_case("totp") {
        return Err(Unfit::Malformed("it is not for time-based codes (totp)"));
    }
    let query = query.split('#').next().unwrap_or_default();
    let (mut key, mut algorithm, mut digits, mut issuer) = (None, Algorithm::Sha1, 6, None);
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        match name {
            "secret" if key.is_some() => return Err(Unfit::Malformed("it has two keys")),
            "secret" if !value.is_empty() => key = Some(secret(value)?),
            "algorithm" => algorithm = value.parse()?,
            "digits" => {
                digits = value
                    .parse()
                    .map_err(|_| Unfit::Malformed("its digits are no number"))?;
            }
            "period" => period(value)?,
            "issuer" => issuer = decoded(&value.replace('+', " ")).filter(|text| !text.is_empty()),
            // The rest is for the app's looks.
            _ => {}
        }
    }
    let secret = key.ok_or(Unfit::Key("it has no key"))?;
    let (before, account) = label_parts(&decoded(label).unwrap_or_default());
    Ok(Uri {
        secret,
        shape: Shape::new(algorithm, digits)?,
        account,
        issuer: issuer.or(before),
    })
}

/// base32 has nothing to percent-encode but its padding.
fn secret(value: &str) -> Result<SecretBytes, Unfit> {
    let end = value.find('%').unwrap_or(value.len());
    let (key, padding) = value.split_at(end);
    let padded = padding.as_bytes().chunks(3).all(|one| one.eq_ignore_ascii_case(b"%3D"));
    if !padded {
        return Err(Unfit::Key("it is not written in base32"));
    }
    Ok(base32(key)?)
}

fn period(value: &str) -> Result<(), Unfit> {
    match value.parse() {
        Ok(period) if period == PERIOD.unsigned_abs() => Ok(()),
        Ok(period) => Err(Unfit::Period(period)),
        Err(_) => Err(Unfit::Malformed("its period is no number")),
    }
}

/// `Issuer:account`, or the account alone.
pub(super) fn label_parts(label: &str) -> (Option<String>, Option<String>) {
    let full = |text: &str| Some(text.trim().to_owned()).filter(|text| !text.is_empty());
    match label.split_once(':') {
        Some((issuer, account)) => (full(issuer), full(account)),
        None => (None, full(label)),
    }
}

/// Percent-decoded; `None` where that is no text.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            out.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        let (high, low) = (digit()?, digit()?);
        out.push(u8::try_from(high * 16 + low).ok()?);
    }
    String::from_utf8(out).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_uris_of_every_accepted_shape() {
        let key20 = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (text, algorithm, digits, account, issuer) in [
            (
                format!("otpauth://totp/Example:alice?secret={key20}&issuer=Example"),
                Algorithm::Sha1,
                6,
                Some("alice"),
                Some("Example"),
            ),
            (
                "OTPAUTH://TOTP/x?algorithm=sha256&secret=GEZDGNBVGY3TQOJQ&period=30".to_owned(),
                Algorithm::Sha256,
                6,
                Some("x"),
                None,
            ),
            (
                "otpauth://totp/A%20B:%20alice%40c?secret=gezdgnbvgy3tqoji%3D&algorithm=SHA512&digits=8#x".to_owned(),
                Algorithm::Sha512,
                8,
                Some("alice@c"),
                Some("A B"),
            ),
            (" gezd gnbv gy3t qojq\n".to_owned(), Algorithm::Sha1, 6, None, None),
        ] {
            let read = read(&text).unwrap();
            assert_eq!(
                (read.shape.algorithm(), read.shape.digits()),
                (algorithm, digits),
                "{text}"
            );
            assert_eq!(
                (read.account.as_deref(), read.issuer.as_deref()),
                (account, issuer),
                "{text}"
            );
            assert!(read.secret.expose().starts_with(b"123456789"), "{text}");
        }
    }

    #[test]
    fn refuses_what_no_door_could_check_and_never_repeats_it() {
        for (text, code) in [
            ("otpauth://hotp/x?secret=GEZDGNBVGY3TQOJQ&counter=1", "hotp"),
            ("otpauth://steam/x?secret=GEZDGNBVGY3TQOJQ", "malformed"),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=60", "period"),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&period=", "malformed"),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&algorithm=MD5", "key"),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=7", "key"),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&digits=x", "malformed"),
            (
                "otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ&secret=GEZDGNBVGY3TQOJQ",
                "malformed",
            ),
            ("otpauth://totp/x?secret=GEZDGNBVGY3TQOJQ%20", "key"),
            ("otpauth://totp/x?issuer=GEZDGNBVGY3TQOJQ", "key"),
            ("otpauth://totp/x?secret=", "key"),
            ("otpauth://totp/GEZDGNBVGY3TQOJQ", "key"),
            ("https://example.org/?secret=GEZDGNBVGY3TQOJQ", "malformed"),
        ] {
            let refused = read(text).unwrap_err();
            assert_eq!(refused.code(), code, "{text}");
            assert!(!refused.to_string().contains("GEZD"), "{refused}");
        }
    }
}
