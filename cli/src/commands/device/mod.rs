//! `samekey device`: second factors bound, listed, unbound.

pub mod bind;
mod bind_email;
mod bind_key;
mod resync;
mod unbind;

pub use bind::with_codes;

use super::Cli;
use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, Table, moment};
use samekey_shared::accounts::Account;
use samekey_shared::devices::fido::{self, Credential};
use samekey_shared::devices::{self, Device, DeviceError, DeviceState, LastUse};
use samekey_shared::flows::bind::{Authority, BindError};
use samekey_shared::methods::fido::attestation::model_name;
use samekey_shared::source::Door;
use serde_json::{Value, json};

/// `samekey device …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Bind a second factor
    #[command(subcommand)]
    Bind(Bind),
    /// List an account's devices
    List {
        /// Whose: a login name
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Also those that were unbound
        #[arg(long)]
        all: bool,
    },
    /// Show one device: what it is, when it was bound, where it was last used
    Show {
        /// Whose: a login name
        #[arg(long, value_name = "NAME")]
        user: String,
        /// Which: its name or id
        #[arg(long, value_name = "DEVICE")]
        device: String,
    },
    /// Set right what is known of the clock of an authenticator app, by two codes that it showed one after the other
    Resync(resync::Arguments),
    /// Unbind a device, after a typed YES; the last one only with --force while the policy asks for a second factor
    Unbind(unbind::Arguments),
}

/// `samekey device bind …`
#[derive(Debug, clap::Subcommand)]
pub enum Bind {
    /// Bind an authenticator app: shows a QR code and the key, asks for one code, prints the recovery codes
    ///
    /// Without a terminal it takes two steps: `--draw --json` makes a key and stores nothing; once the app has it,
    /// `--secret-file FILE --code CODE` binds it.
    Totp(bind::Arguments),
    /// Bind the security key that is plugged into this machine: asks for a touch, and for its PIN where it wants one
    SecurityKey(bind_key::Arguments),
    /// Give an account a security e-mail: a letter asks its person to confirm it within 24 hours
    Email(bind_email::Arguments),
}

/// Runs the verb.
pub fn run(cli: &Cli, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(&cli.config)?;
    match verb {
        Verb::Bind(Bind::Totp(arguments)) => bind::run(&installation, arguments),
        Verb::Bind(Bind::Email(arguments)) => bind_email::run(&installation, arguments),
        Verb::Bind(Bind::SecurityKey(arguments)) => bind_key::run(&installation, arguments),
        Verb::List { user, all } => list(&installation, user, *all),
        Verb::Show { user, device } => show(&installation, user, device),
        Verb::Resync(arguments) => resync::run(&installation, arguments),
        Verb::Unbind(arguments) => unbind::run(&installation, arguments),
    }
}

/// By what right a command changes devices: its operator's.
pub fn authority() -> Authority {
    Authority::new(installation::actor(), Door::Command)
}

fn list(installation: &Installation, user: &str, all: bool) -> Result<Answer, Failure> {
    let name = installation.login_name(user)?;
    let (mut devices, keys, recovery_left) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let bound = devices::rows::bound(tx, account.id)?;
        let devices = if all {
            devices::rows::list(tx, account.id)?
        } else {
            bound.devices
        };
        let keys = fido::of_account(tx, account.id)?;
        Ok::<_, Failure>((devices, keys, bound.recovery_left))
    })?;
    in_order(&mut devices);
    let mut table = Table::new(&["NAME", "KIND", "MODEL", "STATE", "BOUND", "LAST USED", "ID"]);
    for device in &devices {
        table.row([
            device.name.to_string(),
            device.kind.to_string(),
            model(device, &keys).unwrap_or("-").to_owned(),
            state(device),
            moment(Some(device.created_at)),
            device.last_used.as_ref().map_or_else(|| "-".to_owned(), last_use),
            device.id.to_string(),
        ]);
    }
    let data = json!({
        "user": name,
        "devices": devices.iter().map(|device| with_model(device, &keys)).collect::<Vec<_>>(),
        "recovery_codes_left": recovery_left,
    });
    Ok(Answer::data(data, table.draw()).remark(format!("{recovery_left} recovery codes left.")))
}

/// By id, or by name in any letter case: two names of one account never differ in case only.
pub fn found(bound: Vec<Device>, wanted: &str) -> Option<Device> {
    let folded = wanted.to_lowercase();
    bound
        .into_iter()
        .find(|one| one.id.to_string() == wanted || one.name.as_str().to_lowercase() == folded)
}

/// The bound device of this name or id.
pub fn one(installation: &Installation, account: &Account, wanted: &str) -> Result<Device, Failure> {
    let bound = installation
        .realm
        .store
        .read(|tx| devices::rows::bound(tx, account.id))?;
    found(bound.devices, wanted).ok_or_else(|| {
        Failure::not_found(format!("{} has no device {wanted:?} bound", account.name)).hint(format!(
            "`samekey device list --user {}` shows those there are.",
            account.name
        ))
    })
}

fn show(installation: &Installation, user: &str, wanted: &str) -> Result<Answer, Failure> {
    let name = installation.login_name(user)?;
    let (account, keys) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &name)?;
        let keys = fido::of_account(tx, account.id)?;
        Ok::<_, Failure>((account, keys))
    })?;
    let device = one(installation, &account, wanted)?;
    let mut table = Table::new(&["PROPERTY", "VALUE"]);
    let mut row = |property: &str, value: String| table.row([property.to_owned(), value]);
    row("name", device.name.to_string());
    row("kind", device.kind.to_string());
    row("user", name.to_string());
    row("bound", moment(Some(device.created_at)));
    row(
        "last used",
        device.last_used.as_ref().map_or_else(|| "-".to_owned(), last_use),
    );
    if let Some(key) = keys.iter().find(|key| key.device == device.id) {
        row("model", model_name(key.aaguid).unwrap_or("-").to_owned());
        row("backed up", if key.backed_up { "yes: synced" } else { "no" }.to_owned());
        row("attested", if key.attested { "yes" } else { "no" }.to_owned());
    }
    row("id", device.id.to_string());
    let data = json!({ "user": name, "device": with_model(&device, &keys) });
    Ok(Answer::data(data, table.draw()))
}

/// The model of a key, where it told one.
fn model(device: &Device, keys: &[Credential]) -> Option<&'static str> {
    let key = keys.iter().find(|key| key.device == device.id)?;
    model_name(key.aaguid)
}

fn with_model(device: &Device, keys: &[Credential]) -> Value {
    let mut data = as_json(device);
    data["model"] = json!(model(device, keys));
    data
}

/// Oldest first; what was bound in one second in the order of kinds, not of random ids.
pub fn in_order(devices: &mut [Device]) {
    devices.sort_by_key(|device| (device.created_at, device.kind));
}

fn last_use(last: &LastUse) -> String {
    format!("{} {} from {}", moment(Some(last.at)), last.door, last.source)
}

fn state(device: &Device) -> String {
    match &device.state {
        DeviceState::Bound => "bound".to_owned(),
        DeviceState::Unbound(end) => format!("unbound {} by {} ({})", moment(Some(end.at)), end.by, end.why.as_str()),
    }
}

/// A device for programs.
pub fn as_json(device: &Device) -> Value {
    let (state, unbound) = match &device.state {
        DeviceState::Bound => ("bound", Value::Null),
        DeviceState::Unbound(end) => (
            "unbound",
            json!({ "at": end.at, "by": end.by, "why": end.why.as_str() }),
        ),
    };
    json!({
        "id": device.id,
        "name": device.name.as_str(),
        "kind": device.kind.as_str(),
        "state": state,
        "created_at": device.created_at,
        "last_used": device.last_used.as_ref().map(|last| json!({
            "at": last.at, "door": last.door.as_str(), "source": last.source,
        })),
        "unbound": unbound,
    })
}

/// A device in one line.
pub fn in_words(device: &Device) -> String {
    format!(
        "{} ({}), bound {}",
        device.name,
        device.kind,
        moment(Some(device.created_at))
    )
}

impl From<DeviceError> for Failure {
    fn from(error: DeviceError) -> Self {
        let (code, told) = (error.code(), error.to_string());
        match error {
            DeviceError::Store(error) => error.into(),
            DeviceError::Entropy(error) => error.into(),
            DeviceError::LimitReached { .. } => Self::new(Exit::Conflict, code, told)
                .hint("`samekey device list` shows what is bound, `samekey device unbind` frees the place."),
            DeviceError::NameTaken(_) => Self::new(Exit::Conflict, code, told).hint("--name gives it another name."),
            DeviceError::CredentialTaken | DeviceError::AddressLimit { .. } => Self::new(Exit::Conflict, code, told),
            DeviceError::NotFound => Self::new(Exit::NotFound, code, told),
            DeviceError::Import(_) => Self::new(Exit::Usage, "usage", told),
            DeviceError::Seal(_) => Self::new(Exit::Unavailable, "keyring_unusable", told),
            DeviceError::Hash(_) => Self::failed(told),
        }
    }
}

impl From<BindError> for Failure {
    fn from(error: BindError) -> Self {
        match error {
            BindError::NoAccount => Self::not_found(error.to_string()),
            BindError::Device(error) => error.into(),
            BindError::Unprotected => Self::new(Exit::Refused, "enrollment_ticket_required", error.to_string()),
            BindError::Flow(error) => error.into(),
        }
    }
}
