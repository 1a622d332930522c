//! `samekey doctor`: the checks D01 to D26, for a person, for a monitoring system, and as an archive for who helps.

use crate::exit::{Exit, Failure};
use crate::installation::{self, Installation};
use crate::output::{Answer, printable};
use samekey_agent::settings::Settings;
use samekey_host_setup::doctor::{CHECKS, Examined, Grade, Patient, bundle, examine, worst};
use samekey_provider::config::ProviderSection;
use samekey_provider::mail::MailSection;
use samekey_shared::clock::{Clock, SystemClock};
use samekey_shared::config::{Config, ConfigError, Owner};
use samekey_shared::methods::fido::attestation::Trust;
use serde_json::{Value, json};
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// What `samekey doctor` may be told.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// Only these checks, such as D03; all without one
    #[arg(value_name = "CHECK")]
    only: Vec<String>,
    /// Look at the files below this folder as if it were the machine's root
    #[arg(long, value_name = "FOLDER", default_value = "/")]
    root: PathBuf,
    /// Write what was found, and the files that it was found in, into a new archive (tar) without secrets
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
}

/// Runs the checks.
pub fn run(path: &Path, arguments: &Arguments) -> Result<Answer, Failure> {
    let known = |id: &&String| CHECKS.iter().any(|check| check.id.eq_ignore_ascii_case(id));
    if let Some(unknown) = arguments.only.iter().find(|id| !known(id)) {
        return Err(Failure::usage(format!("{unknown} is no check; there are D01 to D26")));
    }
    // Paths in the configuration are the machine's own; of another root only that file is looked at.
    let placed = match path.strip_prefix("/") {
        Ok(inside) => arguments.root.join(inside),
        Err(_) => path.to_owned(),
    };
    let config = installation::load(&placed);
    let installation = if arguments.root == Path::new("/") {
        Installation::open(path).map_err(|failure| failure.to_string())
    } else {
        Err("it belongs to another machine".to_owned())
    };
    let patient = Patient {
        root: arguments.root.clone(),
        config: config.as_ref().map_err(ToString::to_string),
        refused: config
            .as_ref()
            .map(|config| refused(config, arguments.root == Path::new("/")))
            .unwrap_or_default(),
        realm: installation
            .as_ref()
            .map(|installation| &installation.realm)
            .map_err(Clone::clone),
        now: SystemClock.now(),
    };
    let examined = examine(&patient, &arguments.only);
    let (text, data) = (drawn(&examined), as_json(&examined));
    let answer = Answer::data(data.clone(), text.clone()).exit(Exit::Verdict(worst(&examined).exit()));
    let Some(file) = &arguments.bundle else {
        return Ok(answer);
    };
    let version = format!("samekey {}\n", env!("CARGO_PKG_VERSION"));
    let archive = bundle::archive(
        &patient,
        &[
            ("doctor.txt", text),
            ("doctor.json", data.to_string()),
            ("version.txt", version),
        ],
    );
    let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(file);
    made.and_then(|mut made| made.write_all(&archive))
        .map_err(|why| Failure::file(file, &why))?;
    Ok(answer.remark(format!(
        "Written to {}. Look through it before you hand it on.",
        file.display()
    )))
}

/// What agent and provider say of the sections that are theirs, where they would not start with them. `here` says that the
/// files which a section names are this machine's.
fn refused(config: &Config, here: bool) -> Vec<String> {
    let agent = config.section::<Settings>(Owner::Agent).map_err(|why| why.to_string());
    let mut held = vec![agent.and_then(|section| section.validate())];
    if config.has(Owner::Provider) {
        let section = config.section::<ProviderSection>(Owner::Provider);
        held.push(taken(section, here, |section| section.check().map(drop)));
    }
    if config.has(Owner::Mail) {
        let section = config.section::<MailSection>(Owner::Mail);
        held.push(taken(section, here, |section| section.check().map(drop)));
    }
    if here {
        held.push(
            Trust::load(&config.attestation)
                .map(drop)
                .map_err(|why| why.to_string()),
        );
    }
    held.into_iter().filter_map(Result::err).collect()
}

fn taken<T, E: ToString>(
    section: Result<T, ConfigError>,
    here: bool,
    check: impl FnOnce(T) -> Result<(), E>,
) -> Result<(), String> {
    let section = section.map_err(|why| why.to_string())?;
    if here {
        check(section).map_err(|why| why.to_string())
    } else {
        Ok(())
    }
}

fn drawn(examined: &[Examined]) -> String {
    let worst = worst(examined);
    let count = |grade: Grade| examined.iter().filter(|one| one.grade() == grade).count();
    let mut out = vec![format!(
        "SAMEKEY {} - {} checks: {} fine, {} warnings, {} critical, {} unknown\n",
        worst.word(),
        examined.len(),
        count(Grade::Fine),
        count(Grade::Warning),
        count(Grade::Critical),
        count(Grade::Unknown)
    )];
    for one in examined {
        out.push(format!(
            "{}  {:<8}  {}\n",
            one.check.id,
            one.grade().word(),
            one.check.title
        ));
        for finding in &one.findings {
            let place = finding
                .place
                .as_ref()
                .map(|place| format!("{place}: "))
                .unwrap_or_default();
            out.push(format!("     {}{}\n", printable(&place), printable(&finding.told)));
            if let Some(fix) = &finding.fix {
                out.push(format!("     fix: {}\n", printable(fix)));
            }
        }
        if !one.findings.is_empty() {
            out.push(format!("     see: {}\n", one.page()));
        }
    }
    out.concat()
}

fn as_json(examined: &[Examined]) -> Value {
    let checks = examined.iter().map(|one| {
        let findings = one.findings.iter().map(|finding| {
            json!({
                "state": finding.grade.word(),
                "place": finding.place,
                "found": finding.told,
                "fix": finding.fix,
            })
        });
        let told = json!({
            "title": one.check.title,
            "state": one.grade().word(),
            "findings": findings.collect::<Vec<_>>(),
            "page": one.page(),
        });
        (one.check.id.to_owned(), told)
    });
    let checks: serde_json::Map<String, Value> = checks.collect();
    json!({ "state": worst(examined).word(), "checks": checks })
}
