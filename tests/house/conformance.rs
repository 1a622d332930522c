//! The page of conformance is made here, of the list of the public suite's modules and of the tests that bear their names. Whether
//! those tests ran, `.ci/proven` holds against the log of the run.
//!
//! `SAMEKEY_WRITE=yes cargo test -p e2e --features samekey-shared/postgres house::conformance` writes the page anew.

use super::requirements::is_test;
use crate::support::boxed::tree;
use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};

const LIST: &str = "oidc_provider/tests/certification/modules.toml";
const PAGE: &str = "docs/reference/conformance.md";
const HEAD: &str = "\
# Conformance: every module of the public suite, and the test that runs it here

Made of `oidc_provider/tests/certification/modules.toml` by `tests/house/conformance.rs`; a stale page fails its test. The modules are those of
the OpenID Foundation's conformance suite (the plans of its certification programme), by their public names; each is run as a native test
of the same name. `passes`: the test is part of every `make test`, which fails unless each test named here ran and passed.
`skipped`: the specification leaves it out, for the reason given. `open`: not proved yet. How an operator runs the public suite itself:
[conformance.md](../conformance.md).
";

struct Plan {
    name: String,
    title: String,
    modules: Vec<Module>,
}

struct Module {
    name: String,
    /// Why the specification leaves it out.
    reason: Option<String>,
    /// The file that has its test.
    file: Option<String>,
}

impl Module {
    fn test(&self) -> String {
        self.name.replace('-', "_").to_lowercase()
    }

    fn is_open(&self) -> bool {
        self.reason.is_none() && self.file.is_none()
    }

    fn row(&self) -> String {
        let result = match (&self.reason, &self.file) {
            (Some(reason), _) => format!("skipped: {reason}"),
            (None, Some(_)) => "passes".to_owned(),
            (None, None) => "open".to_owned(),
        };
        let file = self.file.as_ref().map(|file| format!("`{file}::{}`", self.test()));
        format!(
            "| `{}` | {result} | {} |\n",
            self.name,
            file.unwrap_or_else(|| "-".to_owned())
        )
    }
}

fn plans() -> Vec<Plan> {
    let list: toml::Table = std::fs::read_to_string(tree().join(LIST)).unwrap().parse().unwrap();
    let plans = list["plan"].as_array().unwrap().iter();
    plans
        .map(|plan| {
            let text = |member: &str| plan[member].as_str().unwrap().to_owned();
            let tests = plan["tests"].as_array().unwrap().iter();
            let sources: Vec<(String, String)> = tests.flat_map(|tests| sources(tests.as_str().unwrap())).collect();
            let modules = plan["modules"].as_array().unwrap().iter().map(|name| {
                let name = name.as_str().unwrap().to_owned();
                let reason = plan.get("skipped").and_then(|reasons| reasons.get(&name));
                let mut module = Module {
                    reason: reason.map(|reason| reason.as_str().unwrap().to_owned()),
                    file: None,
                    name,
                };
                let named = sources.iter().find(|(_, source)| is_test(source, &module.test()));
                module.file = named.map(|(file, _)| file.clone());
                module
            });
            Plan {
                name: text("name"),
                title: text("title"),
                modules: modules.collect(),
            }
        })
        .collect()
}

/// Files of tests with their texts: one of this name, or all in the folder of this name.
fn sources(tests: &str) -> Vec<(String, String)> {
    let home = Path::new(LIST).parent().unwrap();
    let folder = home.join(tests);
    let mut files: Vec<PathBuf> = match std::fs::read_dir(tree().join(&folder)) {
        Ok(found) => found.map(|one| folder.join(one.unwrap().file_name())).collect(),
        Err(_) => vec![home.join(format!("{tests}.rs"))],
    };
    files.sort();
    let read = |file: PathBuf| {
        let text = std::fs::read_to_string(tree().join(&file)).unwrap();
        (file.to_str().unwrap().to_owned(), text)
    };
    files.into_iter().map(read).collect()
}

fn page(plans: &[Plan]) -> String {
    let mut page = format!("{HEAD}\n| plan | modules | pass | skipped | open |\n|---|---|---|---|---|\n");
    for plan in plans {
        let skipped = plan.modules.iter().filter(|module| module.reason.is_some()).count();
        let open = plan.modules.iter().filter(|module| module.is_open()).count();
        let all = plan.modules.len();
        let passed = all - skipped - open;
        writeln!(page, "| {} | {all} | {passed} | {skipped} | {open} |", plan.title).unwrap();
    }
    for plan in plans {
        write!(
            page,
            "\n## {}\n\n`{}`\n\n| module | result | tested by |\n|---|---|---|\n",
            plan.title, plan.name
        )
        .unwrap();
        for module in &plan.modules {
            page.push_str(&module.row());
        }
    }
    page
}

#[test]
fn the_page_is_made_of_the_list_and_of_the_tests() {
    let made = page(&plans());
    let file = tree().join(PAGE);
    if std::env::var_os("SAMEKEY_WRITE").is_some() {
        std::fs::write(&file, &made).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap();
    let stale: Vec<(&str, &str)> = written
        .lines()
        .zip(made.lines())
        .filter(|(old, new)| old != new)
        .collect();
    assert!(
        written == made,
        "{PAGE} is stale: write it anew with SAMEKEY_WRITE=yes. {stale:#?}"
    );
}

#[test]
fn every_plan_has_as_many_modules_as_the_public_one() {
    let counted: Vec<usize> = plans().iter().map(|plan| plan.modules.len()).collect();
    assert_eq!(counted, [1, 38, 38, 23, 11, 2, 2, 2, 2, 62, 78]);
    for plan in plans() {
        let names: BTreeSet<&String> = plan.modules.iter().map(|module| &module.name).collect();
        assert_eq!(names.len(), plan.modules.len(), "{} names one twice", plan.name);
    }
}

#[test]
fn every_reason_belongs_to_a_module_of_its_plan_and_says_something() {
    let list: toml::Table = std::fs::read_to_string(tree().join(LIST)).unwrap().parse().unwrap();
    for plan in list["plan"].as_array().unwrap() {
        let Some(reasons) = plan.get("skipped") else { continue };
        for (name, reason) in reasons.as_table().unwrap() {
            let listed = plan["modules"]
                .as_array()
                .unwrap()
                .iter()
                .any(|one| one.as_str() == Some(name));
            assert!(listed, "{name} is not in its plan");
            assert!(reason.as_str().unwrap().len() > 30, "{name}");
        }
    }
}
