//! A software FIDO2 key for tests: what a person holds in the hand, with the person's finger on an order's end.
//!
//! [OpenSK](https://github.com/google/OpenSK) is the authenticator: CTAP 2.1 and U2F, PINs, built-in verification, counters,
//! real signatures. This crate gives it a place in a throw-away machine (`demo/box.sh`):
//!
//! ```text
//!  samekey-key, libfido2, Chromium ── hidapi, libudev ──► /sys/class/hidraw/hidraw0      place.rs (tmpfs) + preload/
//!                                  ── open, read, write ► /dev/hidraw0                   hidraw.rs (FUSE)
//!                                                              │ 64-byte frames
//!                                                        authenticator.rs ── OpenSK ── flash.rs, credential.rs
//!                                                              │ "touch me"
//!  a test ── order.rs, socket.rs: tap, deny, mute, unplug ──► hand.rs
//! ```
//!
//! Nothing of it is part of the product. It only works inside a box: see [`place::prepare`].

pub mod authenticator;
pub mod credential;
pub mod flash;
pub mod garble;
pub mod hand;
pub mod hidraw;
pub mod order;
pub mod place;
pub mod request;
pub mod service;
pub mod socket;
mod traits;

/// A CTAPHID frame: one HID report without its number (CTAP 2.1, 11.2.4).
pub type Frame = [u8; 64];
