//! `u2f_keys` of pam-u2f: `user:keyHandle,publicKey,coseType,options:…`, or `user:keyHandle,publicKey:…` of its first days
//! (pam-u2f's `util.c`, `parse_native_format`).
//!
//! Its credentials were made for an origin such as `pam://host` and for no domain: a key answers to that name wherever somebody
//! can ask by it, which is at machines, and never in a browser.

use super::lines::{is_comment, lines};
use super::{Brought, CarriedKey, Remark, Row, Setting, Unfit};
use crate::methods::fido::authenticator_data::LONGEST_CREDENTIAL_ID;
use crate::methods::fido::cose::{CoseKey, EDDSA, ES256, RS256};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER_PERMISSIVE};
use std::collections::BTreeMap;

/// pam-u2f's own bound (`MAX_DEVS`) is 24.
const MOST_KEYS: usize = 24;

/// One row for each key.
pub(super) fn read(bytes: &[u8], setting: &Setting<'_>) -> Vec<Row> {
    if bytes.starts_with(b"-----BEGIN") {
        let ssh = "a file of ssh-keygen (sshformat) holds one key for whoever reads it: bind the key anew";
        return vec![Row::new(1, Err(Unfit::Malformed(ssh)))];
    }
    let (mut rows, mut last) = (Vec::new(), BTreeMap::new());
    for (number, line) in lines(bytes) {
        let line = match line {
            Ok(line) if is_comment(line) => continue,
            Ok(line) => line,
            Err(unfit) => {
                rows.push(Row::new(number, Err(unfit)));
                continue;
            }
        };
        let mut parts = line.split(':').filter(|part| !part.is_empty());
        let user = parts.next().unwrap_or_default();
        last.insert(user.to_owned(), number);
        let mut keys = parts.peekable();
        if keys.peek().is_none() {
            let unfit = Unfit::Malformed("it is no line of the form user:keyHandle,publicKey,type,options");
            rows.push(Row::new(number, Err(unfit)).of(user));
            continue;
        }
        for (index, one) in keys.enumerate() {
            if index >= MOST_KEYS {
                rows.push(
                    Row::new(
                        number,
                        Err(Unfit::Malformed("pam_u2f looks at the first 24 keys of a line")),
                    )
                    .of(user),
                );
                break;
            }
            rows.push(key(number, one, setting).of(user));
        }
    }
    for row in &mut rows {
        if row.brought.is_ok()
            && row
                .owner
                .as_ref()
                .and_then(|owner| last.get(owner))
                .is_some_and(|line| *line != row.line)
        {
            row.brought = Err(Unfit::Superseded);
            row.remarks.clear();
        }
    }
    rows
}

fn key(number: usize, text: &str, setting: &Setting<'_>) -> Row {
    let mut parts = text.split(',').filter(|part| !part.is_empty());
    let (Some(handle), Some(public)) = (parts.next(), parts.next()) else {
        return Row::new(number, Err(Unfit::Malformed("a key has no public key")));
    };
    let (kind, options) = (parts.next(), parts.next().unwrap_or_default());
    let name = if kind.is_none() { setting.app_id } else { setting.origin };
    let read = credential(handle, public, kind).map(|(credential_id, public_key)| {
        Brought::Key(Box::new(CarriedKey {
            credential_id,
            rp_id: None,
            app_id: Some(name.to_owned()),
            public_key,
            sign_count: 0,
            aaguid: [0; 16],
            transports: vec!["usb".to_owned()],
            discoverable: None,
            user_verified: false,
            backup_eligible: false,
            backed_up: false,
        }))
    });
    let fits = read.is_ok();
    let mut row = Row::new(number, read);
    if fits && ["+pin", "+verification"].iter().any(|more| options.contains(more)) {
        row = row.remark(Remark::Verification);
    }
    if fits && kind.is_some() && !options.contains("+presence") {
        row = row.remark(Remark::Presence);
    }
    row
}

/// Credential id, and public key in COSE.
fn credential(handle: &str, public: &str, kind: Option<&str>) -> Result<(Vec<u8>, Vec<u8>), Unfit> {
    if handle == "*" {
        return Err(Unfit::Resident);
    }
    let (id, bare, algorithm) = match kind {
        // U2F's days: websafe base64, and the point in hexadecimal.
        None => (
            BASE64URL_NOPAD.decode(handle.trim_end_matches('=').as_bytes()),
            HEXLOWER_PERMISSIVE.decode(public.as_bytes()),
            ES256,
        ),
        Some(kind) => {
            let algorithm = match kind.to_ascii_lowercase().as_str() {
                "es256" => ES256,
                "eddsa" => EDDSA,
                "rs256" => RS256,
                _ => return Err(Unfit::PublicKey),
            };
            (
                BASE64.decode(handle.as_bytes()),
                BASE64.decode(public.as_bytes()),
                algorithm,
            )
        }
    };
    let id = id.map_err(|_| Unfit::CredentialId)?;
    if !(1..=LONGEST_CREDENTIAL_ID).contains(&id.len()) {
        return Err(Unfit::CredentialId);
    }
    let bare = bare.map_err(|_| Unfit::PublicKey)?;
    let key = CoseKey::wrapped(algorithm, &bare).map_err(|_| Unfit::PublicKey)?;
    Ok((id, key))
}
