//! `samekey url`: the addresses at which people sign in (R95), to be sent around or printed.

use crate::environment;
use crate::exit::Failure;
use crate::installation::Installation;
use crate::output::Answer;
use samekey_shared::qr::{self, Ink};
use serde_json::json;
use std::path::Path;

/// Which addresses, and how.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// With this person's name filled in: they press Next, nothing is sent by itself
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Draw the most special of them as a QR code too
    #[arg(long)]
    qr: bool,
}

/// Runs the verb.
pub fn run(config: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let installation = Installation::open(config)?;
    let Some(pages) = &installation.realm.pages else {
        return Err(Failure::failed("this installation has no pages").hint(
            "Name their address: `issuer` in [provider], or `origins` in [relying-party] on a machine without the provider.",
        ));
    };
    // An account need not be there: the address may go out before it is made. The name must be one, though.
    let user = match &arguments.user {
        Some(typed) => Some(installation.login_name(typed)?.to_string()),
        None => None,
    };
    let query = user
        .as_ref()
        .map_or_else(String::new, |user| format!("?username={user}"));
    let names = &installation.realm.names;
    let general = format!("{pages}/login{query}");
    let dedicated: Vec<String> = std::iter::once(&names.realm)
        .chain(&names.aliases)
        .map(|realm| format!("{pages}/d/{realm}/login{query}"))
        .collect();
    let mut text = format!("General:   {general}");
    for address in &dedicated {
        text.push_str("\nDedicated: ");
        text.push_str(address);
    }
    let shown = dedicated.first().unwrap_or(&general);
    if let Some(picture) = arguments.qr.then(|| qr::draw(shown, ink())).flatten() {
        text.push('\n');
        text.push_str(&picture.lines.join("\n"));
    }
    let data = json!({ "general": general, "dedicated": dedicated, "user": user });
    Ok(Answer::data(data, text))
}

fn ink() -> Ink {
    match (environment::utf8(), environment::no_color()) {
        (false, _) => Ink::Ascii,
        (true, true) => Ink::Plain,
        (true, false) => Ink::Colour,
    }
}
