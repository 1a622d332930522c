//! D01, D02, D03, D23: the module and the stacks that name it.

use super::{Finding, Grade, Patient};
use samekey_pam_stack::{Code, Dialect, Facility, Line, OURS, Service, Verdict, What, advise, prove, prove_where};
use std::path::{Path, PathBuf};

/// Services that open a machine: they should name us, or at least sshd should.
const DOORS: [&str; 4] = ["sshd", "sudo", "su", "login"];
const FOLDERS: [&str; 2] = ["/etc/pam.d", "/usr/lib/pam.d"];
const FACILITIES: [Facility; 2] = [Facility::Auth, Facility::Account];

/// Modules of others that ask for a second factor.
const OTHERS: [&str; 12] = [
    "pam_google_authenticator.so",
    "pam_u2f.so",
    "pam_oath.so",
    "pam_duo.so",
    "pam_yubico.so",
    "pam_otpw.so",
    "pam_privacyidea.so",
    "pam_passkey.so",
    "pam_rsa.so",
    "pam_authd.so",
    "pam_himmelblau.so",
    "pam_oauth2_device.so",
];

/// Every service that names our module anywhere.
fn guarded(patient: &Patient<'_>) -> Vec<Service> {
    let mut services = services(patient);
    services.retain(Service::has_ours);
    services
}

fn services(patient: &Patient<'_>) -> Vec<Service> {
    let files = patient.files();
    let dialect = Dialect::of(&files);
    let mut names: Vec<String> = FOLDERS.iter().flat_map(|folder| patient.list(folder)).collect();
    names.sort();
    names.dedup();
    let loaded = names.iter().map(|name| Service::load(&files, dialect, name));
    loaded.filter(|service| !is_part(&service.name)).collect()
}

/// Files that are parts of services, and no services themselves.
fn is_part(name: &str) -> bool {
    let parts = [
        "common-",
        "system-",
        "password-auth",
        "fingerprint-auth",
        "smartcard-auth",
        "postlogin",
    ];
    name == "other" || parts.iter().any(|part| name.starts_with(part))
}

/// Folders that hold modules here.
fn folders(patient: &Patient<'_>) -> Vec<PathBuf> {
    let arch = std::env::consts::ARCH;
    let all = [
        format!("/lib/{arch}-linux-gnu/security"),
        format!("/usr/lib/{arch}-linux-gnu/security"),
        "/lib64/security".to_owned(),
        "/usr/lib64/security".to_owned(),
        "/lib/security".to_owned(),
        "/usr/lib/security".to_owned(),
    ];
    let mut found: Vec<PathBuf> = all
        .iter()
        .filter_map(|folder| patient.real(folder))
        .filter(|place| place.is_dir())
        .collect();
    found.dedup();
    found
}

/// D01
pub(super) fn module_is_there(patient: &Patient<'_>) -> Vec<Finding> {
    let folders = folders(patient);
    let Some(place) = folders
        .iter()
        .map(|folder| folder.join(OURS))
        .find(|place| place.exists())
    else {
        let fix = format!("install it beside pam_unix.so: package libpam-samekey, or `make module` and copy {OURS}");
        return vec![Finding::critical(format!("{OURS} is in no folder that libpam loads modules from")).fix(fix)];
    };
    let mut findings = Vec::new();
    let shown = place.display().to_string();
    // Class and machine of an ELF file (ELF specification, figure 1-3).
    let kind = |file: &Path| {
        let bytes = std::fs::read(file).ok()?;
        Some((*bytes.get(4)?, [*bytes.get(18)?, *bytes.get(19)?]))
    };
    let beside = place.with_file_name("pam_unix.so");
    if kind(&place) != kind(&beside) && beside.exists() {
        let told = format!("{OURS} is made for another kind of machine than pam_unix.so beside it");
        findings.push(
            Finding::critical(told)
                .at(&shown)
                .fix("install the package of this architecture"),
        );
    }
    findings.extend(super::place::written_by_others(&place, &shown));
    findings
}

/// D02
pub(super) fn services_name_it(patient: &Patient<'_>) -> Vec<Finding> {
    let (ours, others): (Vec<Service>, Vec<Service>) = services(patient).into_iter().partition(Service::has_ours);
    let mut findings = Vec::new();
    if ours.is_empty() {
        findings.push(
            Finding::critical(format!("no service names {OURS}: nothing is guarded")).fix("samekey setup ssh --try 5m"),
        );
    } else {
        findings.extend(open_doors(patient, &others));
    }
    for service in &ours {
        findings.extend(broken_lines(service));
        findings.extend(arguments(service));
        findings.extend(closed(service));
    }
    // A broken line may hide ours. What several services include is told once.
    for service in &others {
        let is_door = DOORS.contains(&service.name.as_str());
        for mut finding in broken_lines(service) {
            if !is_door {
                finding.grade = Grade::Warning;
            }
            if !findings.iter().any(|told| told.place == finding.place) {
                findings.push(finding);
            }
        }
    }
    findings
}

/// Services that open a machine and do not name us. Of one that cannot be read to its end, that is what is told.
fn open_doors(patient: &Patient<'_>, others: &[Service]) -> Vec<Finding> {
    let is_open = |service: &&Service| {
        let is_door = DOORS.contains(&service.name.as_str());
        is_door
            && patient.exists(&format!("/etc/pam.d/{}", service.name))
            && service.refused.is_none()
            && service.unclear.is_none()
    };
    let told = others.iter().filter(is_open).map(|Service { name, .. }| {
        let told = format!("{name} does not ask for a second factor");
        let how = if name == "su" {
            "put our two lines there".to_owned()
        } else {
            format!("samekey setup {}", name.replace("sshd", "ssh"))
        };
        let finding = if name == "sshd" {
            Finding::critical(told)
        } else {
            Finding::warning(told)
        };
        finding.at(format!("/etc/pam.d/{name}")).fix(how)
    });
    told.collect()
}

/// Lines that libpam refuses, or takes for something else than was meant.
fn broken_lines(service: &Service) -> Vec<Finding> {
    let stops = service.refused.iter().chain(&service.unclear);
    let stops = stops.map(|note| (Grade::Critical, note));
    let notes = service.notes.iter().map(|note| (Grade::Warning, note));
    let told = stops.chain(notes).map(|(grade, note)| {
        Finding::new(grade, format!("{}: {}", service.name, note.what))
            .at(note.place())
            .fix("correct or remove the line")
    });
    told.collect()
}

/// Facilities through which nobody comes in.
fn closed(service: &Service) -> Vec<Finding> {
    let closed = FACILITIES
        .iter()
        .filter(|facility| service.unclear.is_none() && prove(service, **facility).verdict == Verdict::Closed);
    let told = closed.map(|facility| {
        let told = format!(
            "nobody can come in through {}: its {} lines never succeed",
            service.name,
            facility.word()
        );
        Finding::critical(told)
            .at(format!("/etc/pam.d/{}", service.name))
            .fix("compare with `samekey setup … --dry-run`")
    });
    told.collect()
}

/// Arguments of our lines that the module refuses.
fn arguments(service: &Service) -> Vec<Finding> {
    let mut findings = Vec::new();
    for line in FACILITIES
        .iter()
        .flat_map(|facility| &service.stack(*facility).lines)
        .filter(|line| line.is_ours())
    {
        let What::Module { arguments, .. } = &line.what else {
            continue;
        };
        let known = |argument: &&String| ["socket=/", "timeout="].iter().any(|word| argument.starts_with(word));
        for argument in arguments.iter().filter(|argument| !known(argument)) {
            let told = format!("{OURS} does not know {argument:?} and refuses every login");
            findings.push(
                Finding::critical(told)
                    .at(line.place())
                    .fix("known are socket=PATH and timeout=SECONDS"),
            );
        }
    }
    findings
}

/// D03
pub(super) fn nobody_comes_past(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in guarded(patient) {
        let tripwire = prove(&service, Facility::Account).verdict == Verdict::Guarded;
        for facility in FACILITIES {
            let Verdict::Bypassed(way) = besides_root(&service, facility) else {
                continue;
            };
            let advice = advise(&service, facility, &way);
            let told = format!(
                "{}: in {}, {} (way in: {})",
                service.name,
                facility.word(),
                advice.why,
                advice.way.join("; ")
            );
            // What comes past the auth lines meets the tripwire.
            let finding = if facility == Facility::Auth && tripwire {
                Finding::warning(told)
            } else {
                Finding::critical(told)
            };
            findings.push(finding.at(advice.place).fix(advice.fix));
        }
        for line in &service.auth.lines {
            let What::Module { arguments, .. } = &line.what else {
                continue;
            };
            if line.module() == "pam_unix.so"
                && arguments.iter().any(|argument| argument.starts_with("nullok"))
                && has_empty_password(patient)
            {
                let told = format!(
                    "{}: an account has an empty password, and nullok lets it pass as first factor",
                    service.name
                );
                findings.push(
                    Finding::warning(told)
                        .at(line.place())
                        .fix("set a password (`passwd`), or take nullok out"),
                );
            }
        }
    }
    findings
}

/// Whether somebody has an empty password. Only that is looked for; nothing of the file is kept.
fn has_empty_password(patient: &Patient<'_>) -> bool {
    let text = patient.text("/etc/shadow").unwrap_or_default();
    text.lines().any(|line| line.split(':').nth(1) == Some(""))
}

/// What is proven where `pam_rootok` lets nobody in: whoever is root already need not be asked.
fn besides_root(service: &Service, facility: Facility) -> Verdict {
    let answers = |line: &Line| match line.module() {
        "pam_rootok.so" => vec![Code::AUTH_ERR],
        _ => line.answers(),
    };
    prove_where(service, facility, answers).verdict
}

/// D23
pub(super) fn other_factors(patient: &Patient<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for service in guarded(patient) {
        for line in &service.auth.lines {
            if OTHERS.contains(&line.module()) {
                let told = format!("{}: {} asks for a second factor too", service.name, line.module());
                findings.push(
                    Finding::warning(told)
                        .at(line.place())
                        .fix("take it out once everybody has bound a device with us"),
                );
            }
        }
    }
    findings
}
