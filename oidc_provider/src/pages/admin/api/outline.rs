//! The API's document (OpenAPI 3.1) put in the order of its page: groups of operations, each with what it takes and answers.

use super::shape::{Field, Schemas};
use crate::app::routes::{Route, Who, every};
use axum::http::StatusCode;
use samekey_shared::roles::Action;
use serde_json::Value;

/// The methods of a path, in the order in which they are shown.
const METHODS: [&str; 5] = ["get", "put", "patch", "post", "delete"];
/// What every path begins with, and no id has to.
const PREFIX: &str = "/api/v1/";

/// All that the page shows.
pub(super) struct Outline {
    pub about: String,
    pub groups: Vec<Group>,
    pub shapes: Vec<Shape>,
}

/// The operations of one tag.
pub(super) struct Group {
    pub id: String,
    pub name: String,
    pub operations: Vec<Operation>,
}

/// One call.
pub(super) struct Operation {
    /// Where it is on the page.
    pub id: String,
    pub method: String,
    pub path: String,
    pub about: String,
    /// What it is to the roles; `None` for a path that is not served.
    pub action: Option<Action>,
    pub params: Vec<Param>,
    pub body: Option<Body>,
    pub answers: Vec<Answer>,
}

/// What stands in the path or the query.
pub(super) struct Param {
    pub name: String,
    /// `path` or `query`
    pub place: String,
    pub kind: String,
    pub needed: bool,
    pub about: String,
}

/// What is sent.
pub(super) struct Body {
    pub kind: String,
    pub fields: Vec<Field>,
    pub example: Value,
}

/// One answer.
pub(super) struct Answer {
    pub code: String,
    pub about: String,
    /// The shape of its body, which stands on the page by itself.
    pub shape: Option<String>,
}

/// What a body is made of.
pub(super) struct Shape {
    pub name: String,
    pub about: String,
    pub fields: Vec<Field>,
}

impl Outline {
    /// Of this document.
    pub(super) fn of(document: &Value) -> Self {
        let schemas = Schemas::of(document);
        let routes = every();
        let mut groups: Vec<Group> = Vec::new();
        for (path, methods) in members(&document["paths"]) {
            for (method, told) in METHODS.iter().filter_map(|method| Some((method, methods.get(method)?))) {
                let name = tag(path, told);
                let operation = operation(path, method, told, &schemas, &routes);
                match groups.iter_mut().find(|group| group.name == name) {
                    Some(group) => group.operations.push(operation),
                    None => groups.push(Group {
                        id: format!("group-{name}"),
                        name,
                        operations: vec![operation],
                    }),
                }
            }
        }
        Self {
            about: text(&document["info"]["description"]),
            groups,
            shapes: schemas
                .all()
                .map(|(name, schema)| shape(name, schema, &schemas))
                .collect(),
        }
    }
}

/// What an operation is listed under: its tag, or where its path begins.
fn tag(path: &str, told: &Value) -> String {
    let first = || path.strip_prefix(PREFIX)?.split('/').next();
    let tag = told["tags"][0].as_str().or_else(first);
    tag.unwrap_or(path).to_owned()
}

fn operation(path: &str, method: &str, told: &Value, schemas: &Schemas<'_>, routes: &[Route]) -> Operation {
    let method = method.to_uppercase();
    let served = routes.iter().find(|route| route.path == path && route.method == method);
    let action = served.and_then(|route| match route.who {
        Who::Administrator(action) => Some(action),
        _ => None,
    });
    let summary = [text(&told["summary"]), text(&told["description"])];
    Operation {
        id: id(&method, path),
        action,
        about: summary.join(" ").trim().to_owned(),
        params: elements(&told["parameters"]).map(|told| param(told, schemas)).collect(),
        body: sent(&told["requestBody"]).map(|schema| Body {
            kind: schemas.kind(schema),
            fields: schemas.fields(schema),
            example: schemas.example(schema),
        }),
        answers: members(&told["responses"])
            .map(|(code, told)| answer(code, told, schemas))
            .collect(),
        path: path.to_owned(),
        method,
    }
}

/// `post-accounts-name-lock`
fn id(method: &str, path: &str) -> String {
    let words = path.strip_prefix(PREFIX).unwrap_or(path).split(['/', '{', '}']);
    let words = words.filter(|word| !word.is_empty());
    let words: Vec<&str> = std::iter::once(method).chain(words).collect();
    words.join("-").to_lowercase()
}

fn param(told: &Value, schemas: &Schemas<'_>) -> Param {
    Param {
        name: text(&told["name"]),
        place: text(&told["in"]),
        kind: schemas.kind(&told["schema"]),
        needed: told["required"] == true,
        about: text(&told["description"]),
    }
}

fn answer(code: &str, told: &Value, schemas: &Schemas<'_>) -> Answer {
    let status = code.parse().ok().and_then(|code| StatusCode::from_u16(code).ok());
    let reason = || status.and_then(|status| status.canonical_reason()).unwrap_or_default();
    let about = told["description"].as_str().filter(|text| !text.is_empty());
    Answer {
        code: code.to_owned(),
        about: about.unwrap_or_else(reason).to_owned(),
        shape: sent(told).and_then(|schema| schemas.name(schema)).map(str::to_owned),
    }
}

fn shape(name: &str, schema: &Value, schemas: &Schemas<'_>) -> Shape {
    Shape {
        name: name.to_owned(),
        about: text(&schema["description"]),
        fields: schemas.fields(schema),
    }
}

/// The schema of what is sent there and back: of its first kind of content.
fn sent(told: &Value) -> Option<&Value> {
    let (_, content) = members(&told["content"]).next()?;
    content.get("schema")
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().trim().to_owned()
}

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}
