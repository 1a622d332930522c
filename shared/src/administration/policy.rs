//! The policy as its administrators look at it: the text that holds, its versions, and what it makes of a sign-in.

use super::{AdministrationError, Desk};
use crate::accounts::{Groups, LoginName, groups, rows};
use crate::attempts;
use crate::devices;
use crate::policy::rows::{StoredPolicy, history};
use crate::policy::{self, Explanation, Facts, FirstFactorKind, KeyFact, Policy, SourceFact, State};
use crate::roles::Action;
use crate::source::Source;
use std::collections::BTreeSet;
use std::sync::Arc;

/// Versions that a page shows.
const VERSIONS: u32 = 50;

/// A sign-in to be explained.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Who.
    pub user: LoginName,
    /// The door: `pam:sshd`, `oidc:wiki`, `portal:sign-in`, …
    pub service: String,
    /// Where from.
    pub source: SourceFact,
    /// How the first factor was proven.
    pub first: FirstFactorKind,
}

impl Desk<'_> {
    /// The policy that holds, and the versions that were applied, the newest first.
    pub fn policy(&self) -> Result<(Arc<Policy>, Vec<StoredPolicy>), AdministrationError> {
        self.realm.store.read(|tx| {
            self.allowed(tx, Action::PolicySee, None)?;
            Ok((self.realm.policy(tx)?, history(tx, VERSIONS)?))
        })
    }

    /// What would happen to a sign-in, and why, by the functions that every door decides with.
    pub fn explain(&self, asked: &Question) -> Result<Explanation, AdministrationError> {
        let asks_nss = self.realm.store.read(|tx| {
            self.allowed(tx, Action::PolicySee, None)?;
            Ok::<_, AdministrationError>(self.realm.policy(tx)?.asks_nss())
        })?;
        // Outside the unit of work: a directory may be slow.
        let nss = if asks_nss {
            groups::from_nss(&asked.user)
        } else {
            Groups::Unknown
        };
        let now = self.realm.clock.now();
        self.realm.store.read(|tx| {
            let policy = self.realm.policy(tx)?;
            let account = rows::find(tx, &asked.user)?;
            let id = account.as_ref().map(|account| account.id);
            let bound = match id {
                Some(id) => devices::rows::bound(tx, id)?.methods(),
                None => BTreeSet::new(),
            };
            let abnormal = match asked.source {
                SourceFact::Local => Some(false),
                SourceFact::Addr(address) => {
                    Some(!attempts::is_known_source(tx, &asked.user, &Source::address(address))?)
                }
                SourceFact::Unknown => None,
            };
            let groups = groups::of(policy.group_source(), tx, nss.clone(), id)?;
            let none = BTreeSet::new();
            let facts = Facts {
                user: asked.user.as_str(),
                groups: groups.known(),
                flags: Some(account.as_ref().map_or(&none, |account| &account.flags)),
                service: &asked.service,
                host: None,
                source: asked.source,
                first_factor: Some(asked.first),
                key: KeyFact::of_kind(Some(asked.first)),
                abnormal,
                now,
            };
            let since = account.as_ref().map(|account| account.created_at);
            Ok(policy::explain(&policy, &facts, &State::fresh(&bound, since, now)))
        })
    }
}
