//! Bodies of JSON, made from their schema.

use serde_json::{Map, Value, json};

use super::chance::Chance;
use super::{Expect, RANDOM_CASES};
use crate::openapi::document::Document;

/// Brackets of a body that is nothing else: fewer than the smallest limit of a body.
const DEEP: usize = 10_000;

/// How deep random values nest.
const DEPTH_MAX: usize = 4;

/// The type of a value, other than null.
pub(super) fn type_of(schema: &Value) -> &str {
    match &schema["type"] {
        Value::Array(several) => several.iter().find_map(|t| t.as_str().filter(|t| *t != "null")),
        one => one.as_str(),
    }
    .unwrap_or("string")
}

/// A body with every property that is described, from the examples of the document.
pub(super) fn good(document: &Document, schema: &Value) -> Value {
    let schema = document.resolve(schema);
    if let Some(example) = schema["examples"].get(0) {
        return example.clone();
    }
    match type_of(schema) {
        "object" => {
            let properties = schema["properties"].as_object().cloned().unwrap_or_default();
            let each = properties.iter().map(|(name, of)| (name.clone(), good(document, of)));
            Value::Object(each.collect())
        }
        "array" => {
            let items = document.resolve(&schema["items"]);
            let has_examples = items["examples"].is_array() || items["properties"].is_object();
            if has_examples { json!([good(document, items)]) } else { json!([]) }
        }
        "integer" => json!(1),
        "boolean" => json!(false),
        _ => json!("text"),
    }
}

/// Bodies that are wrong or odd; the ones that must be taken come first.
pub(super) fn broken(
    document: &Document,
    schema: &Value,
    chance: &mut Chance,
) -> Vec<(String, Vec<u8>, Expect)> {
    let body = good(document, schema);
    let text = body.to_string();
    let mut cases: Vec<(String, Vec<u8>, Expect)> = Vec::new();
    let mut add = |what: String, body: Vec<u8>, expect| cases.push((what, body, expect));

    let mut unknown = body.clone();
    unknown["from_the_future"] = json!({ "a": [1] });
    add("an unknown field".into(), unknown.to_string().into(), Expect::Success);
    for (pointer, name) in required(document, schema, "", "") {
        let mut without = body.clone();
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        let parent = without.pointer_mut(parent).and_then(Value::as_object_mut).unwrap();
        parent.remove(field);
        add(format!("no {name}"), without.to_string().into(), Expect::Missing(name));
    }
    for pointer in pointers(&body) {
        for odd in odd_values() {
            let mut changed = body.clone();
            let shown: String = odd.to_string().chars().take(40).collect();
            *changed.pointer_mut(&pointer).unwrap() = odd;
            add(format!("{pointer} is {shown}"), changed.to_string().into(), Expect::Anything);
        }
    }
    let refused = [
        ("null", "null".into()),
        ("a number", "1".into()),
        ("a text", "\"x\"".into()),
        ("an open brace", "{".into()),
        ("deep brackets", "[".repeat(DEEP).into_bytes()),
        ("something behind it", format!("{text} x").into_bytes()),
        ("no UTF-8", b"{\"\xff\": \"\xfe\"}".to_vec()),
        ("a byte order mark", format!("\u{feff}{text}").into_bytes()),
        ("UTF-16", text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
    ];
    for (what, body) in refused {
        add(what.to_owned(), body, Expect::Status(400));
    }
    let odd = [
        ("a number out of range", text.replacen(':', ": 1e999, \"b\":", 1)),
        ("half a surrogate", text.replacen('"', "\"\\ud800", 1)),
        ("a name twice", text.replacen('{', &format!("{},", text.trim_end_matches('}')), 1)),
    ];
    for (what, body) in odd {
        add(what.to_owned(), body.into_bytes(), Expect::Anything);
    }
    for round in 0..RANDOM_CASES {
        let body = random(document, schema, chance, 0).to_string();
        add(format!("random {round}: {body}"), body.into_bytes(), Expect::Anything);
    }
    cases
}

/// Values that are hardly ever right.
fn odd_values() -> Vec<Value> {
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    vec![
        json!(null),
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e300),
        json!(i64::MAX),
        json!(u64::MAX),
        json!(""),
        json!(" "),
        json!("\u{0}"),
        json!("../../etc"),
        json!("ä\u{202e}😀"),
        json!("x".repeat(100_000)),
        json!([]),
        json!([null]),
        json!({}),
        json!({ "a": "b" }),
        deep,
    ]
}

/// Pointers to every value below the root.
fn pointers(value: &Value) -> Vec<String> {
    let children: Vec<(String, &Value)> = match value {
        Value::Object(object) => object.iter().map(|(name, v)| (format!("/{name}"), v)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, v)| (format!("/{index}"), v)).collect()
        }
        _ => Vec::new(),
    };
    let mut found = Vec::new();
    for (step, child) in children {
        found.extend(pointers(child).into_iter().map(|rest| format!("{step}{rest}")));
        found.push(step);
    }
    found
}

/// Pointers to the fields that must be there, with the names that refusals give them.
fn required(
    document: &Document,
    schema: &Value,
    pointer: &str,
    name: &str,
) -> Vec<(String, String)> {
    let schema = document.resolve(schema);
    let mut found = Vec::new();
    for field in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let dot = if name.is_empty() { "" } else { "." };
        found.push((format!("{pointer}/{field}"), format!("{name}{dot}{field}")));
    }
    for (field, of) in schema["properties"].as_object().into_iter().flatten() {
        let items = document.resolve(&of["items"]);
        if items["properties"].is_object() {
            let (pointer, name) = (format!("{pointer}/{field}/0"), format!("{name}{field}[0]"));
            found.extend(required(document, items, &pointer, &name));
        }
    }
    found
}

/// A body that mostly fits its schema.
fn random(document: &Document, schema: &Value, chance: &mut Chance, depth: usize) -> Value {
    let schema = document.resolve(schema);
    if depth > 0 && (chance.once_in(8) || depth > DEPTH_MAX) {
        return chance.one_of(&odd_values()).clone();
    }
    if let Some(example) = schema["examples"].get(0).filter(|_| chance.once_in(3)) {
        return example.clone();
    }
    match type_of(schema) {
        "object" => {
            let mut object = Map::new();
            for (name, of) in schema["properties"].as_object().into_iter().flatten() {
                if !chance.once_in(8) {
                    object.insert(name.clone(), random(document, of, chance, depth + 1));
                }
            }
            Value::Object(object)
        }
        "array" => {
            let items = 0..chance.below(4);
            items.map(|_| random(document, &schema["items"], chance, depth + 1)).collect()
        }
        "integer" => match chance.below(3) {
            0 => json!(chance.number()),
            1 => json!(chance.below(10)),
            _ => json!(-(chance.below(10) as i64)),
        },
        "boolean" => json!(chance.once_in(2)),
        _ => json!(chance.text()),
    }
}
