//! PAM's files: whatever stands in them, the prover answers, and with our line in front nobody comes past.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_pam_stack::{Dialect, Facility, InMemory, Service, Verdict, prove};

const OURS: &[u8] = b"auth [success=ok ignore=ignore default=die] pam_samekey.so\n";

fuzz_target!(|input: (bool, Vec<u8>, Vec<u8>)| {
    let (debian, sshd, inner) = input;
    let dialect = if debian { Dialect::Debian } else { Dialect::Plain };
    let mut files = InMemory::default();
    files.files.insert("/etc/pam.d/inner".into(), inner);
    files.files.insert("/etc/pam.d/sshd".into(), sshd.clone());
    let service = Service::load(&files, dialect, "sshd");
    for facility in [Facility::Auth, Facility::Account] {
        let _ = prove(&service, facility);
    }
    files.files.insert("/etc/pam.d/sshd".into(), [OURS, &sshd].concat());
    let guarded = Service::load(&files, dialect, "sshd");
    assert!(!matches!(prove(&guarded, Facility::Auth).verdict, Verdict::Bypassed(_)));
});
