//! Reads a service's files in libpam's order (`_pam_parse_conf_file`, `_pam_load_conf_file`) into the lines that it would hold.

use crate::control::Control;
use crate::files::Files;
use crate::line::{Facility, Line, What};
use crate::service::{Dialect, Note};
use crate::text::{self, Uncut, Words};
use std::path::{Path, PathBuf};

/// Where services are looked for, the first that has the file wins: the administrator's, the distribution's, the
/// vendor's of openSUSE.
const FOLDERS: [&str; 3] = ["/etc/pam.d", "/usr/lib/pam.d", "/usr/etc/pam.d"];
/// The file of all services, where none of the folders exists.
const ONE_FILE: &str = "/etc/pam.conf";
/// The service that stands in for facilities that a service does not have.
const OTHER: &str = "other";
/// Files within files; Linux-PAM 1.7 takes no more, and earlier ones run on until they have no descriptors.
const DEEPEST: usize = 15;
/// Files read and lines held for one service. No machine has so many.
const MOST_FILES: usize = 256;
const MOST_LINES: usize = 2048;

/// What a line is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Any: at the top of a file of a service.
    Any,
    Of(Facility),
    /// `session`, `password`: they let nobody in.
    Session,
    Password,
}

/// How a line names another file.
#[derive(Clone, Copy)]
enum Naming {
    /// `@include file`, Debian's.
    Debian,
    /// `auth include file`.
    Include,
    /// `auth substack file`.
    Substack,
}

/// Ends the reading of a file.
pub(crate) enum Stop {
    /// libpam gives up this file.
    Abort(Note),
    /// We give up the service.
    Unclear(Note),
}

pub(crate) struct Loader<'a> {
    files: &'a dyn Files,
    dialect: Dialect,
    /// The service's own lines, and those of `other`, of `auth` and `account`.
    pub(crate) own: [Vec<Line>; 2],
    pub(crate) other: [Vec<Line>; 2],
    pub(crate) notes: Vec<Note>,
    read: usize,
}

/// Where a line stands, and under what.
struct Place<'a> {
    file: &'a Path,
    number: usize,
    depth: usize,
    level: usize,
    into_other: bool,
}

impl Place<'_> {
    fn note(&self, what: impl Into<String>) -> Note {
        Note {
            file: self.file.to_owned(),
            number: self.number,
            what: what.into(),
        }
    }
}

impl<'a> Loader<'a> {
    pub(crate) fn new(files: &'a dyn Files, dialect: Dialect) -> Self {
        Self {
            files,
            dialect,
            own: Default::default(),
            other: Default::default(),
            notes: Vec::new(),
            read: 0,
        }
    }

    /// Takes up the service, and `other`.
    pub(crate) fn service(&mut self, name: &str) -> Result<(), Stop> {
        if !FOLDERS.iter().any(|folder| self.files.is_folder(Path::new(folder))) {
            let path = Path::new(ONE_FILE);
            let Some(bytes) = self.files.read(path) else {
                return Err(Stop::Abort(whole(
                    path,
                    "there is neither a folder pam.d nor this file",
                )));
            };
            return self.file(path, &bytes, None, name, Kind::Any, (0, 0));
        }
        let mut found = false;
        for wanted in [name, OTHER] {
            if let Some((path, bytes)) = self.find(wanted) {
                found = true;
                self.file(&path, &bytes, Some(wanted), name, Kind::Any, (0, 0))?;
            }
        }
        if found {
            return Ok(());
        }
        let path = Path::new(FOLDERS[0]).join(name);
        Err(Stop::Abort(whole(
            &path,
            "there is neither this file nor one of the service \"other\"",
        )))
    }

    /// The file of this name, or at this absolute path.
    fn find(&self, name: &str) -> Option<(PathBuf, Vec<u8>)> {
        let places = FOLDERS.map(|folder| Path::new(folder).join(name));
        let count = if name.starts_with('/') { 1 } else { places.len() };
        let read = |path: PathBuf| self.files.read(&path).map(|bytes| (path, bytes));
        places.into_iter().take(count).find_map(read)
    }

    /// Takes up the lines of one file. `known` is the service that they are of, `None` in a file of all services.
    fn file(
        &mut self,
        path: &Path,
        bytes: &[u8],
        known: Option<&str>,
        wanted: &str,
        kind: Kind,
        (depth, level): (usize, usize),
    ) -> Result<(), Stop> {
        self.read += 1;
        if self.read > MOST_FILES {
            return Err(Stop::Unclear(whole(
                path,
                format!("more than {MOST_FILES} files make up this service"),
            )));
        }
        let lines = text::lines(bytes).map_err(|why| Stop::Unclear(uncut(path, why)))?;
        for line in lines {
            let mut words = Words(Some(&line.text));
            let service = match known {
                Some(service) => service.to_owned(),
                None => words.next().map(shown).unwrap_or_default(),
            };
            let into_other = service.eq_ignore_ascii_case(OTHER);
            if !into_other && !service.eq_ignore_ascii_case(wanted) {
                continue;
            }
            let place = Place {
                file: path,
                number: line.number,
                depth,
                level,
                into_other,
            };
            self.line(&place, &service, wanted, kind, words)?;
        }
        Ok(())
    }

    fn line(
        &mut self,
        place: &Place<'_>,
        service: &str,
        wanted: &str,
        kind: Kind,
        mut words: Words<'_>,
    ) -> Result<(), Stop> {
        let otherwise = if kind == Kind::Any {
            Kind::Of(Facility::Auth)
        } else {
            kind
        };
        let word = words.next();
        let bare = word.as_deref().map(|word| word.strip_prefix(b"-").unwrap_or(word));
        let silent = word.as_deref().is_some_and(|word| word.starts_with(b"-"));
        let named = bare.map(|word| shown(word.to_vec()).to_ascii_lowercase());
        if self.dialect == Dialect::Debian && named.as_deref() == Some("@include") {
            let file = words.next().map(shown);
            return self.include(place, service, wanted, kind, file, Naming::Debian);
        }
        let (is, illegal) = match named.as_deref() {
            Some("auth") => (Kind::Of(Facility::Auth), None),
            Some("account") => (Kind::Of(Facility::Account), None),
            Some("session") => (Kind::Session, None),
            Some("password") => (Kind::Password, None),
            Some(other) => (
                otherwise,
                Some(format!("\"{other}\" is none of auth, account, session, password")),
            ),
            None => (otherwise, Some("nothing stands there".to_owned())),
        };
        if kind != Kind::Any && is != kind {
            return Ok(());
        }
        let Some(control) = words.next() else {
            let why = illegal.unwrap_or_else(|| "no control stands there".to_owned());
            return self.add(place, is, What::Fails(why), Control::bad(""));
        };
        let naming = match control.to_ascii_lowercase().as_slice() {
            b"include" => Some(Naming::Include),
            b"substack" => Some(Naming::Substack),
            _ => None,
        };
        if let Some(naming) = naming {
            return self.include(place, service, wanted, is, words.next().map(shown), naming);
        }
        let control = Control::read(&control);
        if let Some(trouble) = &control.trouble {
            let what = format!(
                "[{}] is not understood ({trouble}): every answer is taken for a failure",
                control.written
            );
            self.notes.push(place.note(what));
        }
        let Some(path) = words.next().map(shown) else {
            let why = illegal.unwrap_or_else(|| "no module stands there".to_owned());
            return self.add(place, is, What::Fails(why), control);
        };
        named_well(place, &path)?;
        let what = match illegal {
            Some(why) => What::Fails(why),
            None => self.module(place, path, words.map(shown).collect(), silent),
        };
        self.add(place, is, what, control)
    }

    fn module(&mut self, place: &Place<'_>, path: String, arguments: Vec<String>, silent: bool) -> What {
        let there = self.files.has_module(&path);
        if !there && !silent {
            self.notes
                .push(place.note(format!("{path} is not there: the line answers module_unknown")));
        }
        What::Module { path, arguments, there }
    }

    fn include(
        &mut self,
        place: &Place<'_>,
        service: &str,
        wanted: &str,
        kind: Kind,
        file: Option<String>,
        naming: Naming,
    ) -> Result<(), Stop> {
        let mut level = place.level;
        if matches!(naming, Naming::Substack) {
            level += 1;
            let name = file.clone().unwrap_or_default();
            if !name.is_empty() {
                named_well(place, &name)?;
            }
            self.add(place, kind, What::Substack(name), Control::bad("substack"))?;
        }
        // What is within them lets nobody in, and a fault in it becomes a line of theirs.
        if matches!(kind, Kind::Session | Kind::Password) {
            return Ok(());
        }
        if place.depth >= DEEPEST {
            let what = format!("files are included more than {DEEPEST} deep, or in a circle");
            return Err(Stop::Unclear(place.note(what)));
        }
        // Debian's Linux-PAM 1.5 crashes over it, others fail the line.
        let Some(name) = file else {
            return Err(Stop::Unclear(
                place.note("no file is named: some versions of libpam crash here"),
            ));
        };
        let found = self.find(&name);
        let plain = Path::new(FOLDERS[0]).join(&name);
        if self.dialect == Dialect::Debian
            && found
                .as_ref()
                .is_some_and(|(path, _)| *path != plain && !name.starts_with('/'))
        {
            let what = format!(
                "{name} lies outside {}: not every version of Debian's libpam finds it there",
                FOLDERS[0]
            );
            return Err(Stop::Unclear(place.note(what)));
        }
        let why = match found {
            Some((path, bytes)) => {
                match self.file(&path, &bytes, Some(service), wanted, kind, (place.depth + 1, level)) {
                    Ok(()) => return Ok(()),
                    Err(Stop::Abort(note)) => format!("{}: {}", note.place(), note.what),
                    Err(unclear) => return Err(unclear),
                }
            }
            None => format!("{name} cannot be read"),
        };
        // Debian's libpam holds the line with a control that nothing was written into (valgrind, 1.5.2): what follows
        // is chance. At the top of a service it refuses the file, which `add` says.
        if matches!(naming, Naming::Debian) && kind != Kind::Any {
            return Err(Stop::Unclear(place.note(format!(
                "{why}: libpam leaves it to chance what becomes of such an @include within an included file"
            ))));
        }
        self.add(place, kind, What::Fails(why), Control::bad("include"))
    }

    fn add(&mut self, place: &Place<'_>, kind: Kind, what: What, control: Control) -> Result<(), Stop> {
        if let What::Fails(why) = &what {
            if kind == Kind::Any {
                return Err(Stop::Abort(place.note(format!("{why}: libpam refuses the service"))));
            }
            self.notes.push(place.note(format!("{why}: the line always fails")));
        }
        let which = match kind {
            Kind::Of(Facility::Auth) => 0,
            Kind::Of(Facility::Account) => 1,
            Kind::Session | Kind::Password => return Ok(()),
            Kind::Any => return Err(Stop::Abort(place.note("libpam refuses the service"))),
        };
        let lines = if place.into_other {
            &mut self.other[which]
        } else {
            &mut self.own[which]
        };
        lines.push(Line {
            file: place.file.to_owned(),
            number: place.number,
            level: place.level,
            what,
            control,
        });
        if lines.len() > MOST_LINES {
            return Err(Stop::Unclear(place.note(format!("more than {MOST_LINES} lines"))));
        }
        Ok(())
    }
}

/// A module without a name of its own (`extract_modulename`): libpam 1.5 leaves a handler behind that it has not filled in,
/// and may crash over it.
fn named_well(place: &Place<'_>, path: &str) -> Result<(), Stop> {
    let name = path.rsplit('/').next().unwrap_or_default();
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    if stem.is_empty() || stem == "?" {
        let what = format!("{path:?} is no name of a module: libpam refuses the file, or crashes");
        return Err(Stop::Unclear(place.note(what)));
    }
    Ok(())
}

fn whole(path: &Path, what: impl Into<String>) -> Note {
    Note {
        file: path.to_owned(),
        number: 0,
        what: what.into(),
    }
}

fn uncut(path: &Path, why: Uncut) -> Note {
    let (number, what) = match why {
        Uncut::TooLong(number) => (
            number,
            "the line is longer than every libpam reads: break it with a backslash",
        ),
        Uncut::Unfinished(number) => (number, "the file ends after a backslash: libpam refuses it"),
    };
    Note {
        file: path.to_owned(),
        number,
        what: what.to_owned(),
    }
}

fn shown(word: Vec<u8>) -> String {
    String::from_utf8(word).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}
