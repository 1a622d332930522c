//! Policy documents: faults are told, never panics; what parses can be asked.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::policy::{Facts, KeyFact, Policy, SourceFact, requirement};

fuzz_target!(|text: &str| {
    match Policy::parse(text) {
        Err(problems) => assert!(!problems.is_empty()),
        Ok(policy) => {
            let facts = Facts {
                user: "ann",
                groups: None,
                flags: None,
                service: "pam:sshd",
                host: None,
                source: SourceFact::Unknown,
                first_factor: None,
                key: KeyFact::Unknown,
                abnormal: None,
                now: 1_777_593_600,
            };
            let _ = requirement(&policy, &facts);
        }
    }
});
