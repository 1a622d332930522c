//! Every sentence that a person reads, by key and in their language: pages, letters and terminals take it from here.
//!
//! The sentences stand in `shared/texts/<language>/*.ftl` (Project Fluent). A key that a language lacks is said in
//! English; one that English lacks shows as the key itself, and fails a test before it can.

mod files;
mod language;

pub use language::Language;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};
use std::sync::LazyLock;

type Bundle = FluentBundle<FluentResource>;

/// The sentences of one language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Texts {
    language: Language,
}

impl From<Language> for Texts {
    fn from(language: Language) -> Self {
        Self { language }
    }
}

impl Texts {
    /// English, for what has nobody to ask.
    pub const ENGLISH: Self = Self {
        language: Language::English,
    };

    /// Which language.
    pub fn language(self) -> Language {
        self.language
    }

    /// The sentence of this key.
    pub fn say(self, key: &str) -> String {
        self.format(key, None)
    }

    /// The sentence of this key, with these values in it.
    pub fn fill<'a, V: Into<FluentValue<'a>>>(
        self,
        key: &str,
        values: impl IntoIterator<Item = (&'a str, V)>,
    ) -> String {
        let mut arguments = FluentArgs::new();
        for (name, value) in values {
            arguments.set(name, value);
        }
        self.format(key, Some(&arguments))
    }

    /// The same with one value: what templates can write.
    pub fn with(self, key: &str, name: &str, value: impl std::fmt::Display) -> String {
        self.fill(key, [(name, value.to_string())])
    }

    fn format(self, key: &str, arguments: Option<&FluentArgs<'_>>) -> String {
        [self.language, Language::English]
            .into_iter()
            .find_map(|language| sentence(bundle(language), key, arguments))
            .unwrap_or_else(|| key.to_owned())
    }
}

fn sentence(bundle: &Bundle, key: &str, arguments: Option<&FluentArgs<'_>>) -> Option<String> {
    let pattern = bundle.get_message(key)?.value()?;
    // A value that is missing shows as its name in braces; a test compares the values that each language names.
    Some(bundle.format_pattern(pattern, arguments, &mut Vec::new()).into_owned())
}

fn bundle(language: Language) -> &'static Bundle {
    static ENGLISH: LazyLock<Bundle> = LazyLock::new(|| read(Language::English));
    static CHINESE: LazyLock<Bundle> = LazyLock::new(|| read(Language::SimplifiedChinese));
    match language {
        Language::English => &ENGLISH,
        Language::SimplifiedChinese => &CHINESE,
    }
}

fn read(language: Language) -> Bundle {
    let mut bundle = Bundle::new_concurrent(vec![language::identifier(language)]);
    // Marks around each value would show as boxes on a terminal; both languages run from left to right.
    bundle.set_use_isolating(false);
    for (_, text) in files::of(language) {
        // What can be read of a faulty file is used; a test reads every file and fails on any fault.
        let resource = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(partial, _)| partial);
        bundle.add_resource_overriding(resource);
    }
    bundle
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Key -> the values that its sentence names.
    fn keys(language: Language) -> BTreeMap<String, BTreeSet<String>> {
        let mut keys = BTreeMap::new();
        for (file, text) in files::of(language) {
            assert!(
                FluentResource::try_new((*text).to_owned()).is_ok(),
                "{}/{file}: not Fluent: {:?}",
                language.tag(),
                FluentResource::try_new((*text).to_owned()).err().map(|(_, why)| why)
            );
            let mut current = None;
            for line in text.lines() {
                let head = line.split_once('=').map(|(head, _)| head.trim());
                if let Some(head) = head.filter(|_| line.starts_with(|c: char| c.is_ascii_alphabetic())) {
                    let before = keys.insert(head.to_owned(), BTreeSet::new());
                    assert_eq!(before, None, "{}/{file}: {head} stands twice", language.tag());
                    current = Some(head.to_owned());
                }
                let Some(values) = current.as_ref().and_then(|key| keys.get_mut(key)) else {
                    continue;
                };
                for part in line.split('$').skip(1) {
                    values.insert(
                        part.chars()
                            .take_while(|c| c.is_ascii_alphanumeric() || "-_".contains(*c))
                            .collect(),
                    );
                }
            }
        }
        keys
    }

    #[test]
    fn every_language_has_every_sentence_with_the_same_values() {
        let english = keys(Language::English);
        assert!(!english.is_empty());
        for language in Language::ALL {
            let there = keys(*language);
            for (key, values) in &english {
                assert_eq!(there.get(key), Some(values), "{}: {key}", language.tag());
            }
            assert_eq!(
                there.len(),
                english.len(),
                "{} has keys that English lacks",
                language.tag()
            );
        }
    }

    /// A client in the C locale shows anything else as octal escapes, and nobody here can know its locale.
    #[test]
    fn english_at_a_terminal_is_plain_ascii() {
        for (file, text) in files::of(Language::English) {
            if ["terminal", "problem", "bind", "devices"].contains(file) {
                assert!(text.is_ascii(), "en/{file}.ftl");
            }
        }
    }

    #[test]
    fn a_sentence_is_said_with_its_values_and_a_missing_one_names_itself() {
        let chinese = Texts::from(Language::SimplifiedChinese);
        assert_eq!(
            chinese.fill("need-help", [("contact", "it@example.org")]),
            "需要帮助？请联系 it@example.org"
        );
        assert_eq!(
            Texts::ENGLISH.fill("need-help", [("contact", "<b>")]),
            "Need help? Contact <b>"
        );
        assert_eq!(Texts::ENGLISH.say("no-such-key"), "no-such-key");
    }
}
