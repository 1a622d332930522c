//! Whether the session that confirms came in through the door on trial: the kernel says which connection or terminal it
//! hangs on, and the agent whether somebody proved a second factor there since the trial began.

use super::SetupError;
use super::plan::Door;
use super::trial::Trial;
use samekey_wire::{Call, FromAgent, FromModule, Reader, Start, Verdict};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The agent answers within this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Most processes above ours that are looked at.
const HIGHEST: usize = 64;
/// Major device numbers of pseudo-terminals, and of terminals.
const PSEUDO: std::ops::RangeInclusive<u32> = 136..=143;
const TERMINALS: u32 = 4;

/// What a session hangs on, as the door's own login told the agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Witness {
    /// The PAM service.
    pub service: String,
    /// Who logged in.
    pub user: String,
    /// The terminal, where there is one.
    pub tty: Option<String>,
    /// Who called.
    pub caller: Option<String>,
    /// sshd's connection.
    pub connection: Option<String>,
}

#[derive(Debug, Clone)]
struct Process {
    pid: u32,
    parent: u32,
    terminal: u32,
    started: u64,
    /// Whose it is.
    user: u32,
    /// As whom it acts: sudo's processes are their caller's.
    acting: u32,
    program: Option<PathBuf>,
}

impl Process {
    fn read(pid: u32) -> Option<Self> {
        let folder = PathBuf::from(format!("/proc/{pid}"));
        let stat = fs::read_to_string(folder.join("stat")).ok()?;
        // The name in parentheses may hold anything.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let status = fs::read_to_string(folder.join("status")).ok()?;
        let users = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        Some(Self {
            pid,
            parent: fields.get(1)?.parse().ok()?,
            terminal: u32::try_from(fields.get(4)?.parse::<i64>().ok()?).ok()?,
            started: fields.get(19)?.parse().ok()?,
            user: users.split_whitespace().next()?.parse().ok()?,
            acting: users.split_whitespace().nth(1)?.parse().ok()?,
            program: fs::read_link(folder.join("exe")).ok(),
        })
    }

    /// A program of the system's of one of these names that acts as root.
    fn is_roots(&self, names: &[&str]) -> bool {
        let Some(program) = self.program.as_deref().filter(|_| self.acting == 0) else {
            return false;
        };
        let name = program.file_name().unwrap_or_default();
        program.starts_with("/usr") && names.iter().any(|known| name == *known)
    }

    /// `/dev/pts/3`
    fn terminal(&self) -> Option<String> {
        let (major, minor) = (
            self.terminal >> 8 & 0xfff,
            self.terminal & 0xff | self.terminal >> 12 & 0xfff00,
        );
        match major {
            major if PSEUDO.contains(&major) => Some(format!("/dev/pts/{}", (major - PSEUDO.start()) * 256 + minor)),
            TERMINALS if minor < 64 => Some(format!("/dev/tty{minor}")),
            TERMINALS => Some(format!("/dev/ttyS{}", minor - 64)),
            _ => None,
        }
    }
}

/// When a process was started, in the kernel's ticks since boot.
pub(super) fn started(pid: u32) -> Option<u64> {
    Process::read(pid).map(|process| process.started)
}

/// Makes sure that this very process runs in a session that came in through the door on trial, after it began, with a
/// second factor. `name_of` tells the name of a user number.
pub fn prove_session(
    trial: &Trial,
    socket: &Path,
    name_of: impl Fn(u32) -> Option<String>,
) -> Result<Witness, SetupError> {
    let no = |what: &str| {
        Err(SetupError::NotWitnessed(format!(
            "{what}. Log in anew through {} from another terminal, with the second factor, and confirm there",
            trial.door.as_str()
        )))
    };
    let chain = chain();
    let Some((door, below)) = door_of(trial.door, &chain) else {
        return no("this session did not come in through the door on trial");
    };
    if door.started <= trial.ticks {
        return no("this session is older than the trial");
    }
    let service = match trial.door {
        Door::Ssh => "sshd",
        Door::Sudo => "sudo",
        Door::Login => "login",
    };
    let Some(user) = name_of(below.user) else {
        return no("the user of this session has no name");
    };
    let mut witness = Witness {
        service: service.to_owned(),
        user: user.clone(),
        tty: None,
        caller: None,
        connection: None,
    };
    match trial.door {
        Door::Ssh => witness.connection = connection(door.pid),
        Door::Sudo => (witness.tty, witness.caller) = (door.terminal(), Some(user)),
        Door::Login => witness.tty = below.terminal(),
    }
    if witness.connection.is_none() && witness.tty.is_none() {
        return no("this session hangs on no connection and no terminal");
    }
    match asked(socket, &witness)? {
        Some(at) if at >= trial.began => Ok(witness),
        Some(_) => no("the second factor of this session was proven before the trial began"),
        None => no("the agent saw no second factor of this session"),
    }
}

/// This process and those above it.
fn chain() -> Vec<Process> {
    let mut chain = Vec::new();
    let mut pid = std::process::id();
    while let Some(process) = Process::read(pid).filter(|_| chain.len() < HIGHEST) {
        pid = process.parent;
        chain.push(process);
    }
    chain
}

/// The door's own process above us, and the one next to it whose user came in: for ssh the one below (sshd's child of
/// that person), for login too, for sudo the one above (who called).
fn door_of(door: Door, chain: &[Process]) -> Option<(&Process, &Process)> {
    match door {
        Door::Ssh => {
            let names = ["sshd", "sshd-session"];
            let at = chain
                .iter()
                .position(|one| one.is_roots(&names) && connection(one.pid).is_some())?;
            Some((chain.get(at)?, chain.get(at.checked_sub(1)?)?))
        }
        Door::Login => {
            let at = chain.iter().position(|one| one.is_roots(&["login"]))?;
            Some((chain.get(at)?, chain.get(at.checked_sub(1)?)?))
        }
        Door::Sudo => {
            let is_sudo = |one: &Process| one.is_roots(&["sudo"]);
            let at = chain.iter().position(is_sudo)?;
            let last = at + chain[at..].iter().take_while(|one| is_sudo(one)).count();
            Some((chain.get(last - 1)?, chain.get(last)?))
        }
    }
}

/// The established connection of a process, as sshd writes `SSH_CONNECTION`: client and port, server and port.
fn connection(pid: u32) -> Option<String> {
    let sockets: Vec<String> = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok()?.to_str().map(str::to_owned))
        .filter_map(|link| Some(link.strip_prefix("socket:[")?.strip_suffix(']')?.to_owned()))
        .collect();
    ["tcp", "tcp6"].iter().find_map(|table| {
        let text = fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok()?;
        text.lines().skip(1).find_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            let (local, remote) = (fields.get(1)?, fields.get(2)?);
            let is_it = *fields.get(3)? == "01" && sockets.iter().any(|inode| Some(&inode.as_str()) == fields.get(9));
            let ((to, to_port), (from, from_port)) = (endpoint(local)?, endpoint(remote)?);
            is_it.then(|| format!("{from} {from_port} {to} {to_port}"))
        })
    })
}

/// `0100007F:0016`, as the kernel writes addresses: words of this machine's byte order.
fn endpoint(text: &str) -> Option<(IpAddr, u16)> {
    let (address, port) = text.split_once(':')?;
    let word = |at: usize| {
        u32::from_str_radix(address.get(at..at + 8)?, 16)
            .ok()
            .map(u32::to_ne_bytes)
    };
    let address = if address.len() == 8 {
        IpAddr::V4(Ipv4Addr::from(word(0)?))
    } else {
        let mut bytes = [0; 16];
        for (number, part) in bytes.chunks_mut(4).enumerate() {
            part.copy_from_slice(&word(number * 8)?);
        }
        IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()
    };
    Some((address, u16::from_str_radix(port, 16).ok()?))
}

/// Asks the agent when a second factor was proven there.
fn asked(socket: &Path, witness: &Witness) -> Result<Option<i64>, SetupError> {
    let trouble =
        |why: String| SetupError::NotWitnessed(format!("the agent cannot be asked at {}: {why}", socket.display()));
    // login of shadow leaves out the folder of its terminal, that of util-linux does not: either may be what PAM was told.
    let short = witness.tty.as_deref().and_then(|tty| tty.strip_prefix("/dev/"));
    let terminals = [witness.tty.clone(), short.map(str::to_owned)];
    let count = if short.is_some() && witness.service == "login" {
        2
    } else {
        1
    };
    for tty in terminals.into_iter().take(count) {
        let start = Start {
            call: Call::Proof,
            service: witness.service.clone(),
            user: witness.user.clone(),
            tty,
            rhost: None,
            ruser: witness.caller.clone(),
            uid: 0,
            silent: true,
            ssh_connection: witness.connection.clone(),
            auth_info: None,
            had_password: false,
            locale: None,
        };
        let told = said(socket, start).map_err(trouble)?;
        if told.is_some() {
            return Ok(told);
        }
    }
    Ok(None)
}

fn said(socket: &Path, start: Start) -> Result<Option<i64>, String> {
    let mut stream = UnixStream::connect(socket).map_err(|why| why.to_string())?;
    let limited = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    limited.map_err(|why| why.to_string())?;
    samekey_wire::write(&mut stream, &FromModule::Start(Box::new(start))).map_err(|why| why.to_string())?;
    heard(stream)
}

fn heard(stream: UnixStream) -> Result<Option<i64>, String> {
    let mut reader = Reader::new(stream);
    let mut at = None;
    loop {
        match reader.receive(|_| Ok(())).map_err(|why| why.to_string())? {
            FromAgent::Info { text } => at = text.parse().ok(),
            FromAgent::Verdict(Verdict::Granted) => return Ok(at),
            FromAgent::Verdict(_) => return Ok(None),
            FromAgent::Prompt { .. } | FromAgent::Error { .. } => return Err("it says what was not asked".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_the_kernel_writes_them() {
        // Words of a machine with the lowest byte first.
        if cfg!(target_endian = "little") {
            assert_eq!(endpoint("0100007F:0016"), Some((IpAddr::V4(Ipv4Addr::LOCALHOST), 22)));
            let mapped = "0000000000000000FFFF00000100007F:1F90";
            assert_eq!(endpoint(mapped), Some((IpAddr::V4(Ipv4Addr::LOCALHOST), 8080)));
        }
        assert_eq!(endpoint("nonsense"), None);
    }

    #[test]
    fn a_connection_is_found_in_the_kernels_tables() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let found = connection(std::process::id()).unwrap();
        let (ours, theirs) = (client.local_addr().unwrap(), client.peer_addr().unwrap());
        let either = [
            format!("{} {} {} {}", ours.ip(), ours.port(), theirs.ip(), theirs.port()),
            format!("{} {} {} {}", theirs.ip(), theirs.port(), ours.ip(), ours.port()),
        ];
        assert!(either.contains(&found), "{found}");
    }

    #[test]
    fn a_process_knows_when_it_was_started() {
        assert!(started(std::process::id()).is_some_and(|ticks| ticks > 0));
        assert!(started(u32::MAX).is_none());
    }
}
