//! Strict TOML: line, column, the unknown key and the likely key meant.

use serde::de::DeserializeOwned;
use toml::de::{DeTable, Error, ValueDeserializer};

/// Parses a document, or says where it is wrong and what was likely meant.
pub fn parse<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    toml::from_str(text).map_err(|error| told(text, &error))
}

/// Parses one table of a document and says the same; `None` where there is no such table.
pub fn parse_table<T: DeserializeOwned>(text: &str, name: &str) -> Result<Option<T>, String> {
    let document = DeTable::parse(text).map_err(|error| told(text, &error))?;
    let Some(table) = document.into_inner().remove(name) else {
        return Ok(None);
    };
    let parsed = T::deserialize(ValueDeserializer::from(table));
    parsed.map(Some).map_err(|error| told(text, &error))
}

fn told(text: &str, error: &Error) -> String {
    let message = with_suggestion(error.message());
    match error.span() {
        Some(span) => {
            let (line, column) = position(text, span.start);
            format!("line {line}, column {column}: {message}")
        }
        None => message,
    }
}

/// Line and column, both from 1, of a byte offset.
pub fn position(text: &str, offset: usize) -> (usize, usize) {
    let before = text.get(..offset).unwrap_or(text);
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
    (line, column)
}

/// Adds "did you mean" to serde's message about an unknown field or variant.
pub fn with_suggestion(message: &str) -> String {
    let mut quoted = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some(unknown) = quoted.next().filter(|_| is_unknown) else {
        return message.to_owned();
    };
    match likely(unknown, quoted) {
        Some(meant) => format!("unknown key `{unknown}`: did you mean `{meant}`?"),
        None => message.to_owned(),
    }
}

/// The known word that is nearest to `unknown`, when one is near enough to be meant.
pub fn likely<'a>(unknown: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    known
        .map(|word| (strsim::damerau_levenshtein(unknown, word), word))
        .filter(|(distance, word)| *distance <= 1 + word.len() / 3)
        .min()
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_from_one() {
        assert_eq!(position("ab\ncd", 0), (1, 1));
        assert_eq!(position("ab\ncd", 4), (2, 2));
        assert_eq!(position("ab", 99), (1, 3));
    }

    #[test]
    fn suggests_only_what_is_near() {
        assert_eq!(likely("levle", ["level", "methods"].into_iter()), Some("level"));
        assert_eq!(likely("zzzzzz", ["level", "methods"].into_iter()), None);
    }
}
