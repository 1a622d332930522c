//! Files of other programs: whatever stands in them, every row is a device or has a reason, and no reason repeats the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_shared::moving::{Format, Setting, read};

fuzz_target!(|input: (u8, &[u8])| {
    let (choice, bytes) = input;
    let format = Format::ALL[usize::from(choice) % Format::ALL.len()];
    let setting = Setting { origin: "pam://box", app_id: "pam://box" };
    let mut before = 0;
    for row in read(format, bytes, &setting) {
        assert!(row.line >= 1 && row.line >= before || format == Format::PamU2f, "{format:?}");
        before = row.line;
        if let Err(unfit) = row.brought {
            assert!(!unfit.code().is_empty() && unfit.to_string().len() < 200);
        }
    }
});
