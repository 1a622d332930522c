//! What is told about a person: scopes and the `claims` parameter (OpenID Connect Core 5.4 and 5.5) turned into claims.

pub use super::subject::{Pairwise, subject};

use super::scope::{Scope, Scopes};
use crate::oidc::errors::AuthorizeError;
use samekey_shared::accounts::attributes::{self, Attributes};
use samekey_shared::accounts::{self, Account};
use samekey_shared::clock::UnixTime;
use samekey_shared::devices::email::{self, EmailAddress};
use samekey_shared::store::{Store, StoreError, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};

/// The claims about a person that we can tell, each with the scope that allows it (OpenID Connect Core 5.1 and 5.4).
pub const ABOUT: [(&str, Scope); 20] = [
    ("name", Scope::Profile),
    ("given_name", Scope::Profile),
    ("family_name", Scope::Profile),
    ("middle_name", Scope::Profile),
    ("nickname", Scope::Profile),
    ("preferred_username", Scope::Profile),
    ("profile", Scope::Profile),
    ("picture", Scope::Profile),
    ("website", Scope::Profile),
    ("gender", Scope::Profile),
    ("birthdate", Scope::Profile),
    ("zoneinfo", Scope::Profile),
    ("locale", Scope::Profile),
    ("updated_at", Scope::Profile),
    ("email", Scope::Email),
    ("email_verified", Scope::Email),
    ("address", Scope::Address),
    ("phone_number", Scope::Phone),
    ("phone_number_verified", Scope::Phone),
    ("groups", Scope::Groups),
];

/// The claims of the protocol itself.
const PROTOCOL: [&str; 11] = [
    "sub",
    "iss",
    "aud",
    "exp",
    "iat",
    "auth_time",
    "nonce",
    "acr",
    "amr",
    "at_hash",
    "sid",
];

/// Every claim that discovery tells.
pub fn supported() -> impl Iterator<Item = &'static str> {
    PROTOCOL.into_iter().chain(ABOUT.iter().map(|(name, _)| *name))
}

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

impl Requested {
    /// The same without what a client may not have: a name asks for its scope, and opens no more than the scope would.
    #[must_use]
    pub fn within(mut self, allowed: Option<&BTreeSet<String>>) -> Self {
        if let Some(allowed) = allowed {
            let may = |name: &String| {
                let scope = ABOUT.iter().find(|(known, _)| known == name);
                scope.is_some_and(|(_, scope)| allowed.contains(scope.name()))
            };
            self.id_token.retain(may);
            self.userinfo.retain(may);
        }
        self
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

/// What is known about a person, as far as it is asked for.
#[derive(Default)]
struct Known {
    groups: BTreeSet<String>,
    attributes: Attributes,
    changed_at: Option<UnixTime>,
    proven: bool,
}

/// The claims about a person that these scopes and names allow, as they are now; nothing is read where nothing is asked.
pub fn told(
    store: &Store,
    account: &Account,
    scopes: &Scopes,
    named: &BTreeSet<String>,
) -> Result<Map<String, Value>, StoreError> {
    if named.is_empty() && !ABOUT.iter().any(|(_, scope)| scopes.has(*scope)) {
        return Ok(Map::new());
    }
    store.read(|tx| about(tx, account, scopes, named))
}

/// The same in the caller's unit of work.
pub fn about(
    tx: &mut Tx<'_>,
    account: &Account,
    scopes: &Scopes,
    named: &BTreeSet<String>,
) -> Result<Map<String, Value>, StoreError> {
    let asked = |name: &str, scope: Scope| scopes.has(scope) || named.contains(name);
    let known = read(tx, account, &asked)?;
    let mut told = Map::new();
    for (name, scope) in ABOUT {
        if let Some(value) = asked(name, scope).then(|| value(name, account, &known)).flatten() {
            told.insert(name.to_owned(), value);
        }
    }
    Ok(told)
}

/// Reads only what is asked for: most calls want little.
fn read(tx: &mut Tx<'_>, account: &Account, asked: &dyn Fn(&str, Scope) -> bool) -> Result<Known, StoreError> {
    let any = |of: &[Scope]| {
        ABOUT
            .iter()
            .any(|(name, scope)| of.contains(scope) && asked(name, *scope))
    };
    let mut known = Known::default();
    if any(&[Scope::Groups]) {
        known.groups = accounts::rows::groups_of(tx, account.id)?;
    }
    if any(&[Scope::Profile, Scope::Address, Scope::Phone])
        && let Some((attributes, changed_at)) = attributes::of_account(tx, account.id)?
    {
        (known.attributes, known.changed_at) = (attributes, Some(changed_at));
    }
    if any(&[Scope::Email]) {
        known.proven = is_proven(tx, account)?;
    }
    Ok(known)
}

/// Whether the profile's address is one that this person proved to us: the very address of their security e-mail (oidc.md row
/// 31). Either of them changed, and the proof is none. The security e-mail itself is never told (R60, decision 22).
fn is_proven(tx: &mut Tx<'_>, account: &Account) -> Result<bool, StoreError> {
    let Some(told) = account.email.as_deref().and_then(|text| EmailAddress::parse(text).ok()) else {
        return Ok(false);
    };
    Ok(email::of_account(tx, account.id)?.is_some_and(|bound| bound.address == told))
}

fn value(name: &str, account: &Account, known: &Known) -> Option<Value> {
    let attributes = &known.attributes;
    match name {
        "name" => account.display_name.clone().map(Value::from),
        "preferred_username" => Some(account.name.as_str().into()),
        "email" => account.email.clone().map(Value::from),
        "email_verified" => account.email.as_ref().map(|_| known.proven.into()),
        "groups" => Some(known.groups.iter().cloned().map(Value::from).collect()),
        "updated_at" => known.changed_at.map(Value::from),
        // Nobody proves numbers here.
        "phone_number_verified" => attributes.value("phone_number").map(|_| false.into()),
        "address" => {
            let parts: Map<String, Value> = attributes
                .address()
                .map(|(part, value)| (part.to_owned(), value.into()))
                .collect();
            (!parts.is_empty()).then_some(Value::Object(parts))
        }
        plain => attributes.value(plain).map(Value::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_wishes_and_leaves_out_what_it_cannot_tell() {
        let requested = Requested::read(
            r#"{"userinfo":{"name":{"essential":true},"shoe_size":null},"id_token":{"acr":{"essential":true,"values":["a","b"]},"email":null}}"#,
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
    fn every_claim_and_every_attribute_has_one_scope() {
        let names: BTreeSet<&str> = ABOUT.iter().map(|(name, _)| *name).collect();
        assert_eq!(names.len(), ABOUT.len());
        for attribute in Attributes::names() {
            let claim = attribute.split('.').next().unwrap_or(attribute);
            assert!(names.contains(claim), "{attribute} is told by no scope");
        }
        assert_eq!(supported().count(), supported().collect::<BTreeSet<_>>().len());
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
