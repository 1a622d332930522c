//! Every sentence has its place: what is said exists, what exists is said, and templates hold no words of their own.

use super::files::{files, sources};
use crate::support::boxed::tree;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// How a sentence is asked for, as it is written.
const ASKING: [&str; 3] = [".say(", ".fill(", ".with("];
/// Words of a template that are the same in every language.
const STABLE: [&str; 0] = [];

/// The keys of English; the other languages have the same (shared/src/texts).
fn keys() -> BTreeSet<String> {
    let folder = tree().join("shared/texts/en");
    let texts = std::fs::read_dir(folder).unwrap().map(|file| {
        let path = file.unwrap().path();
        std::fs::read_to_string(path).unwrap()
    });
    let keys: BTreeSet<String> = texts
        .flat_map(|text| text.lines().filter_map(key).collect::<Vec<_>>())
        .collect();
    assert!(keys.len() > 100, "only {} keys found", keys.len());
    keys
}

fn key(line: &str) -> Option<String> {
    let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
    let (key, _) = line.split_once(" =").filter(|_| begins)?;
    Some(key.to_owned())
}

fn templates() -> impl Iterator<Item = (PathBuf, String)> {
    let is_template = |file: &PathBuf| {
        file.parent()
            .is_some_and(|folder| folder.to_string_lossy().contains("templates"))
    };
    files().into_iter().filter(is_template).map(|file| {
        let text = std::fs::read_to_string(tree().join(&file)).unwrap();
        (file, text)
    })
}

/// What could be a key: it begins as one of the texts' files, or one of the words that stand on every page, does.
fn looks_like_a_key(literal: &str, areas: &BTreeSet<String>) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    literal.chars().all(plain) && areas.iter().any(|area| literal.starts_with(&format!("{area}-")))
}

/// The literals that sentences are asked for with in this text.
fn asked(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for asking in ASKING {
        for rest in text.split(asking).skip(1) {
            let literal = rest
                .trim_start()
                .strip_prefix('"')
                .and_then(|rest| rest.split('"').next());
            found.extend(literal.map(str::to_owned));
        }
    }
    found
}

#[test]
fn every_sentence_that_is_asked_for_exists() {
    let keys = keys();
    let areas: BTreeSet<String> = std::fs::read_dir(tree().join("shared/texts/en"))
        .unwrap()
        .filter_map(|file| Some(file.unwrap().path().file_stem()?.to_string_lossy().into_owned()))
        .collect();
    let ours = |file: &Path| file.starts_with("shared/src/texts") || file.starts_with("tests/house");
    let mut missing = Vec::new();
    for (file, text) in sources().filter(|(file, _)| !ours(file)).chain(templates()) {
        let unknown = asked(&text)
            .into_iter()
            .filter(|literal| looks_like_a_key(literal, &areas) && !keys.contains(literal));
        missing.extend(unknown.map(|literal| format!("{}: {literal}", file.display())));
    }
    assert!(missing.is_empty(), "no such sentence: {missing:#?}");
}

#[test]
fn every_sentence_is_said_somewhere() {
    let all: String = sources().chain(templates()).map(|(_, text)| text).collect();
    let silent: Vec<String> = keys()
        .into_iter()
        .filter(|key| !all.contains(&format!("\"{key}\"")))
        .collect();
    assert!(silent.is_empty(), "sentences that nobody says: {silent:#?}");
}

/// The text without what lies between these two marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        kept.push(' ');
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

#[test]
fn templates_hold_no_words_of_their_own() {
    let mut found = Vec::new();
    let mut seen = 0;
    for (file, text) in templates() {
        seen += 1;
        let marks = [("{#", "#}"), ("{%", "%}"), ("{{", "}}"), ("<!--", "-->")];
        let bare = marks
            .iter()
            .fold(text, |text, (open, close)| without(&text, open, close));
        for name in ["aria-label=\"", "title=\"", "placeholder=\"", "alt=\""] {
            let spoken = bare.split(name).skip(1).filter_map(|rest| rest.split('"').next());
            let words = spoken.filter(|value| value.contains(char::is_alphabetic));
            found.extend(words.map(|value| format!("{}: {name}{value}", file.display())));
        }
        let words = without(&without(&bare, "<style", "</style>"), "<", ">");
        let words = words
            .split_whitespace()
            .filter(|word| word.contains(char::is_alphabetic));
        let words = words.filter(|word| !STABLE.contains(word) && !word.starts_with('&'));
        found.extend(words.map(|word| format!("{}: {word}", file.display())));
    }
    assert!(seen > 10, "only {seen} templates found");
    assert!(found.is_empty(), "words that are not in shared/texts: {found:#?}");
}
