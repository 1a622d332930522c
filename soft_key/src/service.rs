//! A key that lives: its file, its authenticator and its orders, put together.

use crate::flash::Flash;
use crate::garble::Garble;
use crate::hand::Hand;
use crate::hidraw::{FILE, Folder, Wire};
use crate::order::{Answer, Order, Told};
use crate::{authenticator, credential, place, socket};
use fuser::{BackgroundSession, Config, MountOption, SessionACL};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// How often to look whether somebody who waits for the key was killed.
const LOOK: Duration = Duration::from_millis(20);
/// The most that the authenticator takes to notice that it was pulled out.
const CUT_OFF: Duration = Duration::from_secs(30);

/// What kind of key it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// N of `/dev/hidrawN`.
    pub number: u32,
    /// A PIN that is set already.
    pub pin: Option<String>,
    /// Whether it verifies the person by itself. OpenSK then wants a PIN too, as such keys do.
    pub built_in_verification: bool,
    /// Whether it shows a certificate of its make, as keys that are sold do; `pamu2fcfg` 1.1 takes no others.
    pub certified: bool,
    /// The group that may use it; everybody may if none is given.
    pub group: Option<u32>,
    /// The built library of `preload/`.
    pub preload: PathBuf,
}

/// Why a key does not live; a sentence.
#[derive(Debug, thiserror::Error)]
#[error("{doing}: {why}")]
pub struct ServiceError {
    doing: &'static str,
    why: String,
}

fn trouble<E: std::fmt::Debug + 'static>(doing: &'static str) -> impl FnOnce(E) -> ServiceError {
    move |why| ServiceError {
        doing,
        why: format!("{why:?}"),
    }
}

/// Plugs a new key in and obeys orders until the process is killed.
///
/// # Errors
/// Outside a box, without `/dev/fuse`, or where the number is taken.
pub fn run(settings: &Settings) -> Result<(), ServiceError> {
    place::prepare(&settings.preload).map_err(trouble("preparing the machine"))?;
    let mut flash = Flash::default();
    let forms = |flash: &mut Flash| {
        flash.set_pin_to(settings.pin.as_deref())?;
        if settings.certified {
            flash.certify()?;
        }
        if settings.built_in_verification {
            flash.enrol_finger()
        } else {
            Ok(())
        }
    };
    forms(&mut flash).map_err(trouble("forming the key"))?;
    let (hand, wire) = (Arc::new(Hand::default()), Arc::new(Wire::default()));
    let (folder, _mounted) = mounted(settings, &hand, &wire).map_err(trouble("mounting its file (/dev/fuse)"))?;
    let file = folder.join(FILE);
    hand.plug(true);
    let (memory, held, port) = (flash.clone(), Arc::clone(&hand), Arc::clone(&wire));
    std::thread::spawn(move || authenticator::run(&memory, &held, &port));
    let port = Arc::clone(&wire);
    std::thread::spawn(move || {
        loop {
            std::thread::sleep(LOOK);
            port.release_the_dead();
        }
    });
    place::show(settings.number, &file).map_err(trouble("showing it"))?;
    let mut key = Key {
        number: settings.number,
        file,
        flash,
        hand,
        wire,
    };
    socket::serve(&socket::path(settings.number), |order| key.obey(order)).map_err(trouble("listening for orders"))
}

/// Mounts the folder with the key's file.
fn mounted(settings: &Settings, hand: &Arc<Hand>, wire: &Arc<Wire>) -> std::io::Result<(PathBuf, BackgroundSession)> {
    let folder = PathBuf::from(format!("/run/soft-key-{}", settings.number));
    std::fs::create_dir(&folder)?;
    let mut config = Config::default();
    config.mount_options = vec![
        MountOption::FSName("soft-key".to_owned()),
        MountOption::DefaultPermissions,
    ];
    config.acl = SessionACL::All;
    let filesystem = Folder::new(Arc::clone(wire), Arc::clone(hand), settings.number, settings.group);
    let session = fuser::spawn_mount(filesystem, &folder, &config)?;
    Ok((folder, session))
}

/// A living key.
struct Key {
    number: u32,
    file: PathBuf,
    flash: Flash,
    hand: Arc<Hand>,
    wire: Arc<Wire>,
}

impl Key {
    fn obey(&mut self, order: Order) -> Answer {
        self.carry_out(order).unwrap_or_else(|why| Answer::Refused { why })
    }

    fn carry_out(&mut self, order: Order) -> Result<Answer, String> {
        match order {
            Order::Touch { how } => self.hand.state(|state| state.touch = how),
            Order::Tap => self.hand.state(|state| state.taps += 1),
            Order::Finger { known } => self.hand.state(|state| state.stranger = !known),
            Order::Mute { on } => {
                self.wire.mute(on);
                self.hand.state(|state| state.mute = on);
            }
            Order::Garble { seed } => self.wire.garble(seed.map(Garble::new)),
            Order::Pin { pin } => self.flash.set_pin_to(pin.as_deref()).map_err(word)?,
            Order::PinTries { left } => self.flash.set_pin_tries(left).map_err(word)?,
            Order::Unplug => {
                place::hide(self.number).map_err(word)?;
                // In this order: nobody may hear what the authenticator says to being cut off.
                self.wire.hang_up();
                self.hand.plug(false);
                if !self.hand.rested(CUT_OFF) {
                    return Err("the authenticator does not stop".to_owned());
                }
            }
            Order::Plug => {
                self.hand.plug(true);
                place::show(self.number, &self.file).map_err(word)?;
            }
            Order::Import { credential } => {
                credential::import(&mut self.flash, &credential).map_err(|error| error.to_string())?;
            }
            Order::Export => {
                let credentials = credential::export(&self.flash).map_err(|error| error.to_string())?;
                return Ok(Answer::Exported { credentials });
            }
            Order::Tell => return Ok(Answer::Told(self.tell())),
        }
        Ok(Answer::Done)
    }

    fn tell(&self) -> Told {
        let pin_tries = self.flash.pin_tries();
        self.hand.state(|state| Told {
            waits: state.waits,
            asked: state.asked,
            touches: state.touches,
            frames: state.received,
            pin_tries,
            requests: state.requests.clone(),
        })
    }
}

fn word(error: impl std::fmt::Debug) -> String {
    format!("{error:?}")
}
