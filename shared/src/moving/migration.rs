//! `otpauth-migration://offline?data=…`: what Google Authenticator's export shows as QR codes. The data are a message of
//! Protocol Buffers (protobuf.dev, "Encoding"), of which this reads just the fields that are known and passes over the rest.

use super::lines::{is_comment, lines};
use super::otpauth::{after_scheme, decoded, label_parts};
use super::{Brought, CarriedApp, Remark, Row, Unfit};
use crate::devices::totp::{Algorithm, Shape, fitting_key};
use crate::secrets::SecretBytes;
use data_encoding::BASE64;
use zeroize::Zeroizing;

/// Fields of one message that are looked at; an export has some ten devices.
const MOST_FIELDS: usize = 1000;

/// What one URI holds.
#[derive(Default)]
struct Payload {
    rows: Vec<Row>,
    batch: Batch,
}

/// Several QR codes of one export.
#[derive(Default, Clone, Copy)]
struct Batch {
    size: u64,
    id: u64,
}

/// The rows of all lines.
pub(super) fn read(bytes: &[u8]) -> Vec<Row> {
    let mut payloads = Vec::new();
    for (number, line) in lines(bytes) {
        let read = match line {
            Ok(line) if is_comment(line) => continue,
            Ok(line) => payload(number, line),
            Err(unfit) => Err(unfit),
        };
        payloads.push(read.unwrap_or_else(|unfit| Payload {
            rows: vec![Row::new(number, Err(unfit))],
            batch: Batch::default(),
        }));
    }
    let batches: Vec<Batch> = payloads.iter().map(|payload| payload.batch).collect();
    let missing = |batch: Batch| {
        let here = batches
            .iter()
            .filter(|other| other.size > 0 && other.id == batch.id)
            .count();
        let of = usize::try_from(batch.size).unwrap_or(usize::MAX);
        (here < of && batch.size > 1).then_some(Remark::BatchMissing { here, of })
    };
    let rows = payloads.into_iter().flat_map(|payload| {
        let remark = missing(payload.batch);
        let mut rows = payload.rows;
        if let (Some(remark), Some(first)) = (remark, rows.first_mut()) {
            first.remarks.push(remark);
        }
        rows
    });
    rows.collect()
}

fn payload(number: usize, line: &str) -> Result<Payload, Unfit> {
    let rest = after_scheme("otpauth-migration://offline?", line)
        .ok_or(Unfit::Malformed("it is no otpauth-migration://offline URI"))?;
    let broken = Unfit::Malformed("its data cannot be read");
    let data = rest
        .split('&')
        .find_map(|pair| pair.strip_prefix("data="))
        .ok_or(broken)?;
    let text = Zeroizing::new(decoded(data).ok_or(broken)?);
    let message = BASE64.decode(text.as_bytes()).map(Zeroizing::new).map_err(|_| broken)?;
    let mut payload = Payload::default();
    for field in Fields::of(&message) {
        match field.ok_or(broken)? {
            (1, Value::Bytes(one)) => payload.rows.push(device(number, one)),
            (3, Value::Number(size)) => payload.batch.size = size,
            (5, Value::Number(id)) => payload.batch.id = id,
            _ => {}
        }
    }
    if payload.rows.is_empty() {
        return Err(Unfit::Malformed("it holds no device"));
    }
    Ok(payload)
}

/// `OtpParameters`.
fn device(number: usize, message: &[u8]) -> Row {
    let (mut name, mut issuer) = (String::new(), None);
    let brought = app(message, &mut name, &mut issuer).map(Brought::App);
    let (before, account) = label_parts(&name);
    Row {
        owner: account,
        issuer: issuer.or(before),
        ..Row::new(number, brought)
    }
}

fn app(message: &[u8], name: &mut String, issuer: &mut Option<String>) -> Result<CarriedApp, Unfit> {
    let broken = Unfit::Malformed("a device cannot be read");
    let text = |bytes: &[u8]| str::from_utf8(bytes).map(str::to_owned).map_err(|_| Unfit::NotText);
    let (mut secret, mut algorithm, mut digits, mut kind) = (None, 0, 0, 0);
    for field in Fields::of(message) {
        match field.ok_or(broken)? {
            (1, Value::Bytes(key)) => secret = Some(SecretBytes::new(key.to_vec())),
            (2, Value::Bytes(found)) => *name = text(found)?,
            (3, Value::Bytes(found)) => *issuer = Some(text(found)?).filter(|text| !text.is_empty()),
            (4, Value::Number(found)) => algorithm = found,
            (5, Value::Number(found)) => digits = found,
            (6, Value::Number(found)) => kind = found,
            _ => {}
        }
    }
    let algorithm = match algorithm {
        0 | 1 => Algorithm::Sha1,
        2 => Algorithm::Sha256,
        3 => Algorithm::Sha512,
        _ => return Err(Unfit::Key("its algorithm is not SHA1, SHA256 or SHA512")),
    };
    let digits = match digits {
        0 | 1 => 6,
        2 => 8,
        _ => return Err(Unfit::Key("its codes have neither 6 nor 8 digits")),
    };
    match kind {
        1 => return Err(Unfit::Hotp),
        2 => {}
        _ => return Err(Unfit::Kind),
    }
    Ok(CarriedApp {
        secret: fitting_key(secret.ok_or(Unfit::Key("it has no key"))?)?,
        shape: Shape::new(algorithm, digits)?,
        drift: 0,
        last_step: None,
    })
}

enum Value<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    /// Of four or eight bytes: nothing that is known has such.
    Fixed,
}

/// The fields of a message; `None` where it is broken, and nothing after that.
struct Fields<'a> {
    rest: &'a [u8],
    left: usize,
}

impl<'a> Fields<'a> {
    fn of(message: &'a [u8]) -> Self {
        Self {
            rest: message,
            left: MOST_FIELDS,
        }
    }

    fn field(&mut self) -> Option<(u64, Value<'a>)> {
        let key = self.varint()?;
        let value = match key & 7 {
            0 => Value::Number(self.varint()?),
            1 => self.taken(8).map(|_| Value::Fixed)?,
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Value::Bytes(self.taken(length)?)
            }
            5 => self.taken(4).map(|_| Value::Fixed)?,
            _ => return None,
        };
        Some((key >> 3, value))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.rest.split_first()?;
            self.rest = rest;
            let part = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit.
            if shift == 63 && part > 1 {
                return None;
            }
            number |= part << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    fn taken(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(taken)
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u64, Value<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        self.left = self.left.saturating_sub(1);
        let field = self.field().filter(|_| self.left > 0);
        if field.is_none() {
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A field of bytes.
    fn bytes(number: u8, value: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, u8::try_from(value.len()).unwrap()], value].concat()
    }

    fn number(field: u8, value: u8) -> Vec<u8> {
        vec![field << 3, value]
    }

    fn otp(name: &str, issuer: &str, [algorithm, digits, kind]: [u8; 3]) -> Vec<u8> {
        let fields = [
            bytes(1, b"12345678901234567890"),
            bytes(2, name.as_bytes()),
            bytes(3, issuer.as_bytes()),
            number(4, algorithm),
            number(5, digits),
            number(6, kind),
        ];
        bytes(1, &fields.concat())
    }

    fn uri(message: &[u8]) -> String {
        let data = BASE64
            .encode(message)
            .replace('+', "%2B")
            .replace('/', "%2F")
            .replace('=', "%3D");
        format!("otpauth-migration://offline?data={data}\n")
    }

    #[test]
    fn reads_the_devices_of_a_batch_and_names_the_bad_ones() {
        let one = [
            otp("ann", "Example", [1, 1, 2]),
            otp("Example:bob", "", [3, 2, 2]),
            otp("eve", "", [1, 1, 1]),
            otp("dan", "", [4, 1, 2]),
            number(2, 1),
            number(3, 3),
            number(4, 0),
            number(5, 77),
        ];
        let two = [
            otp("fay", "Other", [0, 0, 2]),
            number(3, 3),
            number(4, 1),
            number(5, 77),
        ];
        let text = uri(&one.concat()) + "# the next\n" + &uri(&two.concat());
        let rows = read(text.as_bytes());
        let told: Vec<_> = rows
            .iter()
            .map(|row| {
                let what = match &row.brought {
                    Ok(Brought::App(app)) => format!("{}{}", app.shape.algorithm().as_str(), app.shape.digits()),
                    Ok(Brought::Key(_)) => "key".to_owned(),
                    Err(unfit) => unfit.code().to_owned(),
                };
                (
                    row.line,
                    row.owner.as_deref().unwrap_or("-"),
                    row.issuer.as_deref().unwrap_or("-"),
                    what,
                )
            })
            .collect();
        let row = |line, owner, issuer, what: &str| (line, owner, issuer, what.to_owned());
        assert_eq!(
            told,
            [
                row(1, "ann", "Example", "SHA16"),
                row(1, "bob", "Example", "SHA5128"),
                row(1, "eve", "-", "hotp"),
                row(1, "dan", "-", "key"),
                row(3, "fay", "Other", "SHA16"),
            ]
        );
        let missing = Remark::BatchMissing { here: 2, of: 3 };
        assert_eq!(
            (rows[0].remarks.as_slice(), rows[4].remarks.as_slice()),
            ([missing].as_slice(), [missing].as_slice())
        );
    }

    #[test]
    fn what_is_cut_or_endless_is_one_refused_row() {
        let good = otp("ann", "Example", [1, 1, 2]);
        for message in [
            &good[..good.len() - 1],
            &[0x0a, 0xff],
            &[0xff; 12],
            &[0x0b],
            &[],
            &[8, 1].repeat(MOST_FIELDS + 1),
        ] {
            let rows = read(uri(message).as_bytes());
            assert_eq!(rows.len(), 1, "{message:?}");
            assert_eq!(rows[0].brought.as_ref().unwrap_err().code(), "malformed", "{message:?}");
        }
        for text in [
            "otpauth-migration://offline?data=%zz",
            "otpauth-migration://offline?x",
            "https://example.org/",
        ] {
            assert!(read(text.as_bytes())[0].brought.is_err(), "{text}");
        }
    }
}
