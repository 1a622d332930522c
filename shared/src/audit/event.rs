//! One event: what it tells, and the one text of it that is hashed.

use super::canonical::{Object, bounded};
use super::kind::EventKind;
use crate::clock::UnixTime;
use crate::ids::RequestId;
use crate::source::{Door, Source};
use std::collections::BTreeMap;
use std::fmt;

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Actor {
    /// The person or automation of this login name.
    Account(String),
    /// A user of the machine who ran the administrator's command.
    Operator {
        /// Their uid on this machine.
        uid: u32,
    },
    /// A relying party, by its client id.
    Client(String),
    /// Somebody who has not proven who they are.
    Stranger,
    /// The product itself.
    Samekey,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Account(name) => write!(f, "account:{name}"),
            Self::Operator { uid } => write!(f, "uid:{uid}"),
            Self::Client(id) => write!(f, "client:{id}"),
            Self::Stranger => f.write_str("stranger"),
            Self::Samekey => f.write_str("samekey"),
        }
    }
}

/// One event, before it has a place in the chain. No secret may ever stand in any of its fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// Who did it.
    pub actor: Actor,
    /// How it ended: `ok`, or a stable code such as `code_wrong`.
    pub result: &'static str,
    /// The login name it is about.
    pub subject: Option<String>,
    /// The sign-in that it belongs to.
    pub request: Option<RequestId>,
    /// The method of the factor, in its stable word.
    pub method: Option<String>,
    /// The level reached or asked, in its stable word.
    pub level: Option<String>,
    /// The door.
    pub door: Option<Door>,
    /// The PAM service or the relying party.
    pub service: Option<String>,
    /// The machine.
    pub host: Option<String>,
    /// Where it came from.
    pub source: Option<Source>,
    /// The policy in force.
    pub policy_hash: Option<String>,
    /// The rules that decided.
    pub rule: Option<String>,
    /// What else helps an auditor.
    pub detail: BTreeMap<&'static str, String>,
}

impl Event {
    /// An event that ended well and tells nothing else yet.
    pub fn new(kind: EventKind, actor: Actor) -> Self {
        Self {
            kind,
            actor,
            result: "ok",
            subject: None,
            request: None,
            method: None,
            level: None,
            door: None,
            service: None,
            host: None,
            source: None,
            policy_hash: None,
            rule: None,
            detail: BTreeMap::new(),
        }
    }

    /// How it ended, in a stable code.
    #[must_use]
    pub fn result(mut self, code: &'static str) -> Self {
        self.result = code;
        self
    }

    /// The login name it is about.
    #[must_use]
    pub fn about(mut self, login_name: impl fmt::Display) -> Self {
        self.subject = Some(login_name.to_string());
        self
    }

    /// The sign-in it belongs to.
    #[must_use]
    pub fn request(mut self, request: RequestId) -> Self {
        self.request = Some(request);
        self
    }

    /// The method of the factor.
    #[must_use]
    pub fn method(mut self, method: impl fmt::Display) -> Self {
        self.method = Some(method.to_string());
        self
    }

    /// The level reached or asked.
    #[must_use]
    pub fn level(mut self, level: impl fmt::Display) -> Self {
        self.level = Some(level.to_string());
        self
    }

    /// Door and service.
    #[must_use]
    pub fn at(mut self, door: Door, service: impl fmt::Display) -> Self {
        self.door = Some(door);
        self.service = Some(service.to_string());
        self
    }

    /// The machine.
    #[must_use]
    pub fn host(mut self, host: impl fmt::Display) -> Self {
        self.host = Some(host.to_string());
        self
    }

    /// Where it came from.
    #[must_use]
    pub fn from(mut self, source: &Source) -> Self {
        self.source = Some(source.clone());
        self
    }

    /// The policy in force and the rules that decided.
    #[must_use]
    pub fn decided(mut self, policy_hash: impl fmt::Display, rule: impl fmt::Display) -> Self {
        self.policy_hash = Some(policy_hash.to_string());
        self.rule = Some(rule.to_string());
        self
    }

    /// One more thing an auditor should know. Never a secret.
    #[must_use]
    pub fn detail(mut self, name: &'static str, value: impl fmt::Display) -> Self {
        self.detail.insert(name, value.to_string());
        self
    }

    /// The subject as it stands in the trail.
    pub(super) fn subject_text(&self) -> Option<String> {
        self.subject.as_deref().map(bounded)
    }

    /// The one text of this event at this place of the chain: JSON without spaces, keys in alphabetical order, absent
    /// fields left out. It is what is hashed, stored and exported.
    pub fn canonical(&self, seq: i64, at: UnixTime) -> String {
        let mut json = Object::new();
        let optional = |json: &mut Object, name: &str, value: Option<&str>| {
            if let Some(value) = value {
                json.text(name, value);
            }
        };
        json.shown("actor", &self.actor);
        json.number("at", at);
        if !self.detail.is_empty() {
            json.object(
                "detail",
                self.detail.iter().map(|(name, value)| (*name, value.as_str())),
            );
        }
        if let Some(door) = self.door {
            json.shown("door", &door);
        }
        optional(&mut json, "host", self.host.as_deref());
        json.text("kind", self.kind.as_str());
        optional(&mut json, "level", self.level.as_deref());
        optional(&mut json, "method", self.method.as_deref());
        optional(&mut json, "policy_hash", self.policy_hash.as_deref());
        if let Some(request) = self.request {
            json.shown("request", &request);
        }
        json.text("result", self.result);
        optional(&mut json, "rule", self.rule.as_deref());
        json.number("seq", seq);
        optional(&mut json, "service", self.service.as_deref());
        if let Some(source) = &self.source {
            json.shown("source", source);
        }
        optional(&mut json, "subject", self.subject.as_deref());
        json.text("time", &super::utc::text(at));
        json.end()
    }
}

#[cfg(test)]
mod tests {
    use super::super::canonical::LONGEST;
    use super::*;

    #[test]
    fn the_canonical_text_is_ordered_and_leaves_out_what_is_absent() {
        let event = Event::new(EventKind::CodeRefused, Actor::Stranger)
            .result("code_wrong")
            .about("ann\"\n")
            .at(Door::Shell, "sshd")
            .from(&Source::remote_host("192.0.2.1"))
            .detail("b", 2)
            .detail("a", "x");
        assert_eq!(
            event.canonical(7, 0),
            r#"{"actor":"stranger","at":0,"detail":{"a":"x","b":"2"},"door":"shell","kind":"code-refused","result":"code_wrong","seq":7,"service":"sshd","source":"192.0.2.1","subject":"ann\"\n","time":"1970-01-01T00:00:00Z"}"#
        );
    }

    #[test]
    fn every_field_stands_in_its_alphabetical_place() {
        let request = "0123456789abcdef0123456789abcdef".parse().unwrap();
        let event = Event::new(EventKind::SignInGranted, Actor::Account("ann".into()))
            .about("ann")
            .request(request)
            .method("totp")
            .level("multi")
            .at(Door::Web, "oidc:app")
            .host("h")
            .from(&Source::Unknown)
            .decided("hash", "rule {")
            .detail("first_factor", "password");
        let text = event.canonical(1, 2);
        let told: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&text).unwrap();
        assert_eq!(told.len(), 17);
        let mut names: Vec<_> = told.keys().collect();
        names.sort();
        let places = names.iter().map(|name| text.find(&format!("\"{name}\":")).unwrap());
        assert!(places.is_sorted(), "{text}");
    }

    #[test]
    fn a_field_of_a_mebibyte_is_cut() {
        let event = Event::new(EventKind::SignInRefused, Actor::Stranger).about("é".repeat(1 << 20));
        assert!(event.canonical(1, 1).len() < 3 * LONGEST);
    }
}
