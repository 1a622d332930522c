//! Links: every one of the book and of the README leads to a page that is there and to a heading in it; every page has a place in
//! the book. Addresses elsewhere are listed, not fetched: `SAMEKEY_LINKS=yes` prints them.

use super::page::Page;
use crate::support::boxed::tree;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// `a/b/../c` without the detour; nothing where it leads out of the tree.
fn straight(path: &Path) -> Option<PathBuf> {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::ParentDir => out.pop().then_some(())?,
            Component::Normal(name) => out.push(name),
            _ => {}
        }
    }
    Some(out)
}

#[test]
fn every_link_leads_to_a_page_and_to_a_heading_of_it() {
    let pages: BTreeMap<String, Page> = Page::all().into_iter().map(|page| (page.name.clone(), page)).collect();
    let (mut elsewhere, mut within) = (BTreeSet::new(), 0);
    for page in pages.values() {
        for (target, at) in page.links() {
            let place = format!("{}:{at}: {target}", page.name);
            if target.contains("://") {
                assert!(target.starts_with("https://"), "{place}: not https");
                elsewhere.insert(target);
                continue;
            }
            within += 1;
            let (file, heading) = target.split_once('#').unwrap_or((&target, ""));
            let name = if file.is_empty() {
                page.name.clone()
            } else {
                let folder = Path::new(&page.name).parent().unwrap();
                let path = straight(&folder.join(file)).unwrap_or_else(|| panic!("{place} leads out of the tree"));
                path.to_str().unwrap().to_owned()
            };
            assert!(tree().join(&name).is_file(), "{place} leads nowhere");
            // A page is read as a book and from a package: what lies outside docs/ is not there with it.
            assert!(
                page.name == "README.md" || name.starts_with("docs/"),
                "{place} leads out of the book"
            );
            if !heading.is_empty() {
                let there = pages
                    .get(&name)
                    .is_some_and(|page| page.anchors().iter().any(|one| one == heading));
                assert!(there, "{place}: there is no such heading");
            }
        }
    }
    assert!(
        within > 100 && elsewhere.len() > 2,
        "{within} within, {} elsewhere",
        elsewhere.len()
    );
    if std::env::var_os("SAMEKEY_LINKS").is_some() {
        for address in &elsewhere {
            println!("{address}");
        }
    }
}

#[test]
fn every_page_has_one_place_in_the_book() {
    let summary = Page::read("docs/SUMMARY.md");
    let listed: Vec<String> = summary
        .links()
        .into_iter()
        .map(|(target, _)| format!("docs/{target}"))
        .collect();
    let once: BTreeSet<&String> = listed.iter().collect();
    assert_eq!(once.len(), listed.len(), "a page stands twice in docs/SUMMARY.md");
    for page in Page::all() {
        if page.name != "docs/SUMMARY.md" && page.name != "README.md" {
            assert!(
                once.contains(&page.name),
                "{} has no place in docs/SUMMARY.md",
                page.name
            );
        }
    }
}
