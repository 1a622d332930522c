//! A machine whose modules are played, what libpam does on it, and what the prover's walk foretells.

use super::tree::Tree;
use crate::support::boxed::target;
use crate::support::pam_host::{PamHost, Phase};
use samekey_pam_stack::{Code, Facility, Line, Service, Step, What, lets_in, run};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The result and the modules asked; or the code with which libpam refuses to begin.
pub type Ended = Result<(Code, Vec<String>), i32>;

/// Modules that are what they are: their answers are known.
const REAL: [&str; 2] = ["pam_permit.so", "pam_deny.so"];
const PAM_ABORT: i32 = 26;

/// Numbers of chance, the same each time.
#[derive(Debug)]
pub struct Dice(pub u64);

impl Dice {
    /// A number below `sides`.
    pub fn roll(&mut self, sides: u64) -> u64 {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % sides
    }

    /// One of these.
    pub fn pick<'a, T: ?Sized>(&mut self, from: &[&'a T]) -> &'a T {
        from[usize::try_from(self.roll(from.len() as u64)).unwrap()]
    }

    /// An answer; successes are frequent, so that ways are long.
    pub fn answer(&mut self) -> Code {
        match self.roll(10) {
            0..5 => Code::SUCCESS,
            5 => Code::AUTH_ERR,
            6 => Code::IGNORE,
            7 => Code::NEW_AUTHTOK_REQD,
            _ => Code::of(i32::try_from(self.roll(31)).unwrap()).unwrap(),
        }
    }
}

/// The box, as a machine for trees.
#[derive(Debug)]
pub struct Machine {
    host: PamHost,
    modules: PathBuf,
}

impl Machine {
    /// Only inside a box.
    pub fn new() -> Self {
        assert!(samekey_demo::machine::is_inside());
        let modules = PathBuf::from(format!("/usr/lib/{}-linux-gnu/security", std::env::consts::ARCH));
        assert!(modules.join("pam_permit.so").exists(), "{}", modules.display());
        for entry in fs::read_dir(&modules).unwrap().map(Result::unwrap) {
            if !REAL.iter().any(|real| entry.file_name() == *real) && entry.file_type().unwrap().is_file() {
                fs::remove_file(entry.path()).unwrap();
            }
        }
        Self {
            host: PamHost::of_the_machine(),
            modules,
        }
    }

    /// Makes PAM's files those of the tree, and its modules those that the files name.
    pub fn lay(&self, tree: &Tree) {
        for folder in ["/etc/pam.d", "/usr/lib/pam.d", "/etc/authselect"] {
            let _ = fs::remove_dir_all(folder);
        }
        let _ = fs::remove_file("/etc/pam.conf");
        for (path, text) in &tree.files {
            fs::create_dir_all(Path::new(path).parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        for (link, target) in &tree.links {
            std::os::unix::fs::symlink(target, link).unwrap();
        }
        for name in &tree.missing {
            let _ = fs::remove_file(self.modules.join(name));
        }
        let text: String = tree.files.values().map(String::as_str).collect();
        let named: BTreeSet<&str> = text
            .split(|c: char| !c.is_ascii_alphanumeric() && !"_.-".contains(c))
            .filter(|word| Path::new(word).extension() == Some("so".as_ref()) && !REAL.contains(word))
            .filter(|word| !tree.missing.iter().any(|missing| missing == word))
            .collect();
        for name in named {
            let place = self.modules.join(name);
            if !place.exists() {
                fs::copy(target().join("debug/libsamekey_stand_in.so"), place).unwrap();
            }
        }
    }

    /// Lets an application ask, with these answers in the order in which modules are asked.
    pub fn run(&self, service: &str, facility: Facility, script: &[Code]) -> Ended {
        let mut login = self.host.attempt(service, "ann", Vec::new())?;
        let numbers: Vec<String> = script.iter().map(|code| code.number().to_string()).collect();
        login.variable(format!("SCRIPT={}", numbers.join(",")).as_bytes());
        let code = login.run(match facility {
            Facility::Auth => Phase::Authenticate,
            Facility::Account => Phase::Account,
        });
        let called = login.variables().into_iter().find_map(|variable| {
            let called = variable.strip_prefix("CALLED=")?;
            Some(called.split_whitespace().map(str::to_owned).collect())
        });
        Ok((Code::of(code).unwrap(), called.unwrap_or_default()))
    }

    /// Walks a way of the prover's under libpam: it must ask the same modules, and let in or not.
    pub fn walk(&self, service: &Service, facility: Facility, way: &[Step], is_in: bool) -> Result<(), String> {
        let lines = &service.stack(facility).lines;
        let asked = way.iter().filter(|step| is_played(&lines[step.line]));
        let script: Vec<Code> = asked.clone().map(|step| step.answer).collect();
        let wanted: Vec<&str> = asked.map(|step| lines[step.line].module()).collect();
        let (code, called) = self
            .run(&service.name, facility, &script)
            .map_err(|code| format!("libpam refuses: {code}"))?;
        if lets_in(facility, code) != is_in
            || !called.starts_with(&wanted.iter().map(|&s| s.to_owned()).collect::<Vec<_>>())
        {
            return Err(format!(
                "libpam ends with {code} after {called:?}, on the way {wanted:?} {script:?}"
            ));
        }
        Ok(())
    }
}

fn is_played(line: &Line) -> bool {
    matches!(line.what, What::Module { there: true, .. }) && !REAL.contains(&line.module())
}

/// What the prover's walk says of these answers.
pub fn foretold(service: &Service, facility: Facility, script: &[Code]) -> Ended {
    if service.refused.is_some() {
        return Err(PAM_ABORT);
    }
    let lines = &service.stack(facility).lines;
    let mut left = script.iter().copied();
    let (code, steps) = run(lines, |line| answer_of(line, &mut left));
    let called = steps
        .iter()
        .map(|step| &lines[step.line])
        .filter(|line| is_played(line));
    Ok((code, called.map(|line| line.module().to_owned()).collect()))
}

/// Whether our module says on this way that one may pass; nothing where it says what it never says.
pub fn ours_let_pass(service: &Service, facility: Facility, script: &[Code]) -> Option<bool> {
    let lines = &service.stack(facility).lines;
    let mut left = script.iter().copied();
    let (_, steps) = run(lines, |line| answer_of(line, &mut left));
    let mut ours = steps.iter().filter(|step| lines[step.line].is_ours());
    let possible = ours
        .clone()
        .all(|step| lines[step.line].answers().contains(&step.answer));
    possible.then(|| ours.any(|step| [Code::SUCCESS, Code::IGNORE].contains(&step.answer)))
}

fn answer_of(line: &Line, left: &mut impl Iterator<Item = Code>) -> Code {
    if is_played(line) {
        left.next().unwrap_or(Code::of(PAM_ABORT).unwrap())
    } else {
        line.answers()[0]
    }
}

/// The same answers, but that our module refuses wherever it is asked; what would have followed stays.
pub fn with_our_refusal(service: &Service, facility: Facility, way: &[Step]) -> Vec<Step> {
    let lines = &service.stack(facility).lines;
    let mut left = way
        .iter()
        .filter(|step| is_played(&lines[step.line]))
        .map(|step| step.answer);
    let (_, steps) = run(lines, |line| {
        let answer = answer_of(line, &mut left);
        if line.is_ours() { Code::AUTH_ERR } else { answer }
    });
    steps
}
