//! What OpenSK asks of the board it runs on: memory, dice, clock, a button and a sensor.

use crate::Frame;
use crate::flash::Flash;
use crate::hand::{Event, Hand};
use crate::hidraw::Wire;
use crate::request::Request;
use opensk::api::clock::Clock;
use opensk::api::connection::{HidConnection, RecvStatus, UsbEndpoint};
use opensk::api::crypto::software_crypto::SoftwareCrypto;
use opensk::api::customization::{CustomizationImpl, DEFAULT_CUSTOMIZATION};
use opensk::api::fingerprint::{Ctap2EnrollFeedback, Fingerprint, FingerprintCheckError, FingerprintKind};
use opensk::api::key_store;
use opensk::api::rng::Rng;
use opensk::api::user_presence::{UserPresence, UserPresenceError, UserPresenceWaitResult};
use opensk::ctap::Channel;
use opensk::ctap::status_code::CtapResult;
use opensk::env::Env;
use rand_core_06::{CryptoRng, Error, RngCore};
use ring::rand::{SecureRandom, SystemRandom};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long the key waits for a touch (OpenSK's own constant is private); [`Event::TimedOut`] moves the clock by so much.
const PATIENCE: Duration = Duration::from_secs(31);

/// The board.
pub struct Board {
    flash: Flash,
    hand: Arc<Hand>,
    wire: Arc<Wire>,
    dice: Dice,
    clock: Watch,
    customization: CustomizationImpl,
}

impl Board {
    /// A board with this memory, in this hand, at this port.
    pub fn new(flash: Flash, hand: Arc<Hand>, wire: Arc<Wire>) -> Self {
        let customization = CustomizationImpl {
            use_batch_attestation: flash.is_certified(),
            ..DEFAULT_CUSTOMIZATION
        };
        Self {
            flash,
            hand,
            wire,
            dice: Dice(SystemRandom::new()),
            clock: Watch { ahead: Duration::ZERO },
            customization,
        }
    }
}

/// Randomness of the system.
pub struct Dice(SystemRandom);

impl RngCore for Dice {
    fn next_u32(&mut self) -> u32 {
        rand_core_06::impls::next_u32_via_fill(self)
    }

    fn next_u64(&mut self) -> u64 {
        rand_core_06::impls::next_u64_via_fill(self)
    }

    fn fill_bytes(&mut self, bytes: &mut [u8]) {
        // Only a kernel without randomness fails; then nothing else works either.
        if self.0.fill(bytes).is_err() {
            std::process::abort();
        }
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Error> {
        self.fill_bytes(bytes);
        Ok(())
    }
}

impl CryptoRng for Dice {}
impl Rng for Dice {}

/// A clock that can be moved ahead.
pub struct Watch {
    ahead: Duration,
}

impl Clock for Watch {
    type Timer = Option<Instant>;

    fn make_timer(&mut self, milliseconds: usize) -> Self::Timer {
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        Instant::now().checked_add(self.ahead + Duration::from_millis(milliseconds))
    }

    fn is_elapsed(&mut self, timer: &Self::Timer) -> bool {
        timer.is_none_or(|end| Instant::now() + self.ahead >= end)
    }
}

/// Where OpenSK's debug output goes: nowhere.
pub struct Nowhere;

impl std::fmt::Write for Nowhere {
    fn write_str(&mut self, _: &str) -> std::fmt::Result {
        Ok(())
    }
}

impl key_store::Helper for Board {}

impl HidConnection for Board {
    fn send(&mut self, frame: &Frame, _: UsbEndpoint) -> CtapResult<()> {
        self.wire.deliver(*frame);
        Ok(())
    }

    fn recv(&mut self, frame: &mut Frame, milliseconds: usize) -> CtapResult<RecvStatus> {
        match self.hand.wait(span(milliseconds), true) {
            Event::Frame(next) => {
                *frame = next;
                Ok(RecvStatus::Received(UsbEndpoint::MainHid))
            }
            _ => Ok(RecvStatus::Timeout),
        }
    }
}

impl UserPresence for Board {
    fn check_init(&mut self) {
        self.hand.asks(true);
    }

    fn wait_with_timeout(&mut self, frame: &mut Frame, milliseconds: usize) -> UserPresenceWaitResult {
        let presence = match self.hand.wait(span(milliseconds), true) {
            Event::Touched => Ok(()),
            Event::Denied => Err(UserPresenceError::Declined),
            Event::Pulled => Err(UserPresenceError::Canceled),
            Event::Nothing => Err(UserPresenceError::Timeout),
            Event::TimedOut => {
                self.clock.ahead += PATIENCE;
                Err(UserPresenceError::Timeout)
            }
            Event::Frame(next) => {
                *frame = next;
                let status = RecvStatus::Received(UsbEndpoint::MainHid);
                return Ok((Err(UserPresenceError::Timeout), status));
            }
        };
        Ok((presence, RecvStatus::Timeout))
    }

    fn check_complete(&mut self) {
        self.hand.asks(false);
    }
}

impl Fingerprint for Board {
    fn prepare_enrollment(&mut self) -> CtapResult<()> {
        Ok(())
    }

    fn capture_sample(&mut self, _: Option<usize>) -> CtapResult<(Ctap2EnrollFeedback, usize, Option<Vec<u8>>)> {
        Ok((Ctap2EnrollFeedback::FpGood, 0, Some(vec![7])))
    }

    fn cancel_enrollment(&mut self) -> CtapResult<()> {
        Ok(())
    }

    fn remove_enrollment(&mut self, _: &[u8]) -> CtapResult<()> {
        Ok(())
    }

    fn check_fingerprint_init(&mut self) -> CtapResult<()> {
        self.hand.asks(true);
        Ok(())
    }

    fn check_fingerprint(&mut self, milliseconds: usize) -> Result<(), FingerprintCheckError> {
        if self.hand.state(|state| state.stranger) {
            return Err(FingerprintCheckError::NoMatch);
        }
        match self.hand.wait(span(milliseconds), false) {
            Event::Touched => Ok(()),
            Event::Denied | Event::Pulled => Err(FingerprintCheckError::Other),
            Event::TimedOut | Event::Nothing | Event::Frame(_) => Err(FingerprintCheckError::Timeout),
        }
    }

    fn check_fingerprint_complete(&mut self) -> CtapResult<()> {
        self.hand.asks(false);
        Ok(())
    }

    fn fingerprint_kind(&self) -> FingerprintKind {
        FingerprintKind::Touch
    }

    fn max_capture_samples_required_for_enroll(&self) -> usize {
        1
    }
}

impl Env for Board {
    type Rng = Dice;
    type UserPresence = Self;
    type Persist = Flash;
    type KeyStore = Self;
    type Write = Nowhere;
    type Customization = CustomizationImpl;
    type HidConnection = Self;
    type Clock = Watch;
    type Crypto = SoftwareCrypto;
    type Fingerprint = Self;

    fn rng(&mut self) -> &mut Dice {
        &mut self.dice
    }

    fn user_presence(&mut self) -> &mut Self {
        self
    }

    fn persist(&mut self) -> &mut Flash {
        &mut self.flash
    }

    fn key_store(&mut self) -> &mut Self {
        self
    }

    fn clock(&mut self) -> &mut Watch {
        &mut self.clock
    }

    fn fingerprint(&mut self) -> &mut Self {
        self
    }

    fn write(&mut self) -> Nowhere {
        Nowhere
    }

    fn customization(&self) -> &CustomizationImpl {
        &self.customization
    }

    fn hid_connection(&mut self) -> &mut Self {
        self
    }

    fn boots_after_soft_reset(&self) -> bool {
        false
    }

    fn process_vendor_command(&mut self, bytes: &[u8], _: Channel) -> Option<Vec<u8>> {
        let request = Request::read(bytes);
        self.hand.state(|state| state.requests.push(request));
        None
    }
}

fn span(milliseconds: usize) -> Duration {
    Duration::from_millis(u64::try_from(milliseconds).unwrap_or(u64::MAX))
}
