//! Through the machine's own `sendmail`, which has a queue of its own. It gets no more time than a claim lasts.

use super::transport::Trouble;
use lettre::Message;
use std::io::{Read, Write};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

/// How long it may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// Between two looks whether it is done.
const LOOK: Duration = Duration::from_millis(50);
/// How much of its complaint is kept.
const MOST_SAID: u64 = 1000;
/// `EX_NOUSER`, `EX_NOHOST`, `EX_DATAERR` of sysexits.h: the address or the letter is at fault.
const LASTING: [i32; 3] = [67, 68, 65];

pub(super) fn send(program: &Path, message: &Message) -> Result<(), Trouble> {
    let passing = |why: String| Trouble::Passing(format!("{}: {why}", program.display()));
    let mut command = Command::new(program);
    command.arg("-i");
    if let Some(from) = message.envelope().from() {
        command.arg("-f").arg::<&str>(from.as_ref());
    }
    command
        .arg("--")
        .args(message.envelope().to().iter().map(ToString::to_string));
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|why| passing(why.to_string()))?;
    let bytes = message.formatted();
    let pipe = child.stdin.take();
    // A program that does not read must not hold us up: the writer ends when the program does.
    let writer = std::thread::spawn(move || pipe.map_or(Ok(()), |mut pipe| pipe.write_all(&bytes)));
    let ended = waited(&mut child).map_err(|why| passing(why.to_string()))?;
    let written = writer.join().unwrap_or(Ok(()));
    let Some(status) = ended else {
        return Err(passing("it did not end in time".to_owned()));
    };
    match status.code() {
        // It may have taken half of the letter.
        Some(0) => written.map_err(|why| passing(why.to_string())),
        Some(code) if LASTING.contains(&code) => {
            Err(Trouble::Lasting(format!("{}: {}", program.display(), said(child))))
        }
        _ => Err(passing(format!("{status}: {}", said(child)))),
    }
}

/// Its end; `None` if it was ended for taking too long.
fn waited(child: &mut Child) -> std::io::Result<Option<ExitStatus>> {
    let began = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if began.elapsed() > PATIENCE {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(LOOK);
    }
}

fn said(child: Child) -> String {
    let mut text = Vec::new();
    if let Some(pipe) = child.stderr
        && pipe.take(MOST_SAID).read_to_end(&mut text).is_err()
    {
        text.clear();
    }
    String::from_utf8_lossy(&text).trim().to_owned()
}
