//! What the errands need of a key, so that they can be tried with scripted ones.

use crate::fault::Fault;
use samekey_wire::key::Key;
use samekey_wire::key::Octets;

/// One key that is plugged in and open.
pub trait Token: Send + Sync + 'static {
    /// What it calls itself.
    fn model(&self) -> String;
    /// Asks what it can do. Comes first.
    fn info(&mut self) -> Result<Info, Fault>;
    /// Asks for a signature.
    fn assert(&self, wish: &Wish<'_>) -> Result<Signed, Fault>;
    /// Asks for a new credential; its attestation object.
    fn register(&self, wish: &NewWish<'_>) -> Result<Vec<u8>, Fault>;
    /// How many tries of the PIN are left.
    fn tries(&self) -> Result<u32, Fault>;
    /// Tells it to stop blinking.
    fn cancel(&self);
}

/// What a key says of itself.
#[expect(
    clippy::struct_excessive_bools,
    reason = "the options of authenticatorGetInfo, each by itself"
)]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Info {
    /// What it calls itself.
    pub model: String,
    /// The model's number.
    pub aaguid: [u8; 16],
    /// Whether it has a PIN.
    pub pin: bool,
    /// Whether it has a sensor that somebody enrolled at.
    pub sensor: bool,
    /// Whether it wants to know who touches it, whatever it is asked.
    pub always_verifies: bool,
    /// Whether it makes a credential for a touch alone, although it has a PIN.
    pub registers_by_touch: bool,
    /// Whether it knows the extension `credProtect`.
    pub protects: bool,
    /// Most credentials in one list.
    pub most_in_list: usize,
}

impl Info {
    /// For the list of keys.
    pub fn as_key(&self) -> Key {
        Key {
            model: self.model.clone(),
            aaguid: Octets::from(self.aaguid.as_slice()),
            pin: self.pin,
            sensor: self.sensor,
        }
    }
}

/// How the key knows who is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proof<'a> {
    /// It does not even want a touch: a silent look.
    Nothing,
    /// Somebody touches it.
    Touch,
    /// Its own sensor knows who touches it.
    Sensor,
    /// The PIN, and a touch.
    Pin(&'a str),
}

/// A wish for a signature.
#[derive(Debug, Clone, Copy)]
pub struct Wish<'a> {
    /// The relying party's id, or the U2F application id.
    pub rp_id: &'a str,
    /// What is signed.
    pub client_data: &'a [u8],
    /// The credentials that would do; never empty.
    pub credentials: &'a [&'a [u8]],
    /// What the key shall want of the person.
    pub proof: Proof<'a>,
}

/// A signature.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// The credential that signed.
    pub credential_id: Vec<u8>,
    /// What was signed, before the hash of the client data.
    pub authenticator_data: Vec<u8>,
    /// The signature.
    pub signature: Vec<u8>,
    /// The user handle, where the key gives it.
    pub user_handle: Option<Vec<u8>>,
}

/// A wish for a new credential.
#[derive(Debug, Clone, Copy)]
pub struct NewWish<'a> {
    /// The relying party's id.
    pub rp_id: &'a str,
    /// What is signed.
    pub client_data: &'a [u8],
    /// The user handle.
    pub user_handle: &'a [u8],
    /// The user's name in the key's own lists.
    pub user_name: &'a str,
    /// Credentials that must not be on this key.
    pub exclude: &'a [&'a [u8]],
    /// Whether the key shall find it without its id.
    pub discoverable: bool,
    /// Whether to ask for `credProtect` level 2: shown to whoever names its id, listed only to somebody verified. Level 3
    /// would hide it from a touch alone.
    pub protect: bool,
    /// What the key shall want of the person.
    pub proof: Proof<'a>,
}
