//! What a terminal shows while a device is bound there (R38).
//!
//! As with approvals, everything stands inside the prompt, in plain ASCII below 512 bytes, and the QR code comes when it is
//! asked for: nobody here can know whether the client shows half blocks.

use samekey_shared::flows::{BindTrouble, GoTo, Notice};
use samekey_shared::qr::{self, Ink};
use samekey_shared::secrets::SecretText;
use samekey_shared::texts::Texts;

/// The smallest terminal that a QR code must fit together with what stands around it.
const COLUMNS: usize = 80;
const LINES: usize = 24;

/// Lines around a QR code: what the client puts in front, a remark, and the line of the answer.
const AROUND: usize = 3;

/// The key that an app is to take.
pub struct ToScan<'a> {
    /// What the app calls it.
    pub account: String,
    /// In groups of four.
    pub key: &'a SecretText,
    /// For the QR code.
    pub uri: &'a SecretText,
    /// Seconds left for the whole login.
    pub seconds: u64,
}

/// Asks for the app's code; with the QR code where it is wanted and fits.
pub fn app(t: Texts, scan: &ToScan<'_>, with_qr: bool, remark: &str) -> String {
    if let Some(picture) = picture(scan.uri.expose()).filter(|_| with_qr) {
        return format!("{remark}\n{picture}{} ", t.say("bind-terminal-code"));
    }
    let (what, code) = (t.say("bind-terminal-app"), t.say("bind-terminal-code-or-qr"));
    let left = t.fill("bind-terminal-left", [("seconds", scan.seconds.to_string())]);
    let (account, key) = (t.say("bind-terminal-account"), t.say("bind-terminal-key"));
    format!(
        "{remark}\n{what}\n\n  {account}  {}\n  {key}  {}\n\n{left}\n{code} ",
        scan.account,
        scan.key.expose()
    )
}

/// Whether a QR code of this text fits.
pub fn fits(text: &str) -> bool {
    picture(text).is_some()
}

/// Asks for an administrator's ticket.
pub fn ticket(t: Texts, remark: &str) -> String {
    format!("{remark}\n{} ", t.say("bind-terminal-ticket"))
}

/// Shows the recovery codes, two in a line.
pub fn keep(t: Texts, codes: &[SecretText]) -> String {
    let rows: Vec<String> = codes
        .chunks(2)
        .map(|row| {
            let row: Vec<&str> = row.iter().map(|code| code.expose().as_str()).collect();
            format!("  {}\n", row.join("   "))
        })
        .collect();
    let (codes, kept) = (t.say("bind-terminal-codes"), t.say("bind-terminal-kept"));
    format!("\n{codes}\n\n{}\n{kept} ", rows.concat())
}

/// Points to the page.
pub fn go_to(t: Texts, go: &GoTo, minutes: i64, with_qr: bool) -> String {
    if let Some(picture) = picture(&link(go)).filter(|_| with_qr) {
        return format!("\n{picture}{}  {}\n{} ", go.page, go.code, t.say("bind-terminal-end"));
    }
    let (what, code) = (t.say("bind-terminal-page"), t.say("bind-terminal-page-code"));
    let valid = t.fill("bind-terminal-page-valid", [("minutes", minutes.to_string())]);
    let end = t.say("bind-terminal-end-or-qr");
    format!("\n{what}\n\n  {}\n  {code}  {}\n\n{valid}\n{end} ", go.page, go.code)
}

/// The address with the code in it.
pub fn link(go: &GoTo) -> String {
    format!("{}?ticket={}", go.page, go.code)
}

/// What is said before the same is asked again.
pub fn remark(t: Texts, notice: Option<Notice>) -> String {
    let text = match notice {
        Some(Notice::CodeWrong) => t.say("bind-terminal-code-wrong"),
        Some(Notice::Binding(BindTrouble::TicketWrong)) => t.say("bind-terminal-ticket-wrong"),
        Some(Notice::Binding(trouble)) => t.say(trouble.text_key()),
        _ => return String::new(),
    };
    format!("\n{text}")
}

/// The QR code's lines, if it fits.
fn picture(text: &str) -> Option<String> {
    let picture = qr::draw(text, Ink::Plain)?;
    let fits = picture.columns <= COLUMNS && picture.lines.len() + AROUND <= LINES;
    fits.then(|| picture.lines.join("\n") + "\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use samekey_shared::devices::totp::Pending;
    use samekey_shared::flows::bind::{Bind, Shown};
    use samekey_shared::testing::TestRealm;

    fn shown() -> Shown {
        let test = TestRealm::new().unwrap();
        let account = test.account("ann", "").unwrap();
        let pending = Pending::new(test.realm.entropy.as_ref(), "app".parse().unwrap()).unwrap();
        Bind::start(&test.realm, account, pending).unwrap().1
    }

    fn scan(shown: &Shown) -> ToScan<'_> {
        ToScan {
            account: "example.org:a-rather-long-name.of-somebody".into(),
            key: &shown.key,
            uri: &shown.uri,
            seconds: 100,
        }
    }

    #[test]
    fn prompts_are_ascii_short_and_begin_on_a_new_line() {
        let shown = shown();
        let wrong = remark(Texts::ENGLISH, Some(Notice::CodeWrong));
        let codes: Vec<SecretText> = (0..10).map(|_| "ABCD-EFGH-JKMN-PQRS".into()).collect();
        for text in [
            app(Texts::ENGLISH, &scan(&shown), false, ""),
            app(Texts::ENGLISH, &scan(&shown), false, &wrong),
            ticket(
                Texts::ENGLISH,
                &remark(Texts::ENGLISH, Some(Notice::Binding(BindTrouble::TicketWrong))),
            ),
            keep(Texts::ENGLISH, &codes),
        ] {
            assert!(
                text.is_ascii() && text.starts_with('\n') && text.ends_with(": "),
                "{text}"
            );
            assert!(text.len() < 512, "{}: PAM_MAX_MSG_SIZE\n{text}", text.len());
            assert!(text.lines().all(|line| line.len() < COLUMNS), "{text}");
        }
        assert!(app(Texts::ENGLISH, &scan(&shown), false, "").contains(shown.key.expose().as_str()));
    }

    #[test]
    fn the_qr_code_fits_a_terminal_of_80_by_24() {
        let shown = shown();
        let text = app(Texts::ENGLISH, &scan(&shown), true, "\nThat code is not right.");
        assert!(text.lines().count() <= LINES && text.contains('█'), "{text}");
        assert!(text.lines().all(|line| line.chars().count() < COLUMNS));
    }
}
