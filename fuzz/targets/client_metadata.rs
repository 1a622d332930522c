//! Registration documents of strangers: read, held against the rules, and told again in the same words.
#![no_main]

use libfuzzer_sys::fuzz_target;
use samekey_provider::clients::{Client, ClientSettings, Metadata, metadata};

fuzz_target!(|data: &[u8]| {
    let Ok(document) = Metadata::read(data) else { return };
    let Ok(settings) = document.settings(&ClientSettings::default()) else { return };
    let client = Client {
        id: "fuzzed".parse().expect("an id"),
        name: "Fuzzed".to_owned(),
        kind: document.kind(),
        settings,
        created_at: 0,
    };
    let Ok(settings) = samekey_provider::clients::acceptable(client.kind, &client.settings) else { return };
    let client = Client { settings, ..client };
    // What is told of it is a document that comes to the same settings.
    let told = serde_json::to_vec(&metadata(&client)).expect("JSON");
    let again = Metadata::read(&told).expect("our own document");
    let again = again.settings(&ClientSettings::default()).expect("our own settings");
    assert_eq!(again, client.settings);
});
