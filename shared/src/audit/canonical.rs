//! Writes the one text of an event: JSON without spaces, by hand, so that no feature of a JSON library can ever change
//! what is hashed.

use std::fmt::{self, Write as _};

/// The longest value that one field may hold, in characters: whoever can send us a name cannot fill the trail with it.
pub(super) const LONGEST: usize = 512;

/// Room for the usual event, so that its text is not moved while it grows.
const ROOM: usize = 768;

/// A JSON object in the making. Members stand in the order in which they are written.
pub(super) struct Object {
    text: String,
    /// A value on its way into the text, kept to be used again.
    value: String,
}

impl Object {
    pub(super) fn new() -> Self {
        let mut text = String::with_capacity(ROOM);
        text.push('{');
        Self {
            text,
            value: String::new(),
        }
    }

    /// `"name":`, after a comma where one is due.
    fn name(&mut self, name: &str) {
        if !self.text.ends_with('{') {
            self.text.push(',');
        }
        push_quoted(&mut self.text, name);
        self.text.push(':');
    }

    pub(super) fn number(&mut self, name: &str, value: i64) {
        self.name(name);
        let _ = write!(self.text, "{value}");
    }

    pub(super) fn text(&mut self, name: &str, value: &str) {
        self.name(name);
        push_bounded(&mut self.text, value);
    }

    /// What has no text yet.
    pub(super) fn shown(&mut self, name: &str, value: &dyn fmt::Display) {
        let mut shown = std::mem::take(&mut self.value);
        shown.clear();
        let _ = write!(shown, "{value}");
        self.text(name, &shown);
        self.value = shown;
    }

    /// An object within, of texts.
    pub(super) fn object<'a>(&mut self, name: &str, members: impl Iterator<Item = (&'a str, &'a str)>) {
        self.name(name);
        self.text.push('{');
        for (name, value) in members {
            self.text(name, value);
        }
        self.text.push('}');
    }

    pub(super) fn end(mut self) -> String {
        self.text.push('}');
        self.text
    }
}

/// What of a text is kept: what is too long is cut and ends with `…`.
fn cut(value: &str) -> (&str, &'static str) {
    // No text has more characters than bytes.
    let end = (value.len() > LONGEST)
        .then(|| value.char_indices().nth(LONGEST))
        .flatten();
    match end {
        Some((end, _)) => (&value[..end], "…"),
        None => (value, ""),
    }
}

/// Cuts what is too long, and replaces NUL, which PostgreSQL keeps in no text.
pub(super) fn bounded(value: &str) -> String {
    let (kept, end) = cut(value);
    format!("{kept}{end}").replace('\0', "\u{fffd}")
}

fn push_bounded(out: &mut String, value: &str) {
    if value.len() <= LONGEST && !value.contains('\0') {
        push_quoted(out, value);
    } else {
        push_quoted(out, &bounded(value));
    }
}

/// A JSON string (RFC 8259, section 7).
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    push_quoted(&mut out, text);
    out
}

fn push_quoted(out: &mut String, text: &str) {
    out.push('"');
    // Hardly any text needs an escape: looked at without a branch for each byte.
    let escapes = |byte: u8| u8::from(byte < 0x20) | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if text.bytes().fold(0, |found, byte| found | escapes(byte)) == 0 {
        out.push_str(text);
        out.push('"');
        return;
    }
    let mut plain = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            b'\t' => "\\t",
            b'\n' => "\\n",
            0x0c => "\\f",
            b'\r' => "\\r",
            0..0x20 => "",
            _ => continue,
        };
        out.push_str(&text[plain..at]);
        out.push_str(escape);
        if escape.is_empty() {
            let _ = write!(out, "\\u{byte:04x}");
        }
        plain = at + 1;
    }
    out.push_str(&text[plain..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_text_is_quoted_as_every_json_writer_does(text in ".{0,40}|[\u{0}-\u{40}\u{7e}-\u{a0}]{0,40}") {
            prop_assert_eq!(quoted(&text), serde_json::Value::from(text.as_str()).to_string());
        }

        #[test]
        fn what_is_cut_is_cut_alike_in_the_columns_and_in_the_text(text in "[aé\u{0}\"]{500,520}") {
            let mut object = Object::new();
            object.text("t", &text);
            let told: serde_json::Value = serde_json::from_str(&object.end()).unwrap();
            let kept = bounded(&text);
            prop_assert_eq!(told["t"].as_str(), Some(kept.as_str()));
            prop_assert!(kept.chars().count() <= LONGEST + 1);
        }
    }
}
