//! The claims of a request object as the parameters that they are (RFC 9101 section 4).

use super::{Trouble, wrong};
use crate::http::Params;
use serde_json::{Map, Value};

/// The claims of every JWT (RFC 7519 section 4.1): about the object, not of the request.
const OF_JWT: [&str; 7] = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

/// The parameters.
pub(super) fn params(claims: &Map<String, Value>) -> Result<Params, Trouble> {
    let mut pairs = Vec::new();
    for (name, value) in claims.iter().filter(|(name, _)| !OF_JWT.contains(&name.as_str())) {
        match value {
            Value::Null => {}
            Value::String(text) => pairs.push((name.clone(), text.clone())),
            Value::Number(number) => pairs.push((name.clone(), number.to_string())),
            // `claims` is a document in a query, and an object here.
            Value::Object(_) => pairs.push((name.clone(), value.to_string())),
            Value::Array(several) if name == "resource" => {
                for one in several {
                    let text = one.as_str().ok_or_else(|| wrong("a resource is no text"))?;
                    pairs.push((name.clone(), text.to_owned()));
                }
            }
            Value::Bool(_) | Value::Array(_) => return Err(wrong("a claim is neither text nor number")),
        }
    }
    Params::of_pairs(pairs).map_err(|_| wrong("a claim holds control characters, or there are too many"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<Params> {
        params(&serde_json::from_str(text).unwrap()).ok()
    }

    #[test]
    fn claims_become_parameters_and_those_of_the_jwt_itself_do_not() {
        let params = read(
            r#"{"iss":"a","aud":["b"],"exp":1,"max_age":60,"state":"s","claims":{"userinfo":{"name":null}},
                "resource":["https://a.example","https://b.example"],"display":null}"#,
        )
        .unwrap();
        assert_eq!(params.value("max_age"), Some("60"));
        assert_eq!(params.value("claims"), Some(r#"{"userinfo":{"name":null}}"#));
        assert_eq!(params.values("resource").count(), 2);
        for absent in ["iss", "aud", "exp", "display"] {
            assert_eq!(params.value(absent), None, "{absent}");
        }
    }

    #[test]
    fn what_no_query_could_say_is_refused() {
        for wrong in [
            r#"{"state":true}"#,
            r#"{"scope":["openid"]}"#,
            r#"{"resource":[5]}"#,
            r#"{"state":"a\nb"}"#,
            r#"{"a\u0000":"b"}"#,
        ] {
            assert!(read(wrong).is_none(), "{wrong}");
        }
        let many: Map<String, Value> = (0..65).map(|n| (format!("p{n}"), Value::from("x"))).collect();
        assert!(params(&many).is_err());
    }
}
