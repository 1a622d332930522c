//! Pages of the book that are made of the code: every verb with its options, and every exit code.

use crate::exit::CODES;
use clap::{Arg, Command};
use std::fmt::Write as _;

/// What each page begins with, so that nobody edits it.
const MADE: &str = "<!-- Made by `samekey generate --reference docs/reference`: change the code instead. A stale page fails its test. -->\n";

/// The pages, by the names of their files.
pub fn pages(command: Command) -> [(&'static str, String); 2] {
    [("commands.md", commands(command)), ("exit-codes.md", exit_codes())]
}

fn commands(mut command: Command) -> String {
    command.build();
    let mut out = format!(
        "# Commands\n\n{MADE}\nAll of `samekey`; `samekey VERB --help` says the same, and so do the manual pages. `--config PATH` (`{}`) and `--json` \
         (one JSON value on stdout) go with every verb. [Exit codes](exit-codes.md).\n",
        samekey_shared::config::DEFAULT_PATH
    );
    section(&command, "samekey", &mut out);
    out
}

fn section(command: &Command, path: &str, out: &mut String) {
    let verbs: Vec<&Command> = command
        .get_subcommands()
        .filter(|verb| !verb.is_hide_set() && verb.get_name() != "help")
        .collect();
    let about = command.get_long_about().or_else(|| command.get_about());
    let about = about.map(ToString::to_string).unwrap_or_default();
    let _ = write!(out, "\n## `{path}`\n\n{}\n", about.trim());
    if verbs.is_empty() {
        arguments(command, path, out);
    } else {
        let names: Vec<String> = verbs.iter().map(|verb| format!("`{}`", verb.get_name())).collect();
        let _ = write!(out, "\nIts commands: {}.\n", names.join(", "));
    }
    for verb in verbs {
        section(verb, &format!("{path} {}", verb.get_name()), out);
    }
}

fn arguments(command: &Command, path: &str, out: &mut String) {
    let own = |argument: &&Arg| {
        !argument.is_hide_set() && !["config", "json", "help", "version"].contains(&argument.get_id().as_str())
    };
    let arguments: Vec<&Arg> = command.get_arguments().filter(own).collect();
    let positional = arguments.iter().filter(|argument| argument.is_positional());
    let named: String = positional
        .flat_map(|argument| [" ".to_owned(), argument.to_string()])
        .collect();
    let options = if arguments.iter().any(|argument| !argument.is_positional()) {
        " [OPTIONS]"
    } else {
        ""
    };
    let _ = write!(out, "\n`{path}{options}{named}`\n");
    if arguments.is_empty() {
        return;
    }
    out.push_str("\n| argument | meaning |\n|---|---|\n");
    for argument in arguments {
        let _ = writeln!(out, "| `{}` | {} |", spelling(argument), meaning(argument));
    }
}

fn spelling(argument: &Arg) -> String {
    let short = argument
        .get_short()
        .map(|short| format!("-{short}, "))
        .unwrap_or_default();
    format!("{short}{argument}").replace('|', "\\|")
}

fn meaning(argument: &Arg) -> String {
    let help = argument.get_long_help().or_else(|| argument.get_help());
    let mut text = help
        .map(ToString::to_string)
        .unwrap_or_default()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    let words = argument.get_possible_values();
    if !words.is_empty() && argument.get_action().takes_values() {
        let words: Vec<&str> = words
            .iter()
            .filter(|word| !word.is_hide_set())
            .map(clap::builder::PossibleValue::get_name)
            .collect();
        let _ = write!(text, ": {}", words.join(", "));
    }
    if argument.is_required_set() && !argument.is_positional() {
        text.push_str("; needed");
    }
    let defaults: Vec<_> = argument
        .get_default_values()
        .iter()
        .map(|value| value.to_string_lossy())
        .collect();
    if !defaults.is_empty() && argument.get_action().takes_values() {
        let _ = write!(text, "; `{}` unless given", defaults.join(" "));
    }
    text.replace('|', "\\|").replace('<', "\\<")
}

fn exit_codes() -> String {
    let mut out = format!(
        "# Exit codes\n\n{MADE}\nOf every verb of `samekey`, but for those below.\n\n| code | meaning |\n|---|---|\n"
    );
    for (code, meaning) in CODES {
        let _ = writeln!(out, "| {} | {meaning} |", code.number());
    }
    out.push_str(
        "\n`samekey policy explain` answers with its decision: 0 allow, 10 challenge, 11 enrol, 12 nag, 20 deny. `samekey status` and `samekey doctor` \
         answer as a monitoring plugin does: 0 fine, 1 warning, 2 critical, 3 unknown. `samekey store check` and `samekey audit verify`: 0 sound, 1 not.\n\n\
         The daemons: 0 stopped as asked, 1 failed, 2 wrong usage.\n",
    );
    out
}
