//! An authorization request, in the order in which its parameters are written.

use samekey_provider::http::params::encode;

/// See the module.
#[derive(Debug, Clone)]
pub struct Asked(Vec<(String, String)>);

impl Asked {
    pub fn new(params: &[(&str, &str)]) -> Self {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        Self(params.iter().map(owned).collect())
    }

    /// With this parameter, in place of one of the same name.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        match self.0.iter_mut().find(|(known, _)| known == name) {
            Some((_, known)) => value.clone_into(known),
            None => self.0.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The same in the opposite order.
    pub fn reversed(mut self) -> Self {
        self.0.reverse();
        self
    }

    pub fn value(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value.as_str())
    }

    pub fn pairs(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect()
    }

    /// Where the browser is sent.
    pub fn address(&self) -> String {
        format!("/authorize?{}", encode(self.pairs().into_iter()))
    }
}
