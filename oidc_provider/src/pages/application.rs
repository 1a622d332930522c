//! What an application says of itself where people sign in to it: picture, home page, what it does with what it learns, terms
//! (OpenID Connect Registration 1.0 section 2).
//!
//! The picture is loaded by the browser from where it lies, and the page's policy lets in that origin's pictures and nothing
//! else: we neither fetch strangers' files nor serve them from our own origin (oidc.md row 37; decision 18).

use crate::clients::{Client, redirect};

/// See the module. Every address is http or https: registration sees to that.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// Its name.
    pub name: &'a str,
    /// A picture.
    pub logo: Option<&'a str>,
    /// Its home page.
    pub home: Option<&'a str>,
    /// What it does with what it learns.
    pub policy: Option<&'a str>,
    /// Its terms.
    pub terms: Option<&'a str>,
}

impl<'a> About<'a> {
    /// What this one says.
    pub fn of(client: &'a Client) -> Self {
        let settings = &client.settings;
        Self {
            name: &client.name,
            logo: settings.logo_uri.as_deref(),
            home: settings.client_uri.as_deref(),
            policy: settings.policy_uri.as_deref(),
            terms: settings.tos_uri.as_deref(),
        }
    }

    /// Where the page's pictures come from, beside ourselves.
    pub fn pictures(&self) -> Option<String> {
        self.logo.and_then(redirect::origin)
    }

    /// Whether there is anything to follow.
    pub fn has_links(&self) -> bool {
        self.home.is_some() || self.policy.is_some() || self.terms.is_some()
    }
}
