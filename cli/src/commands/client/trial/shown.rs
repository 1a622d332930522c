//! Tokens made readable: their parts decoded, never the tokens themselves.

use crate::output::Table;
use data_encoding::BASE64URL_NOPAD;
use samekey_provider::oidc::token::trial::Tried;
use serde_json::{Value, json};

/// Header and claims of a JWT; how long an opaque token is.
pub(super) fn parts(token: Option<&str>) -> Value {
    let Some(token) = token else {
        return Value::Null;
    };
    let read =
        |part: &str| -> Option<Value> { serde_json::from_slice(&BASE64URL_NOPAD.decode(part.as_bytes()).ok()?).ok() };
    let mut pieces = token.split('.');
    let (header, claims) = (pieces.next().and_then(read), pieces.next().and_then(read));
    match (header, claims) {
        (Some(header), Some(claims)) => json!({ "header": header, "claims": claims }),
        _ => json!({ "opaque": token.len() }),
    }
}

/// All of it for a terminal.
pub(super) fn text(tried: &Tried) -> String {
    let mut table = Table::new(&["WHERE", "NAME", "VALUE"]);
    for token in ["id_token", "access_token"] {
        let parts = parts(tried.response[token].as_str());
        for part in ["header", "claims"] {
            for (name, value) in parts[part].as_object().into_iter().flatten() {
                table.row([format!("{token} {part}"), name.clone(), plain(value)]);
            }
        }
        if let Some(length) = parts["opaque"].as_u64() {
            table.row([token.to_owned(), "opaque".to_owned(), format!("{length} characters")]);
        }
    }
    let signed = parts(tried.userinfo.as_str());
    let told = tried.userinfo.as_object().or_else(|| signed["claims"].as_object());
    for (name, value) in told.into_iter().flatten() {
        table.row(["userinfo".to_owned(), name.clone(), plain(value)]);
    }
    for name in ["scope", "expires_in", "token_type"] {
        table.row(["response".to_owned(), name.to_owned(), plain(&tried.response[name])]);
    }
    let refresh = tried.response["refresh_token"].is_string();
    table.row([
        "response".to_owned(),
        "refresh_token".to_owned(),
        if refresh { "yes" } else { "none" }.to_owned(),
    ]);
    table.draw()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
