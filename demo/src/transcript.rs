//! The transcript of `make demo-check`: chapters, what the person saw, and each assertion as it held or not.

use std::io::{IsTerminal, Write};
use std::time::Duration;

/// What has been asserted so far.
#[derive(Default)]
pub struct Transcript {
    held: u32,
    broken: u32,
    chapters: u32,
}

impl Transcript {
    /// Begins a chapter.
    pub fn chapter(&mut self, title: &str) {
        self.chapters += 1;
        println!("\n== {}. {title}", self.chapters);
    }

    /// An assertion: tells whether it held.
    pub fn holds(&mut self, what: &str, held: bool) {
        if held {
            self.held += 1;
            println!("   ok      {what}");
        } else {
            self.broken += 1;
            println!("   BROKEN  {what}");
        }
    }

    /// The closing line; an error if anything did not hold.
    pub fn close(self) -> Result<(), String> {
        println!("\n{} held, {} broken", self.held, self.broken);
        match (self.held, self.broken) {
            (0, _) => Err("nothing was asserted".to_owned()),
            (_, 0) => Ok(()),
            (_, broken) => Err(format!("{broken} assertions did not hold")),
        }
    }
}

/// Tells what is being done.
pub fn note(what: &str) {
    println!("   {what}");
}

/// Shows what the person saw, indented; blank lines at both ends are left out.
pub fn shown(text: &str) {
    for line in text.trim_matches('\n').lines() {
        println!("   | {}", line.trim_end());
    }
}

/// Waits a second of the `left` ones, visibly.
pub fn countdown(left: u64) {
    let mut out = std::io::stdout();
    if out.is_terminal() {
        print!("\r   ... {left:2} s until the app shows a code that nobody has used \r");
    } else if left.is_multiple_of(10) {
        println!("   ... {left:2} s until the app shows a code that nobody has used");
    }
    // A transcript that nobody reads goes on all the same.
    let _ = out.flush();
    std::thread::sleep(Duration::from_secs(1));
}
