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
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// Where Debian's packages put the two programs.
const BROWSER: &str = "/usr/bin/chromium";
const DRIVER: &str = "/usr/bin/chromedriver";
/// How often it may find its port taken.
const STARTS: u32 = 8;

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
                Path::new(program).exists(),
                "{program} is missing, so this test was NOT RUN: `make setup` installs it"
            );
        }
        Self::driven_by(&[DRIVER])
    }

    /// `command`: a program and its first arguments.
    fn driven_by(command: &[&str]) -> Self {
        // It takes a free port of ::1 and then wants the same one of 127.0.0.1, which another program may hold: it ends, and another
        // start finds another port.
        let mut said = String::new();
        for _ in 0..STARTS {
            let (mut process, lines) = spawn(command);
            let Some(port) = port_told(lines, &mut said) else {
                let ended = process.kill().and_then(|()| process.wait());
                said += &format!("{ended:?}\n");
                continue;
            };
            return Self {
                process,
                driver: Driver::on(port),
            };
        }
        panic!("chromedriver told no port, {STARTS} times:\n{said}");
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

type Lines = std::io::Lines<BufReader<std::process::ChildStdout>>;

fn spawn(command: &[&str]) -> (Child, Lines) {
    let mut process = Command::new(command[0])
        .args(&command[1..])
        .arg("--port=0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    (process, lines)
}

/// The port that it says it listens on; what it said before goes into `said`. Its end without one is `None`.
fn port_told(mut lines: Lines, said: &mut String) -> Option<u16> {
    let port = lines.by_ref().map_while(Result::ok).find_map(|line| {
        said.push_str(&line);
        said.push('\n');
        line.split_once("successfully on port ")?
            .1
            .trim_end_matches('.')
            .parse()
            .ok()
    });
    // Reads the rest away, so that it never waits for us.
    std::thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
    port
}

/// Starts a chromedriver that finds its port taken so often, as the real one says it, before the real one starts.
fn unlucky(times: u32) -> Chromium {
    let folder = tempfile::tempdir().unwrap();
    let script = format!(
        "echo >>{starts}; [ $(wc -l <{starts}) -gt {times} ] && exec {DRIVER} \"$@\"; echo 'IPv4 port not available. Exiting...'; exit 1",
        starts = folder.path().join("starts").display()
    );
    Chromium::driven_by(&["sh", "-c", &script, "chromedriver"])
}

#[test]
fn a_driver_whose_port_is_taken_is_started_again() {
    assert_eq!(unlucky(STARTS - 1).driver.get("/status").unwrap()["ready"], true);
}

#[test]
fn a_driver_that_never_starts_is_told_with_its_words() {
    let told = std::panic::catch_unwind(|| unlucky(STARTS)).unwrap_err();
    let told = told.downcast_ref::<String>().unwrap();
    assert_eq!(
        told.matches("IPv4 port not available.").count(),
        STARTS as usize,
        "{told}"
    );
}
