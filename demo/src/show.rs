//! `make demo`: binds the person's own authenticator app, says what to type, and keeps everything running until Ctrl-C.

use crate::Trouble;
use crate::stage::{self, PASSWORD, PERSON};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use std::io::IsTerminal;
use std::path::Path;
use std::process::Command;

/// Runs it.
pub fn run(target: &Path) -> Result<(), Trouble> {
    if !std::io::stdin().is_terminal() {
        return Err("this needs a terminal and a person; `make demo-check` needs neither".into());
    }
    let mut signals = Signals::new([SIGINT, SIGTERM, SIGHUP])?;
    let stage = stage::set(target, |step| println!("- {step}"))?;

    println!("\nBind an authenticator app to the account `{PERSON}`: scan the code, then type what the app shows.\n");
    let bound = Command::new("samekey")
        .args(["device", "bind", "totp", "--user", PERSON])
        .status()?;
    if !bound.success() || signals.pending().next().is_some() {
        println!("\nNothing bound. Removing everything.");
        return Ok(());
    }
    print!("{}", directions(stage.sshd.port, &stage.web.app));
    signals.forever().next();
    println!("\nRemoving everything: accounts, keys, store and configuration were in the box alone.");
    Ok(())
}

fn directions(ssh_port: u16, app: &str) -> String {
    format!(
        "\n\
         One enrolment, two doors. The password is `{PASSWORD}` at both; each code of the app opens one door once.\n\n\
         1. The shell, from another terminal of this machine:\n\n\
         \u{20}    ssh -p {ssh_port} -o UserKnownHostsFile=/dev/null {PERSON}@127.0.0.1\n\n\
         2. The web app, in a browser of this machine (user name `{PERSON}`):\n\n\
         \u{20}    {app}/\n\n\
         3. Type the code that you have just used at the other door: it is refused there.\n\
         4. In the ssh session, `sudo id`: asks again, with a fresh code.\n\
         5. In the ssh session, `sudo samekey audit tail`, `sudo samekey policy show`, `sudo samekey status`.\n\n\
         Ctrl-C here removes everything.\n"
    )
}
