//! Every page as people see it: axe-core finds nothing, nothing scrolls sideways at 320 px (which is 200 % zoom of 640, WCAG 2.2
//! 1.4.10), light and dark, in each language. `make screenshots` keeps what was seen.

use super::scene::{Scene, WEB_PASSWORD};
use super::tour;
use crate::support::boxed::{self, target};
use crate::support::chromium::Window;
use crate::support::npm;
use samekey_demo::machine;
use serde_json::json;
use std::cell::RefCell;
use std::path::PathBuf;

/// Wide and narrow, each light and dark.
const LOOKS: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")];
/// What axe is asked: everything it knows, the size of targets too (WCAG 2.2, 2.5.8).
const AXE: &str = "const found = await axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}});\
    return found.violations.map(one => one.id + ': ' + one.help + '\\n' +\
    one.nodes.map(node => '    ' + node.target.join(' ') + ' ' + node.failureSummary.replace(/\\s+/g, ' ')).join('\\n'));";

/// One person's eyes.
pub struct Eyes<'a> {
    pub window: &'a Window,
    pub language: &'static str,
    axe: &'a str,
    pictures: Option<PathBuf>,
    found: RefCell<Vec<String>>,
}

impl Eyes<'_> {
    /// Looks at the page that is shown once this selector is on it, and keeps its pictures under this name.
    pub fn see(&self, name: &str, selector: &str) {
        self.window.until(&format!("{name}: {selector}"), |window| {
            !window.texts(selector).is_empty()
        });
        let language = self.window.run("return document.documentElement.lang", &json!([]));
        assert_eq!(language, self.language, "the page {name} speaks another language");
        self.window.run(self.axe, &json!([]));
        for (width, scheme) in LOOKS {
            self.window.looks(width, scheme);
            let at = format!("{name} ({}, {width} px, {scheme})", self.language);
            let found = self
                .window
                .run_async(AXE, &json!([]))
                .unwrap_or_else(|why| panic!("{at}: {why}"));
            let found: Vec<String> = serde_json::from_value(found).unwrap();
            self.found
                .borrow_mut()
                .extend(found.into_iter().map(|one| format!("{at}: {one}")));
            let too_wide =
                "const page = document.documentElement; return Math.max(0, page.scrollWidth - page.clientWidth)";
            let too_wide = self.window.run(too_wide, &json!([]));
            if too_wide != 0 {
                self.found
                    .borrow_mut()
                    .push(format!("{at}: scrolls sideways, by {too_wide} px"));
            }
            if let Some(folder) = &self.pictures {
                let file = format!("{name}.{}.{width}.{scheme}.png", self.language);
                std::fs::write(folder.join(file), self.window.picture()).unwrap();
            }
        }
        self.window.looks(1280, "light");
    }
}

/// Walks through every page in one language; what was found on them.
fn walk(scene: &Scene, language: &'static str, person: &'static str) -> Vec<String> {
    let axe = std::fs::read_to_string(target().join("axe/node_modules/axe-core/axe.min.js"))
        .expect("axe-core is missing, so this test was NOT RUN: tests/fetch_npm tests/axe <target>/axe brings it");
    let window = scene.window_without_autofill();
    window.go(&scene.page("/forgot-password"));
    window.click(&format!("button[name=language][value={language}]"));
    let folder = target().join("screenshots");
    let writable = std::fs::write(folder.join(".written"), "").is_ok();
    let eyes = Eyes {
        window: &window,
        language,
        axe: &axe,
        pictures: writable.then_some(folder),
        found: RefCell::default(),
    };
    tour::of_everything(scene, &eyes, person, WEB_PASSWORD);
    eyes.found.into_inner()
}

fn body() {
    let scene = Scene::new();
    let found: Vec<String> = [("en", "ann"), ("zh-CN", "bea")]
        .into_iter()
        .flat_map(|(language, person)| walk(&scene, language, person))
        .collect();
    assert!(found.is_empty(), "{} found:\n{}", found.len(), found.join("\n"));
}

#[test]
fn every_page_can_be_used_by_everybody_in_every_look_and_language() {
    if !machine::is_inside() {
        npm::fetch("tests/axe", &target().join("axe"));
    }
    let name = concat!(
        module_path!(),
        "::every_page_can_be_used_by_everybody_in_every_look_and_language"
    );
    let pictures = target().join("screenshots");
    let kept = std::env::var_os("SAMEKEY_SCREENSHOTS").map(|_| pictures.as_path());
    boxed::run_keeping(name, body, kept);
}
