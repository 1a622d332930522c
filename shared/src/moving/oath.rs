//! `users.oath` of `pam_oath`: `HOTP/T30/6 user PIN hexkey …` (liboath's `usersfile.c`).

use super::lines::{is_comment, lines};
use super::{Brought, CarriedApp, Remark, Row, Unfit};
use crate::devices::totp::{Algorithm, PERIOD, Shape, fitting_key};
use crate::secrets::SecretBytes;
use data_encoding::HEXLOWER_PERMISSIVE;

/// One row for each line.
pub(super) fn read(bytes: &[u8]) -> Vec<Row> {
    let kept = lines(bytes).filter(|(_, line)| !line.is_ok_and(is_comment));
    kept.map(|(number, line)| match line {
        Ok(line) => row(number, line),
        Err(unfit) => Row::new(number, Err(unfit)),
    })
    .collect()
}

fn row(number: usize, line: &str) -> Row {
    let mut words = line.split_ascii_whitespace();
    let (kind, user) = (words.next().unwrap_or_default(), words.next());
    let (pin, key) = (words.next().unwrap_or("-"), words.next());
    let Some(user) = user else {
        return Row::new(
            number,
            Err(Unfit::Malformed("it is no line of the form HOTP/T30/6 user - key")),
        );
    };
    let brought = shape(kind).and_then(|shape| {
        let secret = hexadecimal(key.ok_or(Unfit::Malformed("it has no key"))?)?;
        Ok(Brought::App(CarriedApp {
            secret,
            shape,
            drift: 0,
            last_step: None,
        }))
    });
    let fits = brought.is_ok();
    let row = Row::new(number, brought).of(user);
    // "+" has another program ask the password.
    if fits && !matches!(pin, "-" | "+") {
        row.remark(Remark::Pin)
    } else {
        row
    }
}

/// `HOTP`, `HOTP/E/6`: counted. `HOTP/T30`, `HOTP/T30/8`: by the clock.
fn shape(kind: &str) -> Result<Shape, Unfit> {
    let unknown = Unfit::Malformed("its type is not HOTP/T30/6 or the like");
    let mut parts = kind.split('/');
    if !parts.next().is_some_and(|word| word.eq_ignore_ascii_case("HOTP")) {
        return Err(unknown);
    }
    let moving = parts.next().unwrap_or("E");
    if moving.eq_ignore_ascii_case("E") {
        return Err(Unfit::Hotp);
    }
    let period = moving
        .strip_prefix(['T', 't'])
        .and_then(|text| text.parse().ok())
        .ok_or(unknown)?;
    if period != PERIOD.unsigned_abs() {
        return Err(Unfit::Period(period));
    }
    let digits = parts.next().map_or(Ok(6), str::parse).map_err(|_| unknown)?;
    if parts.next().is_some() {
        return Err(unknown);
    }
    Ok(Shape::new(Algorithm::Sha1, digits)?)
}

/// A key in hexadecimal.
pub(super) fn hexadecimal(text: &str) -> Result<SecretBytes, Unfit> {
    let bytes = HEXLOWER_PERMISSIVE
        .decode(text.as_bytes())
        .map_err(|_| Unfit::Key("it is not written in hexadecimal"))?;
    Ok(fitting_key(SecretBytes::new(bytes))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_lines_are_read_and_each_bad_one_is_named() {
        let text = "# comment\n\
            HOTP/T30/6 ann - 3132333435363738393031323334353637383930\n\
            HOTP/T30 bob 1234 3132333435363738393031323334353637383930 0 328482 2026-01-01T00:00:00L\n\
            HOTP/T30/8 eve + 3132333435363738393031323334353637383930\n\
            HOTP carol - 3132333435363738393031323334353637383930 12\n\
            HOTP/E/8 carol - 3132333435363738393031323334353637383930\n\
            HOTP/T60/6 dan - 3132333435363738393031323334353637383930\n\
            HOTP/T30/7 dan - 3132333435363738393031323334353637383930\n\
            HOTP/T30/6 dan - 31323\n\
            HOTP/T30/6 dan - 31\n\
            HOTP/T30/6 dan\n\
            HOTP/T30/6\n\
            SMS dan - 00\n";
        let told: Vec<_> = read(text.as_bytes())
            .into_iter()
            .map(|row| {
                let code = row.brought.as_ref().err().map(|unfit| unfit.code());
                (
                    row.line,
                    row.owner.unwrap_or_default(),
                    code.unwrap_or("-"),
                    row.remarks,
                )
            })
            .collect();
        let plain = |line: usize, user: &str, code| (line, user.to_owned(), code, Vec::new());
        assert_eq!(
            told,
            [
                plain(2, "ann", "-"),
                (3, "bob".to_owned(), "-", vec![Remark::Pin]),
                plain(4, "eve", "-"),
                plain(5, "carol", "hotp"),
                plain(6, "carol", "hotp"),
                plain(7, "dan", "period"),
                plain(8, "dan", "key"),
                plain(9, "dan", "key"),
                plain(10, "dan", "key"),
                plain(11, "dan", "malformed"),
                plain(12, "", "malformed"),
                plain(13, "dan", "malformed"),
            ]
        );
    }
}
