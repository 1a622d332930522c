//! The call of an operation as a line for a shell, with names in capitals where its caller fills something in.

use super::outline::Operation;
use crate::admin::TOKEN_HEADER;
use crate::http::cookies::SESSION;

/// The line.
pub(super) fn line(origin: &str, operation: &Operation) -> String {
    let mut words = vec!["curl".to_owned()];
    let changes = operation.method != "GET";
    if changes {
        words.push(format!("-X {}", operation.method));
    }
    words.push(format!("-b \"{SESSION}=$SESSION\""));
    if changes {
        words.push(format!("-H \"{TOKEN_HEADER}: $CSRF\""));
    }
    if let Some(body) = &operation.body {
        words.push("-H 'content-type: application/json'".to_owned());
        words.push(format!("-d {}", quoted(&body.example.to_string())));
    }
    words.push(quoted(&address(origin, operation)));
    words.join(" ")
}

fn address(origin: &str, operation: &Operation) -> String {
    let filled = operation.path.split('/').map(|part| {
        let name = part.strip_prefix('{').and_then(|part| part.strip_suffix('}'));
        name.map_or_else(|| part.to_owned(), str::to_uppercase)
    });
    let mut address = origin.to_owned() + &filled.collect::<Vec<_>>().join("/");
    let asked = operation.params.iter();
    let asked = asked.filter(|param| param.needed && param.place == "query");
    for (param, mark) in asked.zip(std::iter::once('?').chain(std::iter::repeat('&'))) {
        address = format!("{address}{mark}{}={}", param.name, param.name.to_uppercase());
    }
    address
}

/// As one word of a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}
