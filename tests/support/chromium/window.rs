//! One browser with one window: what a person sees and does in it, and what it complains about.

use super::driver::{Driver, Refused};
use data_encoding::BASE64;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Nothing that is waited for may take longer.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often to look.
const LOOK: Duration = Duration::from_millis(25);
/// The name under which WebDriver hands out an element (section 12).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";
/// A browser that asks nobody outside, and needs neither screen nor, as root, its own sandbox.
const FLAGS: [&str; 10] = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-extensions",
    "--window-size=1000,900",
];

/// A browser with an empty profile, and its window. The browser is ended when this value goes.
#[derive(Debug)]
pub struct Window {
    driver: Driver,
    session: String,
}

/// What a browser has held against a page: the text of its console's warnings and errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// Who complains: `security`, `network`, `javascript`.
    pub source: String,
    /// What about.
    pub text: String,
}

impl Window {
    pub(super) fn open(driver: Driver) -> Self {
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "webauthn:virtualAuthenticators": true,
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"binary": super::BROWSER, "args": FLAGS},
        }}});
        let opened = driver.post("/session", &wanted).unwrap();
        let id = opened["sessionId"].as_str().unwrap();
        Self {
            driver,
            session: format!("/session/{id}"),
        }
    }

    /// A command of this session that sends a body.
    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value, Refused> {
        self.driver.post(&format!("{}{path}", self.session), body)
    }

    /// A command of this session that asks.
    pub(super) fn ask(&self, path: &str) -> Result<Value, Refused> {
        self.driver.get(&format!("{}{path}", self.session))
    }

    /// A command of this session that removes.
    pub(super) fn remove(&self, path: &str) -> Result<Value, Refused> {
        self.driver.delete(&format!("{}{path}", self.session))
    }

    /// A command of the browser's own DevTools, for what WebDriver lacks.
    pub fn devtools(&self, command: &str, parameters: &Value) -> Value {
        let body = json!({"cmd": command, "params": parameters});
        self.post("/goog/cdp/execute", &body).unwrap()
    }

    /// Opens an address and waits until the page has loaded.
    pub fn go(&self, address: &str) {
        self.post("/url", &json!({"url": address})).unwrap();
    }

    /// The way the browser's back button goes.
    pub fn back(&self) {
        self.post("/back", &json!({})).unwrap();
    }

    /// Where the window is.
    pub fn address(&self) -> String {
        self.ask("/url").unwrap().as_str().unwrap().to_owned()
    }

    /// The page's title.
    pub fn title(&self) -> String {
        self.ask("/title").unwrap().as_str().unwrap().to_owned()
    }

    /// The text that a person reads on the page.
    pub fn text(&self) -> String {
        // Asked in the middle of a navigation there may be no body yet.
        let text = self.try_run("return document.body ? document.body.innerText : ''", &json!([]));
        text.ok()
            .and_then(|text| text.as_str().map(str::to_owned))
            .unwrap_or_default()
    }

    /// Waits until `held` holds, at most 30 s; then fails with what the page shows.
    pub fn until(&self, what: &str, held: impl Fn(&Self) -> bool) {
        let begun = Instant::now();
        while !held(self) {
            assert!(
                begun.elapsed() < PATIENCE,
                "waited in vain for {what}; the window is at {} and shows:\n{}\n{:?}",
                self.address(),
                self.text(),
                self.complaints()
            );
            std::thread::sleep(LOOK);
        }
    }

    /// Waits until this text is on the page.
    pub fn see(&self, text: &str) {
        self.until(&format!("{text:?}"), |window| window.text().contains(text));
    }

    /// Waits until the window is at an address that begins so.
    pub fn arrive(&self, beginning: &str) {
        self.until(beginning, |window| window.address().starts_with(beginning));
    }

    /// The attribute or property of the first such element; `None` when the element lacks it.
    pub fn attribute(&self, selector: &str, name: &str) -> Option<String> {
        let value = self.on_element(selector, |element| {
            self.ask(&format!("/element/{element}/attribute/{name}"))
        });
        value.as_str().map(str::to_owned)
    }

    /// The texts of all such elements, in order.
    pub fn texts(&self, selector: &str) -> Vec<String> {
        let script = "return [...document.querySelectorAll(arguments[0])].map(element => element.innerText ?? element.textContent)";
        serde_json::from_value(self.run(script, &json!([selector]))).unwrap()
    }

    /// Waits until an element that can be clicked is there, and clicks it; a navigation that follows is waited for.
    pub fn click(&self, selector: &str) {
        self.on_element(selector, |element| {
            self.post(&format!("/element/{element}/click"), &json!({}))
        });
    }

    /// Clicks the button, or follows the link, that bears exactly this text.
    pub fn press(&self, label: &str) {
        let quoted = format!("\"{label}\"");
        let path = format!(
            "//button[normalize-space()={quoted}] | //a[normalize-space()={quoted}] | //summary[normalize-space()={quoted}]"
        );
        self.click(&path);
    }

    /// Replaces what a field holds.
    pub fn fill(&self, selector: &str, text: &str) {
        self.on_element(selector, |element| {
            self.post(&format!("/element/{element}/clear"), &json!({}))
        });
        self.keys(selector, text);
    }

    /// Types into a field; `\u{E007}` is the Enter key (WebDriver, section 15.4.2).
    pub fn keys(&self, selector: &str, text: &str) {
        self.on_element(selector, |element| {
            self.post(&format!("/element/{element}/value"), &json!({"text": text}))
        });
    }

    /// Runs a script's body in the page; its `return` is the value.
    pub fn run(&self, script: &str, arguments: &Value) -> Value {
        self.try_run(script, arguments).unwrap()
    }

    fn try_run(&self, script: &str, arguments: &Value) -> Result<Value, Refused> {
        self.post("/execute/sync", &json!({"script": script, "args": arguments}))
    }

    /// Runs the body of an async function in the page, up to 30 s; what it throws comes back as `Err`.
    pub fn run_async(&self, script: &str, arguments: &Value) -> Result<Value, String> {
        let waiting = format!(
            "const done = arguments[arguments.length - 1];\
             (async function () {{ {script} }}).apply(null, [...arguments].slice(0, -1))\
             .then(value => done([true, value]), error => done([false, String(error)]))"
        );
        let mut answer = self
            .post("/execute/async", &json!({"script": waiting, "args": arguments}))
            .unwrap();
        match answer[0].as_bool() {
            Some(true) => Ok(answer[1].take()),
            _ => Err(answer[1].as_str().unwrap_or_default().to_owned()),
        }
    }

    /// Runs a script at the start of every page from the next one on, before the page's own.
    pub fn before_every_page(&self, script: &str) {
        self.devtools("Page.addScriptToEvaluateOnNewDocument", &json!({"source": script}));
    }

    /// Switches the page's scripts off or on, for every page from the next one on.
    pub fn scripts(&self, on: bool) {
        self.devtools("Emulation.setScriptExecutionDisabled", &json!({"value": !on}));
    }

    /// Lets the window look like one of this width and colour scheme (`light` or `dark`).
    pub fn looks(&self, width: u32, scheme: &str) {
        let size = json!({"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
        // A bar of the browser's own would take room from the page, and be in no picture.
        self.devtools("Emulation.setScrollbarsHidden", &json!({"hidden": true}));
        let scheme = json!({"features": [{"name": "prefers-color-scheme", "value": scheme}]});
        self.devtools("Emulation.setEmulatedMedia", &scheme);
    }

    /// Lets the window look as a browser zooms: so many pixels of the page, each this many times as large.
    pub fn zoomed(&self, width: u32, times: u32) {
        let size = json!({"width": width, "height": 450, "deviceScaleFactor": times, "mobile": false});
        self.devtools("Emulation.setDeviceMetricsOverride", &size);
    }

    /// The whole page as a PNG.
    pub fn picture(&self) -> Vec<u8> {
        let wanted = json!({"format": "png", "captureBeyondViewport": true});
        let taken = self.devtools("Page.captureScreenshot", &wanted);
        BASE64.decode(taken["data"].as_str().unwrap().as_bytes()).unwrap()
    }

    /// The cookies that the page's address is sent, as WebDriver tells them: `name`, `value`, `httpOnly`, `sameSite`.
    pub fn cookies(&self) -> Vec<Value> {
        self.ask("/cookie").unwrap().as_array().unwrap().clone()
    }

    /// Forgets the cookies of the page's address.
    pub fn forget_cookies(&self) {
        self.remove("/cookie").unwrap();
    }

    /// What the browser has complained about since this was last asked: refused scripts and styles, failed requests, errors.
    pub fn complaints(&self) -> Vec<Complaint> {
        let log = self.post("/se/log", &json!({"type": "browser"})).unwrap();
        let word = |entry: &Value, name: &str| entry[name].as_str().unwrap_or_default().to_owned();
        log.as_array()
            .into_iter()
            .flatten()
            .filter(|entry| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE")))
            .map(|entry| Complaint {
                source: word(entry, "source"),
                text: word(entry, "message"),
            })
            .collect()
    }

    fn is_displayed(&self, element: &str) -> bool {
        let shown = self.ask(&format!("/element/{element}/displayed"));
        shown.is_ok_and(|shown| shown == Value::Bool(true))
    }

    fn all(&self, selector: &str) -> Vec<String> {
        // A path begins with a slash, a selector never does.
        let using = if selector.starts_with('/') {
            "xpath"
        } else {
            "css selector"
        };
        let found = self.post("/elements", &json!({"using": using, "value": selector}));
        let found = found.unwrap_or_default();
        let found = found.as_array().into_iter().flatten();
        found
            .filter_map(|element| element[ELEMENT].as_str().map(str::to_owned))
            .collect()
    }

    /// Waits until `act` succeeds on the first element that is shown: it may not be there yet, be covered, or just be replaced.
    fn on_element(&self, selector: &str, act: impl Fn(&str) -> Result<Value, Refused>) -> Value {
        let (begun, mut last) = (Instant::now(), String::new());
        loop {
            let found = self.all(selector);
            let shown = found.iter().find(|element| self.is_displayed(element));
            match shown.map(|element| act(element)) {
                Some(Ok(value)) => return value,
                Some(Err(refused)) => last = refused.to_string(),
                None => {}
            }
            assert!(
                begun.elapsed() < PATIENCE,
                "{selector}: not to be had ({last}); the window is at {} and shows:\n{}\n{:?}",
                self.address(),
                self.text(),
                self.complaints()
            );
            std::thread::sleep(LOOK);
        }
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        // Ends the browser and removes its profile.
        let _ = self.driver.delete(&self.session);
    }
}
