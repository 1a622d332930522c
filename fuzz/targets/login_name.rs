//! Login names: whatever is accepted is canonical, and reads back as itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::accounts::{LoginName, RealmNames};

fuzz_target!(|text: &str| {
    let names = RealmNames { realm: "example.org".into(), aliases: vec!["corp".into()] };
    for name in [LoginName::parse(text, &names), LoginName::parse_typed(text, &names)].into_iter().flatten() {
        let plain = name.as_str();
        assert!(plain.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"._-".contains(&b)), "{plain:?}");
        assert_eq!(LoginName::parse(plain, &names).as_ref(), Ok(&name));
    }
});
