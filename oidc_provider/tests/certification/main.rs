//! The modules of the public conformance suite, under their public names: one file, or folder, for each of its plans.
//!
//! `modules.toml` lists every module of every plan; `docs/reference/conformance.md` is made of it. `suite` plays what stands around a
//! module there: a relying party with two clients, a browser without scripts, and the person who types.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[expect(dead_code, reason = "shared with the tests of pages, which look at more")]
#[path = "../web/browser.rs"]
mod browser;
#[path = "../web/drawn_keys.rs"]
mod drawn_keys;
#[expect(dead_code, reason = "shared with the tests of pages, which look at more")]
#[path = "../web/prover.rs"]
mod prover;
#[expect(dead_code, reason = "shared with the tests of pages, which look at more")]
#[path = "../web/relying_party.rs"]
mod relying_party;
#[expect(dead_code, reason = "shared with the tests of pages, which look at more")]
#[path = "../web/scene.rs"]
mod scene;

#[path = "../web/registrant.rs"]
mod registrant;
#[path = "../web/signer.rs"]
mod signer;
#[path = "../web/site.rs"]
mod site;

mod fapi;
mod modules;
mod suite;

mod backchannel;
mod basic;
mod config;
mod dynamic;
mod fapi2_message_signing;
mod fapi2_security_profile;
mod fapi2_sender;
mod form_post;
mod frontchannel;
mod rp_initiated;
mod session;
mod third_party;
