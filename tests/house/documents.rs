//! The documents name what is there: links, commands, crates, and the lines that people copy.

use crate::support::boxed::tree;
use samekey_demo::machine::{ACCOUNT_LINE, AUTH_LINE};
use samekey_shared::policy::{Field, Policy, Preset};

fn read(file: &str) -> String {
    std::fs::read_to_string(tree().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"))
}

const DOCUMENTS: [&str; 6] = [
    "README.md",
    "ARCHITECTURE.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/reference/policy.md",
];

#[test]
fn every_link_to_a_file_leads_to_one() {
    for document in DOCUMENTS {
        for target in read(document)
            .split("](")
            .skip(1)
            .filter_map(|rest| rest.split(')').next())
        {
            let file = target.split('#').next().unwrap_or_default();
            assert!(
                target.contains("://") || tree().join(file).exists(),
                "{document}: {target} leads nowhere"
            );
        }
    }
}

#[test]
fn every_make_target_that_is_named_exists() {
    let makefile = read("Makefile");
    for document in DOCUMENTS {
        let text = read(document).replace("`make ", "\nmake ").replace("$ make ", "make ");
        for rest in text.lines().filter_map(|line| line.trim().strip_prefix("make ")) {
            let target = rest
                .split(|c: char| !c.is_ascii_lowercase() && c != '-')
                .next()
                .unwrap_or_default();
            assert!(makefile.contains(&format!("\n{target}:")), "{document}: make {target}");
        }
    }
}

#[test]
fn the_architecture_names_every_member_of_the_workspace() {
    let (manifest, text) = (read("Cargo.toml"), read("ARCHITECTURE.md"));
    let members = manifest
        .split("\nmembers = [")
        .nth(1)
        .and_then(|rest| rest.split(']').next())
        .unwrap();
    let members: Vec<&str> = members
        .split(',')
        .map(|member| member.trim().trim_matches('"'))
        .filter(|m| !m.is_empty())
        .collect();
    assert!(members.len() > 5);
    for member in members {
        assert!(
            text.contains(&format!("| `{member}/` |")),
            "ARCHITECTURE.md has no row for {member}/"
        );
    }
}

#[test]
fn the_lines_for_pam_in_the_book_are_those_that_the_tests_use() {
    let page = read("docs/how-to/from-source.md");
    for line in [AUTH_LINE, ACCOUNT_LINE] {
        assert!(
            page.lines().any(|shown| shown.trim() == line),
            "docs/how-to/from-source.md lacks: {line}"
        );
    }
}

/// Every key and every preset that a policy may name, as the policy itself prints and lists them.
#[test]
fn the_page_of_the_policy_names_every_key_and_every_preset() {
    let page = read("docs/reference/policy.md");
    let policy = "version = 1\n[networks]\noffice = [\"10.0.0.0/8\"]\n[settings]\nlogin-networks = [\"office\"]\n\
                  contact = \"c\"\nannouncement = \"a\"\n";
    let effective = Policy::parse(policy).unwrap().effective();
    let (_, settings) = effective.split_once("[settings]").unwrap();
    let keys = settings
        .lines()
        .filter_map(|line| line.split_once(" = ").map(|(key, _)| key));
    let fields = Field::ALL.map(Field::as_str);
    let mut looked_at = 0;
    for word in keys.chain(fields).chain(Preset::WORDS.iter().copied()) {
        assert!(
            page.contains(&format!("`{word}`")),
            "docs/reference/policy.md lacks `{word}`"
        );
        looked_at += 1;
    }
    assert!(looked_at > 30, "{looked_at}");
}
