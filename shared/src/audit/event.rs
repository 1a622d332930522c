//! One event: what it tells, and the one text of it that is hashed.

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
        let mut fields: BTreeMap<&str, Field> = BTreeMap::from([
            ("actor", Field::text(&self.actor)),
            ("at", Field::Number(at)),
            ("kind", Field::text(self.kind)),
            ("result", Field::text(self.result)),
            ("seq", Field::Number(seq)),
            ("time", Field::text(super::utc::text(at))),
        ]);
        let texts = [
            ("door", self.door.map(Field::text)),
            ("host", self.host.as_ref().map(Field::text)),
            ("level", self.level.as_ref().map(Field::text)),
            ("method", self.method.as_ref().map(Field::text)),
            ("policy_hash", self.policy_hash.as_ref().map(Field::text)),
            ("request", self.request.map(Field::text)),
            ("rule", self.rule.as_ref().map(Field::text)),
            ("service", self.service.as_ref().map(Field::text)),
            ("source", self.source.as_ref().map(Field::text)),
            ("subject", self.subject.as_ref().map(Field::text)),
        ];
        fields.extend(
            texts
                .into_iter()
                .filter_map(|(name, field)| field.map(|field| (name, field))),
        );
        if !self.detail.is_empty() {
            let detail = self.detail.iter().map(|(name, value)| (*name, bounded(value)));
            fields.insert("detail", Field::Map(detail.collect()));
        }
        json(&fields)
    }
}

/// A value in the canonical text.
enum Field {
    Number(i64),
    Text(String),
    Map(BTreeMap<&'static str, String>),
}

impl Field {
    fn text(value: impl fmt::Display) -> Self {
        Self::Text(bounded(&value.to_string()))
    }
}

/// The longest value that one field may hold, in characters: whoever can send us a name cannot fill the trail with it.
const LONGEST: usize = 512;

/// Cuts what is too long, and replaces NUL, which PostgreSQL keeps in no text.
fn bounded(value: &str) -> String {
    let kept = match value.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &value[..end]),
        None => value.to_owned(),
    };
    kept.replace('\0', "\u{fffd}")
}

/// Writes the fields by hand, so that no feature of a JSON library can ever change an order that is hashed.
fn json(fields: &BTreeMap<&str, Field>) -> String {
    let members = fields.iter().map(|(name, field)| {
        let value = match field {
            Field::Number(number) => number.to_string(),
            Field::Text(text) => quoted(text),
            Field::Map(map) => {
                let inner = map
                    .iter()
                    .map(|(name, value)| format!("{}:{}", quoted(name), quoted(value)));
                format!("{{{}}}", inner.collect::<Vec<_>>().join(","))
            }
        };
        format!("{}:{value}", quoted(name))
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

/// A JSON string (RFC 8259, section 7).
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
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
    fn a_field_of_a_mebibyte_is_cut() {
        let event = Event::new(EventKind::SignInRefused, Actor::Stranger).about("é".repeat(1 << 20));
        assert!(event.canonical(1, 1).len() < 3 * LONGEST);
    }
}
