//! Reads `when`: patterns compiled, networks looked up, doors checked for typing mistakes.

use super::facts::FirstFactorKind;
use super::glob::Glob;
use super::networks::{Cidr, SourceTerm};
use super::problem::{Problems, Span};
use super::reader::{Fields, Item};
use super::selectors::{Condition, Wanted, When};
use crate::config::strict;
use data_encoding::BASE64_NOPAD;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// `[networks]`, by name.
pub(super) type Named = BTreeMap<String, Arc<[Cidr]>>;

const KEYS: [&str; 19] = [
    "users",
    "except-users",
    "groups",
    "except-groups",
    "flags",
    "except-flags",
    "services",
    "except-services",
    "hosts",
    "except-hosts",
    "source",
    "except-source",
    "first-factor",
    "key",
    "except-key",
    "key-type",
    "except-key-type",
    "key-enrolled",
    "abnormal",
];

/// The doors of our own pages; `pam:`, `oidc:` and `admin:` have any name behind them.
const PORTAL: [&str; 2] = ["portal:sign-in", "portal:devices"];
const PREFIXES: [&str; 4] = ["pam:", "oidc:", "portal:", "admin:"];

pub(super) fn read(item: &Item<'_>, networks: &Named, problems: &mut Problems<'_>) -> When {
    let Some(fields) = Fields::in_value(item, "`when`", &KEYS, problems) else {
        return When::default();
    };
    let mut conditions = Vec::new();
    for key in KEYS {
        let (except, plain) = match key.strip_prefix("except-") {
            Some(plain) => (true, plain),
            None => (false, key),
        };
        let wanted = match plain {
            "users" => globs(&fields, key, false, problems).map(Wanted::Users),
            "groups" => globs(&fields, key, false, problems).map(Wanted::Groups),
            "flags" => globs(&fields, key, false, problems).map(Wanted::Flags),
            "services" => services(&fields, key, problems).map(Wanted::Services),
            "hosts" => globs(&fields, key, true, problems).map(Wanted::Hosts),
            "source" => source_terms(&fields, key, networks, problems).map(Wanted::Source),
            "first-factor" => fields
                .word_list(key, FirstFactorKind::WORDS, problems)
                .map(|kinds| Wanted::FirstFactor(kinds.into_iter().collect())),
            "key" => fingerprints(&fields, key, problems).map(Wanted::Key),
            "key-type" => globs(&fields, key, false, problems).map(Wanted::KeyType),
            "key-enrolled" => fields.flag(key, problems).map(Wanted::KeyEnrolled),
            _ => fields.flag(key, problems).map(Wanted::Abnormal),
        };
        conditions.extend(wanted.map(|wanted| Condition { except, wanted }));
    }
    When(conditions)
}

fn globs(fields: &Fields<'_>, key: &str, ignore_case: bool, problems: &mut Problems<'_>) -> Option<Vec<Glob>> {
    let mut read = Vec::new();
    for (text, span) in fields.list(key, problems)? {
        match Glob::parse(text, ignore_case) {
            Ok(glob) => read.push(glob),
            Err(message) => problems.add(&span, format!("`{key}`: {message}")),
        }
    }
    Some(read)
}

/// Fingerprints as `ssh-keygen -l` prints them. No patterns: a key is the one that was meant, or another.
fn fingerprints(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<BTreeSet<String>> {
    let mut read = BTreeSet::new();
    for (text, span) in fields.list(key, problems)? {
        match strange_fingerprint(text) {
            None => drop(read.insert(text.to_owned())),
            Some(message) => problems.add(&span, format!("`{key}`: {message}")),
        }
    }
    Some(read)
}

/// What keeps a text from being a fingerprint.
pub(super) fn strange_fingerprint(text: &str) -> Option<String> {
    let base64 = text.strip_prefix("SHA256:").unwrap_or_default();
    let whole = BASE64_NOPAD
        .decode(base64.as_bytes())
        .is_ok_and(|hash| hash.len() == 32);
    (!whole).then(|| {
        format!("\"{text}\" is no fingerprint: it is SHA256: and 43 characters, as `ssh-keygen -lf KEY.pub` prints it")
    })
}

fn services(fields: &Fields<'_>, key: &str, problems: &mut Problems<'_>) -> Option<Vec<Glob>> {
    let read = globs(fields, key, false, problems)?;
    for (text, span) in fields.list(key, problems).into_iter().flatten() {
        if let Some(message) = strange_service(text) {
            problems.add(&span, format!("`{key}`: {message}"));
        }
    }
    Some(read)
}

/// What is wrong with the name of a door: a rule for a door that nobody can come through would protect nothing.
pub(super) fn strange_service(text: &str) -> Option<String> {
    if text.starts_with('*') {
        return None;
    }
    let Some(prefix) = PREFIXES.into_iter().find(|prefix| text.starts_with(prefix)) else {
        let hint = match text.split_once(':') {
            Some((kind, rest)) => strict::likely(&format!("{kind}:"), PREFIXES.into_iter())
                .map(|meant| format!("did you mean \"{meant}{rest}\"?")),
            None => Some(format!("did you mean \"pam:{text}\" or \"oidc:{text}\"?")),
        };
        let hint = hint.unwrap_or_else(|| "it begins with pam:, oidc:, portal: or admin:".to_owned());
        return Some(format!("\"{text}\" is no service: {hint}"));
    };
    if prefix == "portal:" && !text.contains('*') && !PORTAL.contains(&text) {
        let meant = strict::likely(text, PORTAL.into_iter()).unwrap_or("portal:sign-in");
        return Some(format!("\"{text}\" is no service: did you mean \"{meant}\"?"));
    }
    (text == prefix).then(|| format!("\"{text}\" names nothing; \"{text}*\" would name all"))
}

/// A list of named networks, blocks, addresses and `local`.
pub(super) fn source_terms(
    fields: &Fields<'_>,
    key: &str,
    networks: &Named,
    problems: &mut Problems<'_>,
) -> Option<Vec<SourceTerm>> {
    let mut read = Vec::new();
    for (text, span) in fields.list(key, problems)? {
        match source_term(text, networks) {
            Ok(term) => read.push(term),
            Err(message) => problems.add(&span, format!("`{key}`: {message}")),
        }
    }
    Some(read)
}

fn source_term(text: &str, networks: &Named) -> Result<SourceTerm, String> {
    if text == "local" {
        return Ok(SourceTerm::Local);
    }
    if let Some(blocks) = networks.get(text) {
        return Ok(SourceTerm::Named(text.into(), Arc::clone(blocks)));
    }
    if text.contains(['/', ':']) || text.parse::<std::net::IpAddr>().is_ok() {
        return Cidr::parse(text).map(SourceTerm::Within);
    }
    let known = networks.keys().map(String::as_str).chain(["local"]);
    Err(match strict::likely(text, known) {
        Some(meant) => format!("unknown network \"{text}\": did you mean \"{meant}\"?"),
        None => {
            format!("unknown network \"{text}\": it stands neither in [networks] nor is it an address or \"local\"")
        }
    })
}

/// Reads `[networks]`.
pub(super) fn networks(item: Option<&Item<'_>>, problems: &mut Problems<'_>) -> Named {
    let Some(item) = item else {
        return Named::new();
    };
    let Some(table) = item.as_ref().as_table() else {
        problems.add(&item.span(), "[networks] must be a table of lists");
        return Named::new();
    };
    let names: Vec<&str> = table.keys().map(|key| key.as_ref().as_ref()).collect();
    let fields = Fields::of(table, item.span(), "[networks]", &names, problems);
    let mut read = Named::new();
    for (name, span, _) in fields.entries() {
        check_name(name, &span, problems);
        let mut blocks = Vec::new();
        for (text, span) in fields.list(name, problems).into_iter().flatten() {
            match Cidr::parse(text) {
                Ok(block) => blocks.push(block),
                Err(message) => problems.add(&span, format!("network `{name}`: {message}")),
            }
        }
        // Also when its blocks are faulty: rules that name it are not to be reported as well.
        read.insert(name.to_owned(), blocks.into());
    }
    read
}

fn check_name(name: &str, span: &Span, problems: &mut Problems<'_>) {
    let plain = name
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    let starts_well = name.bytes().next().is_some_and(|b| b.is_ascii_alphabetic());
    if name == "local" || name == "unknown" {
        problems.add(
            span,
            format!("a network cannot be called `{name}`: the word has a meaning of its own"),
        );
    } else if !plain || !starts_well {
        problems.add(
            span,
            format!("network `{name}`: a name has letters, digits, - and _, and begins with a letter"),
        );
    }
}
