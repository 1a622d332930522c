//! What `authelia storage user totp export` and `authelia storage user webauthn export` write: YAML of one shape, of which
//! this reads that shape and nothing wider. (What `totp export uri` prints is a list of `otpauth://` URIs.)

use super::lines::{is_comment, lines};
use super::{Brought, CarriedApp, CarriedKey, Row, Unfit};
use crate::devices::totp::{Algorithm, PERIOD, Shape, base32};
use crate::methods::fido::authenticator_data::LONGEST_CREDENTIAL_ID;
use crate::methods::fido::cose::CoseKey;
use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use std::borrow::Cow;
use zeroize::Zeroizing;

/// The list of apps.
const APPS: &str = "totp_configurations:";
/// The list of FIDO credentials.
const KEYS: &str = "webauthn_credentials:";

/// One item of a list: where it begins, and its members.
struct Item<'a> {
    line: usize,
    members: Vec<(&'a str, Cow<'a, str>)>,
    broken: Option<Unfit>,
}

impl<'a> Item<'a> {
    fn get(&self, name: &str) -> Option<&str> {
        let found = self.members.iter().find(|(key, _)| *key == name);
        found
            .map(|(_, value)| value.as_ref())
            .filter(|value| !value.is_empty() && *value != "null")
    }

    fn need(&self, name: &str, why: &'static str) -> Result<&str, Unfit> {
        self.get(name).ok_or(Unfit::Malformed(why))
    }

    fn flag(&self, name: &str) -> Result<bool, Unfit> {
        match self.get(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(Unfit::Flags),
        }
    }

    /// `key: value`, or an element of the list that the member before it is.
    fn take(&mut self, text: &'a str) {
        let read = match text.strip_prefix("- ") {
            Some(element) => self.members.last_mut().map(|(_, list)| {
                let list = list.to_mut();
                if !list.is_empty() {
                    list.push(',');
                }
                list.push_str(element.trim());
            }),
            None => text.split_once(':').and_then(|(key, value)| {
                let key = key.trim_end();
                let twice = self.members.iter().any(|(other, _)| *other == key);
                let value = scalar(value.trim()).filter(|_| !twice)?;
                self.members.push((key, value));
                Some(())
            }),
        };
        if read.is_none() {
            self.broken
                .get_or_insert(Unfit::Malformed("a member of it cannot be read"));
        }
    }
}

/// A plain or quoted text on one line; `None` for whatever else YAML has.
fn scalar(text: &str) -> Option<Cow<'_, str>> {
    let inner = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    match text.chars().next() {
        None => Some(Cow::Borrowed("")),
        Some('\'') => {
            let inner = inner('\'').filter(|_| text.len() > 1)?;
            Some(Cow::Owned(inner.replace("''", "'")))
        }
        Some('"') => inner('"')
            .filter(|inner| text.len() > 1 && !inner.contains('\\'))
            .map(Cow::Borrowed),
        Some('[') => (text == "[]").then_some(Cow::Borrowed("")),
        Some('{' | '|' | '>' | '&' | '*' | '!' | '%' | '@' | '`' | '#') => None,
        Some(_) if text.contains(" #") => None,
        Some(_) => Some(Cow::Borrowed(text)),
    }
}

/// The rows of both lists.
pub(super) fn read(bytes: &[u8]) -> Vec<Row> {
    let (mut rows, mut list, mut indent) = (Vec::new(), None, None);
    let mut item: Option<Item<'_>> = None;
    let finish = |item: Option<Item<'_>>, list: Option<&str>, rows: &mut Vec<Row>| {
        rows.extend(item.map(|item| {
            if list == Some(APPS) {
                app_row(&item)
            } else {
                key_row(&item)
            }
        }));
    };
    for (number, line) in lines(bytes) {
        let line = match line {
            Ok(line) if is_comment(line) || line == "---" => continue,
            Ok(line) => line,
            Err(unfit) => {
                match &mut item {
                    Some(item) => item.broken = Some(unfit),
                    None => rows.push(Row::new(number, Err(unfit))),
                }
                continue;
            }
        };
        let depth = depth_of(bytes, line);
        if let Some(head) = [APPS, KEYS].into_iter().find(|head| depth == 0 && *head == line) {
            finish(item.take(), list, &mut rows);
            (list, indent) = (Some(head), None);
        } else if list.is_none() || (depth == 0 && !line.starts_with("- ")) {
            let unfit = Unfit::Malformed("this is no list that Authelia exports");
            rows.push(Row::new(number, Err(unfit)));
        } else if line.starts_with("- ") && depth <= *indent.get_or_insert(depth) {
            finish(item.take(), list, &mut rows);
            let mut begun = Item {
                line: number,
                members: Vec::new(),
                broken: None,
            };
            begun.take(line.strip_prefix("- ").unwrap_or(line).trim_start());
            item = Some(begun);
        } else if let Some(item) = &mut item {
            item.take(line);
        } else {
            rows.push(Row::new(number, Err(Unfit::Malformed("it stands in no item"))));
        }
    }
    finish(item, list, &mut rows);
    if rows.is_empty() {
        rows.push(Row::new(
            1,
            Err(Unfit::Malformed("it holds no list that Authelia exports")),
        ));
    }
    rows
}

/// Blanks before a line that lies in these bytes.
fn depth_of(bytes: &[u8], line: &str) -> usize {
    let start = line.as_ptr().addr().saturating_sub(bytes.as_ptr().addr());
    let before = bytes.get(..start).unwrap_or_default();
    before.iter().rev().take_while(|byte| **byte == b' ').count()
}

fn app_row(item: &Item<'_>) -> Row {
    let mut row = Row::new(item.line, app(item).map(Brought::App));
    row.owner = item.get("username").map(str::to_owned);
    row.issuer = item.get("issuer").map(str::to_owned);
    row
}

fn app(item: &Item<'_>) -> Result<CarriedApp, Unfit> {
    if let Some(unfit) = item.broken {
        return Err(unfit);
    }
    let algorithm: Algorithm = item.get("algorithm").unwrap_or("SHA1").parse()?;
    let digits = item.get("digits").unwrap_or("6").parse();
    let digits = digits.map_err(|_| Unfit::Malformed("its digits are no number"))?;
    let period = item.get("period").unwrap_or("30").parse();
    let period = period.map_err(|_| Unfit::Malformed("its period is no number"))?;
    if period != PERIOD.unsigned_abs() {
        return Err(Unfit::Period(period));
    }
    // base64 of the key in base32.
    let secret = item.need("secret", "it has no key")?;
    let text = BASE64.decode(secret.as_bytes()).map(Zeroizing::new);
    let text = text.map_err(|_| Unfit::Key("it is not written in base64"))?;
    let key = str::from_utf8(&text).map_err(|_| Unfit::NotText)?;
    Ok(CarriedApp {
        secret: base32(key)?,
        shape: Shape::new(algorithm, digits)?,
        drift: 0,
        last_step: None,
    })
}

fn key_row(item: &Item<'_>) -> Row {
    let mut row = Row::new(item.line, key(item).map(|key| Brought::Key(Box::new(key))));
    row.owner = item.get("username").map(str::to_owned);
    row.called = item.get("description").map(str::to_owned);
    row
}

fn key(item: &Item<'_>) -> Result<CarriedKey, Unfit> {
    if let Some(unfit) = item.broken {
        return Err(unfit);
    }
    if item.flag("clone_warning")? {
        return Err(Unfit::Cloned);
    }
    let id = BASE64.decode(item.need("kid", "it has no credential id")?.as_bytes());
    let credential_id = id.map_err(|_| Unfit::CredentialId)?;
    if !(1..=LONGEST_CREDENTIAL_ID).contains(&credential_id.len()) {
        return Err(Unfit::CredentialId);
    }
    let public = BASE64.decode(item.need("public_key", "it has no public key")?.as_bytes());
    let public_key = public.map_err(|_| Unfit::PublicKey)?;
    CoseKey::parse(&public_key)
        .and_then(|key| key.check_point())
        .map_err(|_| Unfit::PublicKey)?;
    let told = |name| item.get(name).map(|_| item.flag(name)).transpose();
    Ok(CarriedKey {
        credential_id,
        rp_id: Some(item.need("rpid", "it has no relying party")?.to_owned()),
        app_id: None,
        public_key,
        sign_count: item
            .get("sign_count")
            .unwrap_or("0")
            .parse()
            .map_err(|_| Unfit::Flags)?,
        aaguid: aaguid(item.get("aaguid"))?,
        transports: item.get("transports").into_iter().flat_map(transports).collect(),
        discoverable: told("discoverable")?,
        user_verified: item.flag("verified")?,
        backup_eligible: item.flag("backup_eligible")?,
        backed_up: item.flag("backup_state")?,
    })
}

/// WebAuthn's words and no others.
fn transports(list: &str) -> impl Iterator<Item = String> {
    let known = ["usb", "nfc", "ble", "smart-card", "hybrid", "internal"];
    list.split(',')
        .filter(move |word| known.contains(word))
        .map(str::to_owned)
}

fn aaguid(text: Option<&str>) -> Result<[u8; 16], Unfit> {
    let Some(text) = text else { return Ok([0; 16]) };
    let plain: String = text.chars().filter(|c| *c != '-').collect();
    let bytes = HEXLOWER_PERMISSIVE.decode(plain.as_bytes()).map_err(|_| Unfit::Flags)?;
    bytes.try_into().map_err(|_| Unfit::Flags)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn apps_are_read_and_each_bad_one_is_named() {
        // base64 of GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ.
        let key = "R0VaREdOQlZHWTNUUU9KUUdFWkRHTkJWR1kzVFFPSlE=";
        let text = format!(
            "# yaml-language-server: $schema=https://www.authelia.com/x.json\n\ntotp_configurations:\n\
             \x20 - created_at: 2026-01-01T00:00:00Z\n    last_used_at: null\n    username: ann\n    issuer: 'Ann''s'\n\
             \x20   algorithm: SHA256\n    digits: 8\n    period: 30\n    secret: {key}\n\
             \x20 - username: \"bob\"\n    period: 60\n    secret: {key}\n\
             \x20 - username: eve\n    secret: |\n      {key}\n\
             \x20 - username: dan\n    secret: {key}\n"
        );
        let told: Vec<_> = read(text.as_bytes())
            .into_iter()
            .map(|row| {
                let what = match &row.brought {
                    Ok(Brought::App(app)) => format!("{}{}", app.shape.algorithm().as_str(), app.shape.digits()),
                    Ok(Brought::Key(_)) => "key".to_owned(),
                    Err(unfit) => unfit.code().to_owned(),
                };
                (row.line, row.owner.unwrap_or_default(), row.issuer, what)
            })
            .collect();
        let row = |line, owner: &str, what: &str| (line, owner.to_owned(), None, what.to_owned());
        assert_eq!(
            told,
            [
                (4, "ann".to_owned(), Some("Ann's".to_owned()), "SHA2568".to_owned()),
                row(12, "bob", "period"),
                row(15, "eve", "malformed"),
                row(18, "dan", "SHA16"),
            ]
        );
    }

    #[test]
    fn keys_are_read_with_everything_that_is_known_of_them() {
        let bare = [
            b"\xa5\x01\x02\x03\x26\x20\x01\x21\x58\x20".as_slice(),
            &[1; 32],
            b"\x22\x58\x20",
            &[2; 32],
        ]
        .concat();
        let no_point = BASE64.encode(&bare);
        // The public key of RFC 6979, A.2.5.
        let good =
            "pQECAyYgASFYIGD+1LolWp0xyWHrdMY1bWjASbiSO2H6bOZpYi5g8p+2IlggeQP+EAi4vJmkGunpVii8ZPLxsgwtfp9Rd6PClNRGIpk=";
        let text = format!(
            "webauthn_credentials:\n  - rpid: example.org\n    username: ann\n    description: my key\n    kid: AQID\n\
             \x20   aaguid: 01020304-0506-0708-0102-030405060708\n    transports:\n      - nfc\n      - usb\n      - x y\n\
             \x20   sign_count: 7\n    clone_warning: false\n    discoverable: true\n    verified: true\n\
             \x20   backup_eligible: false\n    public_key: {good}\n    attestation: e30=\n\
             \x20 - rpid: example.org\n    username: bob\n    kid: AQID\n    public_key: {no_point}\n\
             \x20 - rpid: example.org\n    username: eve\n    kid: AQID\n    clone_warning: true\n    public_key: {good}\n"
        );
        let rows = read(text.as_bytes());
        assert_eq!(rows.len(), 3);
        let Ok(Brought::Key(key)) = &rows[0].brought else {
            panic!("{:?}", rows[0])
        };
        assert_eq!(key.credential_id, [1, 2, 3]);
        assert_eq!(
            (key.rp_id.as_deref(), key.sign_count, key.discoverable),
            (Some("example.org"), 7, Some(true))
        );
        assert_eq!(key.transports, ["nfc", "usb"]);
        assert!(key.user_verified && !key.backup_eligible && key.aaguid[..2] == [1, 2]);
        assert_eq!(rows[0].called.as_deref(), Some("my key"));
        assert_eq!(rows[1].brought.as_ref().unwrap_err(), &Unfit::PublicKey);
        assert_eq!(rows[2].brought.as_ref().unwrap_err(), &Unfit::Cloned);
    }

    #[test]
    fn other_files_are_one_refused_row_or_more() {
        for text in [
            "",
            "{}",
            "a: b\n",
            "totp_configurations: []\n",
            "totp_configurations:\n",
            "- a\n",
            "totp_configurations:\nx\n",
        ] {
            let rows = read(text.as_bytes());
            assert!(
                !rows.is_empty() && rows.iter().all(|row| row.brought.is_err()),
                "{text:?}"
            );
        }
    }
}
