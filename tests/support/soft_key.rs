//! A software FIDO2 key plugged into the box of this test, and the finger on it.
//!
//! ```ignore
//! let key = SoftKey::start();                 // as /dev/hidraw0, the next one as /dev/hidraw1
//! key.import(&credential);                    // what the browser's virtual authenticator has exported
//! key.touch(Touch::Wait);
//! sudo.line(PASSWORD).unwrap();
//! key.until_it_waits();                       // it blinks
//! key.tap();
//! assert_eq!(key.told().touches, 1);
//! ```

use super::boxed;
use samekey_demo::machine;
use samekey_soft_key::order::{Answer, Order, Told, Touch};
use samekey_soft_key::{place, socket};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

pub use samekey_soft_key::credential::Credential;
pub use samekey_soft_key::service::Settings;

/// How often, and how many times, to look for something that a process does: 30 s in all.
const LOOK: Duration = Duration::from_millis(20);
const LOOKS: u32 = 1_500;

/// The key; pulled out when this value goes.
pub struct SoftKey {
    number: u32,
    process: Child,
}

impl SoftKey {
    /// A key without PIN, touched whenever it asks.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// A key with this PIN set.
    pub fn with_pin(pin: &str) -> Self {
        Self::with(Settings {
            pin: Some(pin.to_owned()),
            ..Settings::default()
        })
    }

    /// A key of another kind; its number is the next free one, whatever is said there.
    pub fn with(settings: Settings) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        assert!(machine::is_inside(), "declare this test with boxed!");
        assert!(
            Path::new("/dev/fuse").exists(),
            "NOT RUN: no /dev/fuse here (`modprobe fuse`; a container: --device /dev/fuse)"
        );
        let number = NEXT.fetch_add(1, Ordering::SeqCst);
        let settings = Settings {
            number,
            preload: built("libsamekey_soft_key_preload.so"),
            ..settings
        };
        let mut process = Command::new(built("soft-key"))
            .arg(serde_json::to_string(&settings).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        until("the soft key to listen", || {
            let ended = process.try_wait().unwrap();
            assert!(
                ended.is_none(),
                "the soft key ended at once: {ended:?}; its reason is above"
            );
            socket::path(number).exists()
        });
        Self { number, process }
    }

    /// Where it is plugged in.
    pub fn node(&self) -> PathBuf {
        place::node(self.number)
    }

    /// How its touches are answered from now on.
    pub fn touch(&self, how: Touch) {
        self.order(&Order::Touch { how });
    }

    /// One touch, for the request that waits or the next one; with [`Touch::Wait`].
    pub fn tap(&self) {
        self.order(&Order::Tap);
    }

    /// Whether the built-in sensor knows the finger.
    pub fn finger(&self, known: bool) {
        self.order(&Order::Finger { known });
    }

    /// Sets the PIN, all tries left; or takes it away.
    pub fn pin(&self, pin: Option<&str>) {
        self.order(&Order::Pin {
            pin: pin.map(str::to_owned),
        });
    }

    /// Sets how many tries of the PIN are left.
    pub fn pin_tries(&self, left: u8) {
        self.order(&Order::PinTries { left });
    }

    /// Takes every frame and answers none, or no longer.
    pub fn mute(&self, on: bool) {
        self.order(&Order::Mute { on });
    }

    /// Spoils what it says with mistakes drawn from this number, or no longer.
    pub fn garble(&self, seed: Option<u64>) {
        self.order(&Order::Garble { seed });
    }

    /// Pulls it out.
    pub fn unplug(&self) {
        self.order(&Order::Unplug);
    }

    /// Puts it in again, in the same place.
    pub fn plug(&self) {
        self.order(&Order::Plug);
    }

    /// Puts a credential in that another authenticator made.
    pub fn import(&self, credential: &Credential) {
        self.order(&Order::Import {
            credential: credential.clone(),
        });
    }

    /// The same from the JSON of `WebAuthn.getCredentials` or WebDriver's, one credential of the list.
    pub fn import_json(&self, credential: &str) {
        self.import(&serde_json::from_str(credential).unwrap());
    }

    /// The credentials that it holds itself.
    pub fn export(&self) -> Vec<Credential> {
        match self.order(&Order::Export) {
            Answer::Exported { credentials } => credentials,
            other => panic!("{other:?}"),
        }
    }

    /// What has happened so far.
    pub fn told(&self) -> Told {
        match self.order(&Order::Tell) {
            Answer::Told(told) => told,
            other => panic!("{other:?}"),
        }
    }

    /// Waits until it blinks.
    pub fn until_it_waits(&self) {
        until("the key to ask for a touch", || self.told().waits);
    }

    /// Gives any order.
    pub fn order(&self, order: &Order) -> Answer {
        socket::order(&socket::path(self.number), order).unwrap_or_else(|error| panic!("{order:?}: {error}"))
    }
}

impl Drop for SoftKey {
    fn drop(&mut self) {
        // It may be unplugged already.
        let _ = socket::order(&socket::path(self.number), &Order::Unplug);
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What `make build` has left.
pub fn built(file: &str) -> PathBuf {
    let path = boxed::target().join("debug").join(file);
    assert!(path.exists(), "{} is not there: run `make build`", path.display());
    path
}

/// Waits until something holds, at most 30 s.
pub fn until(what: &str, mut held: impl FnMut() -> bool) {
    for _ in 0..LOOKS {
        if held() {
            return;
        }
        std::thread::sleep(LOOK);
    }
    panic!("waited 30 s in vain for {what}");
}
