//! `~/.google_authenticator`, by libpam-google-authenticator's own description (its file `FILEFORMAT`): one device a file.

use super::lines::lines;
use super::{Brought, CarriedApp, Remark, Row, Unfit};
use crate::devices::totp::{MOST_DRIFT, PERIOD, Shape, base32};
use std::str::FromStr;

/// What the option lines say.
#[derive(Debug, Default)]
struct Options {
    totp: bool,
    hotp: bool,
    period: Option<u64>,
    skew: i64,
}

/// The one row of the file. Whose it is, its place tells, not the file.
pub(super) fn read(bytes: &[u8]) -> Row {
    let mut all = lines(bytes);
    let Some((first, key)) = all.next() else {
        return Row::new(1, Err(Unfit::Malformed("the file is empty")));
    };
    let (mut options, mut scratch) = (Options::default(), 0);
    for (number, line) in all {
        let read = line.and_then(|line| match line.strip_prefix("\" ") {
            Some(option) => options.take(option),
            None if is_scratch_code(line) => {
                scratch += 1;
                Ok(())
            }
            None => Err(Unfit::Malformed("this line is neither an option nor a scratch code")),
        });
        if let Err(unfit) = read {
            return Row::new(number, Err(unfit));
        }
    }
    let drift = if options.skew.abs() <= MOST_DRIFT {
        options.skew
    } else {
        0
    };
    let app = key.and_then(|key| options.app(key, drift)).map(Brought::App);
    let mut row = Row::new(first, app);
    if scratch > 0 {
        row = row.remark(Remark::ScratchCodes(scratch));
    }
    if drift != options.skew {
        row = row.remark(Remark::Skew);
    }
    row
}

impl Options {
    /// Limits, reuse and window are the policy's here; what the module keeps of its own state is passed over.
    fn take(&mut self, option: &str) -> Result<(), Unfit> {
        let (name, rest) = option.split_once(' ').unwrap_or((option, ""));
        match name {
            "TOTP_AUTH" => self.totp = true,
            "HOTP_COUNTER" => self.hotp = true,
            "STEP_SIZE" => self.period = Some(number(rest)?),
            "TIME_SKEW" => self.skew = number(rest)?,
            _ => {}
        }
        Ok(())
    }

    fn app(&self, key: &str, drift: i64) -> Result<CarriedApp, Unfit> {
        if self.hotp {
            return Err(Unfit::Hotp);
        }
        if !self.totp {
            return Err(Unfit::Malformed("it has neither TOTP_AUTH nor HOTP_COUNTER"));
        }
        match self.period {
            Some(period) if period != PERIOD.unsigned_abs() => return Err(Unfit::Period(period)),
            _ => {}
        }
        Ok(CarriedApp {
            secret: base32(key)?,
            shape: Shape::default(),
            drift,
            last_step: None,
        })
    }
}

fn number<T: FromStr>(text: &str) -> Result<T, Unfit> {
    let word = text.split(' ').next().unwrap_or_default();
    word.parse()
        .map_err(|_| Unfit::Malformed("a number of this option cannot be read"))
}

fn is_scratch_code(line: &str) -> bool {
    line.len() == 8 && line.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "GEZDGNBVGY3TQOJQGEZDGNBVGY";

    /// Key, drift and remarks; or the line and what is wrong with it.
    type Told = Result<(Vec<u8>, i64, Vec<Remark>), (usize, Unfit)>;

    fn told(text: &str) -> Told {
        let row = read(text.as_bytes());
        match row.brought {
            Ok(Brought::App(app)) => Ok((app.secret.expose().clone(), app.drift, row.remarks)),
            Ok(Brought::Key(_)) => panic!("a key"),
            Err(unfit) => Err((row.line, unfit)),
        }
    }

    #[test]
    fn reads_what_its_program_writes() {
        let text = format!(
            "{KEY}\n\" RATE_LIMIT 3 30 1777593600\n\" WINDOW_SIZE 17\n\" TIME_SKEW -3\n\
             \" DISALLOW_REUSE 59253120\n\" TOTP_AUTH\n12345678\n87654321\n"
        );
        let (secret, drift, remarks) = told(&text).unwrap();
        assert_eq!((secret.as_slice(), drift), (b"1234567890123456".as_slice(), -3));
        assert_eq!(remarks, [Remark::ScratchCodes(2)]);
    }

    #[test]
    fn names_the_line_and_the_reason_of_what_cannot_be_used() {
        let with = |lines: &str| format!("{KEY}\n{lines}");
        for (text, line, unfit) in [
            (String::new(), 1, Unfit::Malformed("the file is empty")),
            (with("\" HOTP_COUNTER 1\n"), 1, Unfit::Hotp),
            (with("\" TOTP_AUTH\n\" HOTP_COUNTER 1\n"), 1, Unfit::Hotp),
            (
                with(""),
                1,
                Unfit::Malformed("it has neither TOTP_AUTH nor HOTP_COUNTER"),
            ),
            (with("\" TOTP_AUTH\n\" STEP_SIZE 60\n"), 1, Unfit::Period(60)),
            (
                with("\" TOTP_AUTH\n1234567\n"),
                3,
                Unfit::Malformed("this line is neither an option nor a scratch code"),
            ),
            (
                with("\" STEP_SIZE x\n"),
                2,
                Unfit::Malformed("a number of this option cannot be read"),
            ),
            (
                "MZXW6\n\" TOTP_AUTH\n".to_owned(),
                1,
                Unfit::Key("it has not from 80 to 1024 bits"),
            ),
            (
                "not base32!\n\" TOTP_AUTH\n".to_owned(),
                1,
                Unfit::Key("it is not written in base32"),
            ),
        ] {
            assert_eq!(told(&text), Err((line, unfit)), "{text:?}");
        }
        let far = told(&with("\" TOTP_AUTH\n\" TIME_SKEW 99\n")).unwrap();
        assert_eq!((far.1, far.2), (0, vec![Remark::Skew]));
    }
}
