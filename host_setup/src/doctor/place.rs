//! D11, D13, D22: who may read and write what we keep, and whether the agent can be reached.

use super::{Finding, Patient};
use samekey_shared::config::Owner;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::UnixStream;
use std::path::Path;

/// The findings about a file that others than its owner may write.
pub(super) fn written_by_others(place: &Path, shown: &str) -> Vec<Finding> {
    let Ok(found) = std::fs::metadata(place) else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    if found.mode() & 0o022 != 0 {
        let told = format!("mode {:04o}: others may change it", found.mode() & 0o7777);
        findings.push(Finding::critical(told).at(shown).fix(format!("chmod go-w {shown}")));
    }
    findings
}

/// The findings about a file that others than its owner and group may read.
fn read_by_others(patient: &Patient<'_>, path: &str) -> Vec<Finding> {
    let Some(found) = patient.real(path).and_then(|place| std::fs::metadata(place).ok()) else {
        return Vec::new();
    };
    let others = found.mode() % 8;
    if others == 0 {
        return Vec::new();
    }
    let told = format!("mode {:04o}: everybody may read it", found.mode() & 0o7777);
    vec![Finding::critical(told).at(path).fix(format!("chmod o-rwx {path}"))]
}

/// D11
pub(super) fn socket_and_store(patient: &Patient<'_>) -> Vec<Finding> {
    let Ok(config) = &patient.config else {
        return patient.needs_configuration().into_iter().collect();
    };
    let mut findings = Vec::new();
    if let Some(store) = config.store.sqlite.as_ref().and_then(|store| store.to_str()) {
        for path in [store.to_owned(), format!("{store}-wal")] {
            findings.extend(read_by_others(patient, &path));
        }
        let folder = Path::new(store)
            .parent()
            .and_then(|folder| folder.to_str())
            .unwrap_or("/");
        if let Some(place) = patient.real(folder) {
            findings.extend(written_by_others(&place, folder));
        }
    }
    if let Err(why) = &patient.realm {
        findings.push(Finding::critical(format!("the store cannot be opened: {why}")).fix("samekey store check"));
    }
    let socket = patient.socket();
    let folder = Path::new(&socket)
        .parent()
        .and_then(|folder| folder.to_str())
        .unwrap_or("/")
        .to_owned();
    if let Some(place) = patient.real(&folder).filter(|place| place.is_dir()) {
        // Whoever may write there may put another agent in our place.
        findings.extend(written_by_others(&place, &folder));
    }
    findings
}

/// D13
pub(super) fn agent_is_reached(patient: &Patient<'_>) -> Vec<Finding> {
    if let Some(finding) = patient.needs_this_machine() {
        return vec![finding];
    }
    let socket = patient.socket();
    if let Err(why) = UnixStream::connect(&socket) {
        let told = format!("the agent does not listen: {why}; every login through PAM is refused");
        return vec![Finding::critical(told).at(&socket).fix("systemctl start samekey-agent")];
    }
    let mut findings = Vec::new();
    // Screen lockers run as their user.
    let open = |path: &str, bits: u32| std::fs::metadata(path).is_ok_and(|found| found.mode() & bits == bits);
    if !open(&socket, 0o006) {
        let told = "only its owner may speak to the agent: screen lockers cannot";
        findings.push(Finding::warning(told).at(&socket).fix(format!("chmod 666 {socket}")));
    }
    let folder = Path::new(&socket)
        .parent()
        .and_then(|folder| folder.to_str())
        .unwrap_or("/");
    if !open(folder, 0o001) {
        let told = "only its owner may look into the socket's folder: screen lockers cannot";
        findings.push(Finding::warning(told).at(folder).fix(format!("chmod 755 {folder}")));
    }
    findings
}

/// D22
pub(super) fn secrets(patient: &Patient<'_>) -> Vec<Finding> {
    let Ok(config) = &patient.config else {
        return patient.needs_configuration().into_iter().collect();
    };
    let mut paths: Vec<String> = config.keyring.path.to_str().map(str::to_owned).into_iter().collect();
    let named = [(Owner::Provider, "tls-key"), (Owner::Mail, "password-file")];
    paths.extend(
        named
            .iter()
            .filter_map(|(owner, key)| patient.section(*owner).get(*key)?.as_str().map(str::to_owned)),
    );
    // Copies lie beside what they are copies of.
    for beside in config.store.sqlite.iter().chain(std::iter::once(&config.keyring.path)) {
        let Some(folder) = beside.parent().and_then(|folder| folder.to_str()) else {
            continue;
        };
        let is_copy = |name: &String| {
            [".db", ".bak", ".old", ".copy"].iter().any(|part| name.contains(part)) || name.contains("keyring")
        };
        paths.extend(
            patient
                .list(folder)
                .into_iter()
                .filter(is_copy)
                .map(|name| format!("{folder}/{name}")),
        );
    }
    paths.sort();
    paths.dedup();
    paths.iter().flat_map(|path| read_by_others(patient, path)).collect()
}
