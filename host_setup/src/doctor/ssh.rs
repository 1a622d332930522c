//! D04 to D07: what sshd makes of its configuration, for everybody, for each user, and for each `Match`.

use super::{Finding, Patient};
use crate::setup::Sshd;
use samekey_pam_stack::{Dialect, Facility, Service, Verdict, prove};
use samekey_shared::accounts;
use std::collections::BTreeMap;

/// Users that are looked at one by one.
const MOST_USERS: u32 = 50;
/// A connection like any other from outside.
const ANYBODY: &str = "host=client.example.org,addr=192.0.2.1";
pub(super) const MAIN: &str = "/etc/ssh/sshd_config";

pub(super) type Values = BTreeMap<String, String>;

/// sshd, or why nothing can be said of it.
pub(super) fn sshd(patient: &Patient<'_>) -> Result<Sshd, Vec<Finding>> {
    if let Some(finding) = patient.needs_this_machine() {
        return Err(vec![finding]);
    }
    let sshd = Sshd::default();
    if sshd.is_there() { Ok(sshd) } else { Err(Vec::new()) }
}

pub(super) fn values(sshd: &Sshd, user: &str) -> Result<Values, Vec<Finding>> {
    sshd.effective(&format!("user={user},{ANYBODY}")).map_err(|said| {
        // It names file and line itself.
        vec![
            Finding::critical(format!("sshd does not take its configuration: {said}"))
                .at(MAIN)
                .fix("correct the line; `sshd -t` tries it"),
        ]
    })
}

pub(super) fn value<'a>(values: &'a Values, option: &str) -> &'a str {
    values.get(option).map_or("", String::as_str)
}

/// D04
pub(super) fn asks_through_pam(patient: &Patient<'_>) -> Vec<Finding> {
    let found = sshd(patient).and_then(|sshd| values(&sshd, "nobody"));
    let values = match found {
        Ok(values) => values,
        Err(findings) => return findings,
    };
    let mut findings = Vec::new();
    for (option, name) in [
        ("usepam", "UsePAM"),
        ("kbdinteractiveauthentication", "KbdInteractiveAuthentication"),
    ] {
        if value(&values, option) != "yes" {
            let told = format!(
                "{name} is {:?}: sshd cannot ask for a second factor",
                value(&values, option)
            );
            findings.push(
                Finding::critical(told)
                    .at(MAIN)
                    .fix(format!("{name} yes (samekey setup ssh)")),
            );
        }
    }
    if value(&values, "passwordauthentication") == "yes" {
        let told = "PasswordAuthentication is yes: clients that use it are never shown a prompt, and are refused";
        findings.push(Finding::warning(told).at(MAIN).fix("PasswordAuthentication no"));
    }
    findings
}

/// Whether the account lines of sshd's service refuse who never passed us.
fn has_tripwire(patient: &Patient<'_>) -> bool {
    let files = patient.files();
    let service = Service::load(&files, Dialect::of(&files), "sshd");
    prove(&service, Facility::Account).verdict == Verdict::Guarded
}

/// Whether every way that sshd takes for complete has PAM's dialogue in it.
fn always_asks(values: &Values) -> bool {
    let methods = value(values, "authenticationmethods");
    methods != "any"
        && methods
            .split_whitespace()
            .all(|list| list.split(',').any(|one| one.starts_with("keyboard-interactive")))
}

/// D05
pub(super) fn keys_are_followed(patient: &Patient<'_>) -> Vec<Finding> {
    let sshd = match sshd(patient) {
        Ok(sshd) => sshd,
        Err(findings) => return findings,
    };
    let tripwire = has_tripwire(patient);
    let mut findings = Vec::new();
    for user in users(patient) {
        let Ok(values) = values(&sshd, &user) else {
            return findings;
        };
        if value(&values, "pubkeyauthentication") != "yes" || always_asks(&values) {
            continue;
        }
        let methods = value(&values, "authenticationmethods");
        let fix = "AuthenticationMethods publickey,keyboard-interactive:pam keyboard-interactive:pam (samekey setup ssh --keys)";
        findings.push(if tripwire {
            let told = format!(
                "{user}: a key alone (AuthenticationMethods {methods}) is refused by the tripwire, without a question"
            );
            Finding::warning(told).at(MAIN).fix(fix)
        } else {
            let told = format!("{user}: a key alone (AuthenticationMethods {methods}) opens the shell");
            Finding::critical(told).at(MAIN).fix(format!(
                "{fix}, and `account required pam_samekey.so` in /etc/pam.d/sshd"
            ))
        });
    }
    findings
}

/// Root, and accounts of ours that this machine knows and that have keys here.
fn users(patient: &Patient<'_>) -> Vec<String> {
    let passwd = patient.text("/etc/passwd").unwrap_or_default();
    let has_keys = |home: &str| {
        ["authorized_keys", "authorized_keys2"]
            .iter()
            .any(|file| patient.exists(&format!("{home}/.ssh/{file}")))
    };
    let ours: Vec<String> = patient.realm.as_ref().ok().map_or_else(Vec::new, |realm| {
        let listed = realm.store.read(|tx| accounts::rows::list(tx, None, 1000));
        listed
            .unwrap_or_default()
            .into_iter()
            .map(|account| account.name.to_string())
            .collect()
    });
    let wanted = passwd.lines().filter_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        let (name, home) = (*fields.first()?, *fields.get(5)?);
        let counts = name == "root" || ours.iter().any(|own| own == name);
        (counts && has_keys(home)).then(|| name.to_owned())
    });
    wanted.take(MOST_USERS as usize).collect()
}

/// D06
pub(super) fn matches_keep_it(patient: &Patient<'_>) -> Vec<Finding> {
    let sshd = match sshd(patient) {
        Ok(sshd) => sshd,
        Err(findings) => return findings,
    };
    let Ok(usual) = values(&sshd, "nobody") else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (place, criteria) in blocks(patient) {
        let Some(connection) = example(patient, &criteria) else {
            findings.push(
                Finding::unknown(format!(
                    "Match {criteria}: no connection that it meets could be made up"
                ))
                .at(place),
            );
            continue;
        };
        let Ok(values) = sshd.effective(&connection) else {
            continue;
        };
        if value(&values, "kbdinteractiveauthentication") != "yes"
            && value(&usual, "kbdinteractiveauthentication") == "yes"
        {
            let told =
                format!("Match {criteria} switches KbdInteractiveAuthentication off: who it meets is asked nothing");
            findings.push(
                Finding::warning(told)
                    .at(&place)
                    .fix("take the line out of the block; exempt people in the policy"),
            );
        }
        if always_asks(&usual) && !always_asks(&values) {
            let told = format!(
                "Match {criteria} sets AuthenticationMethods {}: no second factor is among them",
                value(&values, "authenticationmethods")
            );
            let finding = if has_tripwire(patient) {
                Finding::warning(told)
            } else {
                Finding::critical(told)
            };
            findings.push(
                finding
                    .at(&place)
                    .fix("take the line out of the block; exempt people in the policy"),
            );
        }
    }
    findings
}

/// The `Match` lines, with their places, of sshd's file and those that it includes.
pub(super) fn blocks(patient: &Patient<'_>) -> Vec<(String, String)> {
    let drop_ins = patient.list("/etc/ssh/sshd_config.d");
    let drop_ins = drop_ins
        .iter()
        .filter(|name| name.strip_suffix(".conf").is_some())
        .map(|name| format!("/etc/ssh/sshd_config.d/{name}"));
    let mut found = Vec::new();
    for path in std::iter::once(MAIN.to_owned()).chain(drop_ins) {
        let text = patient.text(&path).unwrap_or_default();
        for (number, line) in text.lines().enumerate() {
            let bare = line.trim().replacen(
                '=',
                " ",
                usize::from(line.trim().to_ascii_lowercase().starts_with("match=")),
            );
            let (keyword, rest) = bare.split_once(char::is_whitespace).unwrap_or((&bare, ""));
            if keyword.eq_ignore_ascii_case("match") && !rest.trim().eq_ignore_ascii_case("all") {
                found.push((format!("{path}:{}", number + 1), rest.trim().to_owned()));
            }
        }
    }
    found
}

/// A connection that these criteria meet, as `sshd -C` takes it.
pub(super) fn example(patient: &Patient<'_>, criteria: &str) -> Option<String> {
    let words: Vec<&str> = criteria.split_whitespace().collect();
    let (mut user, mut host, mut address, mut more) = (
        "nobody".to_owned(),
        "client.example.org".to_owned(),
        "192.0.2.1".to_owned(),
        String::new(),
    );
    for pair in words.chunks(2) {
        let [keyword, list] = pair else { return None };
        let first = list.split(',').find(|one| !one.starts_with('!'))?;
        let plain = first.replace(['*', '?'], "x");
        match keyword.to_ascii_lowercase().as_str() {
            "user" => user = plain,
            "group" => user = member(patient, first)?,
            "host" => host = plain,
            "address" => address = first.split('/').next()?.replace('*', "1"),
            "localaddress" => more.extend([",laddr=", first.split('/').next()?]),
            "localport" => more.extend([",lport=", first]),
            _ => return None,
        }
    }
    Some(format!("user={user},host={host},addr={address}{more}"))
}

/// Somebody of this group.
fn member(patient: &Patient<'_>, group: &str) -> Option<String> {
    let groups = patient.text("/etc/group")?;
    let fields: Vec<&str> = groups
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|fields| fields.first() == Some(&group))?;
    let listed = fields.get(3)?.split(',').next().filter(|name| !name.is_empty());
    let passwd = patient.text("/etc/passwd")?;
    let primary = passwd
        .lines()
        .map(|line| line.split(':').collect::<Vec<_>>())
        .find(|one| one.get(3) == fields.get(2));
    listed
        .map(str::to_owned)
        .or_else(|| primary.and_then(|one| one.first().map(|name| (*name).to_owned())))
}

/// D07
pub(super) fn leaves_time(patient: &Patient<'_>) -> Vec<Finding> {
    let values = match sshd(patient).and_then(|sshd| values(&sshd, "nobody")) {
        Ok(values) => values,
        // D04 has said it.
        Err(findings) => {
            return findings
                .into_iter()
                .filter(|finding| finding.grade == super::Grade::Unknown)
                .collect();
        }
    };
    let number = |option: &str| value(&values, option).parse::<u64>().ok();
    let mut findings = Vec::new();
    if let Some(seconds @ 1..60) = number("logingracetime") {
        let told = format!("LoginGraceTime is {seconds} s: too short to look for a phone");
        findings.push(Finding::warning(told).at(MAIN).fix("LoginGraceTime 120"));
    }
    if let Some(tries @ 0..3) = number("maxauthtries") {
        let told = format!("MaxAuthTries is {tries}: a mistyped code ends the connection");
        findings.push(Finding::warning(told).at(MAIN).fix("MaxAuthTries 6"));
    }
    findings
}
