//! A real browser: Debian's Chromium without a screen, driven through its chromedriver by the W3C WebDriver protocol.
//!
//! ```text
//!   Chromium   one chromedriver; ended, with every browser it started, when the value goes, in a panic too
//!   Window     one browser with an empty profile: go, see, click, type, wait with a deadline, read its log
//!   Key        a virtual authenticator of that window (WebAuthn section 11): plug in, unplug, take its credentials out
//! ```
//! It works as root without a display, in a box and outside. Pages on `http://localhost:<port>` are secure contexts.

mod driver;
mod keys;
mod window;

pub use keys::{Key, Lie, Plugged};
pub use window::{Complaint, Window};

use driver::Driver;
use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

/// Where Debian's packages put the two programs.
const BROWSER: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";

/// One chromedriver, which starts a browser for each window.
#[derive(Debug)]
pub struct Chromium {
    process: Child,
    driver: Driver,
}

impl Chromium {
    /// Starts chromedriver on a port of its own choice.
    pub fn start() -> Self {
        for program in [BROWSER, DRIVER] {
            assert!(
                std::path::Path::new(program).exists(),
                "{program} is missing, so this test was NOT RUN: `make setup` installs it"
            );
        }
        let mut process = Command::new(DRIVER)
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        // Reads the rest away, so that it never waits for us.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        let Some(port) = port else {
            let ended = process.kill().and_then(|()| process.wait());
            panic!("chromedriver told no port: {ended:?}");
        };
        Self {
            process,
            driver: Driver::on(port),
        }
    }

    /// A browser with an empty profile.
    pub fn window(&self) -> Window {
        Window::open(self.driver.clone())
    }
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // The windows have ended their browsers; one whose window still lives loses its driver and ends.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
