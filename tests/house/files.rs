//! Every file begins with its purpose, is short enough to be read, and has a name that says something.

use crate::support::boxed::tree;
use std::path::{Path, PathBuf};

/// The longest a source file may be, in lines; tests at its end are not counted.
const LONGEST: usize = 400;
/// The longest a file of tests may be: a list of cases is read one by one.
const LONGEST_LIST: usize = 800;
/// Names that say nothing.
const EMPTY_NAMES: [&str; 12] = [
    "util", "utils", "common", "helper", "helpers", "misc", "type", "types", "base", "core", "manager", "stuff",
];

/// Every file of the tree that git would take, except what only tools read.
pub fn files() -> Vec<PathBuf> {
    let output = std::process::Command::new("git")
        .args(["ls-files", "--cached", "--others", "--exclude-standard"])
        .current_dir(tree())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "git ls-files: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let listed = String::from_utf8(output.stdout).unwrap();
    let files: Vec<PathBuf> = listed
        .lines()
        .map(PathBuf::from)
        .filter(|file| tree().join(file).is_file())
        .collect();
    assert!(files.len() > 100, "only {} files found", files.len());
    files
}

pub fn sources() -> impl Iterator<Item = (PathBuf, String)> {
    let is_source = |file: &PathBuf| file.extension().is_some_and(|extension| extension == "rs");
    files().into_iter().filter(is_source).map(|file| {
        let text = std::fs::read_to_string(tree().join(&file)).unwrap();
        (file, text)
    })
}

/// Whether this is the opening of a sentence in the file's own kind of comment.
fn tells_a_purpose(file: &Path, text: &str) -> bool {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let kind = file
        .extension()
        .and_then(|extension| extension.to_str())
        .unwrap_or_default();
    let opening = match kind {
        "rs" => "//! ",
        "toml" => "# ",
        "sql" => "-- ",
        "sh" => return lines.next().unwrap_or_default().starts_with("# "),
        "css" => "/* ",
        "js" => "// ",
        _ => return true,
    };
    first.starts_with(opening) && first.len() > opening.len() + 10
}

#[test]
fn every_file_begins_with_its_purpose() {
    let kinds = ["rs", "toml", "sql", "sh", "css", "js"];
    let of_a_kind = |file: &PathBuf| {
        file.extension()
            .and_then(|kind| kind.to_str())
            .is_some_and(|kind| kinds.contains(&kind))
    };
    let mute: Vec<PathBuf> = files()
        .into_iter()
        .filter(of_a_kind)
        .filter(|file| !tells_a_purpose(file, &std::fs::read_to_string(tree().join(file)).unwrap()))
        .collect();
    assert!(
        mute.is_empty(),
        "the first line of these does not say what they are for: {mute:#?}"
    );
}

#[test]
fn no_source_file_is_longer_than_a_few_screens() {
    // Unindented tests: the whole file is a list of them.
    let marks = ["\n#[test]", "\n#[tokio::test]"];
    let is_list = |file: &Path, text: &str| marks.iter().any(|mark| text.contains(mark)) || file.starts_with("tests");
    let long: Vec<(PathBuf, usize)> = sources()
        .map(|(file, text)| {
            let lines = text.lines().take_while(|line| *line != "#[cfg(test)]").count();
            let longest = if is_list(&file, &text) { LONGEST_LIST } else { LONGEST };
            (file, lines, longest)
        })
        .filter(|(_, lines, longest)| lines > longest)
        .map(|(file, lines, _)| (file, lines))
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LONGEST} lines, or {LONGEST_LIST} of tests: {long:#?}"
    );
}

#[test]
fn no_module_has_a_name_that_says_nothing() {
    let nameless: Vec<PathBuf> = sources()
        .map(|(file, _)| file)
        .filter(|file| {
            file.with_extension("")
                .iter()
                .any(|part| EMPTY_NAMES.iter().any(|empty| part == *empty))
        })
        .collect();
    assert!(nameless.is_empty(), "{nameless:#?}");
}

#[test]
fn a_lint_is_silenced_with_expect_and_a_reason() {
    let (allow, whole) = (concat!("#[", "allow("), concat!("#![", "allow("));
    let silent: Vec<PathBuf> = sources()
        .filter(|(_, text)| text.contains(allow) || text.contains(whole))
        .map(|(file, _)| file)
        .collect();
    assert!(silent.is_empty(), "{silent:#?}");
}

/// Row 43 of the past holes: what lies here can be read by everybody, so it may open nothing.
#[test]
fn no_private_key_lies_in_the_tree() {
    let begin = concat!("PRIVATE ", "KEY-----");
    let holding: Vec<PathBuf> = files()
        .into_iter()
        .filter(|file| {
            let bytes = std::fs::read(tree().join(file)).unwrap();
            let text = String::from_utf8_lossy(&bytes);
            // A JWK with its private member.
            let jwk = text.contains("\"kty\":") && text.contains("\"d\": \"");
            text.contains(begin) || jwk
        })
        .collect();
    assert!(holding.is_empty(), "{holding:#?}");
}
