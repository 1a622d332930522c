//! `make demo` and `make demo-check`: every door on one throw-away machine. Started inside a box by the Makefile.
//!
//! [`stage`] sets everything up; [`show`] hands it to a person; [`check`] plays the person and asserts what it sees.

mod check;
mod codes;
mod show;
mod stage;
mod transcript;

use std::path::Path;
use std::process::ExitCode;

/// Whatever goes wrong in a demo ends it with one sentence.
type Trouble = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["run", target] => show::run(Path::new(target)),
        ["check", target] => check::run(Path::new(target)),
        _ => {
            eprintln!("usage: samekey-demo run|check TARGET-FOLDER    (through `make demo` or `make demo-check`)");
            return ExitCode::from(2);
        }
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) => {
            eprintln!("\ndemo: {trouble}");
            ExitCode::FAILURE
        }
    }
}
