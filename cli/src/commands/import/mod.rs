//! `samekey import`: the devices that another program knows, row by row, and a report of what became of each.

mod report;
mod source;

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::Answer;
use crate::password::first_line;
use crate::terminal::Terminal;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use report::{Entry, State};
use samekey_shared::accounts::LoginName;
use samekey_shared::administration::{Attestation, Desk, Incoming, Last, Newcomers, NotTaken, TakenIn};
use samekey_shared::moving::parcel::{self, ParcelError};
use samekey_shared::moving::{self, Brought, Format, Remark, Row, Setting};
use samekey_shared::secrets::{SecretBytes, SecretText};
use source::Source;
use std::path::{Path, PathBuf};

/// What `import` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose files they are
    #[arg(
        value_name = "PROGRAM",
        value_parser = PossibleValuesParser::new(Format::ALL.map(Format::as_str)).try_map(|text| text.parse::<Format>())
    )]
    format: Format,
    /// The files, `-` for stdin; links are not followed
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
    /// Tell what would become of each row, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Whose devices these are, where the file does not tell; elsewhere only this person's
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Only the keys of this site (otpauth, otpauth-migration): a phone's export holds those of all
    #[arg(long, value_name = "NAME")]
    issuer: Option<String>,
    /// Make an account for whoever has none
    #[arg(long)]
    add_accounts: bool,
    /// pam-u2f: the `origin=` in its PAM line, which its keys were made for; without one it is pam:// and the host's name
    #[arg(long, value_name = "NAME")]
    origin: Option<String>,
    /// pam-u2f: the `appid=` in its PAM line, for keys of its U2F days; without one it is the origin
    #[arg(long, value_name = "NAME")]
    appid: Option<String>,
    /// samekey: read the passphrase from this file instead of asking for it, `-` for stdin
    #[arg(long, value_name = "PATH")]
    passphrase_file: Option<PathBuf>,
}

/// Runs the verb.
pub fn run(config: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    let import = Import::prepared(&installation, arguments)?;
    let mut entries = Vec::new();
    for file in &arguments.files {
        entries.extend(import.entries(file)?);
    }
    installation.at_desk(Last::MayGo, |desk| Ok(import.settle(desk, &mut entries)))??;
    Ok(report::answer(arguments.format, arguments.dry_run, &entries))
}

/// What holds for every row.
struct Import<'a> {
    installation: &'a Installation,
    arguments: &'a Arguments,
    only: Option<LoginName>,
    origin: String,
    app_id: String,
    passphrase: Option<SecretText>,
    attestation: Attestation,
}

impl<'a> Import<'a> {
    fn prepared(installation: &'a Installation, arguments: &'a Arguments) -> Result<Self, Failure> {
        let user = arguments.user.as_deref();
        let origin = match &arguments.origin {
            Some(origin) => origin.clone(),
            None => format!("pam://{}", host_name()),
        };
        let app_id = arguments.appid.clone().unwrap_or_else(|| origin.clone());
        if [&origin, &app_id].into_iter().any(|name| !is_name(name)) {
            return Err(Failure::usage("an origin has from 1 to 253 characters, and no blanks"));
        }
        let passphrase = match arguments.format {
            Format::Samekey => Some(passphrase(arguments.passphrase_file.as_deref())?),
            _ => None,
        };
        Ok(Self {
            only: user.map(|name| installation.login_name(name)).transpose()?,
            attestation: if installation.config.attestation.required {
                Attestation::Required
            } else {
                Attestation::Optional
            },
            installation,
            arguments,
            origin,
            app_id,
            passphrase,
        })
    }

    /// The rows of a file; one that cannot be read is one refused row.
    fn entries(&self, path: &Path) -> Result<Vec<Entry>, Failure> {
        let file = path.display().to_string();
        let source = match source::read(path, self.arguments.format) {
            Ok(source) => source,
            Err((code, why)) => return Ok(vec![Entry::refused_file(file, code, why)]),
        };
        let opened;
        let bytes = match &self.passphrase {
            Some(passphrase) => {
                opened = open(path, &source.bytes, passphrase)?;
                &opened
            }
            None => &source.bytes,
        };
        let setting = Setting {
            origin: &self.origin,
            app_id: &self.app_id,
        };
        let rows = moving::read(self.arguments.format, bytes.expose(), &setting);
        Ok(rows.into_iter().map(|row| self.entry(&file, &source, row)).collect())
    }

    fn entry(&self, file: &str, source: &Source, row: Row) -> Entry {
        let mut entry = Entry::of(file, &row);
        let brought = match row.brought {
            Ok(brought) => brought,
            Err(unfit) => return entry.refused(unfit.code(), unfit.to_string()),
        };
        let whose = match self.whose(source, row.owner) {
            Ok(whose) => whose,
            Err((code, why)) => return entry.refused(code, why),
        };
        entry.user = Some(whose.to_string());
        let asked = |given: &Option<String>, found: &Option<String>| given.is_none() || given == found;
        let other = self.only.as_ref().is_some_and(|only| *only != whose);
        if other || !asked(&self.arguments.issuer, &row.issuer) {
            return entry.passed_over();
        }
        let party = self
            .installation
            .realm
            .relying_party
            .as_ref()
            .map(|party| party.id.as_str());
        if let Brought::Key(key) = &brought
            && key
                .app_id
                .as_deref()
                .is_some_and(|name| !name.starts_with("https://") && Some(name) != party)
        {
            entry.remarks.push(Remark::ConsoleOnly.to_string());
        }
        entry.state = State::Waiting { whose, brought };
        entry
    }

    /// Whose a row is: as the file says, or its place, or the command line. In a file that belongs to one person, only theirs.
    fn whose(&self, source: &Source, told: Option<String>) -> Result<LoginName, (&'static str, String)> {
        let by_user = matches!(
            self.arguments.format,
            Format::GoogleAuthenticator | Format::Otpauth | Format::OtpauthMigration
        );
        let parsed = |name: &str| {
            LoginName::parse(name, &self.installation.realm.names)
                .map_err(|error| ("name_invalid", format!("its user is no login name: {error}")))
        };
        let holder = source.owner.as_deref().map(parsed).transpose()?;
        let whose = match (&self.only, told, &holder) {
            (Some(only), _, _) if by_user => only.clone(),
            (_, Some(name), _) => parsed(&name)?,
            (_, None, Some(holder)) => holder.clone(),
            _ => return Err(("user_missing", "nothing tells whose it is: use --user".to_owned())),
        };
        match holder {
            Some(holder) if holder != whose => {
                let why = format!("the file belongs to {holder}, who may hand in their own devices only");
                Err(("not_theirs", why))
            }
            _ => Ok(whose),
        }
    }

    /// Has every waiting row taken in, or tried.
    fn settle(&self, desk: &Desk<'_>, entries: &mut [Entry]) -> Result<(), Failure> {
        if self.arguments.dry_run {
            let waiting: Vec<Incoming<'_>> = entries.iter().filter_map(|entry| self.incoming(entry)).collect();
            let mut results = desk.try_in(&waiting)?.into_iter();
            for entry in entries {
                if matches!(entry.state, State::Waiting { .. })
                    && let Some(result) = results.next()
                {
                    settled(entry, result)?;
                }
            }
            return Ok(());
        }
        for entry in entries {
            if let Some(incoming) = self.incoming(entry) {
                let result = desk.take_in(&incoming);
                settled(entry, result)?;
            }
        }
        Ok(())
    }

    fn incoming<'e>(&self, entry: &'e Entry) -> Option<Incoming<'e>> {
        let State::Waiting { whose, brought } = &entry.state else {
            return None;
        };
        Some(Incoming {
            whose,
            brought,
            called: entry.called.as_deref(),
            origin: self.arguments.format,
            newcomers: if self.arguments.add_accounts {
                Newcomers::Added
            } else {
                Newcomers::Refused
            },
            attestation: self.attestation,
        })
    }
}

/// A store that fails ends the command: what was taken in before stays, and is told as there already the next time.
fn settled(entry: &mut Entry, result: Result<TakenIn, NotTaken>) -> Result<(), Failure> {
    entry.state = match result {
        Ok(TakenIn::Bound(device)) => State::Taken(device),
        Ok(TakenIn::There(device)) => State::There(device),
        Err(error) => {
            let told = error.ours()?;
            State::Refused {
                code: told.code(),
                why: told.to_string(),
            }
        }
    };
    Ok(())
}

fn open(path: &Path, bytes: &SecretBytes, passphrase: &SecretText) -> Result<SecretBytes, Failure> {
    parcel::open(bytes.expose(), passphrase).map_err(|error| {
        let told = format!("{}: {error}", path.display());
        match error {
            ParcelError::NotOurs => Failure::new(Exit::Failed, "malformed", told),
            ParcelError::DoesNotOpen => Failure::new(Exit::Refused, "does_not_open", told),
            _ => Failure::failed(told),
        }
    })
}

fn passphrase(file: Option<&Path>) -> Result<SecretText, Failure> {
    match file {
        Some(path) if path == Path::new("-") => first_line(std::io::stdin().lock()),
        Some(path) => first_line(std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?),
        None => Terminal::needed("the passphrase", "--passphrase-file")?.ask_hidden("Passphrase of the export: "),
    }
}

fn is_name(text: &str) -> bool {
    (1..=253).contains(&text.len()) && text.chars().all(|c| !c.is_whitespace() && !c.is_control())
}

/// As pam-u2f asks for it.
fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}
