//! What the kernel says of a process and of those above it (proc(5)).

use std::fs;
use std::path::PathBuf;

/// Most processes above one that are looked at.
const HIGHEST: usize = 64;

/// Longest file that is read.
const LONGEST: u64 = 16 * 1024;

/// What the kernel writes where no session was begun yet.
const UNSET: u32 = u32::MAX;

/// Major device number of virtual consoles; their minors are 1 to 63.
const CONSOLES: u32 = 4;

/// `/proc`.
#[derive(Debug)]
pub struct Processes {
    place: PathBuf,
}

/// One process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its name: the program's, unless it changed it.
    pub name: String,
    /// Its real user.
    pub user: u32,
    parent: u32,
    terminal: u32,
    started: u64,
}

impl Process {
    /// Whether the terminal that controls it is a virtual console. A pseudo-terminal is somebody's window, anywhere.
    pub fn is_on_console(&self) -> bool {
        let (major, minor) = (
            self.terminal >> 8 & 0xfff,
            self.terminal & 0xff | self.terminal >> 12 & 0xfff00,
        );
        major == CONSOLES && (1..=63).contains(&minor)
    }

    /// Whether any terminal controls it.
    pub fn has_terminal(&self) -> bool {
        self.terminal != 0
    }
}

/// A process and those above it, up to the child of process 1; never empty.
#[derive(Debug, PartialEq, Eq)]
pub struct Chain(Vec<Process>);

impl Chain {
    /// Whether one of them is so.
    pub fn any(&self, is_so: impl FnMut(&Process) -> bool) -> bool {
        self.0.iter().any(is_so)
    }

    /// The process itself.
    pub fn first(&self) -> &Process {
        &self.0[0]
    }

    /// The highest below process 1.
    pub fn top(&self) -> &Process {
        &self.0[self.0.len() - 1]
    }
}

/// What the kernel wrote into a process when its session began: inherited, and not to be changed without privileges.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The session's number.
    pub number: u32,
    /// The user that it was begun for.
    pub login: u32,
}

impl Processes {
    /// Reads there.
    pub fn at(place: PathBuf) -> Self {
        Self { place }
    }

    fn text(&self, pid: u32, file: &str) -> Option<String> {
        use std::io::Read;
        let open = fs::File::open(self.place.join(pid.to_string()).join(file)).ok()?;
        let mut text = String::new();
        open.take(LONGEST).read_to_string(&mut text).ok()?;
        Some(text)
    }

    /// The process and those above it, or nothing if one of them cannot be read.
    pub fn chain(&self, pid: u32) -> Option<Chain> {
        let mut chain = vec![self.process(pid)?];
        while let Some(last) = chain.last().filter(|last| last.parent != 1) {
            // A parent of 0 is in a namespace that is not ours to see.
            if last.parent == 0 || chain.len() == HIGHEST {
                return None;
            }
            let above = self.process(last.parent)?;
            chain.push(above);
        }
        Some(Chain(chain))
    }

    fn process(&self, pid: u32) -> Option<Process> {
        let stat = self.text(pid, "stat")?;
        // `pid (name) state parent …`: the name may hold anything, parentheses too.
        let (head, tail) = stat.rsplit_once(')')?;
        let name = head.split_once('(')?.1.to_owned();
        let fields: Vec<&str> = tail.split_whitespace().collect();
        let number = |place: usize| fields.get(place)?.parse::<u64>().ok();
        let status = self.text(pid, "status")?;
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        Some(Process {
            pid,
            name,
            user: users.split_whitespace().next()?.parse().ok()?,
            parent: u32::try_from(number(1)?).ok()?,
            terminal: u32::try_from(fields.get(4)?.parse::<i64>().ok()?).ok()?,
            started: number(19)?,
        })
    }

    /// The session that a process was begun in; nothing if in none. Unreadable is an error: that is no answer.
    pub fn session(&self, pid: u32) -> Result<Option<Mark>, &'static str> {
        let number = |file: &str| {
            self.text(pid, file)
                .and_then(|text| text.trim().parse::<u32>().ok())
                .ok_or("this kernel does not tell which session a process belongs to")
        };
        let (number, login) = (number("sessionid")?, number("loginuid")?);
        Ok((number != UNSET && login != UNSET).then_some(Mark { number, login }))
    }

    /// Whether this process is the user manager of that user: systemd put it into a group that only root can.
    pub fn is_user_manager(&self, pid: u32, user: u32) -> bool {
        let group = format!("/user.slice/user-{user}.slice/user@{user}.service/");
        let groups = self.text(pid, "cgroup").unwrap_or_default();
        groups.lines().any(|line| {
            let path = line.splitn(3, ':').nth(2).unwrap_or_default();
            path.starts_with(&group)
        })
    }
}
