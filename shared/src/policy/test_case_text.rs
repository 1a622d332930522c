//! Reads `[[test]]`.

use super::decision::Decision;
use super::document_text::{LEVELS, METHODS};
use super::facts::{FirstFactorKind, SourceFact};
use super::problem::Problems;
use super::reader::{Fields, Item};
use super::selectors_text::{strange_fingerprint, strange_service};
use super::test_case::{Expected, TestCase, TestKey};
use crate::methods::Method;
use std::collections::BTreeSet;
use toml::de::DeValue;

const KEYS: [&str; 19] = [
    "user",
    "groups",
    "flags",
    "service",
    "source",
    "host",
    "first-factor",
    "key",
    "key-type",
    "key-enrolled",
    "abnormal",
    "have",
    "at",
    "since",
    "expect-level",
    "expect-decision",
    "expect-methods",
    "expect-max-age",
    "expect-remember",
];

pub(super) fn read(item: &Item<'_>, line: usize, problems: &mut Problems<'_>) -> Option<TestCase> {
    let fields = Fields::in_value(item, "[[test]]", &KEYS, problems)?;
    for key in ["user", "service"] {
        if fields.get(key).is_none() {
            problems.add(&fields.span, format!("[[test]] has no `{key}`"));
        }
    }
    let service = fields.text("service", problems).unwrap_or_default();
    if let Some(message) = strange_service(&service).filter(|_| !service.is_empty()) {
        problems.add(&fields.span_of("service"), message);
    }
    let expect = expected(&fields, problems);
    if expect.is_empty() && !fields.entries().any(|(key, ..)| key.starts_with("expect-")) {
        problems.add(
            &fields.span,
            "[[test]] expects nothing: name expect-level, expect-decision or expect-methods",
        );
    }
    Some(TestCase {
        line,
        user: fields.text("user", problems).unwrap_or_default(),
        groups: names(&fields, "groups", problems),
        flags: names(&fields, "flags", problems),
        service,
        source: source(&fields, problems),
        host: fields.text("host", problems),
        first_factor: fields.word("first-factor", FirstFactorKind::WORDS, problems),
        key: key(&fields, problems),
        abnormal: fields.flag("abnormal", problems),
        have: methods(&fields, "have", problems).unwrap_or_default(),
        at: fields.moment("at", problems),
        since: fields.moment("since", problems),
        expect,
    })
}

/// The key, which has a type at least: a fingerprint alone leaves open what it is of.
fn key(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Option<TestKey> {
    let fingerprint = fields.text("key", problems);
    if let Some(message) = fingerprint.as_deref().and_then(strange_fingerprint) {
        problems.add(&fields.span_of("key"), format!("`key`: {message}"));
    }
    let enrolled = fields.flag("key-enrolled", problems);
    let key_type = fields.text("key-type", problems);
    if key_type.is_none() && (fingerprint.is_some() || enrolled.is_some()) {
        problems.add(&fields.span, "[[test]] names a key without its `key-type`");
    }
    Some(TestKey {
        key_type: key_type?,
        fingerprint,
        enrolled,
    })
}

fn expected(fields: &Fields<'_>, problems: &mut Problems<'_>) -> Expected {
    let decision: Option<String> = fields.word("expect-decision", &Decision::WORDS, problems);
    let word = decision.and_then(|text| Decision::WORDS.into_iter().find(|word| *word == text));
    if word.is_none() && fields.get("expect-decision").is_some_and(|item| item.as_ref().is_str()) {
        let message = format!("`expect-decision` is one of: {}", Decision::WORDS.join(", "));
        problems.add(&fields.span_of("expect-decision"), message);
    }
    Expected {
        level: fields.word("expect-level", &LEVELS, problems),
        methods: methods(fields, "expect-methods", problems),
        decision: word,
        max_age: fields.duration("expect-max-age", problems),
        remember: fields.duration("expect-remember", problems),
    }
}

fn methods(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<BTreeSet<Method>> {
    fields
        .word_list::<Method>(key, &METHODS, problems)
        .map(|list| list.into_iter().collect())
}

/// A list of names; none when left out; not known when `"unknown"`.
fn names(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<BTreeSet<String>> {
    match fields.get(key).map(AsRef::as_ref) {
        None => Some(BTreeSet::new()),
        Some(DeValue::String(word)) if word == "unknown" => None,
        Some(_) => {
            let list = fields.list(key, problems).unwrap_or_default();
            Some(list.into_iter().map(|(name, _)| name.to_owned()).collect())
        }
    }
}

fn source(fields: &Fields<'_>, problems: &mut Problems<'_>) -> SourceFact {
    let Some(text) = fields.text("source", problems) else {
        return SourceFact::Unknown;
    };
    text.parse().unwrap_or_else(|_| {
        let message = format!("`source`: \"{text}\" is no address; it may also be \"local\" or \"unknown\"");
        problems.add(&fields.span_of("source"), message);
        SourceFact::Unknown
    })
}
