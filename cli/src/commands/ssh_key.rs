//! `samekey ssh-key`: SSH keys enrolled, listed, removed.

use super::device;
use super::device::bind::device_name;
use crate::exit::{Exit, Failure};
use crate::installation::Installation;
use crate::output::{Answer, Table, moment};
use crate::terminal;
use samekey_provider::sessions;
use samekey_shared::devices::ssh_key::{self, EnrolledKey, NewKey, Verification};
use samekey_shared::devices::{self, DeviceKind};
use samekey_shared::flows::bind_ssh_key;
use samekey_shared::flows::unbind::{CONFIRMATION, LastDevice, Unbind};
use samekey_shared::ssh::PublicKey;
use serde_json::{Value, json};
use std::io::Read;
use std::path::{Path, PathBuf};

/// More than any public key has.
const LARGEST: u64 = 64 * 1024;

/// `samekey ssh-key …`
#[derive(Debug, clap::Subcommand)]
pub enum Verb {
    /// Enrol a public key: sshd is served it, and a key in an authenticator that checks its person counts as a second factor
    ///
    /// It counts where this host's sshd verifies persons: `[agent] sshd-verifies = true`. See the page on SSH keys.
    Add {
        /// Whose: a login name
        user: String,
        /// The file that ends in .pub, `-` for stdin
        file: PathBuf,
        /// What the key is called: letters, digits, - and _
        #[arg(long, value_name = "NAME")]
        name: String,
        /// A touch will do, or nothing at all: the key opens, and does not count as a second factor
        #[arg(long)]
        no_verification: bool,
    },
    /// List an account's keys
    List {
        /// Whose: a login name
        user: String,
    },
    /// Remove a key, after a typed YES: sshd is served it no more
    Remove {
        /// Whose: a login name
        user: String,
        /// Which: its name or fingerprint
        key: String,
        /// Do not ask for a typed YES
        #[arg(long)]
        yes: bool,
    },
}

/// Runs the verb.
pub fn run(config: &Path, verb: &Verb) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    match verb {
        Verb::Add {
            user,
            file,
            name,
            no_verification,
        } => add(&installation, (user, name), &text(file)?, *no_verification),
        Verb::List { user } => list(&installation, user),
        Verb::Remove { user, key, yes } => remove(&installation, user, key, *yes),
    }
}

/// What the file holds, up to what a key may have.
fn text(file: &Path) -> Result<String, Failure> {
    let trouble = |error: std::io::Error| Failure::file(file, &error);
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin()
            .lock()
            .take(LARGEST)
            .read_to_string(&mut text)
            .map_err(trouble)?;
    } else {
        let opened = std::fs::File::open(file).map_err(trouble)?;
        opened.take(LARGEST).read_to_string(&mut text).map_err(trouble)?;
    }
    Ok(text)
}

fn add(
    installation: &Installation,
    (user, name): (&str, &str),
    text: &str,
    no_verification: bool,
) -> Result<Answer, Failure> {
    let key = PublicKey::from_file(text)
        .map_err(|error| Failure::usage(format!("this cannot be enrolled: {error}")).hint("Nothing was enrolled."))?;
    let login = installation.login_name(user)?;
    let account = installation.realm.store.read(|tx| Installation::account(tx, &login))?;
    let name = device_name(installation, name)?;
    let wished = if no_verification {
        Verification::NotDemanded
    } else {
        Verification::Demanded
    };
    let new = NewKey::new(key, wished);
    let authority = device::authority();
    let bound = bind_ssh_key::enrol(&installation.realm, &authority, account.id, &name, &new)?;
    let told = match (new.verification(), new.key().is_security_key()) {
        (Verification::Demanded, _) => {
            "It is served with verify-required: where [agent] sshd-verifies is set, it is a second factor."
        }
        (Verification::NotDemanded, true) => "It is served, and shows a touch at most: it is no second factor.",
        (Verification::NotDemanded, false) => "It is a file and checks nobody: it is served, and is no second factor.",
    };
    let data = json!({ "user": login, "device": device::as_json(&bound), "key": as_json(&EnrolledKey {
        device: bound.id,
        name: bound.name.clone(),
        key: new.key().clone(),
        verification: new.verification(),
    }) });
    let remark = format!(
        "{} {} is enrolled for {login}. {told}",
        new.key().fingerprint(),
        bound.name
    );
    Ok(Answer::change(true, data, remark))
}

fn list(installation: &Installation, user: &str) -> Result<Answer, Failure> {
    let login = installation.login_name(user)?;
    let (keys, bound) = installation.realm.store.read(|tx| {
        let account = Installation::account(tx, &login)?;
        let bound = devices::rows::bound(tx, account.id)?.devices;
        Ok::<_, Failure>((ssh_key::of_account(tx, account.id)?, bound))
    })?;
    let mut table = Table::new(&["NAME", "TYPE", "VERIFICATION", "FINGERPRINT", "ENROLLED", "LAST USED"]);
    for key in &keys {
        let device = bound.iter().find(|one| one.id == key.device);
        table.row([
            key.name.to_string(),
            key.key.key_type().to_owned(),
            if key.verification.is_demanded() { "yes" } else { "no" }.to_owned(),
            key.key.fingerprint(),
            moment(device.map(|device| device.created_at)),
            moment(device.and_then(|device| device.last_used.as_ref()).map(|used| used.at)),
        ]);
    }
    let data = json!({ "user": login, "keys": keys.iter().map(as_json).collect::<Vec<_>>() });
    Ok(Answer::data(data, table.draw()))
}

fn remove(installation: &Installation, user: &str, wanted: &str, yes: bool) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let login = installation.login_name(user)?;
    let (account, keys) = realm.store.read(|tx| {
        let account = Installation::account(tx, &login)?;
        let keys = ssh_key::of_account(tx, account.id)?;
        Ok::<_, Failure>((account, keys))
    })?;
    let named = |key: &&EnrolledKey| {
        key.name.as_str().to_lowercase() == wanted.to_lowercase() || key.key.fingerprint() == wanted
    };
    let Some(key) = keys.iter().find(named) else {
        return Err(
            Failure::not_found(format!("{login} has no SSH key {wanted:?} enrolled"))
                .hint(format!("`samekey ssh-key list {login}` shows those there are.")),
        );
    };
    let unbind = Unbind::start(realm, account.id, key.device, LastDevice::Keep)?;
    if unbind.device().kind != DeviceKind::SshKey {
        return Err(Failure::new(
            Exit::Failed,
            "failed",
            "the store names another kind of device",
        ));
    }
    terminal::confirm(yes, &format!("Type {CONFIRMATION} to remove {}: ", key.name))?;
    unbind.answer_and(realm, &device::authority(), CONFIRMATION, &mut |tx| {
        sessions::end_born_of(tx, account.id, key.device, None).map(drop)
    })?;
    let data = json!({ "user": login, "key": as_json(key) });
    Ok(Answer::change(
        true,
        data,
        format!("{} removed from {login}: sshd is served it no more.", key.name),
    ))
}

/// A key for programs.
fn as_json(key: &EnrolledKey) -> Value {
    json!({
        "name": key.name.as_str(),
        "device": key.device,
        "type": key.key.key_type(),
        "fingerprint": key.key.fingerprint(),
        "verification": key.verification.is_demanded(),
    })
}
