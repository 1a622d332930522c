//! Whether the password that somebody just typed is easy to guess, where the operator wants people told (W15).

use crate::app::App;
use samekey_shared::accounts::LoginName;
use samekey_shared::accounts::password::{Weakness, weakness};
use samekey_shared::policy::WeakPasswords;
use samekey_shared::secrets::SecretText;

/// What there is to tell after a sign-in with this password; looked at alike for every name, known or not.
pub fn notice(app: &App, typed_name: &str, password: &SecretText) -> Option<Weakness> {
    let policy = app.realm.store.read(|tx| app.realm.policy(tx)).ok()?;
    if policy.settings().weak_passwords == WeakPasswords::Off {
        return None;
    }
    let names = &app.realm.names;
    let login =
        LoginName::parse_typed(typed_name, names).map_or_else(|_| typed_name.to_owned(), |name| name.to_string());
    let places = std::iter::once(&names.realm).chain(&names.aliases);
    let parts = places.flat_map(|place| std::iter::once(place.as_str()).chain(place.split('.')));
    let known: Vec<&str> = std::iter::once(login.as_str()).chain(parts).collect();
    weakness(password, &known)
}
