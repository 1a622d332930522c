//! All readers together: what their programs write is read, and whatever else stands in a file ends as a reason.

use super::*;
use crate::methods::fido::cose::{CoseKey, EDDSA, ES256, RS256};
use data_encoding::{BASE64, BASE64URL_NOPAD, HEXLOWER, HEXUPPER};
use proptest::prelude::*;

const SETTING: Setting<'_> = Setting {
    origin: "pam://box",
    app_id: "https://old.example.org",
};
/// The point of RFC 6979, A.2.5.
const POINT: &str = "60FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6\
                     7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";
const HEX: &str = "3132333435363738393031323334353637383930";
const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";

fn point() -> Vec<u8> {
    HEXUPPER.decode(POINT.as_bytes()).unwrap()
}

fn told(text: &str) -> Vec<(usize, String, String)> {
    let row = |row: Row| {
        let what = match row.brought {
            Ok(Brought::App(_)) => "app".to_owned(),
            Ok(Brought::Key(key)) => key.app_id.unwrap_or_default(),
            Err(unfit) => unfit.code().to_owned(),
        };
        (row.line, row.owner.unwrap_or_default(), what)
    };
    read(Format::PamU2f, text.as_bytes(), &SETTING)
        .into_iter()
        .map(row)
        .collect()
}

fn row(line: usize, owner: &str, what: &str) -> (usize, String, String) {
    (line, owner.to_owned(), what.to_owned())
}

#[test]
fn pam_u2f_keys_of_both_formats_and_all_algorithms_are_read() {
    let (id, new) = (BASE64.encode(b"key handle"), BASE64.encode(&point()));
    let old = HEXLOWER.encode(&[&[4], point().as_slice()].concat());
    let web = BASE64URL_NOPAD.encode(b"key handle?>");
    let rsa = BASE64.encode(&[vec![0xc5; 256], vec![1, 0, 1]].concat());
    let ed = BASE64.encode(&[7; 32]);
    let text = format!(
        "# a comment\nann:{id},{new},es256,+presence:{id},{ed},eddsa,+presence+pin:{id},{rsa},RS256,\n\
         bob:{web},{old}\n\n"
    );
    let origin = "pam://box";
    assert_eq!(
        told(&text),
        [
            row(2, "ann", origin),
            row(2, "ann", origin),
            row(2, "ann", origin),
            row(3, "bob", "https://old.example.org")
        ]
    );
    let rows = read(Format::PamU2f, text.as_bytes(), &SETTING);
    let algorithms: Vec<i64> = rows
        .iter()
        .map(|row| match &row.brought {
            Ok(Brought::Key(key)) => CoseKey::parse(&key.public_key).unwrap().algorithm(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(algorithms, [ES256, EDDSA, RS256, ES256]);
    assert_eq!(rows[0].remarks, []);
    assert_eq!(rows[1].remarks, [Remark::Verification]);
    assert_eq!(rows[2].remarks, [Remark::Presence]);
    assert_eq!(rows[3].remarks, []);
}

#[test]
fn pam_u2f_lines_that_are_none_are_named_and_only_the_last_of_a_user_counts() {
    let (id, new) = (BASE64.encode(b"key handle"), BASE64.encode(&point()));
    let off = BASE64.encode(&[1; 64]);
    let text = format!(
        "ann:{id},{new},es256,+presence\n\
         bob\n\
         bob:{id}\n\
         eve:*,{new},es256,+presence:{id},{off},es256,+presence:{id},{new},es512,+presence:?,{new},es256,+presence\n\
         ann:{id},{new},es256,+presence\n"
    );
    assert_eq!(
        told(&text),
        [
            row(1, "ann", "superseded"),
            row(2, "bob", "malformed"),
            row(3, "bob", "malformed"),
            row(4, "eve", "resident"),
            row(4, "eve", "public_key"),
            row(4, "eve", "public_key"),
            row(4, "eve", "credential_id"),
            row(5, "ann", "pam://box"),
        ]
    );
    let many = format!("ann{}\n", format!(":{id},{new},es256,+presence").repeat(30));
    assert_eq!(told(&many).len(), 25);
    assert_eq!(told("-----BEGIN OPENSSH\nx\n"), [row(1, "", "malformed")]);
}

/// A good file of each program.
fn good(format: Format) -> String {
    let public = BASE64.encode(&point());
    let base64 = BASE64.encode(KEY.as_bytes());
    match format {
        Format::GoogleAuthenticator => format!("{KEY}\n\" RATE_LIMIT 3 30\n\" TOTP_AUTH\n12345678\n"),
        Format::PamU2f => format!("ann:AQIDBA==,{public},es256,+presence\n"),
        Format::Oath => format!("HOTP/T30/6 ann - {HEX}\nHOTP/T30/8 bob + {HEX}\n"),
        Format::Otpauth => format!("otpauth://totp/Example:ann?secret={KEY}&issuer=Example\n"),
        Format::OtpauthMigration => {
            let one = [
                b"\x0a\x14\x31\x32\x33\x34\x35\x36\x37\x38\x39\x30\x31\x32\x33\x34\x35\x36\x37\x38\x39\x30".as_slice(),
                b"\x12\x03ann\x20\x01\x28\x01\x30\x02",
            ]
            .concat();
            let all = [&[0x0a, u8::try_from(one.len()).unwrap()], one.as_slice()].concat();
            format!(
                "otpauth-migration://offline?data={}\n",
                BASE64.encode(&all).replace('+', "%2B")
            )
        }
        Format::Authelia => format!("totp_configurations:\n  - username: ann\n    secret: {base64}\n"),
        Format::PrivacyIdea => format!("ann@corp, TOTP1, {HEX}, totp, 6, 30\n"),
        Format::Samekey => format!(
            r#"{{"version":1,"realm":"example.org","made_at":0,"people":[{{"name":"ann","devices":[{{"totp":{{"name":"app","key":"{KEY}","shape":{{"algorithm":"Sha1","digits":6}},"drift":0,"last_step":1}}}}]}}]}}"#
        ),
    }
}

#[test]
fn the_good_file_of_each_program_is_read() {
    for format in Format::ALL {
        let text = good(format);
        let rows = read(format, text.as_bytes(), &SETTING);
        assert!(rows.iter().all(|row| row.brought.is_ok()), "{format:?}: {rows:?}");
        assert_eq!(format.as_str().parse(), Ok(format));
        if format.is_secret() {
            let shown = format!("{rows:?}");
            assert!(
                !shown.contains("GEZDG") && !shown.contains(HEX) && !shown.contains("[49, 50, 51"),
                "{shown}"
            );
        }
    }
}

proptest! {
    /// Noise, and good files with a few bytes bent: an answer always, and never the file's words in a reason.
    #[test]
    fn whatever_stands_in_a_file_ends_as_rows_or_reasons(
        choice in 0..Format::ALL.len(),
        noise in proptest::collection::vec(any::<u8>(), 0..200),
        bends in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let format = Format::ALL[choice];
        let mut bent = good(format).into_bytes();
        for (at, byte) in &bends {
            let at = at.index(bent.len());
            bent[at] = *byte;
        }
        let shorter = &bent[..cut.index(bent.len())];
        for bytes in [noise.as_slice(), bent.as_slice(), shorter] {
            for row in read(format, bytes, &SETTING) {
                prop_assert!(row.line >= 1);
                if let Err(unfit) = &row.brought {
                    let reason = unfit.to_string();
                    prop_assert!(!reason.contains("GEZDG") && !reason.contains("313233"), "{reason}");
                }
            }
        }
    }

    /// An export is opened or refused, and nothing in between.
    #[test]
    fn noise_is_no_export(noise in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(parcel::open(&noise, &"correct horse battery".into()).is_err());
    }
}
