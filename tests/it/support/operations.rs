//! The operations of the OpenAPI document, for tests that walk all of them.

use nexgen_finance::{
    auth::Role,
    http::{access, router},
};
use reqwest::Method;
use serde_json::{Map, Value};

use super::{callers::Caller, callers::Reply};

/// An id that no row has.
pub(crate) const UNKNOWN: &str = "999999999";
/// The methods that operations have.
pub(crate) const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];

/// One operation of the document.
pub(crate) struct Operation {
    pub(crate) method: String,
    /// As the document writes it, with the parameters in braces.
    pub(crate) path: String,
    /// What the document says of it.
    pub(crate) body: Value,
}

impl Operation {
    /// `METHOD /path`, as lists of routes write it.
    pub(crate) fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The weakest role that may call it, as the document says; `None` where nobody needs to be known.
    pub(crate) fn role(&self) -> Option<Role> {
        let word = self.body.get(access::REQUIRED_ROLE)?;
        let role = word.as_str().and_then(Role::parse);
        Some(role.unwrap_or_else(|| panic!("{} asks for the role {word}", self.name())))
    }

    /// Whether a signed link opens it.
    pub(crate) fn takes_link(&self) -> bool {
        let ways = self.body["security"].as_array().into_iter().flatten();
        ways.into_iter().any(|way| way.get("link").is_some())
    }

    /// The path with an id that looks valid in the place of each parameter.
    pub(crate) fn url(&self) -> String {
        let parts = self
            .path
            .split('/')
            .map(|part| if part.starts_with('{') { UNKNOWN } else { part });
        parts.collect::<Vec<_>>().join("/")
    }

    /// The answer to a call of it.
    pub(crate) async fn call(&self, caller: &Caller, body: Option<&Value>) -> Reply {
        let call = caller.call(Method::from_bytes(self.method.as_bytes()).unwrap(), self.url());
        match body {
            Some(body) => call.json(body).send().await,
            None => call.send().await,
        }
    }
}

/// The document of the whole API.
pub(crate) fn document() -> Value {
    serde_json::to_value(router::document()).unwrap()
}

/// Every operation of the document, by path.
pub(crate) fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, body) in item.as_object().unwrap() {
            let method = method.to_uppercase();
            assert!(METHODS.contains(&method.as_str()), "{path} has {method}");
            operations.push(Operation {
                method,
                path: path.clone(),
                body: body.clone(),
            });
        }
    }
    operations
}

/// What a `$ref` points to, and anything else as it is.
pub(crate) fn resolve<'a>(document: &'a Value, value: &'a Value) -> &'a Value {
    match value.get("$ref").and_then(Value::as_str) {
        Some(target) => document
            .pointer(target.trim_start_matches('#'))
            .unwrap_or_else(|| panic!("{target} points nowhere")),
        None => value,
    }
}

/// A value made of a schema's examples; `None` where it gives none.
pub(crate) fn example(document: &Value, schema: &Value) -> Option<Value> {
    let resolved = resolve(document, schema);
    if let Some(example) = resolved
        .get("example")
        .or_else(|| resolved.pointer("/examples/0"))
    {
        return Some(example.clone());
    }
    if let Some(word) = resolved.pointer("/enum/0") {
        return Some(word.clone());
    }
    if let Some(parts) = resolved.get("allOf").and_then(Value::as_array)
        && parts.len() > 1
    {
        let examples = parts.iter().filter_map(|part| example(document, part));
        let fields = examples.filter_map(|part| part.as_object().cloned()).flatten();
        return Some(Value::Object(fields.collect()));
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        if let Some(first) = resolved.get(choice).and_then(|choices| choices.get(0)) {
            return example(document, first);
        }
    }
    let properties = resolved.get("properties")?.as_object()?;
    let fields: Map<String, Value> = properties
        .iter()
        .filter_map(|(name, schema)| Some((name.clone(), example(document, schema)?)))
        .collect();
    Some(Value::Object(fields))
}
