//! Access tokens as JWTs (RFC 9068): what stands in one, and how one of ours is known again.

use crate::grants::Binding;
use crate::keys::{Key, PairError, jws};
use samekey_shared::clock::UnixTime;
use samekey_shared::ids::RequestId;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::Value;

/// `typ` of the header (RFC 9068 section 2.1): no ID token is ever taken for one, nor the other way round.
pub const TYP: &str = "at+jwt";

/// What a `jti` begins with where no row stands for the token. Other `jti`s are base64url and hold no dot.
const UNSTORED: &str = "s.";

/// The claims (RFC 9068 section 2.2).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct AccessClaims {
    /// Issuer.
    pub iss: String,
    /// End of its life.
    pub exp: UnixTime,
    /// Where it may be used.
    #[serde(serialize_with = "one_or_many", deserialize_with = "from_one_or_many")]
    pub aud: Vec<String>,
    /// The person as this client knows them, or the client where it speaks for itself.
    pub sub: String,
    /// Who may use it.
    pub client_id: String,
    /// When it was made.
    pub iat: UnixTime,
    /// Its name.
    pub jti: String,
    /// For what.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// When the person proved who they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<UnixTime>,
    /// How strongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// How.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// In whose hands it works (RFC 7800).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cnf: Option<Value>,
    /// Who acts for the person (RFC 8693).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub act: Option<Value>,
}

impl AccessClaims {
    /// What the token is bound to; `None` for a confirmation that we never write.
    pub fn binding(&self) -> Option<Binding> {
        let Some(cnf) = &self.cnf else {
            return Some(Binding::None);
        };
        let text = |name: &str| cnf.get(name).and_then(Value::as_str).map(str::to_owned);
        match (text("jkt"), text("x5t#S256")) {
            (Some(jkt), None) => Some(Binding::Dpop(jkt)),
            (None, Some(x5t)) => Some(Binding::Certificate(x5t)),
            _ => None,
        }
    }
}

/// Signs.
pub fn mint(key: &Key, claims: &AccessClaims) -> Result<String, PairError> {
    jws::sign_typed(key, TYP, claims)
}

/// The `jti` of a token without a row.
pub fn unstored(id: RequestId) -> String {
    format!("{UNSTORED}{id}")
}

/// Whether no row stands for a token with this `jti`. Only a token that our key signed may be asked.
pub fn is_unstored(jti: &str) -> bool {
    jti.starts_with(UNSTORED)
}

/// The id in the `jti` of a token without a row.
pub fn id_of(jti: &str) -> Option<RequestId> {
    jti.strip_prefix(UNSTORED)?.parse().ok()
}

/// `aud`: one as a text, several as a list (RFC 7519 section 4.1.3).
pub fn audience_value(values: &[String]) -> Value {
    match values {
        [one] => Value::from(one.as_str()),
        many => many.iter().cloned().map(Value::from).collect(),
    }
}

fn one_or_many<S: Serializer>(values: &[String], out: S) -> Result<S::Ok, S::Error> {
    audience_value(values).serialize(out)
}

fn from_one_or_many<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<String>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Either {
        One(String),
        Many(Vec<String>),
    }
    Ok(match Either::deserialize(from)? {
        Either::One(one) => vec![one],
        Either::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_audience_is_a_text_and_several_are_a_list() {
        let mut claims = AccessClaims {
            iss: "i".into(),
            exp: 2,
            aud: vec!["a".into()],
            sub: "s".into(),
            client_id: "c".into(),
            iat: 1,
            jti: unstored("0123456789abcdef0123456789abcdef".parse().unwrap()),
            scope: String::new(),
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            cnf: Binding::Dpop("k".into()).cnf(),
            act: None,
        };
        let one = serde_json::to_value(&claims).unwrap();
        assert_eq!(one["aud"], "a");
        assert!(one.get("scope").is_none() && one.get("act").is_none());
        claims.aud.push("b".into());
        let many: AccessClaims = serde_json::from_value(serde_json::to_value(&claims).unwrap()).unwrap();
        assert_eq!(many.aud, ["a", "b"]);
        assert_eq!(many.binding(), Some(Binding::Dpop("k".into())));
        assert!(is_unstored(&many.jti) && id_of(&many.jti).is_some() && id_of("s.x").is_none());
    }
}
