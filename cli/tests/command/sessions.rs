//! Sessions of the real command, one per file of `sessions/`: what is typed, and what comes of it.
//!
//! ```text
//! # What the session shows.            the first line of each file
//! no-init                              begin without an installation (else `init` has run)
//! $ account add alice --json           runs the command; --config is added, {ROOT} and {NAME}s are filled in
//! stdin correct horse                  its input, one line each; without it stdin is empty, never a terminal
//! exit 0                               every command must say how it ends
//! json /account/name "alice"           the JSON on stdout has this value at this pointer
//! json /account/id exists              or any value there
//! config [mail]                        appends a line to the configuration
//! let KEY /key                         keeps a text from the JSON as {KEY}; {code:KEY} is its present TOTP code, {code+9:KEY} and {code+10:KEY} are later ones
//! out text | err text                  stdout or stderr holds this text
//! no-out text | no-err text            and this it does not
//! out-is                               stdout is empty
//! ```
use super::place::{self, Ended, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a session's lines work on.
struct Session {
    place: Place,
    kept: BTreeMap<String, String>,
    words: Option<Vec<String>>,
    input: String,
    ended: Option<Ended>,
    said_exit: bool,
}

impl Session {
    fn line(&mut self, line: &str) -> Result<(), String> {
        let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
        match verb {
            "$" => {
                self.settled()?;
                let rest = self.filled(rest);
                self.words = Some(words(&rest));
                self.input.clear();
                Ok(())
            }
            "stdin" => {
                self.input += &self.filled(rest);
                self.input.push('\n');
                Ok(())
            }
            "exit" => {
                let wanted: i32 = rest.parse().map_err(|_| "exit: no number".to_owned())?;
                let ended = self.ended()?;
                if ended.exit != wanted {
                    return Err(format!("exit {} instead of {wanted}\n{ended:?}", ended.exit));
                }
                self.said_exit = true;
                Ok(())
            }
            "json" => self.json(rest),
            "let" => self.keep(rest),
            "config" => {
                if self.words.is_some() && !self.said_exit {
                    return Err("the command before has no `exit` line".to_owned());
                }
                let line = self.filled(rest) + "\n";
                let text = std::fs::read_to_string(self.place.config()).map_err(|error| error.to_string())?;
                std::fs::write(self.place.config(), text + &line).map_err(|error| error.to_string())
            }
            "out" | "err" | "no-out" | "no-err" => self.holds(verb, rest),
            "out-is" => {
                let ended = self.ended()?;
                if ended.out.trim_end() == rest {
                    Ok(())
                } else {
                    Err(format!("stdout is {:?}", ended.out))
                }
            }
            _ => Err("no such line".to_owned()),
        }
    }

    fn filled(&self, text: &str) -> String {
        let mut text = text.replace("{ROOT}", &self.place.root().display().to_string());
        for (name, value) in &self.kept {
            text = text.replace(&format!("{{{name}}}"), value);
            for (asked, steps) in [("code", 0), ("code+9", 9), ("code+10", 10)] {
                let asked = format!("{{{asked}:{name}}}");
                if text.contains(&asked) {
                    text = text.replace(&asked, &place::code_of(value, steps));
                }
            }
        }
        text
    }

    /// Every command is run, and its exit code was told.
    fn settled(&mut self) -> Result<(), String> {
        if self.words.is_some() && !self.said_exit {
            return Err("the command before has no `exit` line".to_owned());
        }
        self.ended = None;
        self.said_exit = false;
        Ok(())
    }

    /// Runs the command when its first result is asked for: by then its input is known.
    fn ended(&mut self) -> Result<&Ended, String> {
        let words = self.words.clone().ok_or("nothing was typed yet")?;
        let (place, input) = (&self.place, &self.input);
        Ok(self.ended.get_or_insert_with(|| place.run(&words, input)))
    }

    fn document(&mut self) -> Result<Value, String> {
        let ended = self.ended()?;
        serde_json::from_str(&ended.out).map_err(|error| format!("stdout is no JSON: {error}\n{ended:?}"))
    }

    fn json(&mut self, rest: &str) -> Result<(), String> {
        let (pointer, wanted) = rest.split_once(' ').ok_or("json: pointer and value")?;
        let wanted = self.filled(wanted);
        let document = self.document()?;
        let found = document.pointer(pointer);
        if wanted == "exists" {
            return found.map(|_| ()).ok_or_else(|| format!("nothing there in {document}"));
        }
        let wanted: Value = serde_json::from_str(&wanted).map_err(|error| error.to_string())?;
        if found == Some(&wanted) {
            Ok(())
        } else {
            Err(format!("{found:?} in {document}"))
        }
    }

    fn keep(&mut self, rest: &str) -> Result<(), String> {
        let (name, pointer) = rest.split_once(' ').ok_or("let: name and pointer")?;
        let document = self.document()?;
        let found = document
            .pointer(pointer)
            .and_then(Value::as_str)
            .ok_or("no text there")?;
        self.kept.insert(name.to_owned(), found.to_owned());
        Ok(())
    }

    fn holds(&mut self, verb: &str, rest: &str) -> Result<(), String> {
        let wanted = self.filled(rest);
        let ended = self.ended()?;
        let text = if verb.ends_with("out") { &ended.out } else { &ended.err };
        if text.contains(&wanted) == verb.starts_with("no-") {
            Err(format!("{ended:?}"))
        } else {
            Ok(())
        }
    }
}

/// Words as a shell parts them, double quotes only.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let (mut word, mut quoted, mut begun) = (String::new(), false, false);
    for c in text.chars() {
        match c {
            '"' => (quoted, begun) = (!quoted, true),
            ' ' if !quoted => {
                if begun {
                    words.push(std::mem::take(&mut word));
                }
                begun = false;
            }
            c => {
                word.push(c);
                begun = true;
            }
        }
    }
    if begun {
        words.push(word);
    }
    words
}

fn play(path: &Path) -> Result<(), String> {
    let text = std::fs::read_to_string(path).unwrap();
    let lines: Vec<(usize, &str)> = text
        .lines()
        .map(str::trim_end)
        .enumerate()
        .filter(|(_, line)| !line.is_empty())
        .collect();
    if !text.starts_with("# ") {
        return Err("the first line tells what the session shows".to_owned());
    }
    let place = if lines.iter().any(|(_, line)| *line == "no-init") {
        Place::bare()
    } else {
        Place::made()
    };
    let mut session = Session {
        place,
        kept: BTreeMap::new(),
        words: None,
        input: String::new(),
        ended: None,
        said_exit: true,
    };
    for (number, line) in lines {
        if line.starts_with('#') || line == "no-init" {
            continue;
        }
        session
            .line(line)
            .map_err(|error| format!("{}:{}: {line}\n  {error}", path.display(), number + 1))?;
    }
    session
        .settled()
        .map_err(|error| format!("{}: {error}", path.display()))
}

fn failures_of(files: &[PathBuf]) -> Vec<String> {
    files.iter().filter_map(|file| play(file).err()).collect()
}

#[test]
fn every_session_goes_as_written() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sessions");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty());
    let failures: Vec<String> = std::thread::scope(|scope| {
        let (left, right) = files.split_at(files.len() / 2);
        let other = scope.spawn(|| failures_of(right));
        let mut failures = failures_of(left);
        failures.extend(other.join().unwrap());
        failures
    });
    assert!(
        failures.is_empty(),
        "{} of {} sessions:\n{}",
        failures.len(),
        files.len(),
        failures.join("\n")
    );
}

#[test]
fn words_part_like_a_shell() {
    assert_eq!(words("a  \"b c\" d\"e\"f \"\""), ["a", "b c", "def", ""]);
}
