//! A page of the book as a session: root's terminal and alice's, typed into as the page says.

use super::machine::Prepared;
use super::page::{Page, Piece};
use samekey_demo::machine::run;
use samekey_demo::{App, Terminal};
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::Duration;

/// What both shells prompt with: how the last command ended, between these.
const PROMPT: [&str; 2] = ["⟦", "⟧ "];

/// Who types.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Root,
    Alice,
}

/// A command of a page, and what the page shows of it.
struct Step {
    who: Who,
    typed: String,
    shown: Vec<String>,
}

pub struct Session {
    prepared: Prepared,
    root: Option<Terminal>,
    alice: Option<Terminal>,
    /// The app whose key was shown last, and the first of its steps not offered yet.
    app: Option<(App, u64)>,
    secret: String,
}

impl Session {
    /// On this machine; alice's app is known where she has one.
    pub fn on(mut prepared: Prepared) -> Self {
        let app = prepared.app.take();
        Self {
            prepared,
            root: None,
            alice: None,
            app,
            secret: String::new(),
        }
    }

    /// Does what the page says, from its beginning to its end.
    pub fn play(&mut self, page: &Page) {
        for piece in &page.pieces {
            match piece {
                Piece::Block { words, lines, at } if !words.iter().any(|word| word == "elsewhere") => {
                    let done = self.block(words, lines);
                    done.unwrap_or_else(|why| panic!("{}:{at}: {why}", page.name));
                }
                Piece::Remark { verb, what } if verb == "then" => {
                    let code = self.code();
                    let done = code.and_then(|code| Prepared::browse(what, &code, &self.secret));
                    done.unwrap_or_else(|why| panic!("{}: {what}: {why}", page.name));
                }
                Piece::Remark { verb, what } if verb == "given" => {
                    run("bash", &["-c", what], "").unwrap_or_else(|why| panic!("{}: {why}", page.name));
                }
                _ => {}
            }
        }
    }

    fn block(&mut self, words: &[String], lines: &[String]) -> Result<(), String> {
        for word in words {
            if let Some((how, path)) = word.split_once('=') {
                return self
                    .write(how == "append", Path::new(path), lines)
                    .map_err(|why| format!("{path}: {why}"));
            }
        }
        if words[0] != "console" {
            return Ok(());
        }
        steps(lines)?.iter().try_for_each(|step| self.step(step))
    }

    fn write(&self, append: bool, path: &Path, lines: &[String]) -> std::io::Result<()> {
        std::fs::create_dir_all(path.parent().unwrap())?;
        let is_new = !path.exists();
        let mut file = std::fs::File::options()
            .create(true)
            .write(true)
            .append(append)
            .truncate(!append)
            .open(path)?;
        file.write_all(
            (lines.join("\n") + "\n")
                .replace("CLIENT_SECRET", &self.secret)
                .as_bytes(),
        )?;
        if is_new {
            std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o644))?;
        }
        Ok(())
    }

    /// Types a command, gives the answers it asks for, and holds what it showed and how it ended against the page.
    fn step(&mut self, step: &Step) -> Result<(), String> {
        let failed = |why: &dyn std::fmt::Display| format!("{}\n{why}", step.typed);
        let typed = step.typed.replace("CLIENT_SECRET", &self.secret);
        let reloads = ["samekey setup ssh", "samekey setup undo ssh", "systemctl reload ssh"];
        let reloads = reloads.iter().any(|words| typed.starts_with(words)) && !typed.contains("--dry-run");
        let listened = Prepared::listened();
        let begun = self.shell(step.who)?.shown().len();
        self.shell(step.who)?.line(&typed).map_err(|why| failed(&why))?;
        for line in &step.shown {
            let Some((asked, answer)) = line.split_once('‹') else {
                continue;
            };
            let asked = asked.rsplit('…').next().unwrap_or(asked).trim();
            let seen = self
                .shell(step.who)?
                .see(asked)
                .map(|()| self.shown_of(step.who)[begun..].to_owned());
            let answer = self.answer(answer.trim_end_matches('›'), &seen.map_err(|why| failed(&why))?)?;
            self.shell(step.who)?.line(&answer).map_err(|why| failed(&why))?;
        }
        self.shell(step.who)?.see(PROMPT[1]).map_err(|why| failed(&why))?;
        let shown = self.shown_of(step.who)[begun..].to_owned();
        let (output, exit) = shown.rsplit_once(PROMPT[0]).ok_or_else(|| failed(&shown))?;
        let exit = exit.split(PROMPT[1]).next().unwrap_or_default();
        let told = step
            .shown
            .iter()
            .find_map(|line| line.strip_prefix("(exit ")?.strip_suffix(')'));
        if exit != told.unwrap_or("0") {
            return Err(failed(&format!("ended with {exit}:\n{output}")));
        }
        if reloads && listened > 0 {
            self.prepared.until_listening_again(listened);
        }
        if let Some(secret) = output.lines().rev().find_map(secret) {
            self.secret = secret;
        }
        follows(output, &step.shown).map_err(|line| failed(&format!("did not show: {line}\nbut:\n{output}")))
    }

    fn shown_of(&self, who: Who) -> &str {
        let terminal = if who == Who::Root { &self.root } else { &self.alice };
        terminal.as_ref().map_or("", Terminal::shown)
    }

    /// The terminal of this person, with a shell that says how each command ended.
    fn shell(&mut self, who: Who) -> Result<&mut Terminal, String> {
        let slot = if who == Who::Root {
            &mut self.root
        } else {
            &mut self.alice
        };
        if slot.is_none() {
            let mut terminal = match who {
                Who::Root => Terminal::start("bash", ["--rcfile", "/root/.book", "--noediting", "-i"]),
                Who::Alice => Terminal::start("su", ["-", "alice"]),
            }
            .map_err(|why| why.to_string())?;
            terminal.see(PROMPT[1]).map_err(|why| why.to_string())?;
            *slot = Some(terminal);
        }
        slot.as_mut().ok_or_else(|| "no terminal".to_owned())
    }

    fn answer(&mut self, wanted: &str, shown: &str) -> Result<String, String> {
        if let Some(address) = shown.split_whitespace().rfind(|word| word.starts_with("otpauth://")) {
            let app = App::scan(address).map_err(|why| why.to_string())?;
            let step = app.step();
            self.app = Some((app, step));
        }
        match wanted {
            "code" => self.code(),
            "password" => Ok(super::machine::PASSWORD.to_owned()),
            "web password" => Ok(super::machine::WEB_PASSWORD.to_owned()),
            "YES" => Ok("YES".to_owned()),
            other => Err(format!("nobody knows what to type for ‹{other}›")),
        }
    }

    /// A code never offered before; one is taken ahead of its time, further ones are waited for, as a person does.
    fn code(&mut self) -> Result<String, String> {
        let (app, next) = self.app.as_mut().ok_or("no app was bound on this page")?;
        *next = (*next).max(app.step());
        while app.step() + 1 < *next {
            std::thread::sleep(Duration::from_secs(app.left()));
        }
        *next += 1;
        Ok(app.code(*next - 1))
    }
}

/// What `samekey client` shows once: a line of nothing else.
fn secret(line: &str) -> Option<String> {
    let line = line.trim();
    let of_its_alphabet = line
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    (line.len() >= 40 && of_its_alphabet).then(|| line.to_owned())
}

/// The commands of a block. A line that ends with `\` goes on in the next one, a here-document up to its end.
fn steps(lines: &[String]) -> Result<Vec<Step>, String> {
    let mut steps: Vec<Step> = Vec::new();
    let mut lines = lines.iter().peekable();
    while let Some(line) = lines.next() {
        let who = match line.get(..2) {
            Some("# ") => Some(Who::Root),
            Some("$ ") => Some(Who::Alice),
            _ => None,
        };
        let Some(who) = who else {
            let step = steps
                .last_mut()
                .ok_or_else(|| format!("{line}: shown before anything was typed"))?;
            step.shown.push(line.clone());
            continue;
        };
        let mut typed = line[2..].to_owned();
        while typed.ends_with('\\') {
            let next = lines.next().ok_or_else(|| format!("{line}: goes on in no line"))?;
            typed = format!("{} {}", typed.trim_end_matches('\\').trim_end(), next.trim());
        }
        steps.push(Step {
            who,
            typed,
            shown: Vec::new(),
        });
    }
    Ok(steps)
}

/// Whether the page's lines stand in what was shown, in this order; else the first that does not.
fn follows(output: &str, shown: &[String]) -> Result<(), String> {
    let mut output = output.lines();
    for line in shown {
        let line = line.split('‹').next().unwrap_or(line).trim();
        if line.is_empty() || line == "…" || (line.starts_with("(exit ") && line.ends_with(')')) {
            continue;
        }
        if !output.any(|found| is_like(found.trim(), line, shown)) {
            return Err(line.to_owned());
        }
    }
    Ok(())
}

/// Whether a line is as the page shows it; what stands before a typed answer is the beginning of one.
fn is_like(found: &str, line: &str, shown: &[String]) -> bool {
    let parts: Vec<&str> = line.split('…').map(str::trim).collect();
    let asks = shown
        .iter()
        .any(|one| one.contains('‹') && one.trim_start().starts_with(line));
    let mut rest = found;
    for (number, part) in parts.iter().enumerate() {
        let Some(at) = rest.find(part) else { return false };
        if number == 0 && at != 0 && !asks {
            return false;
        }
        rest = &rest[at + part.len()..];
    }
    asks || line.ends_with('…') || rest.is_empty()
}

#[test]
fn what_a_page_shows_is_held_against_what_was_shown() {
    let page = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>();
    let output = "Account alice added.\nkey ab12 seals, 1 in all\n(alice@host) Password: \n";
    assert!(follows(output, &page(&["Account alice added.", "key … seals, …"])).is_ok());
    assert!(follows(output, &page(&["…", "Password: ‹password›"])).is_ok());
    assert!(follows(output, &page(&["Account bob added."])).is_err());
    assert!(follows(output, &page(&["Account alice"])).is_err());
    assert!(
        follows(output, &page(&["key … seals, …", "Account alice added."])).is_err(),
        "the order counts"
    );
    let steps = steps(&page(&["# a \\", "    b", "shown", "$ c"])).unwrap();
    assert_eq!(
        (steps[0].typed.as_str(), steps[0].shown.len(), steps[1].typed.as_str()),
        ("a b", 1, "c")
    );
    assert!(steps[0].who == Who::Root && steps[1].who == Who::Alice);
}
