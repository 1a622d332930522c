//! No block of the book is overlooked: each is run, checked, only to be read, or listed in `elsewhere.toml` with the reason why not; and
//! commands within the text are such as the command has.

use super::page::{Page, Piece};
use super::runs;
use crate::support::boxed::tree;
use samekey_shared::config::Config;
use samekey_shared::policy::Policy;
use std::collections::BTreeMap;
use std::path::Path;

/// What is made by a test and shows no command to be typed.
const MADE: [&str; 1] = ["docs/reference/commands.md"];

/// What a block is to the tests.
enum Fate<'a> {
    Run,
    Config,
    Policy,
    Read,
    Elsewhere(&'a str),
}

fn fate<'a>(words: &[String], lines: &'a [String]) -> Fate<'a> {
    let has = |wanted: &str| words.iter().any(|word| word == wanted);
    let first = lines.first().map_or("", |line| line.trim());
    if words
        .iter()
        .any(|word| word.starts_with("file=") || word.starts_with("append="))
        || (has("console") && !has("elsewhere"))
    {
        Fate::Run
    } else if has("config") {
        Fate::Config
    } else if has("policy") {
        Fate::Policy
    } else if has("text") || has("json") {
        Fate::Read
    } else {
        Fate::Elsewhere(first)
    }
}

#[test]
fn every_block_is_run_checked_or_listed_with_the_reason_why_not() {
    let list: toml::Table = std::fs::read_to_string(tree().join("tests/book/elsewhere.toml"))
        .unwrap()
        .parse()
        .unwrap();
    let mut listed: BTreeMap<(String, String), String> = BTreeMap::new();
    for one in list["block"].as_array().unwrap() {
        let text = |key: &str| one[key].as_str().unwrap().to_owned();
        assert!(text("why").len() > 10, "{one}: say why");
        let twice = listed.insert((text("page"), text("first")), text("why"));
        assert!(twice.is_none(), "{one} stands there twice");
    }
    let (mut run, mut checked, mut read, mut elsewhere) = (0, 0, 0, 0);
    for page in Page::all() {
        for piece in &page.pieces {
            let Piece::Block { words, lines, at } = piece else {
                continue;
            };
            let place = format!("{}:{at}", page.name);
            match fate(words, lines) {
                Fate::Run => {
                    run += 1;
                    assert!(
                        runs::plays(&page.name),
                        "{place}: no test in tests/book/runs.rs plays this page"
                    );
                }
                Fate::Config => {
                    checked += 1;
                    is_a_configuration(&lines.join("\n")).unwrap_or_else(|why| panic!("{place}: {why}"));
                }
                Fate::Policy => {
                    checked += 1;
                    is_a_policy(&lines.join("\n")).unwrap_or_else(|why| panic!("{place}: {why}"));
                }
                Fate::Read => {
                    read += 1;
                    let typed = |line: &&String| {
                        ["$ ", "# ", "samekey ", "sudo "]
                            .iter()
                            .any(|head| line.starts_with(head))
                    };
                    assert!(
                        !lines.iter().any(|line| typed(&line)),
                        "{place}: a command that nobody runs"
                    );
                }
                Fate::Elsewhere(first) => {
                    elsewhere += 1;
                    let key = (page.name.clone(), first.to_owned());
                    assert!(
                        listed.remove(&key).is_some(),
                        "{place}: run by nobody, and not in tests/book/elsewhere.toml: {first}"
                    );
                }
            }
        }
        for (line, at) in page.text() {
            assert!(
                !line.starts_with("    "),
                "{}:{at}: put code between fences, so that it is run",
                page.name
            );
        }
    }
    assert!(
        listed.is_empty(),
        "tests/book/elsewhere.toml lists what is not there: {listed:?}"
    );
    println!("{run} blocks run, {checked} checked, {read} only read, {elsewhere} run elsewhere or by nobody");
    assert!(
        run > 60 && checked > 5 && elsewhere < run,
        "{run} {checked} {read} {elsewhere}"
    );
}

/// A configuration that leaves out what `samekey init` writes.
fn is_a_configuration(text: &str) -> Result<(), String> {
    let head = [
        ("[realm]", "[realm]\nname = \"example.org\"\n"),
        ("[store]", "[store]\nsqlite = \"/var/lib/samekey/store.db\"\n"),
        ("[keyring]", "[keyring]\npath = \"/etc/samekey/keyring\"\n"),
    ];
    let missing = head
        .iter()
        .filter(|(name, _)| !text.contains(name))
        .map(|(_, lines)| *lines);
    let whole: String = missing.chain([text]).collect();
    Config::parse(&whole, Path::new("the block"))
        .map(|_| ())
        .map_err(|why| why.to_string())
}

/// A policy, or rules of one.
fn is_a_policy(text: &str) -> Result<(), String> {
    let head = if text.contains("version = 1") {
        ""
    } else {
        "version = 1\n"
    };
    Policy::parse(&format!("{head}{text}"))
        .map(|_| ())
        .map_err(|why| format!("{why:?}"))
}

/// The verbs, as the reference lists them, each with the options that its section names.
fn verbs() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string(tree().join(MADE[0])).unwrap();
    let sections = text.split("\n## `").skip(1);
    let named = sections.filter_map(|section| section.split_once("`\n"));
    named.map(|(verb, text)| (verb.to_owned(), text.to_owned())).collect()
}

#[test]
fn commands_within_the_text_are_such_as_the_command_has() {
    let verbs = verbs();
    let mut looked_at = 0;
    for page in Page::all().iter().filter(|page| !MADE.contains(&page.name.as_str())) {
        // A row that is open speaks of what is not there yet.
        for (line, at) in page.text().filter(|(line, _)| !line.contains("| open: ")) {
            for code in line
                .split('`')
                .skip(1)
                .step_by(2)
                .filter(|code| code.starts_with("samekey "))
            {
                looked_at += 1;
                is_known(code, &verbs).unwrap_or_else(|why| panic!("{}:{at}: `{code}`: {why}", page.name));
            }
        }
    }
    assert!(looked_at > 60, "{looked_at}");
}

/// Whether there is such a verb with such options. `a|b` and `[…]` stand for what may be there; capitals for what is filled in.
fn is_known(code: &str, verbs: &BTreeMap<String, String>) -> Result<(), String> {
    let words: Vec<&str> = code
        .split_whitespace()
        .map(|word| word.trim_matches(['[', ']', '…']))
        .collect();
    let mut verb = "samekey".to_owned();
    let mut rest = words[1..].iter().peekable();
    while let Some(word) = rest.next_if(|word| !word.starts_with('-')) {
        let mut one_of = word.split('|').rev().map(|one| format!("{verb} {one}"));
        match one_of.find(|longer| verbs.contains_key(longer)) {
            Some(longer) => verb = longer,
            None if verbs[&verb].contains("commands: ") && word.chars().any(char::is_lowercase) => {
                return Err(format!("{verb} has no {word}"));
            }
            None => break,
        }
    }
    let options = verbs.get(&verb).ok_or_else(|| format!("there is no {verb}"))?;
    for option in rest.filter(|word| word.starts_with("--")) {
        let name = option.split(['=', '|', ',']).next().unwrap_or(option);
        let everywhere = ["--json", "--config", "--help", "--version"].contains(&name);
        let is_there = ["`", ", "]
            .iter()
            .any(|before| options.contains(&format!("{before}{name}")));
        if !everywhere && !is_there {
            return Err(format!("{verb} has no {name}"));
        }
    }
    Ok(())
}
