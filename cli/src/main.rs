//! `samekey`, the administrator's command: it parses, runs one verb over the store, prints, and exits with a documented code.
//!
//! It opens the store itself, so it works with both daemons stopped. Data goes to stdout, talk to stderr; `--json`
//! makes the data one JSON value. Nothing is asked without a terminal. The exit codes are in [`exit`].

mod commands;
mod diff;
mod environment;
mod exit;
mod identity;
mod installation;
mod keyboard;
mod output;
mod password;
mod terminal;

use clap::Parser;
use commands::Cli;
use exit::{Exit, Failure};
use output::Printer;
use std::process::ExitCode;

fn main() -> ExitCode {
    let exit = match Cli::try_parse() {
        Ok(cli) => {
            let printer = Printer::of(cli.json);
            match commands::run(&cli) {
                Ok(answer) => printer.answer(&answer),
                Err(failure) => printer.failure(&failure),
            }
        }
        Err(error) => misunderstood(&error),
    };
    ExitCode::from(exit.number())
}

/// Help and version are answers; anything else is a usage failure, as an object too when `--json` was among the words.
fn misunderstood(error: &clap::Error) -> Exit {
    // A closed stdout or stderr leaves the exit code.
    let _ = error.print();
    if !error.use_stderr() {
        return Exit::Done;
    }
    if std::env::args_os().any(|word| word == "--json") {
        let rendered = error.render().to_string();
        let first = rendered.lines().next().unwrap_or_default();
        let failure = Failure::usage(first.strip_prefix("error: ").unwrap_or(first));
        return Printer::Json.failure_data(&failure);
    }
    Exit::Usage
}
