//! What is told about a person: scopes and the `claims` parameter (OpenID Connect Core 5.4 and 5.5) turned into claims.

pub use super::subject::{Pairwise, subject};

use super::scope::{Scope, Scopes};
use crate::oidc::errors::AuthorizeError;
use samekey_shared::accounts::Account;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The claims about a person that we can tell, each with the scope that allows it.
const ABOUT: [(&str, Scope); 4] = [
    ("name", Scope::Profile),
    ("preferred_username", Scope::Profile),
    ("email", Scope::Email),
    ("groups", Scope::Groups),
];

/// Every claim that discovery tells.
pub const SUPPORTED: [&str; 14] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "name",
    "preferred_username",
    "email",
    "groups",
    "sid",
];

/// Longest `claims` parameter.
const LONGEST: usize = 4096;

/// What an application asked for by name.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Requested {
    /// Claims about the person in the ID token.
    pub id_token: BTreeSet<String>,
    /// Claims about the person at `/userinfo`.
    pub userinfo: BTreeSet<String>,
    /// Levels asked for, in order of preference.
    pub acr: Vec<String>,
    /// Whether one of them must be reached.
    pub acr_essential: bool,
}

/// Claim names, each with `null` or what is wished of it.
type Wishes = BTreeMap<String, Option<Map<String, Value>>>;

impl Requested {
    /// Reads the `claims` parameter; claims that we cannot tell are left out, as the specification asks.
    pub fn read(text: &str) -> Result<Self, AuthorizeError> {
        const WRONG: AuthorizeError = AuthorizeError::InvalidRequest("the claims parameter cannot be read");
        if text.len() > LONGEST {
            return Err(WRONG);
        }
        // Members other than these two are to be ignored, whatever they hold.
        let parameter: Map<String, Value> = serde_json::from_str(text).map_err(|_| WRONG)?;
        let wishes = |member: &str| match parameter.get(member) {
            Some(wishes) => serde_json::from_value::<Wishes>(wishes.clone()).map_err(|_| WRONG),
            None => Ok(Wishes::new()),
        };
        let (id_token, userinfo) = (wishes("id_token")?, wishes("userinfo")?);
        let told = |asked: &Wishes| {
            let names = ABOUT.iter().map(|(name, _)| (*name).to_owned());
            names.filter(|name| asked.contains_key(name)).collect()
        };
        let mut requested = Self {
            id_token: told(&id_token),
            userinfo: told(&userinfo),
            ..Self::default()
        };
        if let Some(Some(wish)) = id_token.get("acr") {
            let several = wish.get("values").and_then(Value::as_array);
            let values = several.into_iter().flatten().chain(wish.get("value"));
            requested.acr = values.filter_map(|value| value.as_str().map(str::to_owned)).collect();
            requested.acr_essential = wish.get("essential") == Some(&Value::Bool(true));
        }
        Ok(requested)
    }
}

/// The scopes that asking by name comes to: the person consents to those too.
pub fn widened(scopes: &Scopes, requested: &Requested) -> Scopes {
    let asked = |name: &str| requested.id_token.contains(name) || requested.userinfo.contains(name);
    let further = ABOUT
        .iter()
        .filter(|(name, _)| asked(name))
        .map(|(_, scope)| scope.name());
    let mut text = scopes.to_string();
    for word in further {
        text.push(' ');
        text.push_str(word);
    }
    Scopes::read(&text)
}

/// The claims about a person that these scopes and names allow.
pub fn about(
    account: &Account,
    groups: &BTreeSet<String>,
    scopes: &Scopes,
    named: &BTreeSet<String>,
) -> Map<String, Value> {
    let mut told = Map::new();
    for (name, scope) in ABOUT {
        if !scopes.has(scope) && !named.contains(name) {
            continue;
        }
        let value = match name {
            "name" => account.display_name.clone().map(Value::from),
            "preferred_username" => Some(Value::from(account.name.as_str())),
            "email" => account.email.clone().map(Value::from),
            "groups" => Some(groups.iter().cloned().map(Value::from).collect()),
            _ => None,
        };
        if let Some(value) = value {
            told.insert(name.to_owned(), value);
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_wishes_and_leaves_out_what_it_cannot_tell() {
        let requested = Requested::read(
            r#"{"userinfo":{"name":{"essential":true},"phone_number":null},"id_token":{"acr":{"essential":true,"values":["a","b"]},"email":null}}"#,
        )
        .unwrap();
        assert_eq!(requested.userinfo, BTreeSet::from(["name".to_owned()]));
        assert_eq!(requested.id_token, BTreeSet::from(["email".to_owned()]));
        assert_eq!(requested.acr, ["a", "b"]);
        assert!(requested.acr_essential);
        let widened = widened(&Scopes::read("openid"), &requested);
        assert_eq!(widened.to_string(), "openid profile email");
    }

    #[test]
    fn refuses_what_is_no_object_of_wishes() {
        for wrong in [
            "",
            "[]",
            "{\"id_token\":5}",
            "{\"id_token\":{\"acr\":7}}",
            &"[".repeat(3000),
        ] {
            assert!(Requested::read(wrong).is_err(), "{wrong}");
        }
    }
}
