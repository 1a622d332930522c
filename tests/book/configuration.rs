//! The reference of configuration, events and metrics, made of the structures that read the first, of the list of the second and of
//! the registry of the third.
//!
//! `SAMEKEY_WRITE=yes cargo test -p e2e --features samekey-shared/postgres book::configuration` writes the pages anew.

use crate::support::boxed::tree;
use samekey_shared::audit::EventKind;
use std::fmt::Write as _;

/// Sections, what each is for, the file and the structure that read it.
const SECTIONS: [(&str, &str, &str, &str); 9] = [
    ("realm", "Who we are.", "shared/src/config/sections.rs", "RealmSection"),
    (
        "store",
        "Where the rows are: exactly one of the two.",
        "shared/src/config/sections.rs",
        "StoreSection",
    ),
    (
        "keyring",
        "Where the master keys are.",
        "shared/src/config/sections.rs",
        "KeyringSection",
    ),
    (
        "password",
        "What one guess of a password costs (Argon2id). A password kept under less is hashed anew at its next sign-in.",
        "shared/src/config/sections.rs",
        "PasswordSection",
    ),
    (
        "relying-party",
        "What passkeys and security keys belong to. All of it follows from the provider's issuer unless said here.",
        "shared/src/config/relying_party.rs",
        "RelyingPartySection",
    ),
    (
        "attestation",
        "Whom we believe when a key's maker vouches for it.",
        "shared/src/config/attestation.rs",
        "AttestationSection",
    ),
    (
        "agent",
        "Read by `samekey-agent`.",
        "host_agent/src/settings.rs",
        "Settings",
    ),
    (
        "provider",
        "Read by `samekey-provider`. Without it there is no web door.",
        "oidc_provider/src/config/mod.rs",
        "ProviderSection",
    ),
    (
        "mail",
        "How letters leave. Without it none are written. [More](../mail.md).",
        "oidc_provider/src/mail/config.rs",
        "MailSection",
    ),
];

const HEAD: &str = "\
# Configuration

<!-- Made by tests/book/configuration.rs of the code: change the comments there. A stale page fails its test. -->

`/etc/samekey/samekey.toml`, one file in TOML for agent, provider and command; `samekey init` makes it, and only root may be able to write it. A key
that nobody knows is an error that names its line and the likely key meant: a typing mistake switches nothing off. What people must prove stands
not here but in [the policy](policy.md). The daemons read it when they start; `samekey status` warns of one that goes by an older one.

`needed`: there is no default. Paths are absolute. Spans of time are in the unit that the key names.
";

const EVENTS: &str = "\
# Events of the trail

<!-- Made by tests/book/configuration.rs of shared/src/audit/kind.rs. A stale page fails its test. -->

What the audit trail can hold. The words are stable: they stand in the store, in `samekey audit export`, in the journal and in other people's filters. An
event has number, time, kind, who did it (`actor`), about whom (`subject`), result, and where known service, source, host, method, level, rule and
request id. Its hash is made over all of that and over the hash before it.

| event | meaning |
|---|---|
";

/// A field as written: key, type, default as far as the code says it in one expression, comment.
struct Key {
    name: String,
    kind: String,
    default: String,
    meaning: String,
}

fn read(file: &str) -> String {
    std::fs::read_to_string(tree().join(file)).unwrap_or_else(|why| panic!("{file}: {why}"))
}

/// The text between two others.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let (_, rest) = text.split_once(from)?;
    rest.split_once(to).map(|(inner, _)| inner)
}

fn keys(file: &str, structure: &str) -> Vec<Key> {
    let text = read(file);
    let (before, _) = text
        .split_once(&format!("struct {structure} {{"))
        .unwrap_or_else(|| panic!("{file}: no {structure}"));
    // `#[serde(default)]` on the whole: every field has one.
    let all_default = before.rsplit("\n\n").next().unwrap_or_default().contains("default");
    let body = between(&text, &format!("struct {structure} {{"), "\n}").unwrap();
    let whole = between(&text, &format!("impl Default for {structure} {{"), "\n}\n").unwrap_or_default();
    let mut keys = Vec::new();
    let (mut meaning, mut attribute) = (String::new(), String::new());
    for line in body.lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            meaning += comment;
        } else if line.starts_with("#[") {
            attribute = line.to_owned();
        } else if let Some((name, kind)) = line.strip_suffix(',').and_then(|field| field.split_once(": ")) {
            let field = name.trim_start_matches("pub ").trim_start_matches("pub(super) ");
            keys.push(Key {
                name: field.replace('_', "-"),
                default: default(&text, whole, field, kind, &attribute, all_default),
                kind: word(kind),
                meaning: std::mem::take(&mut meaning).trim().to_owned(),
            });
            attribute.clear();
        }
    }
    keys
}

fn default(text: &str, whole: &str, field: &str, kind: &str, attribute: &str, all_default: bool) -> String {
    let function = between(attribute, "default = \"", "\"");
    let written = function
        .and_then(|name| between(text, &format!("fn {name}() -> "), "\n}"))
        .and_then(|body| body.split_once("{\n").map(|(_, value)| value))
        .or_else(|| between(whole, &format!("{field}: "), ",\n"));
    match written.map(str::trim) {
        Some("None") => "none".to_owned(),
        Some(value) => format!("`{}`", plain(value)),
        None if kind.starts_with("Option<") => "none".to_owned(),
        None if kind == "bool" => "`false`".to_owned(),
        None if kind.starts_with("Vec<") && (all_default || !attribute.is_empty()) => "none".to_owned(),
        None => {
            // An enumeration's default is marked in it.
            let marked =
                between(text, &format!("enum {kind} {{"), "\n}").and_then(|body| body.split_once("#[default]"));
            match marked.and_then(|(_, rest)| rest.split(',').next()) {
                Some(word) => format!("`\"{}\"`", word.trim().to_lowercase()),
                None if all_default || !attribute.is_empty() => "the first named".to_owned(),
                None => "needed".to_owned(),
            }
        }
    }
}

/// An expression of the code as it would be written in the file.
fn plain(value: &str) -> String {
    let value = value.trim_end_matches(".to_owned()").replace('_', "");
    if let Some(address) = between(&value, "SocketAddr::from(([", "))") {
        return format!("\"{}\"", address.replace(", ", ".").replace("].", ":"));
    }
    if let Some(list) = value.strip_prefix("vec!") {
        return list.replace(".toowned()", "").replace(".to_owned()", "");
    }
    if let Some(path) = between(&value, "PathBuf::from(", ")") {
        return path.to_owned();
    }
    match value.split_once(" * ") {
        Some((a, b)) => a
            .parse::<i64>()
            .and_then(|a| b.parse::<i64>().map(|b| (a * b).to_string()))
            .unwrap_or(value),
        None => value,
    }
}

fn word(kind: &str) -> String {
    let inner = between(kind, "Option<", ">").unwrap_or(kind);
    let word = match inner {
        "String" => "text",
        "PathBuf" => "path",
        "SocketAddr" => "address:port",
        "bool" => "true, false",
        "i64" | "u32" | "u16" | "usize" => "number",
        list if list.starts_with("Vec<") => "list of texts",
        _ => "word",
    };
    word.to_owned()
}

fn configuration() -> String {
    let mut page = HEAD.to_owned();
    for (section, about, file, structure) in SECTIONS {
        let _ = write!(
            page,
            "\n## `[{section}]`\n\n{about}\n\n| key | value | unless given | meaning |\n|---|---|---|---|\n"
        );
        for key in keys(file, structure) {
            assert!(key.meaning.len() > 5, "{file}: {} has no comment", key.name);
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                key.name, key.kind, key.default, key.meaning
            );
        }
    }
    page
}

fn metrics() -> String {
    let text = read("oidc_provider/src/operations/figures.rs");
    let mut page = "# Metrics\n\n<!-- Made by tests/book/configuration.rs of oidc_provider/src/operations/figures.rs. A stale page fails its test. -->\n\n\
        `samekey-provider` answers `/metrics` in OpenMetrics' text form to the addresses of `[provider] metrics` (this machine unless others are named);\n\
        `/healthz` says that it runs, `/readyz` that its store can be used (503 where not). The agent has no port: `samekey status` tells of it, with the exit codes\n\
        of a monitoring plugin. How to use them: [Monitoring](../how-to/monitoring.md).\n\n| metric | meaning |\n|---|---|\n"
        .to_owned();
    let mut found = 0;
    for part in text.split("registry.register").skip(1) {
        let mut texts = part.split('"').skip(1).step_by(2);
        let (Some(name), Some(help)) = (texts.next(), texts.next()) else {
            continue;
        };
        let unit = if part.starts_with("_with_unit") { "_seconds" } else { "" };
        let _ = writeln!(page, "| `samekey_{name}{unit}` | {help} |");
        found += 1;
    }
    assert!(found > 5, "{found}");
    page
}

fn events() -> String {
    let text = read("shared/src/audit/kind.rs");
    let mut page = EVENTS.to_owned();
    let (mut meaning, mut found) = (String::new(), 0);
    for line in between(&text, "\nkinds! {", "\n}").unwrap().lines().map(str::trim) {
        if let Some(comment) = line.strip_prefix("///") {
            meaning += comment;
        } else if let Some(word) = between(line, "=> \"", "\"") {
            assert!(meaning.ends_with('.'), "{word} has no sentence that says what it means");
            let _ = writeln!(page, "| `{word}` | {} |", std::mem::take(&mut meaning).trim());
            found += 1;
        }
    }
    assert_eq!(found, EventKind::ALL.len());
    page
}

#[test]
fn the_reference_of_configuration_events_and_metrics_is_made_of_the_code() {
    let pages = [
        ("configuration.md", configuration()),
        ("events.md", events()),
        ("metrics.md", metrics()),
    ];
    for (name, made) in pages {
        let file = tree().join("docs/reference").join(name);
        if std::env::var_os("SAMEKEY_WRITE").is_some() {
            std::fs::write(&file, &made).unwrap();
        }
        let written = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            written == made,
            "docs/reference/{name} is stale: SAMEKEY_WRITE=yes with this test writes it anew"
        );
    }
}
