//! Both doors' web side in a real browser: Chromium, the real provider and the real sample app, on one machine in a box.

mod keys;
mod pages;
pub mod scene;
