//! A page of the book, as far as its tests look at it: fenced blocks, remarks to the tests, headings, links and code in the text.

use crate::support::boxed::tree;
use std::path::{Path, PathBuf};

/// One piece of a page, in the order of the page.
#[derive(Debug)]
pub enum Piece {
    /// A fenced block: what it is (the words of its first line, parted by commas), its lines, and the line it begins at.
    Block {
        words: Vec<String>,
        lines: Vec<String>,
        at: usize,
    },
    /// A remark to the tests: `<!-- verb: what -->`.
    Remark { verb: String, what: String },
    /// A line of text.
    Text { line: String, at: usize },
}

/// A page.
#[derive(Debug)]
pub struct Page {
    /// From the tree: `docs/tutorials/ssh.md`.
    pub name: String,
    pub pieces: Vec<Piece>,
}

impl Page {
    pub fn read(name: &str) -> Self {
        let text = std::fs::read_to_string(tree().join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
        let mut pieces = Vec::new();
        let mut lines = text.lines().enumerate();
        while let Some((at, line)) = lines.next() {
            if let Some(words) = line.trim_start().strip_prefix("```") {
                let indent = line.len() - line.trim_start().len();
                let inner = lines
                    .by_ref()
                    .map(|(_, line)| line)
                    .take_while(|line| line.trim() != "```");
                pieces.push(Piece::Block {
                    words: words.split(',').map(str::to_owned).collect(),
                    lines: inner
                        .map(|line| line.get(indent..).unwrap_or_default().to_owned())
                        .collect(),
                    at: at + 1,
                });
            } else if let Some(remark) = line.strip_prefix("<!-- ").and_then(|rest| rest.strip_suffix(" -->")) {
                let (verb, what) = remark.split_once(": ").unwrap_or((remark, ""));
                pieces.push(Piece::Remark {
                    verb: verb.to_owned(),
                    what: what.to_owned(),
                });
            } else {
                pieces.push(Piece::Text {
                    line: line.to_owned(),
                    at: at + 1,
                });
            }
        }
        Self {
            name: name.to_owned(),
            pieces,
        }
    }

    /// Every page of the book, by name, and the README.
    pub fn all() -> Vec<Self> {
        let mut names = Vec::new();
        below(&tree().join("docs"), &mut names);
        let mut names: Vec<String> = names.iter().map(|path| relative(path)).collect();
        names.push("README.md".to_owned());
        names.sort();
        names.iter().map(|name| Self::read(name)).collect()
    }

    /// What a remark of this verb says; empty without one.
    pub fn remark(&self, wanted: &str) -> &str {
        let found = self.pieces.iter().find_map(|piece| match piece {
            Piece::Remark { verb, what } if verb == wanted => Some(what.as_str()),
            _ => None,
        });
        found.unwrap_or_default()
    }

    /// Lines of text, with their numbers.
    pub fn text(&self) -> impl Iterator<Item = (&str, usize)> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Text { line, at } => Some((line.as_str(), *at)),
            _ => None,
        })
    }

    /// What headings are reached by: letters, digits, `-` and `_` of their text in lower case, blanks as `-`.
    pub fn anchors(&self) -> Vec<String> {
        let headings = self.text().filter(|(line, _)| line.starts_with('#'));
        headings
            .map(|(line, _)| anchor(line.trim_start_matches('#').trim()))
            .collect()
    }

    /// Where links in the text lead, with the line of each.
    pub fn links(&self) -> Vec<(String, usize)> {
        let mut found = Vec::new();
        for (line, at) in self.text() {
            // What stands between backticks is no link.
            let plain: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
            for rest in plain.split("](").skip(1) {
                found.extend(rest.split(')').next().map(|target| (target.to_owned(), at)));
            }
        }
        found
    }
}

fn below(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        if entry.is_dir() {
            below(&entry, found);
        } else if entry.extension().is_some_and(|ending| ending == "md") {
            found.push(entry);
        }
    }
}

fn relative(path: &Path) -> String {
    path.strip_prefix(tree()).unwrap().to_str().unwrap().to_owned()
}

fn anchor(heading: &str) -> String {
    let kept = heading
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn headings_are_reached_by_what_renderers_make_of_them() {
    assert_eq!(anchor("`setup ssh`, and what else: D01"), "setup-ssh-and-what-else-d01");
}
