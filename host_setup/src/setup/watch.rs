//! What puts a trial back when nobody confirms it: a process that outlives the session, and a line for the next boot.

use super::plan::Door;
use super::sshd::{SYSTEMD, ran};
use super::trial::{self, State, Trial};
use super::{SetupError, write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// How often the watcher looks.
const LOOK: Duration = Duration::from_millis(250);
/// How long a watcher may take to be there.
const PATIENCE: Duration = Duration::from_secs(10);
/// What a watcher that cannot put files back waits before it tries again.
const AGAIN: Duration = Duration::from_secs(5);

const UNIT: &str = "/etc/systemd/system/samekey-setup-rollback.service";
const WANTED: &str = "/etc/systemd/system/multi-user.target.wants/samekey-setup-rollback.service";
const CRON: &str = "/etc/cron.d/samekey-setup";

/// The present boot's name.
pub(super) fn boot() -> String {
    let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default();
    text.trim().to_owned()
}

fn mark(door: Door) -> PathBuf {
    Path::new(trial::FOLDER).join(door.as_str()).join("watched")
}

/// Starts the watcher and waits until it watches: nothing is changed before.
pub(super) fn begin(trial: &Trial, program: &Path) -> Result<(), SetupError> {
    let mark = mark(trial.door);
    write::remove(&mark)?;
    let words = [
        "setup",
        "watch",
        trial.door.as_str(),
        "--seconds",
        &trial.seconds.to_string(),
    ]
    .map(str::to_owned);
    if Path::new(SYSTEMD).exists() {
        // In no session's scope: `KillUserProcesses` does not reach it.
        let program = program.display().to_string();
        let mut all = vec![
            "--quiet",
            "--collect",
            "--description=Puts `samekey setup` back",
            "--",
            &program,
        ];
        all.extend(words.iter().map(String::as_str));
        ran("systemd-run", &all)?;
    } else {
        let mut command = Command::new(program);
        command.args(&words).current_dir("/");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.spawn().map_err(|why| SetupError::file(program, why))?;
    }
    let begun = Instant::now();
    while !mark.exists() {
        if begun.elapsed() > PATIENCE {
            return Err(SetupError::Program {
                program: "samekey setup watch".to_owned(),
                said: "it does not run; nothing was changed".to_owned(),
            });
        }
        std::thread::sleep(LOOK / 10);
    }
    Ok(())
}

/// The watcher's whole life. Ends when the trial was confirmed or put back, by whomever.
pub fn watch(door: Door, seconds: u64) -> Result<(), SetupError> {
    // Out of the terminal's session, whose end would be ours. Refused where systemd has done so already.
    let _ = rustix::process::setsid();
    let begun = Instant::now();
    write::replace_secret(&mark(door), std::process::id().to_string().as_bytes())?;
    let lasts = Duration::from_secs(seconds);
    loop {
        let open = Trial::load(door).is_some_and(|trial| trial.is_open());
        if !open {
            return Ok(());
        }
        if begun.elapsed() >= lasts {
            match trial::expire(door, "nobody confirmed it in time") {
                Ok(()) => return Ok(()),
                Err(_) => std::thread::sleep(AGAIN),
            }
        }
        std::thread::sleep(LOOK);
    }
}

/// At boot: puts back what an earlier boot left on trial.
pub fn after_boot() -> Result<(), SetupError> {
    let boot = boot();
    for door in Door::ALL {
        let left = Trial::load(door).filter(|trial| matches!(trial.state, State::Writing | State::Trying));
        if left.is_some_and(|trial| trial.boot != boot) {
            trial::expire(door, "the machine was started anew before it was confirmed")?;
        }
    }
    Ok(())
}

/// The files that see to it that the next boot puts a trial back, on this machine: a unit of systemd's, else a line for
/// cron. The journal names them before they are there, and they go when the trial is over.
pub(super) fn guards() -> Vec<PathBuf> {
    if Path::new("/etc/systemd/system").is_dir() {
        return vec![PathBuf::from(WANTED), PathBuf::from(UNIT)];
    }
    let cron = Path::new(CRON);
    cron.parent()
        .filter(|folder| folder.is_dir())
        .map(|_| cron.to_owned())
        .into_iter()
        .collect()
}

/// Writes them.
pub(super) fn guard_against_reboot(guards: &[PathBuf], program: &Path) -> Result<(), SetupError> {
    let program = program.display();
    let has = |path: &str| guards.iter().any(|guard| guard == Path::new(path));
    if has(CRON) {
        let text = format!("@reboot root {program} setup watch --boot\n");
        return write::replace(Path::new(CRON), text.as_bytes());
    }
    if !has(UNIT) {
        return Ok(());
    }
    let text = format!(
        "[Unit]\nDescription=Puts back a trial of `samekey setup` that nobody confirmed\n\
         ConditionPathExists={}\nBefore=ssh.service sshd.service getty.target\n\n\
         [Service]\nType=oneshot\nExecStart={program} setup watch --boot\n\n\
         [Install]\nWantedBy=multi-user.target\n",
        trial::FOLDER
    );
    write::replace(Path::new(UNIT), text.as_bytes())?;
    let wanted = Path::new(WANTED);
    let folder = wanted.parent().unwrap_or(wanted);
    std::fs::create_dir_all(folder).map_err(|why| SetupError::file(folder, why))?;
    write::remove(wanted)?;
    std::os::unix::fs::symlink(UNIT, wanted).map_err(|why| SetupError::file(wanted, why))
}
