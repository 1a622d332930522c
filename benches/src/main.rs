//! `make bench`: Samekey against the programs that people use today, in one run, A B A B.
//!
//! usage: samekey-bench HOUSE PROGRAMS MODULE RIVALS [SECTION...]
//!   HOUSE     a folder for everything this run writes; it is the disk that is measured
//!   PROGRAMS  the folder of our programs, release profile
//!   MODULE    the PAM module as it is shipped
//!   RIVALS    the folder where the rivals from npm are installed
//!   SECTION   pam, size, together, web, oidc, admin, hashing, keys, footprint, console; all without one
//!
//! It exits 0 when everything could be measured, whatever the figures are; they are printed as they are.

mod console;
mod disk;
mod footprint;
mod hashing;
mod keys;
mod load;
mod pam;
mod people;
mod place;
mod process;
mod realm;
mod rounds;
mod table;
mod together;
mod web;

use place::Place;
use std::process::ExitCode;
use table::Table;

/// Why something could not be measured.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The system refused something.
    #[error(transparent)]
    System(#[from] std::io::Error),
    /// A program did not start, or ended.
    #[error("{0}")]
    Program(String),
    /// An answer that is not what was to be measured.
    #[error("not the expected answer: {0}")]
    Answer(String),
    /// SQLite, as the yardstick.
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    /// Our own store, while it was being filled.
    #[error("filling the store: {0}")]
    Fill(String),
    /// The browser.
    #[error(transparent)]
    Browser(#[from] samekey_demo::BrowserError),
}

impl From<rustix::io::Errno> for Trouble {
    fn from(error: rustix::io::Errno) -> Self {
        Self::System(error.into())
    }
}

/// A group of comparisons.
type Section = fn(&Place, &mut Table) -> Result<(), Trouble>;

const SECTIONS: [(&str, Section); 10] = [
    ("hashing", hashing::measure),
    ("keys", keys::measure),
    ("footprint", footprint::measure),
    ("pam", pam::measure),
    ("size", pam::size),
    ("together", together::measure),
    ("web", web::measure),
    ("oidc", web::oidc::measure),
    ("admin", web::desk::measure),
    ("console", console::measure),
];

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    if words.first().map(String::as_str) == Some("bare-axum") {
        return web::bare::serve(words.get(1..).unwrap_or_default());
    }
    if let [word, programs] = words.as_slice()
        && word == console::INSIDE
    {
        return match console::inside(programs.as_ref()) {
            Ok(()) => ExitCode::SUCCESS,
            Err(trouble) => {
                eprintln!("{trouble}");
                ExitCode::FAILURE
            }
        };
    }
    if let [word, folder] = words.as_slice()
        && word == "plain-commits"
    {
        return match together::plain_commits(folder.as_ref()) {
            Ok(rate) => {
                println!("{rate}");
                ExitCode::SUCCESS
            }
            Err(_) => ExitCode::FAILURE,
        };
    }
    let [house, programs, module, rivals, wanted @ ..] = words.as_slice() else {
        eprintln!("usage: samekey-bench HOUSE PROGRAMS MODULE RIVALS [SECTION...]");
        return ExitCode::from(2);
    };
    let place = Place::new(house, programs, module, rivals);
    let mut table = Table::default();
    let mut measured = true;
    for (name, section) in SECTIONS {
        if !wanted.is_empty() && !wanted.iter().any(|word| word == name) {
            continue;
        }
        eprintln!("{name}");
        if let Err(trouble) = section(&place, &mut table) {
            table.miss(format!("{name}: NOT MEASURED: {trouble}"));
            measured = false;
        }
    }
    table.print();
    ExitCode::from(u8::from(!measured))
}
