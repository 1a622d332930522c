//! What a policy makes of one sign-in, in a form that two policies can be compared by.

use samekey_shared::policy::Decision;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// A decision without what differs from one moment to the next: two equal outcomes feel the same to the person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    word: &'static str,
    detail: String,
}

impl Outcome {
    /// The outcome of a decision.
    pub fn of(decision: &Decision) -> Self {
        let detail = match decision {
            Decision::Challenge { methods } | Decision::MustBind { methods } => {
                let words: Vec<&str> = methods.iter().map(|method| method.as_str()).collect();
                words.join(" or ")
            }
            Decision::Deny { code } => code.to_string(),
            // How long the time to enrol still runs is the same question under both policies only by chance.
            Decision::Allow { .. } | Decision::AllowAndNag { .. } => String::new(),
        };
        Self {
            word: decision.as_str(),
            detail,
        }
    }

    /// One of [`Decision::WORDS`].
    pub fn word(&self) -> &'static str {
        self.word
    }

    /// For a table.
    pub fn shown(&self) -> String {
        if self.detail.is_empty() {
            self.word.to_owned()
        } else {
            format!("{} {}", self.word, self.detail)
        }
    }

    /// For a program.
    pub fn as_json(&self) -> Value {
        json!({ "decision": self.word, "detail": self.detail })
    }
}

/// How many of each: `3 enrol, 1 deny`.
pub fn counted<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for word in words {
        *counts.entry(word).or_default() += 1;
    }
    let told: Vec<String> = counts.iter().map(|(word, count)| format!("{count} {word}")).collect();
    told.join(", ")
}
