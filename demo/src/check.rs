//! `make demo-check`: plays the person at every door, unattended, and asserts what issue and README promise.

use crate::Trouble;
use crate::codes::Codes;
use crate::stage::{self, PASSWORD, PERSON, Stage};
use crate::transcript::{Transcript, note, shown};
use samekey_demo::{Browser, Terminal};
use serde_json::Value;
use std::path::Path;

/// Part of every prompt that asks for a code.
const CODE_PROMPT: &str = "erification code";
/// Part of every prompt that asks for the system's password.
const PASSWORD_PROMPT: &str = "assword";
/// The end of the shell's prompt.
const SHELL: &str = "$ ";

/// Runs it.
pub fn run(target: &Path) -> Result<(), Trouble> {
    let mut transcript = Transcript::default();
    transcript.chapter("The stage: one machine, thrown away afterwards");
    let stage = stage::set(target, |step| println!("   {step}"))?;
    let told = play(&stage, &mut transcript);
    if told.is_err() {
        note("what the daemons said:");
        shown(&stage.machine.daemons_said());
        note("what the system log holds:");
        shown(&stage.machine.log());
    }
    told?;
    Ok(transcript.close()?)
}

fn play(stage: &Stage, transcript: &mut Transcript) -> Result<(), Trouble> {
    let mut codes = bind(stage, transcript)?;
    let (mut session, used) = ssh(stage, transcript, &mut codes)?;
    ssh_again(stage, transcript, &used)?;
    web(stage, transcript, &mut codes, &used)?;
    sudo(transcript, &mut codes, &mut session)?;
    audit(stage, transcript)
}

/// The app is bound at the terminal: QR code, key, one code to prove it, recovery codes.
fn bind(stage: &Stage, transcript: &mut Transcript) -> Result<Codes, Trouble> {
    transcript.chapter("Bind an authenticator app: samekey device bind totp --user demo");
    let enrolled = stage.machine.enrol(PERSON)?;
    shown(&enrolled.shown);
    transcript.holds("ten recovery codes are told", enrolled.recovery_codes.len() == 10);
    Ok(Codes::after(enrolled.app, enrolled.proven_with))
}

/// The first door.
fn ssh(stage: &Stage, transcript: &mut Transcript, codes: &mut Codes) -> Result<(Terminal, String), Trouble> {
    transcript.chapter("The shell: ssh with the password and a code of that app");
    let mut session = Terminal::start("ssh", stage.sshd.arguments(PERSON, &[]))?;
    session.see(PASSWORD_PROMPT)?;
    session.line(PASSWORD)?;
    session.see(CODE_PROMPT)?;
    let code = codes.fresh();
    session.line(&code)?;
    session.see(SHELL)?;
    session.line("echo signed in as $(id -un)")?;
    session.see("signed in as demo")?;
    session.see(SHELL)?;
    shown(session.shown());
    transcript.holds("the code opened the shell", true);
    Ok((session, code))
}

/// The same door, the same code.
fn ssh_again(stage: &Stage, transcript: &mut Transcript, used: &str) -> Result<(), Trouble> {
    transcript.chapter("The same code at the same door");
    let mut second = Terminal::start("ssh", stage.sshd.arguments(PERSON, &[]))?;
    second.see(PASSWORD_PROMPT)?;
    second.line(PASSWORD)?;
    second.see(CODE_PROMPT)?;
    second.line(used)?;
    let next = second.see_any(&["used already", SHELL])?;
    second.see(CODE_PROMPT)?;
    shown(second.shown());
    transcript.holds("refused: it was used before", next == 0);
    second.keys(b"\x03")?;
    Ok(())
}

/// The second door: the used code refused, a fresh one accepted, and what the app is told.
fn web(stage: &Stage, transcript: &mut Transcript, codes: &mut Codes, used: &str) -> Result<(), Trouble> {
    transcript.chapter("The web app: the same account, the same app");
    let (mut browser, door) = (Browser::default(), &stage.web);
    let page = door.up_to_the_code(&mut browser, PERSON, PASSWORD)?;
    shown(&format!(
        "{}\n{}",
        page.address.origin().ascii_serialization(),
        page.text()
    ));

    let page = door.give_code(&mut browser, &page, used)?;
    shown(&page.text());
    transcript.holds(
        "the code that opened the shell is refused on the web",
        !door.let_in(&page),
    );

    let page = door.give_code(&mut browser, &page, &codes.fresh())?;
    transcript.holds("a fresh code signs in at the sample app", door.let_in(&page));
    let claims = door.claims(&mut browser)?;
    shown(&serde_json::to_string_pretty(&claims)?);
    transcript.holds("acr is urn:samekey:acr:mfa", claims["acr"] == "urn:samekey:acr:mfa");
    transcript.holds(
        "amr is [pwd, otp, mfa]",
        claims["amr"] == serde_json::json!(["pwd", "otp", "mfa"]),
    );
    Ok(())
}

/// Root, from the session that is still open.
fn sudo(transcript: &mut Transcript, codes: &mut Codes, session: &mut Terminal) -> Result<(), Trouble> {
    transcript.chapter("sudo in that ssh session: asks again");
    let before = session.shown().len();
    session.line("sudo id -un")?;
    session.see(PASSWORD_PROMPT)?;
    session.line(PASSWORD)?;
    session.see(CODE_PROMPT)?;
    session.line(&codes.wrong())?;
    let next = session.see_any(&["not right", "root\n"])?;
    session.see(CODE_PROMPT)?;
    transcript.holds("a wrong code is refused", next == 0);
    session.line(&codes.fresh())?;
    let next = session.see_any(&["root\n", CODE_PROMPT])?;
    shown(&session.shown()[before..]);
    transcript.holds("a fresh code makes root", next == 0);
    Ok(())
}

/// What the trail must tell of the person, in this order: the event, and the service where it happened.
const STORY: [(&str, Option<&str>); 7] = [
    ("device-bound", None),
    ("sign-in-granted", Some("pam:sshd")),
    ("code-replayed", Some("pam:sshd")),
    ("code-replayed", Some("oidc:sample")),
    ("sign-in-granted", Some("oidc:sample")),
    ("code-refused", Some("pam:sudo")),
    ("sign-in-granted", Some("pam:sudo")),
];

/// One chain that tells all of it.
fn audit(stage: &Stage, transcript: &mut Transcript) -> Result<(), Trouble> {
    transcript.chapter("The audit trail: one chain for both doors");
    shown(&stage.machine.samekey(&["audit", "tail", "-n", "40"], "")?);
    let export = stage.machine.samekey(&["audit", "export"], "")?;
    let mut events = export
        .lines()
        .map(serde_json::from_str::<Value>)
        .collect::<Result<Vec<_>, _>>()?
        .into_iter();
    for (kind, service) in STORY {
        let told = events.any(|line| {
            let event = &line["event"];
            event["subject"] == PERSON && event["kind"] == kind && service.is_none_or(|name| event["service"] == name)
        });
        transcript.holds(
            &format!(
                "it tells of {kind}{}",
                service.map(|name| format!(" at {name}")).unwrap_or_default()
            ),
            told,
        );
    }
    let verified = stage.machine.samekey(&["audit", "verify"], "");
    shown(verified.as_deref().unwrap_or_default());
    transcript.holds("the chain verifies", verified.is_ok());
    Ok(())
}
