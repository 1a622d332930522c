//! Keys made up for tests of what is asked of them; the real thing is tried with a software key behind a hidraw file.

use crate::fault::Fault;
use crate::token::{Info, NewWish, Proof, Signed, Token, Wish};
use samekey_wire::key::{Octets, Wanted};
use std::sync::Mutex;
use std::thread;

/// A key.
pub struct Scripted {
    pub info: Info,
    held: Vec<Vec<u8>>,
    hidden: bool,
    mute: bool,
    panicking: bool,
    pub tries: Mutex<u32>,
    fault: Option<Fault>,
}

/// The PIN of every scripted key that has one.
pub const PIN: &str = "1234";

impl Scripted {
    pub fn new(model: &str) -> Self {
        let info = Info {
            model: model.into(),
            aaguid: [0; 16],
            pin: false,
            sensor: false,
            always_verifies: false,
            registers_by_touch: false,
            protects: true,
            most_in_list: 8,
        };
        Self {
            info,
            held: Vec::new(),
            hidden: false,
            mute: false,
            panicking: false,
            tries: Mutex::new(8),
            fault: None,
        }
    }

    pub fn holding(mut self, id: &[u8]) -> Self {
        self.held.push(id.to_vec());
        self
    }

    /// Shows what it holds only to its owner.
    pub fn hiding(mut self) -> Self {
        self.hidden = true;
        self
    }

    pub fn mute(mut self) -> Self {
        self.mute = true;
        self
    }

    pub fn panicking(mut self) -> Self {
        self.panicking = true;
        self
    }

    pub fn pin(self, tries: u32) -> Self {
        *self.tries.lock().unwrap() = tries;
        self.able(|info| info.pin = true)
    }

    pub fn able(mut self, change: impl FnOnce(&mut Info)) -> Self {
        change(&mut self.info);
        self
    }

    /// Answers every call in earnest so.
    pub fn failing(mut self, fault: Fault) -> Self {
        self.fault = Some(fault);
        self
    }

    fn proven(&self, proof: Proof<'_>) -> Result<bool, Fault> {
        match proof {
            Proof::Nothing | Proof::Touch => Ok(false),
            Proof::Sensor if self.info.sensor => Ok(true),
            Proof::Sensor => Err(Fault::Status(0x2B)),
            Proof::Pin(PIN) => Ok(true),
            Proof::Pin(_) => {
                *self.tries.lock().unwrap() -= 1;
                Err(Fault::PIN_INVALID)
            }
        }
    }
}

impl Token for Scripted {
    fn model(&self) -> String {
        self.info.model.clone()
    }

    fn info(&mut self) -> Result<Info, Fault> {
        if self.mute {
            loop {
                thread::park();
            }
        }
        assert!(!self.panicking, "as told");
        Ok(self.info.clone())
    }

    fn assert(&self, wish: &Wish<'_>) -> Result<Signed, Fault> {
        if let Some(fault) = self.fault.filter(|_| wish.proof != Proof::Nothing) {
            return Err(fault);
        }
        let verified = self.proven(wish.proof)?;
        let held = wish
            .credentials
            .iter()
            .find(|id| self.held.iter().any(|held| held == *id));
        match held {
            Some(id) if verified || !self.hidden => Ok(Signed {
                credential_id: id.to_vec(),
                authenticator_data: vec![u8::from(verified)],
                signature: wish.client_data.to_vec(),
                user_handle: None,
            }),
            _ => Err(Fault::NO_CREDENTIALS),
        }
    }

    fn register(&self, wish: &NewWish<'_>) -> Result<Vec<u8>, Fault> {
        if let Some(fault) = self.fault {
            return Err(fault);
        }
        if self.info.pin && !self.info.registers_by_touch && matches!(wish.proof, Proof::Touch) {
            return Err(Fault::PIN_REQUIRED);
        }
        self.proven(wish.proof)?;
        Ok(vec![u8::from(wish.protect), u8::from(wish.discoverable)])
    }

    fn tries(&self) -> Result<u32, Fault> {
        Ok(*self.tries.lock().unwrap())
    }

    fn cancel(&self) {}
}

/// Credentials that are looked for.
pub fn wanted(ids: &[&str]) -> Vec<Wanted> {
    let one = |id: &&str| Wanted {
        id: Octets::from(id.as_bytes()),
        app_id: None,
    };
    ids.iter().map(one).collect()
}
