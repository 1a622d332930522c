//! Every page as people see it: axe-core finds nothing, nothing scrolls sideways at 320 px (WCAG 2.2, 1.4.10), nor in a window of 1280 at
//! 200 % zoom, nor with letters of twice the size (1.4.4); light and dark, in each language. `make screenshots` keeps what was seen.

use super::scene::{Scene, WEB_PASSWORD};
use super::tour::{self, People};
use crate::support::boxed::{self, target};
use crate::support::chromium::Window;
use crate::support::npm;
use crate::support::post_office::{PostOffice, Security};
use crate::support::site::Site;
use samekey_demo::machine;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;

/// Wide and narrow, each light and dark.
const LOOKS: [(u32, &str); 4] = [(1280, "light"), (1280, "dark"), (320, "light"), (320, "dark")];
/// What axe is asked: everything it knows, the size of targets too (WCAG 2.2, 2.5.8).
const AXE: &str = "const found = await axe.run(document, {resultTypes: ['violations'], rules: {'target-size': {enabled: true}}});\
    return found.violations.map(one => one.id + ': ' + one.help + '\\n' +\
    one.nodes.map(node => '    ' + node.target.join(' ') + ' ' + node.failureSummary.replace(/\\s+/g, ' ')).join('\\n'));";

/// A code that was e-mailed suffices but for administrators, browsers may be remembered, and there is an announcement.
const POLICY: &str = "version = 1\n[default]\nlevel = \"medium\"\ngrace = \"0s\"\nremember = \"7d\"\n\
    methods = [\"passkey\", \"security-key\", \"totp\", \"email\", \"recovery-code\"]\n\
    [[rule]]\nname = \"administration\"\nwhen = { services = [\"admin:*\"] }\nrequire = { level = \"high\", remember = \"0s\" }\n\
    [settings]\ncontact = \"help@example.org\"\nweak-passwords = \"notice\"\n\
    announcement = \"From March 17 on everybody needs a second factor. See https://example.org/mfa\"\n";
/// How wide the page wants to be beyond what there is.
const TOO_WIDE: &str = "const page = document.documentElement; return Math.max(0, page.scrollWidth - page.clientWidth)";
/// What hides a part of its text: nothing may, however large the letters are.
const CUT_OFF: &str = "return [...document.querySelectorAll('main *, header *, footer *')].filter(element => {\
    const style = getComputedStyle(element);\
    return !element.closest('.visually-hidden, .cards thead') && style.overflowX !== 'visible' && style.overflowX !== 'auto' && style.overflowX !== 'scroll'\
        && element.scrollWidth > element.clientWidth + 1 && !['INPUT', 'SELECT', 'TEXTAREA', 'svg'].includes(element.tagName)\
    }).map(element => element.outerHTML.slice(0, 200))";

/// One person's eyes.
pub struct Eyes<'a> {
    pub window: &'a Window,
    pub language: &'static str,
    axe: &'a str,
    pictures: Option<PathBuf>,
    found: RefCell<Vec<String>>,
    seen: RefCell<BTreeSet<String>>,
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
            self.measure(&at);
            if let Some(folder) = &self.pictures {
                let file = format!("{name}.{}.{width}.{scheme}.png", self.language);
                std::fs::write(folder.join(file), self.window.picture()).unwrap();
            }
        }
        self.zoom(name);
        self.window.looks(1280, "light");
        if let Some(folder) = &self.pictures {
            // For whoever looks at the pictures while they are taken.
            std::fs::write(folder.join("found.txt"), self.found.borrow().join("\n")).unwrap();
        }
    }

    /// Goes to a page that has the same parts as one that was seen: worth a look only where pictures are kept.
    pub fn picture(&self, name: &str, address: &str, selector: &str) {
        if self.pictures.is_some() {
            self.window.go(address);
            self.see(name, selector);
        }
    }

    /// The same for a page that is passed several times: looked at the first time only.
    pub fn see_once(&self, name: &str, selector: &str) {
        self.window.until(&format!("{name}: {selector}"), |window| {
            !window.texts(selector).is_empty()
        });
        if self.seen.borrow_mut().insert(name.to_owned()) {
            self.see(name, selector);
        }
    }

    /// 200 % as a browser zooms a window of 1280, which leaves 640 px of twice the size; and twice the size of letters alone.
    fn zoom(&self, name: &str) {
        let at = |how: &str| format!("{name} ({}, {how})", self.language);
        self.window.zoomed(640, 2);
        self.measure(&at("200 % zoom"));
        self.window.looks(1280, "light");
        let size = |percent: &str| {
            let script = "document.documentElement.style.fontSize = arguments[0]";
            self.window.run(script, &json!([percent]));
        };
        size("200%");
        self.measure(&at("letters of 200 %"));
        size("");
    }

    /// Nothing scrolls sideways, and nothing is cut off.
    fn measure(&self, at: &str) {
        let too_wide = self.window.run(TOO_WIDE, &json!([]));
        let cut_off = self.window.run(CUT_OFF, &json!([]));
        let mut found = self.found.borrow_mut();
        if too_wide != 0 {
            found.push(format!("{at}: scrolls sideways, by {too_wide} px"));
        }
        found.extend(
            cut_off
                .as_array()
                .into_iter()
                .flatten()
                .map(|what| format!("{at}: cut off: {what}")),
        );
    }
}

/// Walks through every page in one language; what was found on them.
fn walk(scene: &Scene, office: &PostOffice, language: &'static str, people: &People) -> Vec<String> {
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
        seen: RefCell::default(),
    };
    tour::of_everything(scene, office, &eyes, people);
    eyes.found.into_inner()
}

fn body() {
    let site = Site::new();
    let office = PostOffice::open(Security::Starttls);
    site.machine.configure(&office.section()).unwrap();
    let scene = Scene::at(site);
    scene.site.policy(POLICY);
    let people = |owner, newcomer| People {
        owner,
        newcomer,
        password: WEB_PASSWORD,
    };
    let found: Vec<String> = [("en", people("ann", "carl")), ("zh-CN", people("bea", "dora"))]
        .iter()
        .flat_map(|(language, people)| walk(&scene, &office, language, people))
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
