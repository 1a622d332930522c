//! `samekey generate`: manual pages, completions and pages of the book, from the command's own definitions, for those who build.

mod manual;
mod reference;

use super::Cli;
use crate::exit::Failure;
use crate::output::Answer;
use clap::CommandFactory;
use clap_complete::Shell;
use serde_json::json;
use std::path::{Path, PathBuf};

/// The reference that `samekey-policy(5)` is made from.
const POLICY: &str = include_str!("../../../../docs/reference/policy.md");

/// Where to.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The folder for the pages samekey(1), one for each verb, and samekey-policy(5)
    #[arg(long, value_name = "DIR", required_unless_present_any = ["completions", "reference"])]
    man: Option<PathBuf>,
    /// The folder for completions of bash, zsh and fish
    #[arg(long, value_name = "DIR")]
    completions: Option<PathBuf>,
    /// The folder for the book's pages commands.md and exit-codes.md (docs/reference)
    #[arg(long, value_name = "DIR")]
    reference: Option<PathBuf>,
}

/// Writes them.
pub fn run(arguments: &Arguments) -> Result<Answer, Failure> {
    let mut files = 0;
    if let Some(folder) = &arguments.man {
        clap_mangen::generate_to(Cli::command(), folder).map_err(|error| Failure::file(folder, &error))?;
        let page = folder.join("samekey-policy.5");
        let name = "samekey-policy \\- who must prove what, where";
        let text = manual::page(
            "SAMEKEY-POLICY",
            5,
            name,
            POLICY,
            &["samekey(1)", "samekey.toml(5)", "samekey(7)"],
        );
        std::fs::write(&page, text).map_err(|error| Failure::file(&page, &error))?;
        files += in_folder(folder)?;
    }
    if let Some(folder) = &arguments.completions {
        for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
            clap_complete::generate_to(shell, &mut Cli::command(), "samekey", folder)
                .map_err(|error| Failure::file(folder, &error))?;
        }
        files += in_folder(folder)?;
    }
    if let Some(folder) = &arguments.reference {
        for (name, text) in reference::pages(Cli::command()) {
            let page = folder.join(name);
            std::fs::write(&page, text).map_err(|error| Failure::file(&page, &error))?;
            files += 1;
        }
    }
    Ok(Answer::change(true, json!({"files": files}), format!("{files} files.")))
}

fn in_folder(folder: &Path) -> Result<usize, Failure> {
    let entries = std::fs::read_dir(folder).map_err(|error| Failure::file(folder, &error))?;
    Ok(entries.count())
}
