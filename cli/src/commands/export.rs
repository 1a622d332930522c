//! `samekey export`: people's devices in one new file, sealed with a passphrase; `samekey import samekey` reads it.

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::Answer;
use crate::password::first_line;
use crate::terminal::Terminal;
use samekey_shared::administration::{Last, NotTaken};
use samekey_shared::moving::parcel::{Parcel, ParcelError, SHORTEST_PASSPHRASE};
use samekey_shared::secrets::SecretText;
use serde_json::json;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What `export` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The file to make (mode 0600)
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Only this person's devices; may be given more than once
    #[arg(long, value_name = "NAME")]
    user: Vec<String>,
    /// Read the passphrase from this file instead of asking for it, `-` for stdin
    #[arg(long, value_name = "PATH")]
    passphrase_file: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(config: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    let names = arguments.user.iter().map(|name| installation.login_name(name));
    let names = names.collect::<Result<Vec<_>, _>>()?;
    if arguments.file.symlink_metadata().is_ok() {
        let told = format!("{} exists and is not overwritten", arguments.file.display());
        return Err(Failure::new(Exit::Conflict, "conflict", told));
    }
    let passphrase = passphrase(arguments.passphrase_file.as_deref())?;
    let people = installation.at_desk(Last::MayGo, |desk| Ok(desk.carry_out(&names)))?;
    let people = people.map_err(refused)?;
    let devices: usize = people.iter().map(|person| person.devices.len()).sum();
    let data = json!({ "file": arguments.file, "people": people.len(), "devices": devices });
    let remark = format!(
        "{devices} devices of {} people are in {}. Whoever has it and the passphrase can make their codes.",
        people.len(),
        arguments.file.display()
    );
    let realm = &installation.realm;
    let parcel = Parcel::new(&realm.names.realm, installation.now(), people);
    let sealed = parcel.seal(realm.entropy.as_ref(), &passphrase).map_err(unsealed)?;
    write(&arguments.file, &sealed).map_err(|error| Failure::file(&arguments.file, &error))?;
    Ok(Answer::change(true, data, remark))
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

fn passphrase(file: Option<&Path>) -> Result<SecretText, Failure> {
    let given = match file {
        Some(path) if path == Path::new("-") => first_line(std::io::stdin().lock())?,
        Some(path) => first_line(std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?)?,
        None => {
            let terminal = Terminal::needed("a passphrase", "--passphrase-file")?;
            let first = terminal.ask_hidden("Passphrase for the export: ")?;
            let second = terminal.ask_hidden("The same again: ")?;
            if first.expose() != second.expose() {
                return Err(Failure::usage("the two passphrases differ; nothing was written"));
            }
            first
        }
    };
    // Before anything is read: an export that is refused leaves no line that says it was made.
    if given.expose().chars().count() < SHORTEST_PASSPHRASE {
        return Err(unsealed(ParcelError::TooShort));
    }
    Ok(given)
}

fn refused(error: NotTaken) -> Failure {
    match error {
        NotTaken::NoAccount(_) => Failure::not_found(error.to_string()),
        NotTaken::Desk(error) => error.into(),
        other => Failure::failed(other.to_string()),
    }
}

fn unsealed(error: ParcelError) -> Failure {
    match error {
        ParcelError::TooShort => Failure::usage(error.to_string()),
        other => Failure::failed(other.to_string()),
    }
}
