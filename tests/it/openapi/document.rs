//! What `GET /api/openapi.json` says, as something to ask.

use jsonschema::{Draft, Validator};
use serde_json::{Map, Value, json};

use crate::node::{ADMIN, TestNode};

/// The document of a node.
pub(super) struct Document {
    pub(super) json: Value,
    pub(super) operations: Vec<Operation>,
    /// The components with schemas that allow no property which is not described.
    strict: Value,
}

/// One method of one path.
pub(super) struct Operation {
    pub(super) method: String,
    /// With placeholders in braces.
    pub(super) path: String,
    pub(super) json: Value,
}

impl Operation {
    pub(super) fn key(&self) -> String {
        format!("{} {}", self.method, self.path)
    }

    /// The name of the operation.
    pub(super) fn id(&self) -> &str {
        self.json["operationId"].as_str().unwrap()
    }

    /// Whether wrong attempts at it make the next ones wait.
    pub(super) fn guards_a_password(&self) -> bool {
        self.json["responses"]["429"].is_object()
    }

    /// Its parameters in the path, or in the query.
    pub(super) fn parameters(&self, place: &str) -> impl Iterator<Item = &Value> {
        let all = self.json["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        all.iter().filter(move |parameter| parameter["in"] == place)
    }

    /// The names in braces.
    pub(super) fn placeholders(&self) -> impl Iterator<Item = &str> {
        self.path.split('{').skip(1).map(|rest| rest.split('}').next().unwrap())
    }

    pub(super) fn statuses(&self) -> impl Iterator<Item = &str> {
        self.json["responses"].as_object().unwrap().keys().map(String::as_str)
    }

    /// Media type and schema of what it takes.
    pub(super) fn body(&self) -> Option<(&str, &Value)> {
        let content = self.json["requestBody"]["content"].as_object()?;
        content.iter().next().map(|(media_type, content)| (media_type.as_str(), &content["schema"]))
    }
}

impl Document {
    /// Asks a node, as anybody may.
    #[track_caller]
    pub(super) fn of(node: &TestNode) -> Document {
        let response = node.get(ADMIN, "/api/openapi.json");
        assert_eq!(response.status, 200, "{}", response.text());
        let json = response.json();
        let mut operations = Vec::new();
        for (path, methods) in json["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                let (method, path) = (method.to_uppercase(), path.clone());
                operations.push(Operation { method, path, json: operation.clone() });
            }
        }
        let components = &json["components"]["schemas"];
        let strict = components.as_object().unwrap().iter();
        let strict = strict.map(|(name, schema)| (name.clone(), closed(schema, components)));
        let strict = json!({ "schemas": strict.collect::<Map<_, _>>() });
        Document { operations, strict, json }
    }

    /// What a reference leads to.
    pub(super) fn find(&self, reference: &str) -> Option<&Value> {
        self.json.pointer(reference.strip_prefix('#')?)
    }

    /// The schema itself, or what it refers to.
    pub(super) fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.find(reference).unwrap(),
            None => value,
        }
    }

    /// Every reference of the document.
    pub(super) fn references(&self) -> Vec<String> {
        let mut found = Vec::new();
        walk(&self.json, &mut |value| {
            if let Some(reference) = value["$ref"].as_str() {
                found.push(reference.to_owned());
            }
        });
        found
    }

    /// Every schema of the document that stands for itself, and where it stands.
    pub(super) fn schemas(&self) -> Vec<(String, Value)> {
        let named = self.json["components"]["schemas"].as_object().unwrap().iter();
        let mut found: Vec<_> =
            named.map(|(name, schema)| (name.clone(), schema.clone())).collect();
        for operation in &self.operations {
            walk(&operation.json, &mut |value| {
                if let Some(schema) = value.get("schema") {
                    found.push((operation.key(), schema.clone()));
                }
            });
        }
        found
    }

    /// A schema with everything that it refers to, as the document means it.
    #[track_caller]
    pub(super) fn compile(&self, schema: &Value) -> Validator {
        compile(schema, &self.json["components"])
    }

    /// The same, and nothing may be there that is not described.
    #[track_caller]
    pub(super) fn compile_strictly(&self, schema: &Value) -> Validator {
        let schema = closed(schema, &self.json["components"]["schemas"]);
        compile(&schema, &self.strict)
    }
}

#[track_caller]
fn compile(schema: &Value, components: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = components.clone();
    jsonschema::options()
        .with_draft(Draft::Draft202012)
        .should_validate_formats(true)
        .build(&schema)
        .unwrap_or_else(|error| panic!("{error}"))
}

/// The schema, allowing no property that is not described. Parts of an `allOf` are put in
/// place and stay open, because each of them knows only its own.
fn closed(schema: &Value, components: &Value) -> Value {
    let Some(object) = schema.as_object() else { return schema.clone() };
    let mut closed: Map<String, Value> = Map::new();
    for (keyword, value) in object {
        let value = match (keyword.as_str(), value) {
            ("allOf", Value::Array(parts)) => {
                let named = |part: &Value| {
                    let name = part["$ref"].as_str()?.rsplit('/').next()?.to_owned();
                    components.get(name).cloned()
                };
                parts.iter().map(|part| named(part).unwrap_or_else(|| part.clone())).collect()
            }
            ("properties", Value::Object(properties)) => {
                let each = properties.iter();
                Value::Object(each.map(|(n, s)| (n.clone(), self::closed(s, components))).collect())
            }
            ("items", items) => self::closed(items, components),
            _ => value.clone(),
        };
        closed.insert(keyword.clone(), value);
    }
    if closed.contains_key("properties") || closed.contains_key("allOf") {
        closed.insert("unevaluatedProperties".to_owned(), Value::Bool(false));
    }
    Value::Object(closed)
}

/// Visits every object below a value.
fn walk(value: &Value, visit: &mut impl FnMut(&Value)) {
    match value {
        Value::Object(object) => {
            visit(value);
            object.values().for_each(|value| walk(value, visit));
        }
        Value::Array(items) => items.iter().for_each(|value| walk(value, visit)),
        _ => {}
    }
}
