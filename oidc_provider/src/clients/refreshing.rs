//! What a client may do with refresh tokens, and with the tokens of others.

use super::{Client, ClientKind, GrantType, Profile, RefreshUse};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Whose tokens a client may exchange for its own (RFC 8693). Nobody's but its own unless the operator names them.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Exchange {
    /// The clients whose access tokens it may show.
    pub from: BTreeSet<String>,
    /// Whether the new tokens say nothing of who acts: those who get them take this client for the person.
    pub impersonate: bool,
}

impl Exchange {
    /// Whether nothing was decided.
    pub(super) fn is_usual(&self) -> bool {
        *self == Self::default()
    }
}

impl Client {
    /// Whether it is registered for refresh tokens at all.
    pub fn may_refresh(&self) -> bool {
        self.settings.grant_types.contains(&GrantType::RefreshToken)
    }

    /// Whether it gets them without `offline_access`: those end with the session.
    pub fn refreshes_in_session(&self) -> bool {
        self.settings.refresh == RefreshUse::Session
    }

    /// Whether each works once. FAPI 2.0 section 5.3.2.1 wants no rotation: its clients are confidential and show their key at
    /// each use, and a lost answer must not end what a person agreed to.
    pub fn rotates_refresh_tokens(&self) -> bool {
        self.settings.profile == Profile::Plain || self.kind == ClientKind::Public
    }
}
