//! D14 to D17: letters, the issuer as it is served, passkeys' domain, the reverse proxy.

use super::{Finding, Patient};
use samekey_shared::config::Owner;
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::process::Command;
use std::time::Duration;

/// A server answers within this.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer that is read.
const LONGEST: u64 = 256 * 1024;
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// D14
pub(super) fn letters(patient: &Patient<'_>) -> Vec<Finding> {
    if let Some(finding) = patient.needs_configuration() {
        return vec![finding];
    }
    let section = patient.section(Owner::Mail);
    if section.is_empty() {
        return Vec::new();
    }
    let text = |key: &str| section.get(key).and_then(toml::Value::as_str).unwrap_or_default();
    let mut findings = Vec::new();
    match text("transport") {
        "smtp" => findings.extend(server(patient, text("server"), section.get("port"), text("security"))),
        "sendmail" => {
            let program = if text("program").is_empty() {
                "/usr/sbin/sendmail"
            } else {
                text("program")
            };
            if !patient.exists(program) {
                findings.push(
                    Finding::warning("the program that sends letters is not there")
                        .at(program)
                        .fix("install a mail transport, or name another program in [mail]"),
                );
            }
        }
        "folder" if !patient.real(text("folder")).is_some_and(|place| place.is_dir()) => {
            findings.push(
                Finding::warning("the folder that letters go to is not there")
                    .at(text("folder"))
                    .fix("make it, for the provider's user to write"),
            );
        }
        _ => {}
    }
    let from = text("from");
    let domain = from
        .rsplit('@')
        .next()
        .unwrap_or_default()
        .trim_end_matches('>')
        .to_owned();
    let realm = patient
        .config
        .as_ref()
        .map(|config| config.realm.name.clone())
        .unwrap_or_default();
    if !domain.is_empty()
        && domain != realm
        && !domain.ends_with(&format!(".{realm}"))
        && !realm.ends_with(&format!(".{domain}"))
    {
        let told = format!(
            "letters come from {domain}, which is not of {realm}: others' servers hold that against its SPF record"
        );
        findings.push(Finding::warning(told).fix(format!(
            "send from an address of {realm}, or have {domain}'s SPF record name this server"
        )));
    }
    findings
}

fn server(patient: &Patient<'_>, server: &str, port: Option<&toml::Value>, security: &str) -> Vec<Finding> {
    if let Some(finding) = patient.needs_this_machine() {
        return vec![finding];
    }
    let usual = match security {
        "tls" => 465,
        "none" => 25,
        _ => 587,
    };
    let port = port
        .and_then(toml::Value::as_integer)
        .and_then(|port| u16::try_from(port).ok())
        .unwrap_or(usual);
    match reached(server, port) {
        Ok(_) => Vec::new(),
        Err(why) => {
            let told = format!("the mail server {server}:{port} cannot be reached: {why}");
            vec![Finding::warning(told).fix("samekey mail test you@example.org")]
        }
    }
}

fn reached(host: &str, port: u16) -> std::io::Result<TcpStream> {
    let mut last = std::io::Error::other("its name is not known");
    for address in (host, port).to_socket_addrs()? {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => return Ok(stream),
            Err(why) => last = why,
        }
    }
    Err(last)
}

/// The provider's settings, where this machine has one: issuer and the rest.
fn provider(patient: &Patient<'_>) -> Option<(String, toml::Table)> {
    let section = patient.section(Owner::Provider);
    let issuer = section.get("issuer")?.as_str()?.trim_end_matches('/').to_owned();
    Some((issuer, section))
}

/// D15
pub(super) fn issuer(patient: &Patient<'_>) -> Vec<Finding> {
    if let Some(finding) = patient.needs_configuration() {
        return vec![finding];
    }
    let Some((issuer, _)) = provider(patient) else {
        return Vec::new();
    };
    if let Some(finding) = patient.needs_this_machine() {
        return vec![finding];
    }
    let served = if let Some(rest) = issuer.strip_prefix("http://") {
        plain(rest)
    } else {
        curl(&issuer)
    };
    let document = match served {
        Ok(document) => document,
        Err(why) => {
            let told = format!("{issuer}{DISCOVERY} is not served: {why}");
            return vec![
                Finding::critical(told)
                    .fix("start samekey-provider; see that the name leads here and that its certificate is for it"),
            ];
        }
    };
    let told = serde_json::from_str::<serde_json::Value>(&document).ok();
    let member = |name: &str| told.as_ref()?.get(name)?.as_str().map(str::to_owned);
    let Some(says) = member("issuer") else {
        return vec![
            Finding::critical(format!("{issuer}{DISCOVERY} is served, and is not ours"))
                .fix("see which program answers there"),
        ];
    };
    let mut findings = Vec::new();
    if says != issuer {
        let told = format!("{issuer} is configured, and its discovery says {says}: applications refuse such tokens");
        findings.push(Finding::critical(told).fix("restart samekey-provider, or correct [provider] issuer"));
    }
    for name in ["authorization_endpoint", "token_endpoint", "jwks_uri"] {
        if let Some(endpoint) = member(name).filter(|endpoint| !endpoint.starts_with(&says)) {
            findings.push(
                Finding::critical(format!("{name} is {endpoint}, which is not below {says}"))
                    .fix("correct [provider] issuer"),
            );
        }
    }
    findings
}

/// Asks a server without TLS; such an issuer is on loopback.
fn plain(rest: &str) -> Result<String, String> {
    let (authority, path) = rest.split_once('/').map_or((rest, String::new()), |(authority, path)| {
        (authority, format!("/{path}"))
    });
    let (host, port) = authority.rsplit_once(':').unwrap_or((authority, "80"));
    let port = port.parse().map_err(|_| "its port is no number".to_owned())?;
    let mut stream = reached(host.trim_matches(['[', ']']), port).map_err(|why| why.to_string())?;
    let limited = stream
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
    limited.map_err(|why| why.to_string())?;
    let request = format!("GET {path}{DISCOVERY} HTTP/1.0\r\nHost: {authority}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).map_err(|why| why.to_string())?;
    let mut answer = Vec::new();
    stream
        .take(LONGEST)
        .read_to_end(&mut answer)
        .map_err(|why| why.to_string())?;
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").ok_or("it does not speak HTTP")?;
    let status = head.split_whitespace().nth(1).unwrap_or_default();
    if status == "200" {
        Ok(body.to_owned())
    } else {
        Err(format!("it answers {status}"))
    }
}

/// Asks as applications do, through name service, proxy and certificate.
fn curl(issuer: &str) -> Result<String, String> {
    let seconds = PATIENCE.as_secs().to_string();
    let url = format!("{issuer}{DISCOVERY}");
    let words = [
        "--silent",
        "--show-error",
        "--fail",
        "--proto",
        "=https",
        "--max-time",
        &seconds,
        "--",
        &url,
    ];
    let output = Command::new("curl")
        .args(words)
        .output()
        .map_err(|why| format!("curl, which would ask it: {why}"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
}

/// D16
pub(super) fn relying_party(patient: &Patient<'_>) -> Vec<Finding> {
    let Ok(config) = &patient.config else {
        return patient.needs_configuration().into_iter().collect();
    };
    let Some((issuer, _)) = provider(patient) else {
        return Vec::new();
    };
    let Some(party) = &config.relying_party else {
        let told = format!("{issuer} has no domain: nobody can bind a passkey");
        return vec![
            Finding::warning(told).fix("give the issuer a name rather than an address, or set [relying-party] id"),
        ];
    };
    let host = issuer
        .split("://")
        .nth(1)
        .unwrap_or_default()
        .split(['/', ':'])
        .next()
        .unwrap_or_default();
    if host != party.id && !host.ends_with(&format!(".{}", party.id)) {
        let told = format!(
            "the issuer {host} is not within the passkeys' domain {}: its pages cannot use them",
            party.id
        );
        return vec![
            Finding::critical(told)
                .fix("set [relying-party] id to the issuer's domain; keys bound for another one are bound anew"),
        ];
    }
    if party.id == "localhost"
        && patient
            .section(Owner::Provider)
            .get("listen")
            .and_then(toml::Value::as_str)
            .is_some_and(|listen| !listen.starts_with("127.") && !listen.starts_with("[::1]"))
    {
        let told = "passkeys belong to localhost, and the provider listens for others: nobody else can use them";
        return vec![Finding::warning(told).fix("set [provider] issuer to the name that people use")];
    }
    Vec::new()
}

/// D17
pub(super) fn proxy(patient: &Patient<'_>) -> Vec<Finding> {
    if let Some(finding) = patient.needs_configuration() {
        return vec![finding];
    }
    let Some((issuer, section)) = provider(patient) else {
        return Vec::new();
    };
    let has_proxies = section
        .get("trusted-proxies")
        .and_then(toml::Value::as_array)
        .is_some_and(|list| !list.is_empty());
    if issuer.starts_with("https://") && !section.contains_key("tls-certificate") && !has_proxies {
        let told = "the issuer is https, the provider has no certificate, and no proxy is trusted: everybody seems to come from the proxy";
        return vec![
            Finding::warning(told)
                .fix("[provider] trusted-proxies = [\"127.0.0.1\"], and have the proxy send X-Forwarded-For"),
        ];
    }
    let Some(realm) = patient.realm.as_ref().ok().filter(|_| has_proxies) else {
        return Vec::new();
    };
    let events = realm
        .store
        .read(|tx| samekey_shared::audit::tail(tx, 500))
        .unwrap_or_default();
    let source = |event: &samekey_shared::audit::Record| {
        let told: serde_json::Value = serde_json::from_str(&event.event).ok()?;
        let is_web = told.get("door")?.as_str()? == "web";
        told.get("source")?.as_str().filter(|_| is_web).map(str::to_owned)
    };
    let sources: Vec<String> = events.iter().filter_map(source).collect();
    if sources.len() >= 5
        && sources
            .iter()
            .all(|source| source.starts_with("127.") || source == "::1")
    {
        let told = "every sign-in on the web came from this machine: the proxy does not tell addresses";
        return vec![
            Finding::warning(told)
                .fix("have the proxy send X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr)"),
        ];
    }
    Vec::new()
}
