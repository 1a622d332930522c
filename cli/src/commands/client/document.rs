//! An app as a document in TOML: what `client ensure -f` reads, and what `client add --set` adds to.

use crate::exit::Failure;
use samekey_provider::clients::{ClientId, ClientKind, ClientSettings, Registration};
use std::path::Path;
use toml::{Table, Value};

/// The apps of a file: one, or a list under `[[client]]`.
pub(super) fn read(file: &Path) -> Result<Vec<Registration>, Failure> {
    let wrong = |why: String| Failure::usage(format!("{}: {why}", file.display()));
    let text = if file == Path::new("-") {
        std::io::read_to_string(std::io::stdin())
    } else {
        std::fs::read_to_string(file)
    };
    let text = text.map_err(|why| wrong(why.to_string()))?;
    let mut document: Table = text.parse().map_err(|why: toml::de::Error| wrong(why.to_string()))?;
    let apps = match document.remove("client") {
        None => vec![document],
        Some(Value::Array(apps)) if document.is_empty() => apps
            .into_iter()
            .map(|app| match app {
                Value::Table(app) => Ok(app),
                _ => Err(wrong("write each app as [[client]]".to_owned())),
            })
            .collect::<Result<_, _>>()?,
        Some(_) => return Err(wrong("write each app as [[client]], and nothing beside".to_owned())),
    };
    apps.into_iter().map(|app| registration(app).map_err(wrong)).collect()
}

/// One app: `id`, `name`, `kind` and its settings.
fn registration(mut app: Table) -> Result<Registration, String> {
    let mut text = |key: &str| match app.remove(key) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(format!("`{key}` is a text")),
    };
    let id = text("id")?.ok_or("`id` is missing")?;
    let id: ClientId = id.parse().map_err(|why| format!("`id`: {why}"))?;
    let name = text("name")?.unwrap_or_else(|| id.to_string());
    let kind = match text("kind")?.as_deref() {
        None | Some("confidential") => ClientKind::Confidential,
        Some("public") => ClientKind::Public,
        Some(_) => return Err(format!("{id}: `kind` is confidential or public")),
    };
    let settings = settings(app).map_err(|why| format!("{id}: {why}"))?;
    Ok(Registration {
        id,
        name,
        kind,
        settings,
    })
}

/// Settings from their table.
pub(super) fn settings(table: Table) -> Result<ClientSettings, String> {
    Value::Table(table)
        .try_into()
        .map_err(|why: toml::de::Error| why.to_string())
}
