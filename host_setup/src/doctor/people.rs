//! D18 to D21: exceptions, devices that no longer count, administrators, and the way back.

use super::{Finding, Patient};
use samekey_shared::accounts::{Account, AccountState, rows};
use samekey_shared::audit::{self, EventKind, utc};
use samekey_shared::devices;
use samekey_shared::methods::Method;
use samekey_shared::policy::Policy;
use samekey_shared::realm::Realm;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Exceptions that end within so many seconds are told of.
const SOON: i64 = 7 * 86_400;
/// The way back is to be tried once in so many seconds.
const TRIED_WITHIN: i64 = 180 * 86_400;
/// Accounts read at a time, and in all.
const PAGE: u32 = 1000;
const MOST_PAGES: u32 = 100;
/// Events looked through for a rescue.
const STRETCH: u32 = 1000;
const MOST_STRETCHES: u32 = 50;

/// The policy that holds, or the finding that there is none.
fn active<'a>(patient: &Patient<'a>) -> Result<(Arc<Policy>, &'a Realm), Vec<Finding>> {
    let realm = match &patient.realm {
        Ok(realm) => *realm,
        Err(why) => return Err(vec![Finding::unknown(format!("the store cannot be opened: {why}"))]),
    };
    let policy = realm.store.read(|tx| realm.policy(tx));
    let policy = policy.map_err(|why| vec![Finding::unknown(format!("the policy cannot be read: {why}"))])?;
    Ok((policy, realm))
}

/// D18
pub(super) fn exceptions(patient: &Patient<'_>) -> Vec<Finding> {
    let policy = match active(patient) {
        Ok((policy, _)) => policy,
        Err(findings) => return findings,
    };
    let mut findings = Vec::new();
    for exception in &policy.document().exceptions {
        let Some(end) = exception.expires else { continue };
        let (name, when) = (&exception.name, utc::text(end));
        if end <= patient.now {
            let told = format!("the exception {name} ended at {when} and still stands in the policy");
            findings.push(Finding::warning(told).fix("take it out: samekey policy show, then apply"));
        } else if end - patient.now <= SOON {
            let told = format!("the exception {name} ends at {when}: whom it let in is asked then");
            findings.push(Finding::warning(told).fix("bind a device for them, or renew it with a new reason"));
        }
    }
    findings
}

/// Every active account with what is bound to it.
fn people(realm: &Realm) -> Vec<(Account, BTreeSet<Method>)> {
    let (mut found, mut after) = (Vec::new(), None::<String>);
    for _ in 0..MOST_PAGES {
        let page = realm.store.read(|tx| {
            let listed = rows::list(tx, after.as_deref(), PAGE)?;
            let with = listed.into_iter().map(|account| {
                let methods = devices::rows::bound(tx, account.id)?.methods();
                Ok((account, methods))
            });
            with.collect::<Result<Vec<_>, samekey_shared::store::StoreError>>()
        });
        let page = page.unwrap_or_default();
        after = page.last().map(|(account, _)| account.name.to_string());
        let is_last = page.len() < PAGE as usize;
        found.extend(
            page.into_iter()
                .filter(|(account, _)| account.state == AccountState::Active),
        );
        if is_last {
            break;
        }
    }
    found
}

/// D19
pub(super) fn devices_count(patient: &Patient<'_>) -> Vec<Finding> {
    let (policy, realm) = match active(patient) {
        Ok(both) => both,
        Err(findings) => return findings,
    };
    let accepted = policy.accepted();
    let bound_in_vain =
        |methods: &BTreeSet<Method>| !methods.is_empty() && methods.intersection(accepted).next().is_none();
    let told = people(realm)
        .into_iter()
        .filter(|(_, methods)| bound_in_vain(methods))
        .map(|(account, methods)| {
            let words: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
            let told = format!(
                "{}: nothing that is bound ({}) is accepted any more",
                account.name,
                words.join(", ")
            );
            Finding::warning(told).fix(format!("samekey ticket new {}", account.name))
        });
    told.collect()
}

/// D20
pub(super) fn administrators(patient: &Patient<'_>) -> Vec<Finding> {
    let realm = match active(patient) {
        Ok((_, realm)) => realm,
        Err(findings) => return findings,
    };
    let own = |methods: &BTreeSet<Method>| methods.iter().filter(|method| **method != Method::RecoveryCode).count();
    let few = people(realm)
        .into_iter()
        .filter(|(account, methods)| account.role.administers() && own(methods) < 2);
    let told = few.map(|(account, methods)| {
        let what = if own(&methods) == 0 {
            "no device"
        } else {
            "one kind of device only"
        };
        let told = format!(
            "{} administers and has {what}: when it is lost, so are they",
            account.name
        );
        Finding::warning(told).fix("bind a second kind at /security")
    });
    told.collect()
}

/// D21
pub(super) fn rescue_was_tried(patient: &Patient<'_>) -> Vec<Finding> {
    let realm = match active(patient) {
        Ok((_, realm)) => realm,
        Err(findings) => return findings,
    };
    let since = patient.now - TRIED_WITHIN;
    let mut before = i64::MAX;
    for _ in 0..MOST_STRETCHES {
        let events = realm
            .store
            .read(|tx| audit::before(tx, before, STRETCH))
            .unwrap_or_default();
        if events
            .iter()
            .any(|event| event.at >= since && event.kind == EventKind::RescueGranted.as_str())
        {
            return Vec::new();
        }
        match events.last() {
            Some(last) if last.at >= since => before = last.seq,
            _ => break,
        }
    }
    let told = "nobody tried within 180 days whether a rescue lets somebody in";
    vec![Finding::warning(told).fix("samekey account rescue NAME --for 5m --reason \"drill\", and log in")]
}
