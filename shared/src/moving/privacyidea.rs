//! What `pi-tokenjanitor find export --format csv` of privacyIDEA writes (and `privacyidea-token-janitor` of before):
//! `login@realm, serial, key, type, digits, seconds`, without headings, the key in hexadecimal or (`--b32`) in base32.

use super::lines::{is_comment, lines};
use super::oath::hexadecimal;
use super::{Brought, CarriedApp, Remark, Row, Unfit};
use crate::devices::totp::{Algorithm, PERIOD, Shape, base32};
use crate::secrets::SecretBytes;

/// One row for each line.
pub(super) fn read(bytes: &[u8]) -> Vec<Row> {
    // A token of Fernet: what `--format pi`, its default, writes.
    if bytes.starts_with(b"gAAAA") {
        let sealed = "this export is encrypted: export again with --format csv";
        return vec![Row::new(1, Err(Unfit::Malformed(sealed)))];
    }
    let kept = lines(bytes).filter(|(_, line)| !line.is_ok_and(is_comment));
    kept.map(|(number, line)| match line {
        Ok(line) => row(number, line),
        Err(unfit) => Row::new(number, Err(unfit)),
    })
    .collect()
}

fn row(number: usize, line: &str) -> Row {
    let parts: Vec<&str> = line.split(',').map(str::trim).collect();
    let Some((&[owner, serial, key, kind, digits], rest)) = parts.split_first_chunk::<5>() else {
        let unfit = Unfit::Malformed("it is no line of the form owner, serial, key, type, digits");
        return Row::new(number, Err(unfit));
    };
    if owner.is_empty() || owner == "n/a" {
        return Row::new(number, Err(Unfit::Ownerless));
    }
    let mut row = Row::new(number, app(key, kind, digits, rest).map(Brought::App));
    // An account here has no realm but ours: the login is what counts.
    row.owner = Some(owner.rsplit_once('@').map_or(owner, |(login, _)| login).to_owned());
    row.called = Some(serial.to_owned());
    if row.brought.is_ok() {
        row.remarks.push(Remark::HashAssumed);
    }
    row
}

fn app(key: &str, kind: &str, digits: &str, rest: &[&str]) -> Result<CarriedApp, Unfit> {
    if kind.eq_ignore_ascii_case("hotp") {
        return Err(Unfit::Hotp);
    }
    if !kind.eq_ignore_ascii_case("totp") {
        return Err(Unfit::Kind);
    }
    match rest {
        [] | ["" | "None"] => {}
        [period] => match period.parse() {
            Ok(period) if period == PERIOD.unsigned_abs() => {}
            Ok(period) => return Err(Unfit::Period(period)),
            Err(_) => return Err(Unfit::Malformed("its seconds are no number")),
        },
        _ => return Err(Unfit::Malformed("it has more than six parts")),
    }
    let digits = digits
        .parse()
        .map_err(|_| Unfit::Malformed("its digits are no number"))?;
    Ok(CarriedApp {
        secret: secret(key)?,
        shape: Shape::new(Algorithm::Sha1, digits)?,
        drift: 0,
        last_step: None,
    })
}

/// Python writes hexadecimal in small letters; base32 has capital ones.
fn secret(key: &str) -> Result<SecretBytes, Unfit> {
    if key.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        hexadecimal(key)
    } else {
        Ok(base32(key)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_lines_are_read_and_each_bad_one_is_named() {
        let hex = "3132333435363738393031323334353637383930";
        let text = format!(
            "ann@corp, TOTP01, {hex}, totp, 6, 30\n\
             bob@example.org@corp, TOTP02, GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ, TOTP, 8, None\n\
             n/a, TOTP03, {hex}, totp, 6, 30\n\
             eve@corp, OATH01, {hex}, hotp, 6\n\
             dan@corp, TOTP04, {hex}, totp, 6, 60\n\
             dan@corp, TOTP05, xyz, totp, 6, 30\n\
             dan@corp, X, {hex}, sms, 6\n\
             dan@corp, X\n"
        );
        let rows = read(text.as_bytes());
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                let code = row.brought.as_ref().err().map_or("-", |unfit| unfit.code());
                (row.line, row.owner.as_deref().unwrap_or("-"), code)
            })
            .collect();
        assert_eq!(
            told,
            [
                (1, "ann", "-"),
                (2, "bob@example.org", "-"),
                (3, "-", "ownerless"),
                (4, "eve", "hotp"),
                (5, "dan", "period"),
                (6, "dan", "key"),
                (7, "dan", "kind"),
                (8, "-", "malformed"),
            ]
        );
        assert_eq!(rows[0].remarks, [Remark::HashAssumed]);
        let sealed = read(b"gAAAAABm");
        assert!(
            sealed[0]
                .brought
                .as_ref()
                .unwrap_err()
                .to_string()
                .contains("--format csv")
        );
    }
}
