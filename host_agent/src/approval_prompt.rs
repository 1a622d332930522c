//! The prompt that asks for an approval from far, and its QR code.
//!
//! Everything stands inside the prompt, since sshd before 10.3 shows other texts too late (pam.md, section 5). In English it is plain
//! ASCII, and it is below 512 bytes, which every application shows. Half blocks are not ASCII, and nobody here can know whether
//! the client shows them or writes octal escapes (the C locale): so the QR code comes when the person asks for it.

use crate::sentences::{Remark, remark_line};
use samekey_shared::flows::ApprovalPrompt;
use samekey_shared::qr::{self, Ink};
use samekey_shared::texts::Texts;

/// The smallest terminal that the QR code must fit together with what stands around it.
const COLUMNS: usize = 80;
const LINES: usize = 24;

/// Lines around a QR code: what the client puts in front of the prompt, remark, number, and the line of the answer.
const AROUND: usize = 4;

/// How the prompt looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// Text alone.
    Plain,
    /// With the QR code.
    WithQr,
}

/// The prompt, with a remark about what happened before.
pub fn text(t: Texts, ask: &ApprovalPrompt, look: Look, remark: Option<Remark>) -> String {
    let remark = remark_line(t, remark, ask.method);
    let (code, number) = (t.say("terminal-approve-code"), t.say("terminal-approve-number"));
    match (look, picture(ask)) {
        (Look::WithQr, Some(picture)) => {
            let enter = t.say("terminal-approve-enter");
            format!(
                "{remark}\n{picture}{number}  {}     {code}  {}\n{enter}: ",
                ask.number, ask.code
            )
        }
        (_, picture) => {
            let enter = if picture.is_some() {
                t.say("terminal-approve-enter-or-qr")
            } else {
                t.say("terminal-approve-enter")
            };
            let width = code.chars().count().max(number.chars().count());
            let (head, yourself) = (t.say("terminal-approve"), t.say("terminal-approve-yourself"));
            format!(
                "{remark}\n{head}\n\n  {}\n  {code:width$}  {}\n  {number:width$}  {}\n\n{yourself}\n{enter}: ",
                ask.page, ask.code, ask.number
            )
        }
    }
}

/// Whether there is a QR code that fits.
pub fn has_qr(ask: &ApprovalPrompt) -> bool {
    picture(ask).is_some()
}

/// The QR code's lines, if it fits.
fn picture(ask: &ApprovalPrompt) -> Option<String> {
    let picture = qr::draw(&ask.link(), Ink::Plain)?;
    let fits = picture.columns <= COLUMNS && picture.lines.len() + AROUND <= LINES;
    fits.then(|| picture.lines.join("\n") + "\n")
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use samekey_shared::approvals::{self, NewApproval};
    use samekey_shared::flows::Notice;
    use samekey_shared::ids::RequestId;
    use samekey_shared::methods::Method;
    use samekey_shared::source::Source;
    use samekey_shared::testing::TestRealm;

    /// An approval of a realm whose pages lie there.
    pub(crate) fn ask(address: &str) -> ApprovalPrompt {
        let test = TestRealm::new().unwrap();
        let account = test.account("ann", "").unwrap();
        let (realm, login) = (&test.realm, "ann".parse().unwrap());
        let new = NewApproval {
            account,
            login: &login,
            request: RequestId::draw(realm.entropy.as_ref()).unwrap(),
            host: Some("web1"),
            service: "pam:sshd",
            source: &Source::Local { by: None },
            key_fingerprint: None,
            command: None,
            lives: 90,
        };
        let opened = realm
            .store
            .write(|tx| {
                Ok::<_, samekey_shared::store::StoreError>(
                    approvals::open(tx, realm.entropy.as_ref(), &new, realm.clock.now()).unwrap(),
                )
            })
            .unwrap();
        ApprovalPrompt {
            id: opened.id,
            method: Method::Passkey,
            page: format!("{address}/approve"),
            code: opened.code,
            number: opened.number,
            expires_at: opened.expires_at,
            others: Vec::new(),
            notice: None,
        }
    }

    #[test]
    fn every_application_shows_the_prompt() {
        let ask = ask("https://login.department.example.org:8443");
        for remark in [None, Some(Remark::BelongsInTheBrowser), Some(Remark::NoQr)] {
            let text = text(Texts::ENGLISH, &ask, Look::Plain, remark);
            assert!(
                text.is_ascii() && text.starts_with('\n') && text.ends_with(": "),
                "{text}"
            );
            assert!(text.len() < 512, "{}: PAM_MAX_MSG_SIZE", text.len());
            assert!(text.lines().all(|line| line.len() < COLUMNS), "{text}");
            for part in [ask.page.as_str(), &ask.code.to_string(), &ask.number.to_string()] {
                assert!(text.contains(part), "{part} in {text}");
            }
        }
    }

    #[test]
    fn a_qr_code_fits_80_by_24_with_code_and_number_below_it() {
        let ask = ask("https://login.department.example.org:8443");
        let shown = text(
            Texts::ENGLISH,
            &ask,
            Look::WithQr,
            Some(Remark::Notice(Notice::NotApprovedYet)),
        );
        assert!(shown.lines().count() <= LINES, "{shown}");
        assert!(shown.lines().all(|line| line.chars().count() < COLUMNS), "{shown}");
        assert!(shown.contains('█') && !shown.contains('\u{1b}'));
        assert!(shown.ends_with(": ") && shown.contains(&ask.number.to_string()));
    }

    #[test]
    fn what_does_not_fit_is_not_offered() {
        let long = ask(&format!("https://{}.example.org", "long-name".repeat(12)));
        assert!(!text(Texts::ENGLISH, &long, Look::Plain, None).contains("QR"));
        assert!(!text(Texts::ENGLISH, &long, Look::WithQr, None).contains('█'));
    }
}
