//! `samekey device unbind`: after a typed YES; an administrator may unbind any device, the last one after a warning.

use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, say};
use crate::terminal;
use samekey_provider::sessions;
use samekey_shared::accounts::LoginName;
use samekey_shared::devices;
use samekey_shared::flows::unbind::{CONFIRMATION, LastDevice, Unbind, UnbindError};
use serde_json::json;

/// What `device unbind` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: a login name
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Which: its name or id
    #[arg(long, value_name = "DEVICE")]
    device: String,
    /// Do not ask for a typed YES
    #[arg(long)]
    yes: bool,
    /// Unbind the last device although the policy asks for a second factor: its person must bind anew to get in
    #[arg(long)]
    force: bool,
    /// Exit 0 if no such device is bound
    #[arg(long)]
    if_present: bool,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let name = installation.login_name(&arguments.user)?;
    let (account, device) = realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let device = super::found(devices::rows::bound(tx, account.id)?.devices, &arguments.device);
        Ok::<_, Failure>((account, device))
    })?;
    let Some(device) = device else {
        return absent(&name, arguments);
    };
    let last = if arguments.force {
        LastDevice::MayGo
    } else {
        LastDevice::Keep
    };
    let unbind = Unbind::start(realm, account.id, device.id, last)?;
    let is_last = realm.store.read(|tx| Ok::<_, Failure>(unbind.is_last(realm, tx)?))?;
    match (is_last, last) {
        (true, LastDevice::Keep) => return Err(UnbindError::LastDevice.into()),
        (true, LastDevice::MayGo) => say(&format!(
            "This is the last usable device of {name}: binding anew will be asked of them."
        )),
        (false, _) => {}
    }
    terminal::confirm(
        arguments.yes,
        &format!("Type {CONFIRMATION} to unbind {}: ", device.name),
    )?;
    unbind.answer_and(realm, &super::authority(), CONFIRMATION, &mut |tx| {
        sessions::end_born_of(tx, account.id, device.id, None).map(drop)
    })?;
    let data = json!({ "user": name, "device": { "id": device.id, "name": device.name.as_str() } });
    Ok(Answer::change(
        true,
        data,
        format!("{} unbound from {name}.", device.name),
    ))
}

fn absent(name: &LoginName, arguments: &Arguments) -> Result<Answer, Failure> {
    let told = format!("{name} has no device {:?} bound", arguments.device);
    if arguments.if_present {
        return Ok(Answer::change(false, json!({ "user": name }), told));
    }
    Err(Failure::not_found(told).hint(format!("`samekey device list --user {name}` shows those there are.")))
}

impl From<UnbindError> for Failure {
    fn from(error: UnbindError) -> Self {
        let (code, told) = (error.code(), error.to_string());
        match error {
            UnbindError::NotFound => Self::new(Exit::NotFound, code, told),
            UnbindError::NotConfirmed => Self::new(Exit::Usage, code, told),
            UnbindError::LastDevice => Self::new(
                Exit::LocksOut,
                code,
                "this is the last usable device and the policy asks for a second factor",
            )
            .hint("Bind another one first, or use --force: its person then has to bind anew to get in."),
            UnbindError::Device(error) => error.into(),
            UnbindError::Flow(error) => error.into(),
        }
    }
}
