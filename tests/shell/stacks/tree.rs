//! A tree of PAM's files, as written in `trees/`: what it shows, whose files it begins with, what changes, the verdicts.
//!
//! ```text
//! # What it shows.
//! like debian-12                        the files of bases/debian-12.txt
//! service sshd                          the service that is asked
//! missing pam_x.so                      a module that is not there
//! auth guarded                          the verdict: guarded, closed, unclear, or bypassed FILE:LINE
//! account bypassed sshd:3
//! unasked                               Linux-PAM 1.5 crashes over it, or versions differ
//! after FILE | LINE | NEW               puts a line after (before, in the place of: replace) one of a file
//! == /etc/pam.d/sshd                    a file; {auth} and {account} are the README's two lines
//! -> /etc/pam.d/a /etc/authselect/a     a link
//! ```

use crate::support::boxed;
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE};
use std::collections::BTreeMap;

/// A tree.
#[derive(Debug, Default)]
pub struct Tree {
    pub name: String,
    pub service: String,
    /// Verdicts of auth and account.
    pub expected: [String; 2],
    pub missing: Vec<String>,
    /// Whether libpam is not asked: 1.5 crashes over it, or versions differ.
    pub unasked: bool,
    pub files: BTreeMap<String, String>,
    pub links: BTreeMap<String, String>,
}

impl Tree {
    /// Its files, for a message.
    pub fn shown(&self) -> String {
        let told = self.files.iter().map(|(path, text)| format!("== {path}\n{text}\n"));
        told.collect::<Vec<_>>().concat()
    }

    fn take(&mut self, text: &str) {
        let mut open: Option<String> = None;
        for line in text.lines() {
            if let Some(path) = line.strip_prefix("== ") {
                self.files.insert(path.to_owned(), String::new());
                open = Some(path.to_owned());
            } else if let Some(link) = line.strip_prefix("-> ") {
                let (link, target) = link.split_once(' ').unwrap();
                self.links.insert(link.to_owned(), target.to_owned());
            } else if let Some(path) = &open {
                let line = line.replace("{auth}", AUTH_LINE).replace("{account}", ACCOUNT_LINE);
                let file = self.files.get_mut(path).unwrap();
                file.push_str(&line);
                file.push('\n');
            } else {
                self.directive(line);
            }
        }
    }

    fn directive(&mut self, line: &str) {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "" | "#" => {}
            "like" => self.take(&read(&format!("bases/{rest}.txt"))),
            "service" => rest.clone_into(&mut self.service),
            "unasked" => self.unasked = true,
            "missing" => self.missing.push(rest.to_owned()),
            "auth" => rest.clone_into(&mut self.expected[0]),
            "account" => rest.clone_into(&mut self.expected[1]),
            "after" | "before" | "replace" => self.edit(verb, rest),
            _ => panic!("{}: {line}", self.name),
        }
    }

    fn edit(&mut self, verb: &str, rest: &str) {
        let [path, wanted, new] = rest.splitn(3, " | ").collect::<Vec<_>>()[..] else {
            panic!("{}: {rest}", self.name)
        };
        let new = new.replace("{auth}", AUTH_LINE).replace("{account}", ACCOUNT_LINE);
        let file = self
            .files
            .get_mut(path)
            .unwrap_or_else(|| panic!("{}: no {path}", self.name));
        let mut found = false;
        let mut lines = Vec::new();
        for line in file.lines() {
            let here = line.trim_end() == wanted.trim_end();
            found |= here;
            match (here, verb) {
                (true, "after") => lines.extend([line, &new]),
                (true, "before") => lines.extend([&new, line]),
                (true, _) => lines.push(&new),
                (false, _) => lines.push(line),
            }
        }
        assert!(found, "{}: {path} has no line {wanted:?}", self.name);
        *file = lines.join("\n") + "\n";
    }
}

/// Every tree there is, in the order of their names.
pub fn all() -> Vec<Tree> {
    let folder = boxed::tree().join("tests/shell/stacks/trees");
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names.iter().map(|name| one(name)).collect()
}

fn one(name: &str) -> Tree {
    let text = read(&format!("trees/{name}"));
    assert!(text.starts_with("# "), "{name} does not say what it shows");
    let mut tree = Tree {
        name: name.to_owned(),
        ..Tree::default()
    };
    // Edits come after the files that they change; a file's own text comes last.
    tree.take(&text);
    assert!(
        !tree.service.is_empty() && tree.expected.iter().all(|verdict| !verdict.is_empty()),
        "{name}"
    );
    tree
}

fn read(file: &str) -> String {
    let path = boxed::tree().join("tests/shell/stacks").join(file);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
