//! A real PostgreSQL server from Debian's package, in a folder of its own, for as long as a test lasts.

use postgres::{Client, NoTls};
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{DirBuilderExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// A running server, reached over a Unix socket in its folder. Stopped, and its folder removed, when dropped.
#[derive(Debug)]
pub struct Server {
    folder: PathBuf,
    child: Child,
    databases: AtomicU32,
}

impl Server {
    /// Starts one, with fsync on as in production. Fails if the package is not installed.
    pub fn start() -> Result<Self, String> {
        static STARTED: AtomicU32 = AtomicU32::new(0);
        let programs = programs()?;
        let number = STARTED.fetch_add(1, Ordering::SeqCst);
        let folder = std::env::temp_dir().join(format!("samekey-pg-{}-{number}", std::process::id()));
        fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| format!("{}: {error}", folder.display()))?;
        let user = ordinary_user()?;
        if let Some((uid, gid)) = user {
            chown(&folder, Some(uid), Some(gid)).map_err(|error| error.to_string())?;
        }
        let made = Self::launch(&programs, &folder, user);
        if made.is_err() {
            let _ = fs::remove_dir_all(&folder);
        }
        made
    }

    fn launch(programs: &Path, folder: &Path, user: Option<(u32, u32)>) -> Result<Self, String> {
        let data = folder.join("data");
        let mut initdb = command(&programs.join("initdb"), folder, user);
        initdb.args([
            "--auth=trust",
            "--username=samekey",
            "--encoding=UTF8",
            "--locale=C",
            "--no-sync",
            "-D",
        ]);
        let made = initdb.arg(&data).output().map_err(|error| format!("initdb: {error}"))?;
        if !made.status.success() {
            return Err(format!("initdb failed: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let mut postgres = command(&programs.join("postgres"), folder, user);
        postgres.arg("-D").arg(&data).arg("-k").arg(folder);
        postgres.args(["-c", "listen_addresses=", "-c", "fsync=on", "-c", "max_connections=60"]);
        let mut child = postgres
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| format!("postgres: {error}"))?;
        let ready = child.stderr.take().map(wait_until_ready);
        let server = Self {
            folder: folder.to_owned(),
            child,
            databases: AtomicU32::new(0),
        };
        match ready {
            Some(Ok(())) => Ok(server),
            Some(Err(said)) => Err(format!("postgres did not start: {said}")),
            None => Err("postgres has no error output".into()),
        }
    }

    /// Makes one more empty place for a store and gives its connection string: a schema, since a database of its own
    /// would be hundreds of files to sync.
    pub fn database(&self) -> Result<String, String> {
        let name = format!("d{}", self.databases.fetch_add(1, Ordering::SeqCst));
        let told = |error: postgres::Error| format!("{error:?}");
        let server = format!("host={} user=samekey dbname=postgres", self.folder.display());
        let mut client = Client::connect(&server, NoTls).map_err(told)?;
        client.batch_execute(&format!("CREATE SCHEMA {name}")).map_err(told)?;
        Ok(format!("{server} options='-c search_path={name}'"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // SIGINT: the server ends its sessions and stops in order.
        let stopped = Command::new("kill")
            .args(["-INT", &self.child.id().to_string()])
            .status();
        if !stopped.is_ok_and(|status| status.success()) {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The newest installed server's programs.
fn programs() -> Result<PathBuf, String> {
    let missing =
        "no PostgreSQL server is installed: `apt-get install postgresql` (the contract suite needs a real one)";
    let folders = fs::read_dir("/usr/lib/postgresql").map_err(|_| missing.to_owned())?;
    let found = folders
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let version: u32 = path.file_name()?.to_str()?.parse().ok()?;
            let programs = path.join("bin");
            (programs.join("postgres").exists() && programs.join("initdb").exists()).then_some((version, programs))
        })
        .max();
    found.map(|(_, programs)| programs).ok_or_else(|| missing.to_owned())
}

/// Whom the server runs as when we are root, as whom it refuses to run: `postgres`, or else `nobody`.
fn ordinary_user() -> Result<Option<(u32, u32)>, String> {
    if crate::config::safe_file::own_user() != 0 {
        return Ok(None);
    }
    let users = fs::read_to_string("/etc/passwd").map_err(|error| error.to_string())?;
    let of = |name: &str| {
        let line = users.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2).map(str::parse::<u32>);
        Some((fields.next()?.ok()?, fields.next()?.ok()?))
    };
    of("postgres")
        .or_else(|| of("nobody"))
        .map(Some)
        .ok_or_else(|| "PostgreSQL will not run as root, and there is neither a user postgres nor nobody".into())
}

fn command(program: &Path, folder: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder).stdin(Stdio::null()).stdout(Stdio::null());
    command.env_clear().env("LC_ALL", "C").env("PATH", "/usr/bin:/bin");
    if let Some((uid, gid)) = user {
        command.uid(uid).gid(gid);
    }
    command
}

/// Reads the server's log until it says that it is ready, and then on, so that it never blocks on a full pipe.
fn wait_until_ready(log: std::process::ChildStderr) -> Result<(), String> {
    let mut lines = BufReader::new(log).lines();
    let mut said = String::new();
    for line in &mut lines {
        let line = line.map_err(|error| error.to_string())?;
        if line.contains("ready to accept connections") {
            std::thread::spawn(move || lines.for_each(drop));
            return Ok(());
        }
        said.push_str(&line);
        said.push('\n');
    }
    Err(said)
}
