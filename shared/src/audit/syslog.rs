//! The trail as log lines for journald and syslog, in a form that fail2ban can read.
//!
//! ```text
//! samekey: sign-in refused user=ann rhost=192.0.2.7 service=sshd reason=code_wrong request=…
//! ```
//!
//! fail2ban: `failregex = samekey: sign-in refused user=\S* rhost=<HOST> service=\S* reason=\S+`. `rhost` is `-` where
//! there is no address, so that nobody is banned for what happened at the console.

use super::event::Event;
use super::kind::EventKind;
use std::borrow::Cow;
use std::fmt::Write as _;

/// One line, without time stamp and line end. Everything that a stranger may have chosen is escaped: see [`escaped`].
pub fn line(event: &Event) -> String {
    let mut line = String::with_capacity(256);
    line.push_str("samekey: ");
    line.push_str(words(event.kind));
    let address = event.source.as_ref().and_then(crate::source::Source::ip);
    let mut field = |name: &str, value: &str| {
        for part in [" ", name, "=", &escaped(value)] {
            line.push_str(part);
        }
    };
    field("user", event.subject.as_deref().unwrap_or_default());
    field(
        "rhost",
        &address.map_or_else(|| "-".to_owned(), |address| address.to_string()),
    );
    field("service", event.service.as_deref().unwrap_or_default());
    field("reason", event.result);
    if let Some(request) = event.request {
        field("request", &request.to_string());
    }
    for (name, value) in [
        ("method", &event.method),
        ("level", &event.level),
        ("rule", &event.rule),
    ] {
        if let Some(value) = value {
            field(name, value);
        }
    }
    field("actor", &event.actor.to_string());
    line
}

/// The words that open the line: those of sign-ins are what filters look for.
fn words(kind: EventKind) -> &'static str {
    match kind {
        EventKind::SignInGranted => "sign-in granted",
        EventKind::SignInRefused => "sign-in refused",
        EventKind::SignInExempt => "sign-in exempt",
        other => other.as_str(),
    }
}

/// A text as one word that can neither end its field nor its line, nor be taken for another field: letters, digits and
/// `. _ - @ : / +` stay, every other byte becomes `%` and two hex digits.
pub fn escaped(text: &str) -> Cow<'_, str> {
    const LONGEST: usize = 256;
    let stays = |byte: u8| byte.is_ascii_alphanumeric() || b"._-@:/+".contains(&byte);
    if text.len() <= LONGEST && text.bytes().all(stays) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len().min(LONGEST));
    for byte in text.bytes() {
        if out.len() >= LONGEST {
            out.push_str("...");
            break;
        }
        match byte {
            plain if stays(plain) => out.push(char::from(plain)),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Actor;
    use crate::source::{Door, Source};
    use proptest::prelude::*;

    fn refusal(user: &str, service: &str) -> Event {
        Event::new(EventKind::SignInRefused, Actor::Stranger)
            .result("code_wrong")
            .about(user)
            .at(Door::Shell, service)
            .from(&Source::remote_host("192.0.2.7"))
    }

    #[test]
    fn a_refusal_reads_as_documented() {
        assert_eq!(
            line(&refusal("ann", "sshd")),
            "samekey: sign-in refused user=ann rhost=192.0.2.7 service=sshd reason=code_wrong actor=stranger"
        );
    }

    #[test]
    fn the_console_names_no_address() {
        let event = refusal("ann", "login").from(&Source::Local { by: None });
        assert!(line(&event).contains(" rhost=- "));
    }

    #[test]
    fn a_name_cannot_forge_an_address() {
        let forged = "ann rhost=203.0.113.9 service=sshd reason=code_wrong\nsamekey: sign-in refused user=x";
        let line = line(&refusal(forged, "sshd\0\u{1b}[31m\""));
        assert_eq!(line.matches(" rhost=").count(), 1);
        assert_eq!(line.matches("samekey: ").count(), 1);
    }

    proptest! {
        #[test]
        fn whatever_the_name_the_line_is_one_and_has_its_fields(user in ".*", service in ".*") {
            let line = line(&refusal(&user, &service));
            prop_assert!(line.bytes().all(|byte| (0x20..0x7f).contains(&byte)));
            let fields: Vec<_> = line.split(' ').skip(3).map(|field| field.split('=').collect::<Vec<_>>()).collect();
            prop_assert_eq!(fields.len(), 5);
            prop_assert!(fields.iter().all(|field| field.len() == 2));
            prop_assert_eq!(fields[1][1], "192.0.2.7");
        }
    }
}
