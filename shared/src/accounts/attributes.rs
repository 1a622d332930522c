//! What applications may be told about a person beyond name and address: the standard claims of OpenID Connect Core 5.1, as an
//! administrator wrote them. They are for reference only and decide nothing here.

use super::AccountError;
use super::profile::check_shown;
use crate::clock::UnixTime;
use crate::ids::AccountId;
use crate::params;
use crate::store::{StoreError, Tx};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a value must look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    /// Any text that can be shown.
    Text,
    /// An `https` address.
    Url,
    /// `YYYY-MM-DD`, `YYYY`, or `0000-MM-DD` where the year is nobody's business.
    Date,
    /// A name of the time zone database.
    Zone,
    /// A language tag (RFC 5646).
    Locale,
    /// An international number, with the plus sign (E.164).
    Phone,
}

/// The closed list of attributes; those of the address carry its name in front.
const KNOWN: [(&str, Form); 18] = [
    ("given_name", Form::Text),
    ("family_name", Form::Text),
    ("middle_name", Form::Text),
    ("nickname", Form::Text),
    ("profile", Form::Url),
    ("picture", Form::Url),
    ("website", Form::Url),
    ("gender", Form::Text),
    ("birthdate", Form::Date),
    ("zoneinfo", Form::Zone),
    ("locale", Form::Locale),
    ("phone_number", Form::Phone),
    ("address.formatted", Form::Text),
    ("address.street_address", Form::Text),
    ("address.locality", Form::Text),
    ("address.region", Form::Text),
    ("address.postal_code", Form::Text),
    ("address.country", Form::Text),
];

/// What stands before the parts of the address.
const ADDRESS: &str = "address.";

/// The attributes of one account.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Attributes(BTreeMap<String, String>);

impl Attributes {
    /// Every name that there is.
    pub fn names() -> impl Iterator<Item = &'static str> {
        KNOWN.iter().map(|(name, _)| *name)
    }

    /// The value of this name.
    pub fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The parts of the address, without what stands before their names.
    pub fn address(&self) -> impl Iterator<Item = (&str, &str)> {
        let parts = self.0.iter();
        parts.filter_map(|(name, value)| Some((name.strip_prefix(ADDRESS)?, value.as_str())))
    }

    /// Every name with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Sets a value; an empty one takes it away.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), AccountError> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        let (name, form) = *known.ok_or(AccountError::Text {
            what: "the attribute",
            why: "it is one of the claims of the scopes profile, address and phone, such as given_name or address.locality",
        })?;
        if value.is_empty() {
            self.0.remove(name);
            return Ok(());
        }
        check_shown(name, Some(value))?;
        if let Some(why) = form.refuses(value) {
            return Err(AccountError::Text { what: name, why });
        }
        self.0.insert(name.to_owned(), value.to_owned());
        Ok(())
    }
}

impl Form {
    fn refuses(self, value: &str) -> Option<&'static str> {
        let of = |allowed: fn(u8) -> bool| value.bytes().all(allowed);
        let (fits, why) = match self {
            Self::Text => (true, ""),
            Self::Url => (
                value.strip_prefix("https://").is_some_and(|rest| !rest.is_empty())
                    && of(|b| b.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&b)),
                "it is an https address",
            ),
            Self::Date => (is_date(value), "it is a date, YYYY-MM-DD, or a year"),
            Self::Zone => (
                of(|b| b.is_ascii_alphanumeric() || b"_+-/".contains(&b)),
                "it is a time zone such as Europe/Berlin",
            ),
            Self::Locale => (
                of(|b| b.is_ascii_alphanumeric() || b == b'-'),
                "it is a language tag such as zh-CN",
            ),
            Self::Phone => (is_phone(value), "it is an international number such as +49 30 1234567"),
        };
        (!fits).then_some(why)
    }
}

fn is_phone(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    let Some(rest) = value.strip_prefix('+') else {
        return false;
    };
    (3..=15).contains(&digits) && rest.bytes().all(|b| b.is_ascii_digit() || b" -().".contains(&b))
}

fn is_date(value: &str) -> bool {
    let number = |text: &str, digits: usize| {
        (text.len() == digits && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse::<u16>().ok())?
    };
    let mut parts = value.split('-');
    let year = parts.next().and_then(|year| number(year, 4));
    match (year, parts.next(), parts.next(), parts.next()) {
        (Some(_), None, None, None) => true,
        (Some(_), Some(month), Some(day), None) => {
            number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

/// The attributes of an account, and when they were changed last; `None` where there never were any.
pub fn of_account(tx: &mut Tx<'_>, account: AccountId) -> Result<Option<(Attributes, UnixTime)>, StoreError> {
    let row = tx.query_opt(
        "SELECT attributes, changed_at FROM account_attributes WHERE account = $1",
        params![account],
    )?;
    row.map(|row| {
        let attributes = serde_json::from_str(row.text(0)?).map_err(|why| {
            StoreError::Inconsistent(format!("the attributes of account {account} cannot be read: {why}"))
        })?;
        Ok((attributes, row.int(1)?))
    })
    .transpose()
}

/// Replaces the attributes of an account.
pub fn replace(tx: &mut Tx<'_>, account: AccountId, attributes: &Attributes, now: UnixTime) -> Result<(), StoreError> {
    let text = serde_json::to_string(attributes).map_err(|why| StoreError::Inconsistent(why.to_string()))?;
    tx.execute(
        "INSERT INTO account_attributes (account, attributes, changed_at) VALUES ($1, $2, $3) \
         ON CONFLICT (account) DO UPDATE SET attributes = excluded.attributes, changed_at = excluded.changed_at",
        params![account, text, now],
    )
    .map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_what_fits_and_refuses_the_rest() {
        let mut attributes = Attributes::default();
        for (name, value) in [
            ("given_name", "Ann"),
            ("birthdate", "0000-02-29"),
            ("birthdate", "1970"),
            ("zoneinfo", "America/Argentina/Buenos_Aires"),
            ("locale", "zh-CN"),
            ("phone_number", "+49 (30) 123-4567"),
            ("picture", "https://img.example/a.png?x=1"),
            ("address.locality", "Berlin"),
        ] {
            attributes.set(name, value).unwrap();
            assert_eq!(attributes.value(name), Some(value));
        }
        assert_eq!(attributes.address().collect::<Vec<_>>(), [("locality", "Berlin")]);
        for (name, value) in [
            ("sub", "x"),
            ("email_verified", "true"),
            ("given_name", "a\nb"),
            ("birthdate", "31.12.1970"),
            ("birthdate", "1970-13-01"),
            ("zoneinfo", "Europe Berlin"),
            ("phone_number", "030 1234567"),
            ("phone_number", "+"),
            ("picture", "javascript:alert(1)"),
            ("website", "http://plain.example/"),
        ] {
            assert!(attributes.set(name, value).is_err(), "{name}: {value}");
        }
        attributes.set("given_name", "").unwrap();
        assert_eq!(attributes.value("given_name"), None);
    }
}
