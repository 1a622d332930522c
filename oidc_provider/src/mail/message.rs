//! A letter's texts as a message: headers, a plain part, an HTML part (RFC 5322, RFC 2046).

use super::config::MailConfig;
use super::letter::Written;
use lettre::Message;
use lettre::message::header::{HeaderName, HeaderValue};
use lettre::message::{Mailbox, MultiPart};
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::LetterId;
use std::time::{Duration, UNIX_EPOCH};

/// Puts it together. The address is one of ours, parsed strictly when it was bound; no header takes a line break.
pub fn message(
    config: &MailConfig,
    id: LetterId,
    to: &str,
    written: &Written,
    now: UnixTime,
) -> Result<Message, String> {
    let to = to.parse().map_err(|why| format!("the address: {why}"))?;
    let sent = UNIX_EPOCH + Duration::from_secs(u64::try_from(now).unwrap_or(0));
    let host = config.from.email.domain();
    let mut message = Message::builder()
        .from(config.from.clone())
        .to(Mailbox::new(None, to))
        .subject(one_line(&written.subject))
        // The same at every try: a server or a reader's program can tell a letter that came twice.
        .message_id(Some(format!("<{id}@{host}>")))
        .date(sent)
        .multipart(MultiPart::alternative_plain_html(
            written.text.clone(),
            written.html.clone(),
        ))
        .map_err(|why| why.to_string())?;
    // RFC 3834: nobody's holiday note answers it.
    for (name, value) in [
        (HeaderName::new_from_ascii_str("Auto-Submitted"), "auto-generated"),
        (HeaderName::new_from_ascii_str("X-Auto-Response-Suppress"), "All"),
    ] {
        message
            .headers_mut()
            .insert_raw(HeaderValue::new(name, value.to_owned()));
    }
    Ok(message)
}

pub(super) fn one_line(text: &str) -> String {
    let plain = text.chars().map(|c| if c.is_control() { ' ' } else { c });
    plain.take(200).collect()
}
