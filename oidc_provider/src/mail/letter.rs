//! A letter's texts, in its reader's language. Values of people stand in them escaped; nothing is loaded from anywhere.

use super::message::one_line;
use crate::config::Issuer;
use askama::Template;
use samekey_shared::audit::utc;
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::DeviceKind;
use samekey_shared::outbox::{AdministratorAct, Body, LetterKind};
use samekey_shared::texts::{Language, Texts};

/// What stands in every letter of this realm.
#[derive(Debug)]
pub struct Place<'a> {
    /// The realm.
    pub realm: &'a str,
    /// Where our pages are.
    pub issuer: &'a Issuer,
    /// Whom to ask.
    pub contact: Option<String>,
    /// The moment of this try: a code is told how long it is still good.
    pub now: UnixTime,
}

/// A letter, written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// One line.
    pub subject: String,
    /// As plain text.
    pub text: String,
    /// As HTML.
    pub html: String,
}

#[derive(Debug)]
struct Link {
    label: String,
    address: String,
}

#[derive(Debug)]
struct NotMe {
    text: String,
    label: String,
    address: String,
}

/// What is the letter's own.
#[derive(Debug, Default)]
struct Own {
    subject: String,
    code: Option<String>,
    lines: Vec<String>,
    links: Vec<Link>,
}

#[derive(Template)]
#[template(path = "letter.txt", escape = "none")]
struct TextView<'a> {
    hello: &'a str,
    lines: &'a [String],
    links: &'a [Link],
    not_me: Option<&'a NotMe>,
    help: Option<&'a str>,
    about: &'a str,
}

#[derive(Template)]
#[template(path = "letter.html")]
struct HtmlView<'a> {
    lang: &'static str,
    realm: &'a str,
    subject: &'a str,
    hello: &'a str,
    code: Option<&'a str>,
    lines: &'a [String],
    links: &'a [Link],
    not_me: Option<&'a NotMe>,
    help: Option<&'a str>,
    about: &'a str,
}

/// Writes it.
pub fn written(body: &Body, place: &Place<'_>) -> Result<Written, String> {
    let t = Texts::from(Language::of_tag(&body.language).unwrap_or_default());
    let own = own(t, body, place);
    let subject = match own.code {
        // A code is seen in the list of letters already; the realm's name would push it out of sight.
        Some(_) => own.subject,
        None => t.fill("mail-subject", [("realm", place.realm), ("what", &own.subject)]),
    };
    let subject = one_line(&subject);
    let hello = t.with("mail-hello", "login", &body.login);
    let about = t.fill("mail-here", [("login", body.login.as_str()), ("realm", place.realm)]);
    let help = place
        .contact
        .as_ref()
        .map(|contact| t.with("mail-help", "contact", contact));
    let not_me = body.not_me.as_ref().map(|secret| NotMe {
        text: t.say("mail-not-me-text"),
        label: t.say("mail-not-me"),
        address: place.issuer.at(&format!("/not-me?link={secret}")),
    });
    let text = TextView {
        hello: &hello,
        lines: &own.lines,
        links: &own.links,
        not_me: not_me.as_ref(),
        help: help.as_deref(),
        about: &about,
    };
    let html = HtmlView {
        lang: t.language().tag(),
        realm: place.realm,
        subject: &subject,
        hello: &hello,
        code: own.code.as_deref(),
        lines: &own.lines,
        links: &own.links,
        not_me: not_me.as_ref(),
        help: help.as_deref(),
        about: &about,
    };
    Ok(Written {
        text: text.render().map_err(|why| why.to_string())?,
        html: html.render().map_err(|why| why.to_string())?,
        subject,
    })
}

fn own(t: Texts, body: &Body, place: &Place<'_>) -> Own {
    match &body.kind {
        LetterKind::Code { code, until } => Own {
            subject: t.with("mail-code", "code", code),
            code: Some(code.clone()),
            lines: vec![
                t.with("mail-code", "code", code),
                t.fill("mail-code-text", [("minutes", minutes(*until, place.now))]),
                when(t, body),
                t.say("mail-nobody-asks"),
            ],
            links: Vec::new(),
        },
        LetterKind::ProveAddress { code, until } => Own {
            subject: t.with("mail-prove-address", "code", code),
            code: Some(code.clone()),
            lines: vec![
                t.with("mail-prove-address", "code", code),
                t.fill("mail-prove-address-text", [("minutes", minutes(*until, place.now))]),
                t.say("mail-nobody-asks"),
            ],
            links: Vec::new(),
        },
        LetterKind::ConfirmAddress { secret, .. } => Own {
            subject: t.say("mail-confirm-address"),
            lines: vec![t.say("mail-confirm-address-text")],
            links: vec![Link {
                label: t.say("mail-confirm"),
                address: place.issuer.at(&format!("/security/email/confirm?link={secret}")),
            }],
            code: None,
        },
        kind => happened(t, body, kind, place),
    }
}

/// A letter about something that happened, with its moment, and where to look.
fn happened(t: Texts, body: &Body, kind: &LetterKind, place: &Place<'_>) -> Own {
    let (subject, mut lines) = told(t, kind, place.now);
    lines.push(when(t, body));
    let link = match kind {
        LetterKind::Deadline { .. } => Some("mail-bind-now"),
        LetterKind::SomebodyObjected { .. } | LetterKind::Test | LetterKind::Objected => None,
        _ => Some("mail-check-devices"),
    };
    let link = link.map(|key| Link {
        label: match key {
            "mail-bind-now" => t.say("mail-bind-now"),
            _ => t.say("mail-check-devices"),
        },
        address: place.issuer.at("/security"),
    });
    Own {
        subject,
        code: None,
        lines,
        links: link.into_iter().collect(),
    }
}

fn told(t: Texts, kind: &LetterKind, now: UnixTime) -> (String, Vec<String>) {
    match kind {
        LetterKind::DeviceBound { device } => (
            t.say("mail-device-bound"),
            vec![t.fill(
                "mail-device-bound-text",
                [("kind", kind_of(t, device.kind)), ("name", device.name.clone())],
            )],
        ),
        LetterKind::DeviceUnbound { device } => (
            t.say("mail-device-unbound"),
            vec![t.fill(
                "mail-device-unbound-text",
                [("kind", kind_of(t, device.kind)), ("name", device.name.clone())],
            )],
        ),
        LetterKind::DeviceReplaced { old, new } => {
            let values = [
                ("kind", kind_of(t, old.kind)),
                ("old", old.name.clone()),
                ("name", new.name.clone()),
            ];
            (
                t.say("mail-device-replaced"),
                vec![t.fill("mail-device-replaced-text", values)],
            )
        }
        LetterKind::RecoveryCodesMade => (
            t.say("mail-recovery-codes-made"),
            vec![t.say("mail-recovery-codes-made-text")],
        ),
        LetterKind::RecoveryCodeUsed { left } => (
            t.say("mail-recovery-code-used"),
            vec![t.fill("mail-recovery-code-used-text", [("left", *left)])],
        ),
        LetterKind::EmergencySignIn => (
            t.say("mail-emergency-sign-in"),
            vec![t.say("mail-emergency-sign-in-text")],
        ),
        LetterKind::NewPlace { place } => (
            t.say("mail-new-place"),
            vec![match one_line(place).trim() {
                "" => t.say("mail-new-place-unnamed-text"),
                place => t.with("mail-new-place-text", "place", place),
            }],
        ),
        LetterKind::LockedOut { until } => (
            t.say("mail-locked-out"),
            vec![match until {
                Some(until) => t.with("mail-locked-out-text", "time", moment(*until)),
                None => t.say("mail-locked-out-for-good-text"),
            }],
        ),
        LetterKind::Administrator { act, by, what } => {
            (t.say("mail-administrator"), administrator(t, *act, by, what.as_deref()))
        }
        LetterKind::Deadline { at } => (
            t.say("mail-deadline"),
            vec![t.fill("mail-deadline-text", [("days", days(*at, now))])],
        ),
        LetterKind::Objected => (t.say("mail-objected"), vec![t.say("mail-objected-text")]),
        LetterKind::SomebodyObjected { login, about } => (
            t.with("mail-somebody-objected", "person", login),
            vec![t.fill(
                "mail-somebody-objected-text",
                [("person", login.as_str()), ("about", about.as_str())],
            )],
        ),
        LetterKind::Test
        | LetterKind::Code { .. }
        | LetterKind::ProveAddress { .. }
        | LetterKind::ConfirmAddress { .. } => (t.say("mail-test"), vec![t.say("mail-test-text")]),
    }
}

fn administrator(t: Texts, act: AdministratorAct, by: &str, what: Option<&str>) -> Vec<String> {
    let done = match act {
        AdministratorAct::Locked => t.say("mail-act-locked"),
        AdministratorAct::Unlocked => t.say("mail-act-unlocked"),
        AdministratorAct::Disabled => t.say("mail-act-disabled"),
        AdministratorAct::Enabled => t.say("mail-act-enabled"),
        AdministratorAct::DeviceUnbound => t.say("mail-act-device-unbound"),
        AdministratorAct::DeviceBound => t.say("mail-act-device-bound"),
        AdministratorAct::TicketIssued => t.say("mail-act-ticket-issued"),
        AdministratorAct::RecoveryCodesMade => t.say("mail-act-recovery-codes-made"),
        AdministratorAct::SessionsEnded => t.say("mail-act-sessions-ended"),
        AdministratorAct::Rescued => t.say("mail-act-rescued"),
        AdministratorAct::RoleChanged => t.say("mail-act-role-changed"),
        AdministratorAct::PasswordSet => t.say("mail-act-password-set"),
        AdministratorAct::Changed => t.say("mail-act-changed"),
        AdministratorAct::Released => t.say("mail-act-released"),
    };
    let what = what.map(|what| t.with("mail-administrator-what", "what", one_line(what)));
    let by = t.with("mail-administrator-by", "by", one_line(by));
    std::iter::once(done).chain(what).chain([by]).collect()
}

fn kind_of(t: Texts, kind: DeviceKind) -> String {
    match kind {
        DeviceKind::Totp => t.say("devices-kind-totp"),
        DeviceKind::RecoveryCodes => t.say("devices-kind-recovery-codes"),
        DeviceKind::Passkey => t.say("devices-kind-passkey"),
        DeviceKind::SecurityKey => t.say("devices-kind-security-key"),
        DeviceKind::Email => t.say("devices-kind-email"),
        DeviceKind::SshKey => t.say("devices-kind-ssh-key"),
    }
}

fn when(t: Texts, body: &Body) -> String {
    let time = moment(body.at);
    match &body.source {
        Some(source) => t.fill("mail-at-from", [("time", time), ("source", one_line(source))]),
        None => t.with("mail-at", "time", time),
    }
}

/// `2026-05-01 12:00 UTC`
fn moment(at: UnixTime) -> String {
    let text = utc::text(at).replace('T', " ");
    let end = text.rfind(':').unwrap_or(text.len());
    format!("{} UTC", &text[..end])
}

/// Whole minutes that are left, at least one.
fn minutes(until: UnixTime, now: UnixTime) -> i64 {
    (until.saturating_sub(now).max(0) + 59).div_euclid(60).max(1)
}

/// Whole days that are left.
fn days(at: UnixTime, now: UnixTime) -> i64 {
    at.saturating_sub(now).max(0) / 86_400
}
