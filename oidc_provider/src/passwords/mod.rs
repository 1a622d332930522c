//! The system's passwords as first factor, where the operator chose them; and what is told about weak ones.

mod system;
pub mod weak;

use crate::app::App;
use samekey_shared::accounts::LoginName;
use samekey_shared::flows::SystemVerdict;
use samekey_shared::secrets::SecretText;
use samekey_shared::source::Source;

/// Asks the configured PAM service. Whatever keeps it from answering is a wrong password, with the reason in the log.
pub fn system_verdict(app: &App, name: &str, password: &SecretText, source: &Source) -> SystemVerdict {
    // The canonical name, so that `user@realm` is looked up as the user it is; what is no name is nobody's.
    let Ok(login) = LoginName::parse_typed(name, &app.realm.names) else {
        return SystemVerdict::Wrong;
    };
    let rhost = source.ip().map(|ip| ip.to_string());
    match system::check(&app.config.pam_service, login.as_str(), password, rhost.as_deref()) {
        Ok(true) => SystemVerdict::Right,
        Ok(false) => SystemVerdict::Wrong,
        Err(error) => {
            tracing::error!(%error, service = app.config.pam_service, "the system's passwords cannot be asked");
            SystemVerdict::Wrong
        }
    }
}
