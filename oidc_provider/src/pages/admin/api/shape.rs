//! The schemas of the API's document as lists of fields: what they name is followed one level deep.

use serde_json::{Map, Value, json};

/// How a schema is named (JSON pointer of RFC 6901).
const NAMED: &str = "#/components/schemas/";
/// How deep an example goes.
const DEEPEST: u8 = 3;

/// A field of a body.
pub(super) struct Field {
    pub name: String,
    /// `string[] | null`: the same in every language.
    pub kind: String,
    pub needed: bool,
    pub about: String,
    /// What it holds itself.
    pub fields: Vec<Field>,
}

/// The document's schemas by name.
pub(super) struct Schemas<'a>(Option<&'a Map<String, Value>>);

impl<'a> Schemas<'a> {
    /// Those of this document.
    pub(super) fn of(document: &'a Value) -> Self {
        Self(document["components"]["schemas"].as_object())
    }

    /// Each with its name.
    pub(super) fn all(&self) -> impl Iterator<Item = (&'a String, &'a Value)> + use<'a> {
        self.0.into_iter().flatten()
    }

    /// The name of a schema that stands by itself.
    pub(super) fn name<'s>(&self, schema: &'s Value) -> Option<&'s str> {
        let name = schema["$ref"].as_str()?.strip_prefix(NAMED)?;
        self.0?.contains_key(name).then_some(name)
    }

    fn resolved<'s>(&self, schema: &'s Value) -> &'s Value
    where
        'a: 's,
    {
        let named = self.name(schema).and_then(|name| self.0?.get(name));
        named.unwrap_or(schema)
    }

    /// The fields of a body, each with its own where it names another schema.
    pub(super) fn fields(&self, schema: &Value) -> Vec<Field> {
        self.fields_to(schema, 1)
    }

    fn fields_to(&self, schema: &Value, deeper: u8) -> Vec<Field> {
        let schema = self.resolved(schema);
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().flat_map(|part| self.fields_to(part, deeper)).collect();
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        let field = |(name, told): (&String, &Value)| Field {
            name: name.clone(),
            kind: self.kind(told),
            needed: is_needed(schema, name),
            about: told["description"].as_str().unwrap_or_default().to_owned(),
            fields: match deeper.checked_sub(1) {
                Some(deeper) => self.fields_to(held(told), deeper),
                None => Vec::new(),
            },
        };
        properties.map(field).collect()
    }

    /// What it is, in the notation of TypeScript.
    pub(super) fn kind(&self, schema: &Value) -> String {
        if let Some(name) = schema["$ref"].as_str() {
            return name.strip_prefix(NAMED).unwrap_or(name).to_owned();
        }
        let joined = |parts: &[Value], by: &str| {
            let kinds: Vec<String> = parts.iter().map(|part| self.kind(part)).collect();
            kinds.join(by)
        };
        for (word, by) in [("oneOf", " | "), ("anyOf", " | "), ("allOf", " & ")] {
            if let Some(parts) = schema[word].as_array() {
                return joined(parts, by);
            }
        }
        let words: Vec<String> = types(schema).map(|word| self.of_type(word, schema)).collect();
        if words.is_empty() {
            "object".to_owned()
        } else {
            words.join(" | ")
        }
    }

    fn of_type(&self, word: &str, schema: &Value) -> String {
        let values = &schema["additionalProperties"];
        match word {
            "array" => format!("{}[]", self.kind(&schema["items"])),
            "object" if values.is_object() => format!("{{ string: {} }}", self.kind(values)),
            "integer" => schema["format"].as_str().unwrap_or(word).to_owned(),
            _ => word.to_owned(),
        }
    }

    /// A body that could be sent: what is needed, or everything where nothing is.
    pub(super) fn example(&self, schema: &Value) -> Value {
        self.example_to(schema, DEEPEST)
    }

    fn example_to(&self, schema: &Value, deeper: u8) -> Value {
        let Some(deeper) = deeper.checked_sub(1) else {
            return Value::Null;
        };
        let schema = self.resolved(held_alone(schema));
        match types(schema).next() {
            Some("string") => json!("string"),
            Some("integer" | "number") => json!(0),
            Some("boolean") => json!(false),
            Some("array") => json!([self.example_to(&schema["items"], deeper)]),
            _ => self.example_object(schema, deeper),
        }
    }

    fn example_object(&self, schema: &Value, deeper: u8) -> Value {
        let values = &schema["additionalProperties"];
        if values.is_object() {
            return json!({"string": self.example_to(values, deeper)});
        }
        let properties = schema["properties"].as_object().into_iter().flatten();
        let all = schema["required"].as_array().is_none_or(Vec::is_empty);
        let chosen = properties.filter(|(name, _)| all || is_needed(schema, name));
        let filled = chosen.map(|(name, told)| (name.clone(), self.example_to(told, deeper)));
        Value::Object(filled.collect())
    }
}

/// The words of `type`, which is one or a list; `null` is last.
fn types(schema: &Value) -> impl Iterator<Item = &str> {
    let told = &schema["type"];
    let listed = told.as_array().into_iter().flatten().filter_map(Value::as_str);
    let (null, other): (Vec<&str>, Vec<&str>) = told
        .as_str()
        .into_iter()
        .chain(listed)
        .partition(|word| *word == "null");
    other.into_iter().chain(null)
}

fn is_needed(schema: &Value, name: &str) -> bool {
    let needed = schema["required"].as_array();
    needed.is_some_and(|needed| needed.iter().any(|one| one == name))
}

/// What may stand there beside `null`.
fn held_alone(schema: &Value) -> &Value {
    let alternatives = ["oneOf", "anyOf"].iter().find_map(|word| schema[*word].as_array());
    let found = alternatives.and_then(|parts| parts.iter().find(|part| part["type"] != "null"));
    found.unwrap_or(schema)
}

/// What a list or a map holds, or the thing itself.
fn held(schema: &Value) -> &Value {
    let schema = held_alone(schema);
    let mut inner = ["items", "additionalProperties"].iter().map(|word| &schema[*word]);
    inner.find(|inner| inner.is_object()).unwrap_or(schema)
}
