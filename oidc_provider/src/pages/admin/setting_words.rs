//! What the settings and their values are called on the page of settings (R32): the seeds' words where they have some.

use samekey_shared::administration::{Field, Kind};
use samekey_shared::texts::Texts;

/// Keys and their names.
const NAMES: [(&str, &str); 31] = [
    ("session", "admin-setting-session"),
    ("idle", "admin-setting-idle"),
    ("lockout.attempts", "admin-setting-lockout-attempts"),
    ("lockout.window", "admin-setting-lockout-window"),
    ("lockout.for", "admin-setting-lockout-for"),
    ("lockout.hard-stop", "admin-setting-lockout-hard-stop"),
    ("passkey-sign-in", "admin-setting-passkey-sign-in"),
    ("default.remember", "admin-setting-remember"),
    ("weak-passwords", "admin-setting-weak-passwords"),
    ("idle-disable", "admin-setting-idle-disable"),
    ("contact", "admin-setting-contact"),
    ("announcement", "admin-setting-announcement"),
    ("self-service", "admin-setting-self-service"),
    ("default.grace", "admin-setting-grace"),
    ("default.two-types", "admin-setting-two-types"),
    ("email", "admin-setting-email"),
    ("first-bind.new", "admin-setting-first-bind-new"),
    ("first-bind.after-reset", "admin-setting-first-bind-after-reset"),
    ("fido-per-user", "admin-setting-fido-per-user"),
    ("totp-per-user", "admin-setting-totp-per-user"),
    ("users-per-email", "admin-setting-users-per-email"),
    ("email-code.digits", "admin-setting-email-code-digits"),
    ("email-code.ttl", "admin-setting-email-code-ttl"),
    ("email-code.resend", "admin-setting-email-code-resend"),
    ("email-code.tries", "admin-setting-email-code-tries"),
    ("recovery-codes", "admin-setting-recovery-codes"),
    ("device-name", "admin-setting-device-name"),
    ("checkup", "admin-setting-checkup"),
    ("enroll-in-terminal", "admin-setting-enroll-in-terminal"),
    ("login-networks", "admin-setting-login-networks"),
    ("first-bind.networks", "admin-setting-first-bind-networks"),
];

/// Keys, their words, and what these are called.
const WORDS: [(&str, &str, &str); 22] = [
    ("self-service", "all", "admin-setting-self-service-all"),
    ("self-service", "add-only", "admin-setting-self-service-add-only"),
    ("self-service", "none", "admin-setting-self-service-none"),
    ("email", "off", "admin-setting-email-off"),
    ("email", "sensitive-only", "admin-setting-email-sensitive-only"),
    ("email", "emergency", "admin-setting-email-emergency"),
    ("email", "second-factor", "admin-setting-email-second-factor"),
    ("first-bind.new", "password", "admin-setting-first-bind-password"),
    (
        "first-bind.after-reset",
        "password",
        "admin-setting-first-bind-password",
    ),
    ("first-bind.new", "ticket", "admin-setting-first-bind-ticket"),
    ("first-bind.after-reset", "ticket", "admin-setting-first-bind-ticket"),
    ("first-bind.new", "email", "admin-setting-first-bind-email"),
    ("first-bind.after-reset", "email", "admin-setting-first-bind-email"),
    ("first-bind.new", "network", "admin-setting-first-bind-network"),
    ("first-bind.after-reset", "network", "admin-setting-first-bind-network"),
    ("device-name", "ascii", "admin-setting-device-name-ascii"),
    ("device-name", "unicode", "admin-setting-device-name-unicode"),
    ("weak-passwords", "off", "admin-setting-weak-passwords-off"),
    ("weak-passwords", "notice", "admin-setting-weak-passwords-notice"),
    ("default.two-types", "off", "admin-setting-two-types-off"),
    ("default.two-types", "warn", "admin-setting-two-types-warn"),
    ("default.two-types", "require", "admin-setting-two-types-require"),
];

/// What a setting is called.
pub(super) fn name(t: Texts, key: &str) -> String {
    let found = NAMES.iter().find(|(known, _)| *known == key);
    found.map_or_else(|| key.to_owned(), |(_, text)| t.say(text))
}

/// The words that it takes, each with what it is called; none where anything is typed. What is not set stays so unless
/// something is chosen.
pub(super) fn options(t: Texts, field: &Field, there: &str) -> Vec<(String, String)> {
    let words: &[&str] = match field.kind {
        Kind::Flag => &["true", "false"],
        Kind::Word(words) => words,
        _ => &[],
    };
    let option = |word: &&str| ((*word).to_owned(), value(t, field.key, word));
    let unset = (there.is_empty() && !words.is_empty()).then_some("");
    unset.iter().chain(words).map(option).collect()
}

/// How it is typed; empty where anything may be, or a word is chosen.
pub(super) fn hint(t: Texts, field: &Field) -> String {
    match field.kind {
        Kind::Span => t.say("admin-span-hint"),
        Kind::Number => t.say("admin-number-hint"),
        Kind::List => t.say("admin-list-hint"),
        Kind::Flag | Kind::Word(_) | Kind::Text => String::new(),
    }
}

/// What may be said for it: a hint, or the words there are.
pub(super) fn wanted(t: Texts, field: &Field) -> String {
    let words: Vec<String> = options(t, field, "").into_iter().map(|(_, name)| name).collect();
    if words.is_empty() {
        hint(t, field)
    } else {
        words.join(" / ")
    }
}

/// What a value is called; what has no name of its own is said as it stands.
pub(super) fn value(t: Texts, key: &str, value: &str) -> String {
    match value {
        "" => t.say("admin-setting-none"),
        "true" => t.say("admin-setting-on"),
        "false" => t.say("admin-setting-off"),
        word => {
            let found = WORDS.iter().find(|(of, known, _)| *of == key && *known == word);
            found.map_or_else(|| word.to_owned(), |(_, _, text)| t.say(text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::administration::FIELDS;
    use samekey_shared::texts::Language;

    #[test]
    fn every_setting_and_every_word_has_a_name_in_every_language() {
        for t in Language::ALL.iter().map(|language| Texts::from(*language)) {
            for field in FIELDS {
                assert_ne!(name(t, field.key), field.key);
                for (word, said) in options(t, field, "yes") {
                    assert_ne!(word, said, "{}", field.key);
                }
            }
        }
    }
}
