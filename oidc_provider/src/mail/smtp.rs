//! By SMTP (RFC 5321), with STARTTLS (RFC 3207) or TLS from the first byte (RFC 8314); rustls with ring.
//!
//! A connection for each letter: letters are few, and a server that was restarted or whose password was changed is met as
//! it is now. The certificate must be for the configured name.

use super::config::{MailError, Security, Smtp};
use super::transport::Trouble;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Certificate, Tls, TlsParameters, TlsVersion};
use lettre::transport::smtp::{Error, SmtpTransport};
use lettre::{Message, Transport};
use std::time::Duration;

/// For the connection, and for each answer of the server. A dozen answers make a letter: together less than a claim lasts.
const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the server's settings can be used.
pub(super) fn check(server: &Smtp) -> Result<(), MailError> {
    transport(server).map(drop)
}

pub(super) fn send(server: &Smtp, message: &Message) -> Result<(), Trouble> {
    let transport = transport(server).map_err(|why| Trouble::Passing(why.to_string()))?;
    transport.send(message).map(drop).map_err(|error| trouble(&error))
}

fn transport(server: &Smtp) -> Result<SmtpTransport, MailError> {
    let builder = SmtpTransport::builder_dangerous(&server.server)
        .port(server.port)
        .timeout(Some(PATIENCE));
    let builder = match server.security {
        // No downgrade: a server that does not offer STARTTLS gets nothing.
        Security::Starttls => builder.tls(Tls::Required(parameters(server)?)),
        Security::Tls => builder.tls(Tls::Wrapper(parameters(server)?)),
        Security::None => builder.tls(Tls::None),
    };
    Ok(match &server.login {
        Some((user, file)) => {
            let password = Smtp::password(file)?;
            builder.credentials(Credentials::new(user.clone(), password.expose().clone()))
        }
        None => builder,
    }
    .build())
}

fn parameters(server: &Smtp) -> Result<TlsParameters, MailError> {
    let mut builder = TlsParameters::builder(server.server.clone()).set_min_tls_version(TlsVersion::Tlsv12);
    if let Some(path) = &server.ca_file {
        let none = || MailError::Certificates(path.clone());
        let pem = Smtp::authorities(path)?;
        if !pem.windows(11).any(|part| part == b"-----BEGIN ") {
            return Err(none());
        }
        builder = builder.add_root_certificate(Certificate::from_pem(&pem).map_err(|_| none())?);
    }
    builder.build_rustls().map_err(|why| MailError::Tls(why.to_string()))
}

/// A permanent answer (5yz) that is about the letter or its address is final; one that is about our login or the server's
/// own state is the operator's to mend, and the letter waits.
fn trouble(error: &Error) -> Trouble {
    let told = described(error);
    let code = error.status().map(u16::from);
    if matches!(code, Some(550..=599)) && error.is_permanent() {
        Trouble::Lasting(told)
    } else {
        Trouble::Passing(told)
    }
}

/// The error with its causes, in one line.
fn described(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(why) = cause {
        let why_text = why.to_string();
        if !text.contains(&why_text) {
            text.push_str(": ");
            text.push_str(&why_text);
        }
        cause = why.source();
    }
    text
}
