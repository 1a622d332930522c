//! Lines for authpriv syslog, and the panic hook that never writes to the terminal.

use crate::libpam::{self, Severity};
use crate::outcome::{Failure, Outcome};
use pam::module::PamHandle;
use samekey_wire::Reason;
use std::sync::Once;

/// Says how a call ended. `user` is whatever the application claims, so it is escaped.
pub fn ending(handle: &PamHandle, user: Option<&str>, outcome: &Outcome) {
    let severity = match outcome {
        Outcome::Proven | Outcome::Exempt => Severity::Info,
        Outcome::Refused(_) | Outcome::TooMany | Outcome::Failed(Failure::Conversation(_)) => Severity::Notice,
        Outcome::Undecided(_) | Outcome::Failed(_) => Severity::Error,
    };
    libpam::log(handle, severity, &line(user, outcome));
}

fn line(user: Option<&str>, outcome: &Outcome) -> String {
    let user = user.map(|name| name.escape_default().to_string());
    let who = user.as_deref().unwrap_or("(none)");
    let hint = match outcome {
        Outcome::Refused(Reason::FakeAnswer) => {
            "; sshd answered in place of the person: unknown user, or root without PermitRootLogin yes"
        }
        Outcome::Refused(Reason::SecondFactorMissing) => {
            "; the login reached the account phase without our authentication: \
             in sshd_config set AuthenticationMethods publickey,keyboard-interactive:pam"
        }
        _ => "",
    };
    format!("user={who} {outcome}{hint}")
}

/// Sends panics to syslog, once per load of the module. The standard hook would print into the person's terminal.
///
/// The hook belongs to this copy of the standard library alone; a host program in Rust keeps its own. Only the place is
/// logged: a message might quote an answer.
pub fn silence_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let place = panic
                .location()
                .map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
            libpam::log_without_handle(&format!(
                "pam_samekey panicked at {place}; the login is refused, please report it"
            ));
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_forge_a_second_line() {
        let line = line(Some("a\nuser=root second factor proven"), &Outcome::TooMany);
        assert!(!line.contains('\n'), "{line}");
    }

    #[test]
    fn a_fake_answer_and_a_skipped_factor_carry_their_hints() {
        let fake = line(Some("root"), &Outcome::Refused(Reason::FakeAnswer));
        assert!(fake.contains("PermitRootLogin"), "{fake}");
        let skipped = line(Some("demo"), &Outcome::Refused(Reason::SecondFactorMissing));
        assert!(skipped.contains("AuthenticationMethods"), "{skipped}");
    }
}
