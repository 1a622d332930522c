//! What the packages hand to systemd: users that it can make, and units that run as one of them.

use crate::support::boxed::tree;
use std::collections::BTreeSet;

fn read(file: &str) -> String {
    std::fs::read_to_string(tree().join("packaging/systemd").join(file)).unwrap()
}

/// The fields of a line of sysusers.d(5): blanks part them, quotes hold them together.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    for letter in line.chars() {
        match (letter, quoted) {
            ('"', _) => quoted = !quoted,
            (' ', false) => fields.push(String::new()),
            (letter, _) => fields.last_mut().unwrap().push(letter),
        }
    }
    assert!(!quoted, "{line}");
    fields
}

/// `systemd-sysusers` refuses the whole file for one wrong field, and with it the installation fails.
#[test]
fn every_user_of_the_packages_can_be_made() {
    let mut users = BTreeSet::new();
    let text = read("samekey.sysusers");
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields = fields(line);
        let [kind, name, id, called, ..] = &*fields else {
            panic!("{line}");
        };
        assert!(kind == "u" && id == "-", "{line}");
        // A field of /etc/passwd: a colon would end it.
        let fits = |letter: char| letter != ':' && !letter.is_control();
        assert!(!called.is_empty() && called.chars().all(fits), "{line}");
        users.insert(name.clone());
    }
    let named = |text: &str, key: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(key).map(str::to_owned));
        line.unwrap_or_else(|| panic!("no {key}"))
    };
    for unit in ["samekey-agent.service", "samekey-provider.service"] {
        assert!(users.contains(&named(&read(unit), "User=")), "{unit}");
    }
    let example = std::fs::read_to_string(tree().join("packaging/sshd/00-samekey.conf")).unwrap();
    assert!(users.contains(&named(&example, "# AuthorizedKeysCommandUser ")));
}
