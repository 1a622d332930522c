//! What the whole-system tests stand on.

pub mod application;
pub mod boxed;
pub mod built;
pub mod chromium;
pub mod drawn_keys;
pub mod earlier;
pub mod fake_agent;
pub mod live_agent;
pub mod npm;
pub mod pam_host;
pub mod post_office;
pub mod seat;
pub mod site;
pub mod soft_key;
#[cfg(target_arch = "x86_64")]
pub mod tracer;
