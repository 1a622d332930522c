//! Reads one table of a policy file field by field: known keys only, each of its right kind.

use super::moments;
use super::problem::{Problems, Span};
use crate::clock::UnixTime;
use crate::config::strict;
use std::ops::RangeInclusive;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest text that a key may hold, in characters.
const LONGEST_TEXT: usize = 500;

pub(super) type Item<'a> = Spanned<DeValue<'a>>;

/// A table whose keys have been held against the list of known ones.
pub(super) struct Fields<'a> {
    table: &'a DeTable<'a>,
    /// Where the table begins: named when a key is missing.
    pub(super) span: Span,
}

impl<'a> Fields<'a> {
    /// Takes the table, reporting each key that is not in `known`. `what` names the table in messages.
    pub(super) fn of(
        table: &'a DeTable<'a>,
        span: Span,
        what: &str,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Self {
        for (key, _) in table.iter().filter(|(key, _)| !known.contains(&key.as_ref().as_ref())) {
            let written: &str = key.as_ref();
            let hint = match strict::likely(written, known.iter().copied()) {
                Some(meant) => format!("did you mean `{meant}`?"),
                None => format!("{what} may hold: {}", known.join(", ")),
            };
            problems.add(&key.span(), format!("unknown key `{written}` in {what}: {hint}"));
        }
        Self { table, span }
    }

    /// As `of`, for a value that should be a table.
    pub(super) fn in_value(
        value: &'a Item<'a>,
        what: &str,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        match value.as_ref() {
            DeValue::Table(table) => Some(Self::of(table, value.span(), what, known, problems)),
            other => {
                problems.add(&value.span(), format!("{what} must be a table, not a {}", kind(other)));
                None
            }
        }
    }

    pub(super) fn get(&self, key: &str) -> Option<&'a Item<'a>> {
        self.table.get(key)
    }

    /// Every key with its value: for tables whose keys are names.
    pub(super) fn entries(&self) -> impl Iterator<Item = (&'a str, Span, &'a Item<'a>)> + use<'a> {
        self.table
            .iter()
            .map(|(key, value)| (key.as_ref().as_ref(), key.span(), value))
    }

    pub(super) fn span_of(&self, key: &str) -> Span {
        self.get(key).map_or_else(|| self.span.clone(), Spanned::span)
    }

    fn value<T>(
        &self,
        key: &str,
        wanted: &str,
        problems: &mut Problems<'_>,
        read: impl FnOnce(&'a DeValue<'a>) -> Option<Result<T, String>>,
    ) -> Option<T> {
        let item = self.get(key)?;
        let message = match read(item.as_ref()) {
            Some(Ok(value)) => return Some(value),
            Some(Err(message)) => format!("`{key}`: {message}"),
            None => format!("`{key}` must be {wanted}, not a {}", kind(item.as_ref())),
        };
        problems.add(&item.span(), message);
        None
    }

    pub(super) fn text(&self, key: &str, problems: &mut Problems<'_>) -> Option<String> {
        self.value(key, "a text in quotes", problems, |value| value.as_str().map(printable))
    }

    pub(super) fn flag(&self, key: &str, problems: &mut Problems<'_>) -> Option<bool> {
        self.value(key, "true or false", problems, |value| value.as_bool().map(Ok))
    }

    pub(super) fn number(&self, key: &str, range: RangeInclusive<u32>, problems: &mut Problems<'_>) -> Option<u32> {
        self.value(key, "a whole number", problems, |value| {
            let number = value.as_integer()?;
            let read = i64::from_str_radix(number.as_str(), number.radix()).ok();
            let fits = read.and_then(|n| u32::try_from(n).ok()).filter(|n| range.contains(n));
            Some(fits.ok_or_else(|| format!("must be from {} to {}", range.start(), range.end())))
        })
    }

    /// A word of a closed list.
    pub(super) fn word<T: FromStr>(&self, key: &str, words: &[&str], problems: &mut Problems<'_>) -> Option<T> {
        self.value(key, "a word in quotes", problems, |value| {
            value.as_str().map(|text| word(text, words))
        })
    }

    /// A span of time in seconds, written `"7d"`.
    pub(super) fn duration(&self, key: &str, problems: &mut Problems<'_>) -> Option<i64> {
        self.value(
            key,
            "a span of time in quotes such as \"7d\" or \"5m\"",
            problems,
            |value| value.as_str().map(moments::parse_duration),
        )
    }

    /// A day or a moment, written `2026-03-31`, with or without quotes.
    pub(super) fn moment(&self, key: &str, problems: &mut Problems<'_>) -> Option<UnixTime> {
        self.value(key, "a date such as 2026-03-31", problems, |value| match value {
            DeValue::String(text) => Some(moments::parse_moment(text)),
            DeValue::Datetime(when) => Some(moments::from_toml(when)),
            _ => None,
        })
    }

    /// A list of texts with their places; one that is empty is reported, for it would match nobody.
    pub(super) fn list(&self, key: &str, problems: &mut Problems<'_>) -> Option<Vec<(&'a str, Span)>> {
        let item = self.get(key)?;
        let DeValue::Array(array) = item.as_ref() else {
            let hint = item
                .as_ref()
                .as_str()
                .map_or(String::new(), |text| format!("; write [\"{text}\"]"));
            problems.add(
                &item.span(),
                format!("`{key}` must be a list, not a {}{hint}", kind(item.as_ref())),
            );
            return None;
        };
        if array.is_empty() {
            problems.add(
                &item.span(),
                format!("`{key}` is empty and would match nothing: leave it out"),
            );
            return None;
        }
        let mut texts = Vec::with_capacity(array.len());
        for entry in array {
            match entry.as_ref().as_str() {
                Some(text) => texts.push((text, entry.span())),
                None => problems.add(
                    &entry.span(),
                    format!("`{key}` lists texts in quotes, not a {}", kind(entry.as_ref())),
                ),
            }
        }
        Some(texts)
    }

    /// A list of words of a closed list.
    pub(super) fn word_list<T: FromStr>(
        &self,
        key: &str,
        words: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Vec<T>> {
        let mut read = Vec::new();
        for (text, span) in self.list(key, problems)? {
            match word(text, words) {
                Ok(value) => read.push(value),
                Err(message) => problems.add(&span, format!("`{key}`: {message}")),
            }
        }
        Some(read)
    }
}

/// The kind of a value in an administrator's words.
pub(super) fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "number",
        DeValue::Boolean(_) => "true/false",
        DeValue::Datetime(_) => "date",
        DeValue::Array(_) => "list",
        DeValue::Table(_) => "table",
    }
}

fn word<T: FromStr>(text: &str, words: &[&str]) -> Result<T, String> {
    let unknown = || match strict::likely(text, words.iter().copied()) {
        Some(meant) => format!("unknown word \"{text}\": did you mean \"{meant}\"?"),
        None => format!("unknown word \"{text}\"; it may be: {}", words.join(", ")),
    };
    text.parse().map_err(|_| unknown())
}

/// Texts of a policy reach terminals and logs: no control characters, no endless ones.
fn printable(text: &str) -> Result<String, String> {
    if text.chars().any(char::is_control) {
        return Err("holds a control character".into());
    }
    if text.trim().is_empty() {
        return Err("is empty: leave it out".into());
    }
    if text.chars().count() > LONGEST_TEXT {
        return Err(format!("is longer than {LONGEST_TEXT} characters"));
    }
    Ok(text.to_owned())
}
