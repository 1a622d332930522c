//! Configuration files and the sections that programs read of them later: parsed or refused in words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::config::{Config, Owner};
use std::collections::BTreeMap;
use std::path::Path;

fuzz_target!(|text: &str| {
    let config = match Config::parse(text, Path::new("fuzz.toml")) {
        Ok(config) => config,
        Err(error) => return assert!(error.to_string().starts_with("fuzz.toml: ")),
    };
    for owner in [Owner::Agent, Owner::Provider, Owner::Mail] {
        // Strings alone: whatever else stands there is refused, with its line.
        if let Err(error) = config.section::<BTreeMap<String, String>>(owner) {
            assert!(error.to_string().starts_with("fuzz.toml: ["));
            assert!(config.has(owner), "{error}");
        }
    }
});
