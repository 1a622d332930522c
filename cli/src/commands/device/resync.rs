//! `samekey device resync`: an app whose clock is off shows two codes one after the other; from then on its clock is allowed for (W29).

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::Answer;
use crate::terminal::Terminal;
use samekey_shared::audit::EventKind;
use samekey_shared::devices::DeviceKind;
use samekey_shared::methods::MethodError;
use samekey_shared::methods::totp::{self, Resynced};
use serde_json::json;

/// What `device resync` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Whose: a login name
    #[arg(long, value_name = "NAME")]
    user: String,
    /// Which: its name or id
    #[arg(long, value_name = "DEVICE", default_value = "app")]
    device: String,
    /// The two codes, in the order in which the app showed them, instead of being asked for them
    #[arg(long, value_names = ["FIRST", "SECOND"], num_args = 2)]
    codes: Option<Vec<String>>,
}

/// Runs the verb.
pub fn run(installation: &Installation, arguments: &Arguments) -> Result<Answer, Failure> {
    let realm = &installation.realm;
    let name = installation.login_name(&arguments.user)?;
    let account = realm.store.read(|tx| Installation::account(tx, &name))?;
    let device = super::one(installation, &account, &arguments.device)?;
    if device.kind != DeviceKind::Totp {
        return Err(Failure::usage(
            "only an authenticator app has a clock that codes depend on",
        ));
    }
    let codes = if let Some([first, second]) = arguments.codes.as_deref() {
        [first.clone(), second.clone()]
    } else {
        let terminal = Terminal::needed("two codes of the app", "--codes")?;
        [terminal.ask("Code: ")?, terminal.ask("The next code: ")?]
    };
    let (keyring, now) = (realm.keyring()?, installation.now());
    let typed = [codes[0].as_str(), codes[1].as_str()];
    let event = installation::event(EventKind::DeviceResynced)
        .about(&name)
        .method(device.kind);
    let event = event.detail("device", device.id).detail("name", &device.name);
    let done = realm.store.write(|tx| {
        let done = totp::resync(tx, &keyring, device.id, typed, now)?;
        if let Resynced::Ahead(seconds) = done {
            installation.record(tx, &event.clone().detail("seconds_ahead", seconds))?;
        }
        Ok::<_, MethodError>(done)
    });
    match done.map_err(|error| Failure::failed(error.to_string()))? {
        Resynced::Ahead(seconds) => Ok(Answer::change(
            true,
            json!({ "user": name, "device": device.id, "seconds_ahead": seconds }),
            match seconds {
                0 => format!("The clock of {} is right.", device.name),
                1.. => format!(
                    "The clock of {} is {seconds} s ahead; that is allowed for from now on.",
                    device.name
                ),
                _ => format!(
                    "The clock of {} is {} s behind; that is allowed for from now on.",
                    device.name, -seconds
                ),
            },
        )),
        Resynced::Wrong => Err(Failure::new(
            Exit::Failed,
            "code_wrong",
            "these are no two codes that the app showed one after the other within ten minutes of now",
        )),
        Resynced::Replayed => Err(Failure::new(
            Exit::Failed,
            "code_replayed",
            "codes of that time were used already; wait for the next two",
        )),
    }
}
