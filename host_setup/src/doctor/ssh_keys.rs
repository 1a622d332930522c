//! D25: what the configuration says of this host's sshd and SSH keys (`[agent] sshd-verifies`), held against sshd's own word.

use super::ssh::{MAIN, Values, blocks, example, sshd, value, values};
use super::{Finding, Patient};
use samekey_shared::config::Owner;
use samekey_shared::devices::ssh_key;

/// Users that are looked at one by one.
const MOST_USERS: u32 = 50;
const FIX: &str = "AuthorizedKeysFile none with AuthorizedKeysCommand … samekey ssh-keys %u, or PubkeyAuthOptions \
                   verify-required; or take `sshd-verifies` out of [agent]";

/// D25
pub(super) fn sshd_verifies(patient: &Patient<'_>) -> Vec<Finding> {
    if let Some(finding) = patient.needs_configuration() {
        return vec![finding];
    }
    let section = patient.section(Owner::Agent);
    if section.get("sshd-verifies") != Some(&toml::Value::Boolean(true)) {
        return Vec::new();
    }
    let sshd = match sshd(patient) {
        Ok(sshd) => sshd,
        Err(findings) => return findings,
    };
    let users = patient.realm.as_ref().ok().map(|realm| {
        let read = realm.store.read(|tx| ssh_key::verifying(tx, MOST_USERS));
        read.unwrap_or_default()
    });
    let Some(users) = users else {
        return vec![Finding::unknown(
            "the store cannot be opened: nobody can tell whose keys are meant",
        )];
    };
    let mut findings = Vec::new();
    for user in &users {
        match values(&sshd, user) {
            Ok(found) if !verifies(&found) => {
                let told = format!(
                    "{user}: [agent] sshd-verifies is set, and sshd may take an enrolled key without a verified person"
                );
                findings.push(Finding::critical(told).at(MAIN).fix(FIX));
            }
            Ok(_) => {}
            Err(faults) => return faults,
        }
    }
    if users.is_empty() {
        return findings;
    }
    for (place, criteria) in blocks(patient) {
        let connection = example(patient, &criteria);
        let found = connection.and_then(|connection| sshd.effective(&connection).ok());
        if found.is_some_and(|found| !verifies(&found)) {
            let told = format!("Match {criteria}: sshd may take an enrolled key without a verified person there");
            findings.push(Finding::critical(told).at(place).fix(FIX));
        }
    }
    findings
}

/// Whether an enrolled key opens only on the terms it is enrolled on.
fn verifies(values: &Values) -> bool {
    let options = value(values, "pubkeyauthoptions");
    let all = options.split([',', ' ']).any(|word| word == "verify-required");
    let command: Vec<&str> = value(values, "authorizedkeyscommand").split_whitespace().collect();
    let ours =
        command.first().is_some_and(|program| program.ends_with("/samekey")) && command.get(1) == Some(&"ssh-keys");
    all || (value(values, "authorizedkeysfile") == "none" && ours)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_keys_or_a_demand_for_all_will_do() {
        let of = |pairs: &[(&str, &str)]| -> Values {
            pairs
                .iter()
                .map(|(option, value)| ((*option).to_owned(), (*value).to_owned()))
                .collect()
        };
        let (file, command) = ("authorizedkeysfile", "authorizedkeyscommand");
        let ours = "/usr/bin/samekey ssh-keys %u";
        for (pairs, good) in [
            (&[("pubkeyauthoptions", "verify-required")][..], true),
            (&[("pubkeyauthoptions", "touch-required verify-required")], true),
            (&[(file, "none"), (command, ours)], true),
            (&[(file, ".ssh/authorized_keys"), (command, ours)], false),
            (
                &[(file, "none"), (command, "/usr/bin/sss_ssh_authorizedkeys %u")],
                false,
            ),
            (&[(file, "none"), (command, "none")], false),
            (&[("pubkeyauthoptions", "none")], false),
            (&[], false),
        ] {
            assert_eq!(verifies(&of(pairs)), good, "{pairs:?}");
        }
    }
}
