//! `samekey device bind totp`: key shown, one code proven, recovery codes printed once.

use crate::environment;
use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, say};
use crate::password::first_line;
use crate::terminal::Terminal;
use samekey_provider::sessions;
use samekey_shared::devices::totp::Pending;
use samekey_shared::devices::{Device, DeviceName, NameRule, recovery};
use samekey_shared::flows::BindTrouble;
use samekey_shared::flows::bind::{Answered, Bind, Shown};
use samekey_shared::moving::otpauth;
use samekey_shared::policy::DeviceNames;
use samekey_shared::qr::{self, Ink};
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;
use serde_json::{Value, json};
use std::io::IsTerminal;
use std::path::{Path, PathBuf};

/// What `device bind totp` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: a login name
    #[arg(long, value_name = "NAME")]
    user: String,
    /// What the device is called: letters, digits, - and _
    #[arg(long, value_name = "NAME", default_value = "app")]
    name: String,
    /// Take the place of this app, by its name or id: the old one goes in the step that binds the new one
    #[arg(long, value_name = "DEVICE")]
    replaces: Option<String>,
    /// How to show the QR code; `auto` shows it at a terminal that can
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Show::Auto)]
    qr: Show,
    /// Make a key, print it and store nothing: the first of two steps without a terminal
    #[arg(long, conflicts_with_all = ["import", "secret_file", "code"])]
    draw: bool,
    /// Take the key of this otpauth:// URI, `-` for stdin (a URI in the arguments is seen by other users of the machine)
    #[arg(long, value_name = "URI")]
    import: Option<String>,
    /// Take the key from this file: an otpauth:// URI or base32; `-` for stdin
    #[arg(long, value_name = "PATH", conflicts_with = "import")]
    secret_file: Option<PathBuf>,
    /// The code that the app shows now, instead of being asked for it
    #[arg(long, value_name = "CODE")]
    code: Option<String>,
}

/// How to show the QR code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Show {
    /// Half blocks at a UTF-8 terminal that is large enough, else none
    Auto,
    /// Half blocks
    Blocks,
    /// Two characters a module, for terminals without UTF-8
    Ascii,
    /// None
    None,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let name = installation.login_name(&arguments.user)?;
    let account = realm.store.read(|tx| Installation::account(tx, &name))?;
    let pending = pending(installation, arguments)?;
    let drawn_here = arguments.import.is_none() && arguments.secret_file.is_none();
    let old = arguments
        .replaces
        .as_deref()
        .map(|old| super::one(installation, &account, old));
    let old = old.transpose()?;
    let (bind, shown) = match &old {
        Some(old) => Bind::replacing(realm, account.id, pending, old.id)?,
        None => Bind::start(realm, account.id, pending)?,
    };
    if arguments.draw {
        return Ok(drawn(&shown, arguments.qr));
    }
    // A key that nobody has seen cannot have a code yet.
    if drawn_here && arguments.code.is_some() {
        return Err(Failure::usage(
            "--code proves a key that the app has: give the key by --secret-file or --import",
        ));
    }
    let terminal = match &arguments.code {
        Some(_) => None,
        None => Some(Terminal::needed(
            "a code of the app",
            "--draw first, then --secret-file and --code",
        )?),
    };
    if drawn_here {
        show(&shown, arguments.qr);
    }
    match (&arguments.code, terminal) {
        (None, Some(terminal)) => converse(installation, bind, &terminal),
        (code, _) => prove(installation, bind, code.as_deref().unwrap_or_default()),
    }
}

/// What a device may be called here.
pub fn device_name(installation: &Installation, typed: &str) -> Result<DeviceName, Failure> {
    let realm = &installation.realm;
    let rule = realm
        .store
        .read(|tx| Ok::<_, Failure>(realm.policy(tx)?.settings().device_name))?;
    let rule = match rule {
        DeviceNames::Ascii => NameRule::Ascii,
        DeviceNames::Unicode => NameRule::Unicode,
    };
    DeviceName::parse(typed, rule).map_err(|error| Failure::new(Exit::Usage, error.code(), error.to_string()))
}

fn pending(installation: &Installation, arguments: &Arguments) -> Result<Pending, Failure> {
    let realm = &installation.realm;
    let name = device_name(installation, &arguments.name)?;
    let Some(text) = brought(arguments)? else {
        return Ok(Pending::new(realm.entropy.as_ref(), name)?);
    };
    // The reason alone: the text holds a secret and is never repeated.
    let brought = otpauth::read(text.expose())
        .map_err(|unfit| Failure::usage(format!("this key cannot be imported: {unfit}")))?;
    Ok(Pending::carried(name, brought.shape, brought.secret)?)
}

/// The key that was brought along, as its text.
fn brought(arguments: &Arguments) -> Result<Option<SecretText>, Failure> {
    let stdin = || first_line(std::io::stdin().lock()).map(Some);
    match (&arguments.import, &arguments.secret_file) {
        (Some(uri), _) if uri == "-" => stdin(),
        (Some(uri), _) => Ok(Some(uri.as_str().into())),
        (None, Some(path)) if path == Path::new("-") => stdin(),
        (None, Some(path)) => {
            let file = std::fs::File::open(path).map_err(|error| Failure::file(path, &error))?;
            first_line(file).map(Some)
        }
        (None, None) => Ok(None),
    }
}

/// The first of two steps: the key as data.
fn drawn(shown: &Shown, how: Show) -> Answer {
    let (uri, key) = (shown.uri.expose(), shown.key.expose());
    let mut text = drawing(how, uri);
    text.push_str(uri);
    text.push('\n');
    text.push_str(key);
    Answer::change(
        false,
        json!({ "uri": uri, "key": key }),
        "Nothing is stored yet: prove it with --secret-file and --code.",
    )
    .text(text)
}

/// The QR code of a text, with its last line's end; empty where none fits.
pub fn drawing(how: Show, text: &str) -> String {
    let ink = ink(how, text).ok().flatten();
    let picture = ink.and_then(|ink| qr::draw(text, ink));
    picture
        .map(|picture| picture.lines.join("\n") + "\n")
        .unwrap_or_default()
}

/// The ink that fits, or why there is none.
fn ink(how: Show, uri: &str) -> Result<Option<Ink>, &'static str> {
    let paint = if environment::no_color() {
        Ink::Plain
    } else {
        Ink::Colour
    };
    match how {
        Show::None => Ok(None),
        Show::Ascii => Ok(Some(Ink::Ascii)),
        Show::Blocks => Ok(Some(paint)),
        Show::Auto if !std::io::stderr().is_terminal() => Ok(None),
        Show::Auto if !environment::utf8() => Err("this terminal's locale is not UTF-8 (--qr ascii draws it larger)"),
        Show::Auto => {
            let (columns, lines) = Terminal::size();
            let fits =
                qr::draw(uri, paint).is_some_and(|picture| picture.columns <= columns && picture.lines.len() < lines);
            if fits {
                Ok(Some(paint))
            } else {
                Err("this terminal is too small (--qr blocks draws it all the same)")
            }
        }
    }
}

/// Shows the key: what to do first, the QR code, then the key next to the prompt, so that all fits 24 lines.
fn show(shown: &Shown, how: Show) {
    let uri = shown.uri.expose();
    say(&format!(
        "Scan the QR code with the authenticator app (recommended), or add the key by hand:\n{uri}"
    ));
    match ink(how, uri) {
        Ok(Some(ink)) => qr::draw(uri, ink)
            .into_iter()
            .flat_map(|picture| picture.lines)
            .for_each(|line| say(&line)),
        Ok(None) => {}
        Err(why) => say(&format!("No QR code: {why}.")),
    }
    say(&format!("Key: {}", shown.key.expose()));
}

/// Asks until a code is right or the machine has had enough.
fn converse(installation: &Installation, bind: Bind, terminal: &Terminal) -> Result<Answer, Failure> {
    let mut bind = Box::new(bind);
    loop {
        let code = terminal.ask("Code: ")?;
        match answer(installation, *bind, &code)? {
            Answered::Bound { device, recovery } => return Ok(bound(&device, recovery.as_ref())),
            Answered::Again {
                bind: again,
                tries_left,
            } => {
                if again.clock_is_off() {
                    say(&clock_off());
                } else {
                    say(&format!("{WRONG} {tries_left} tries left."));
                }
                bind = again;
            }
            Answered::Ended => return Err(ended()),
        }
    }
}

/// Takes a code. With an app that is replaced, what was signed in by it ends.
fn answer(installation: &Installation, bind: Bind, code: &str) -> Result<Answered, Failure> {
    let (account, old) = (bind.account(), bind.replaces());
    let done = bind.answer_and(&installation.realm, &super::authority(), code, &mut |tx| match old {
        Some(old) => sessions::end_born_of(tx, account, old, None).map(drop),
        None => Ok(()),
    });
    Ok(done?)
}

/// M12.
const WRONG: &str = "That code is not right. Check that your phone's clock is set automatically.";

/// Q19.
fn clock_off() -> String {
    Texts::ENGLISH.say(BindTrouble::ClockOff.text_key())
}

fn prove(installation: &Installation, bind: Bind, code: &str) -> Result<Answer, Failure> {
    match answer(installation, bind, code)? {
        Answered::Bound { device, recovery } => Ok(bound(&device, recovery.as_ref())),
        Answered::Again { bind, .. } if bind.clock_is_off() => Err(Failure::new(
            Exit::Failed,
            BindTrouble::ClockOff.code(),
            "that code is of another time than ours",
        )
        .hint("Nothing was bound. Set the clock automatically, or bind at a terminal, which asks two codes.")),
        Answered::Again { .. } => Err(Failure::new(Exit::Failed, "code_wrong", WRONG).hint("Nothing was bound.")),
        Answered::Ended => Err(ended()),
    }
}

fn ended() -> Failure {
    Failure::new(
        Exit::Failed,
        "too_many_attempts",
        "too many wrong codes; nothing was bound",
    )
    .hint("Begin again with a new key.")
}

fn bound(device: &Device, recovery: Option<&recovery::Drawn>) -> Answer {
    let remark = format!(
        "Authenticator app {} is bound. Unbind it before uninstalling the app.",
        device.name
    );
    let data = json!({ "device": super::as_json(device), "recovery_codes": Value::Null });
    match recovery {
        None => Answer::change(true, data, remark),
        Some(codes) => with_codes(data, codes, remark),
    }
}

/// Adds recovery codes, which are shown this once, to an answer.
pub fn with_codes(mut data: Value, codes: &recovery::Drawn, remark: String) -> Answer {
    let codes: Vec<String> = codes.shown().iter().map(|code| code.expose().clone()).collect();
    let text = codes.join("\n");
    data["recovery_codes"] = Value::from(codes);
    Answer::change(true, data, remark)
        .remark("Recovery codes, each good for one sign-in, shown this once. Keep them on paper:")
        .text(text)
}
