//! A trial on disk: the journal of what was changed, begun, confirmed or put back, each step before its deed.

use super::plan::{Door, Plan};
use super::sshd::Sshd;
use super::{SetupError, watch, write};
use samekey_pam_stack::Root;
use serde::{Deserialize, Serialize};
use std::fs::{self, DirBuilder, File, Permissions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// Where journals and what was there before lie: root's alone.
pub const FOLDER: &str = "/var/lib/samekey-setup";

/// How far a trial is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Files are being written.
    Writing,
    /// They hold until the time is over.
    Trying,
    /// Somebody came in through it and confirmed.
    Confirmed,
    /// Everything is as it was before.
    PutBack,
}

/// A file that a trial changed; what was there lies in the folder, as `before.0` and so on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    path: PathBuf,
    existed: bool,
}

/// The journal of one door.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trial {
    /// The door.
    pub door: Door,
    /// How far.
    pub state: State,
    /// Who began it.
    pub by: String,
    /// When, in Unix seconds.
    pub began: i64,
    /// How many seconds it lasts.
    pub seconds: u64,
    /// The boot of the machine that it began in.
    pub boot: String,
    /// When the beginning process was started, in the kernel's ticks since that boot: sessions with a greater number are
    /// new.
    pub ticks: u64,
    /// Why it ended, if it did.
    pub ended: Option<String>,
    files: Vec<Kept>,
    /// Files that see to it that a reboot ends the trial.
    guards: Vec<PathBuf>,
}

/// Held while a journal is changed; the kernel lets go of it when its process ends, however it ends.
#[derive(Debug)]
struct Held(File);

fn hold() -> Result<Held, SetupError> {
    let folder = Path::new(FOLDER);
    let mut builder = DirBuilder::new();
    builder.recursive(true).mode(0o700);
    builder.create(folder).map_err(|why| SetupError::file(folder, why))?;
    let found = fs::symlink_metadata(folder).map_err(|why| SetupError::file(folder, why))?;
    if !found.is_dir() || found.uid() != 0 {
        return Err(SetupError::refused(FOLDER, "it must be a folder of root's"));
    }
    fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|why| SetupError::file(folder, why))?;
    let path = folder.join("lock");
    let file = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|why| SetupError::file(&path, why))?;
    file.lock().map_err(|why| SetupError::file(&path, why))?;
    Ok(Held(file))
}

impl Held {
    /// Lets go: the next one may go on.
    fn let_go(self) {
        drop(self.0);
    }
}

impl Trial {
    fn folder(door: Door) -> PathBuf {
        Path::new(FOLDER).join(door.as_str())
    }

    fn kept(&self, what: &str, number: usize) -> PathBuf {
        Self::folder(self.door).join(format!("{what}.{number}"))
    }

    fn store(&self) -> Result<(), SetupError> {
        let path = Self::folder(self.door).join("trial.json");
        let text = serde_json::to_vec_pretty(self).map_err(|why| SetupError::file(&path, why.into()))?;
        write::replace_secret(&path, &text)
    }

    /// The journal of this door, if there is one that can be read.
    pub fn load(door: Door) -> Option<Self> {
        let text = fs::read(Self::folder(door).join("trial.json")).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Whether it still waits for a confirmation.
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Writing | State::Trying)
    }
}

/// The trial that waits for a confirmation, if one does.
pub fn current() -> Option<Trial> {
    Door::ALL.into_iter().filter_map(Trial::load).find(Trial::is_open)
}

/// Who begins a trial, and when.
#[derive(Debug, Clone)]
pub struct Beginning<'a> {
    /// Who.
    pub by: &'a str,
    /// The present moment.
    pub now: i64,
    /// For so many seconds.
    pub seconds: u64,
    /// The program that watches: this command.
    pub program: &'a Path,
}

/// Changes the files of a plan, with a watcher that puts them back unless somebody confirms.
pub fn begin(plan: &Plan, beginning: &Beginning<'_>) -> Result<Trial, SetupError> {
    let held = hold()?;
    if let Some(open) = current() {
        return Err(SetupError::Busy(open.door.as_str().to_owned()));
    }
    let mut trial = noted(plan, beginning)?;
    // Should we be killed from here on, the journal says what to put back, and the watcher does it.
    watch::begin(&trial, beginning.program)?;
    let made = watch::guard_against_reboot(&trial.guards, beginning.program);
    if let Err(error) = made.and_then(|()| changed(plan, &trial)) {
        taken_back(&mut trial, "it could not be set up")?;
        return Err(error);
    }
    trial.state = State::Trying;
    trial.store()?;
    held.let_go();
    Ok(trial)
}

/// Writes down what is there, and what will be.
fn noted(plan: &Plan, beginning: &Beginning<'_>) -> Result<Trial, SetupError> {
    let folder = Trial::folder(plan.door);
    let _ = fs::remove_dir_all(&folder);
    DirBuilder::new()
        .mode(0o700)
        .create(&folder)
        .map_err(|why| SetupError::file(&folder, why))?;
    let kept = plan.changes.iter().map(|change| Kept {
        path: change.path.clone(),
        existed: change.before.is_some(),
    });
    let trial = Trial {
        door: plan.door,
        state: State::Writing,
        by: beginning.by.to_owned(),
        began: beginning.now,
        seconds: beginning.seconds,
        boot: watch::boot(),
        ticks: super::witness::started(std::process::id()).unwrap_or(u64::MAX),
        ended: None,
        files: kept.collect(),
        guards: watch::guards(),
    };
    for (number, change) in plan.changes.iter().enumerate() {
        let before = change.before.as_deref().unwrap_or_default();
        write::replace_secret(&trial.kept("before", number), before.as_bytes())?;
        write::replace_secret(&trial.kept("after", number), change.after.as_bytes())?;
    }
    trial.store()?;
    Ok(trial)
}

fn changed(plan: &Plan, trial: &Trial) -> Result<(), SetupError> {
    for change in &plan.changes {
        // Somebody else may have written since the plan was made.
        let now = fs::read_to_string(&change.path).ok();
        if now != change.before {
            return Err(SetupError::refused(
                change.path.display().to_string(),
                "it was changed meanwhile; try again",
            ));
        }
        if let Some(folder) = change.path.parent().filter(|folder| !folder.exists()) {
            fs::create_dir_all(folder).map_err(|why| SetupError::file(folder, why))?;
        }
        write::replace(&change.path, change.after.as_bytes())?;
    }
    plan.check(&Root::new(Path::new("/")))?;
    if trial.door == Door::Ssh {
        Sshd::default().reload()?;
    }
    Ok(())
}

/// Keeps what is on trial. The caller has made sure that its session came in through it.
pub fn confirm(door: Door) -> Result<Trial, SetupError> {
    let _held = hold()?;
    let trial = Trial::load(door).filter(|trial| trial.state == State::Trying);
    let mut trial =
        trial.ok_or_else(|| SetupError::Nothing("no trial waits for a confirmation any more".to_owned()))?;
    trial.state = State::Confirmed;
    trial.store()?;
    unguard(&mut trial)?;
    Ok(trial)
}

/// Puts everything back as it was before the trial of this door.
pub fn put_back(door: Door, why: &str) -> Result<Trial, SetupError> {
    let _held = hold()?;
    let found = Trial::load(door).filter(|trial| trial.state != State::PutBack);
    let mut trial =
        found.ok_or_else(|| SetupError::Nothing(format!("{} was not set up by `samekey setup`", door.as_str())))?;
    taken_back(&mut trial, why)?;
    Ok(trial)
}

/// The same for an open trial only: a confirmed one is nobody's but a person's to undo.
pub(super) fn expire(door: Door, why: &str) -> Result<(), SetupError> {
    let _held = hold()?;
    match Trial::load(door).filter(Trial::is_open) {
        Some(mut trial) => taken_back(&mut trial, why),
        None => Ok(()),
    }
}

fn taken_back(trial: &mut Trial, why: &str) -> Result<(), SetupError> {
    let mut first = None;
    for (number, kept) in trial.files.iter().enumerate() {
        // One file that cannot be written keeps none of the others from being put back.
        if let Err(error) = one_back(trial, number, kept) {
            first.get_or_insert(error);
        }
    }
    if let Some(error) = first {
        return Err(error);
    }
    if trial.door == Door::Ssh {
        Sshd::default().reload()?;
    }
    trial.state = State::PutBack;
    trial.ended = Some(why.to_owned());
    trial.store()?;
    unguard(trial)
}

fn one_back(trial: &Trial, number: usize, kept: &Kept) -> Result<(), SetupError> {
    let read = |path: &Path| fs::read(path).map_err(|why| SetupError::file(path, why));
    write::clear(&kept.path)?;
    let before = read(&trial.kept("before", number))?;
    let now = fs::read(&kept.path).ok();
    if now.as_ref() == Some(&before) && kept.existed {
        return Ok(());
    }
    // What somebody else wrote there meanwhile is not lost.
    if let Some(now) = now.filter(|now| fs::read(trial.kept("after", number)).ok().as_ref() != Some(now)) {
        write::replace_secret(&trial.kept("found", number), &now)?;
    }
    if kept.existed {
        write::replace(&kept.path, &before)
    } else {
        write::remove(&kept.path)
    }
}

fn unguard(trial: &mut Trial) -> Result<(), SetupError> {
    for path in std::mem::take(&mut trial.guards) {
        write::clear(&path)?;
        write::remove(&path)?;
    }
    trial.store()
}
