//! Configuration files: parsed or refused in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::config::Config;
use std::path::Path;

fuzz_target!(|text: &str| {
    if let Err(error) = Config::parse(text, Path::new("fuzz.toml")) {
        assert!(error.to_string().starts_with("fuzz.toml: "));
    }
});
