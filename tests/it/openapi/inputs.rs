//! Requests made from the document: a good one for each operation, and many broken ones.
//!
//! What is random is made from the operation's name: the same on each run.

mod bodies;
mod chance;
mod raw;

use serde_json::Value;

use super::document::{Document, Operation};
use super::fixture::Fixture;
use crate::node::frame;
use chance::Chance;

/// Random bodies, and random queries, that are made for one operation.
const RANDOM_CASES: usize = 24;

/// Segments of a path that are not what anybody expects there.
const ODD_SEGMENTS: [&str; 24] = [
    "",
    "%00",
    "a%00b",
    "%2e%2e",
    "..",
    ".",
    "%2F",
    "a%2F..%2Fb",
    "%25",
    "%FF",
    "%C0%AF",
    "%",
    "%zz",
    "%C3%BC",
    "%F0%9F%98%80",
    "%0D%0AX-Odd:%20yes",
    "app_",
    "app_000000000000",
    "-1",
    "v0",
    "v4294967296",
    "'%20OR%201=1",
    "*",
    "a+b;c",
];

/// Values of a query that are not what anybody expects there.
const ODD_VALUES: [&str; 16] = [
    "",
    "x",
    "-1",
    "0",
    "1.5",
    "9223372036854775808",
    "99999999999999999999999",
    "true",
    "null",
    "%00",
    "%FF",
    "%",
    "a~b",
    "~",
    "9223372036854775807~9223372036854775807",
    "9999-12-31T23:59:59.999999999%2B00:00",
];

/// A request, all but the credential.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) what: String,
    /// What stands for the placeholders of the path, in its order, percent-encoded.
    path: Vec<String>,
    /// Names and values of the query, percent-encoded.
    query: Vec<(String, String)>,
    pub(super) headers: Vec<(&'static str, String)>,
    pub(super) content_type: Option<String>,
    pub(super) body: Vec<u8>,
    pub(super) expect: Expect,
}

/// What must come back, beyond what is true of every answer.
#[derive(Clone, Debug)]
pub(super) enum Expect {
    Anything,
    /// All is well.
    Success,
    /// The credential does not open this.
    Refusal,
    Status(u16),
    /// A refusal that names this field.
    Missing(String),
}

impl Case {
    /// What stands behind the method.
    pub(super) fn target(&self, operation: &Operation) -> String {
        let mut target = String::new();
        let mut values = self.path.iter();
        for (index, part) in operation.path.split('{').enumerate() {
            if index == 0 {
                target.push_str(part);
                continue;
            }
            target.push_str(values.next().unwrap());
            target.push_str(part.split_once('}').unwrap().1);
        }
        let query: Vec<String> =
            self.query.iter().map(|(name, value)| format!("{name}={value}")).collect();
        if query.is_empty() { target } else { format!("{target}?{}", query.join("&")) }
    }

    /// The same for somebody who may not do this.
    pub(super) fn refused(self) -> Case {
        Case { expect: Expect::Refusal, ..self }
    }

    fn named(&self, what: impl Into<String>) -> Case {
        Case { what: what.into(), ..self.clone() }
    }
}

/// A request that the document calls good, from its examples.
pub(super) fn good(document: &Document, operation: &Operation, fixture: &Fixture) -> Case {
    let known = |parameter: &Value| {
        let name = parameter["name"].as_str().unwrap();
        fixture.value(name).map(str::to_owned).or_else(|| example(parameter))
    };
    let path = operation.parameters("path").map(|parameter| known(parameter).unwrap()).collect();
    let query = operation
        .parameters("query")
        .filter_map(|parameter| {
            Some((parameter["name"].as_str().unwrap().to_owned(), known(parameter)?))
        })
        .collect();
    let (content_type, body) = match operation.body() {
        None => (None, Vec::new()),
        Some(("application/json", schema)) => {
            let body = bodies::good(document, schema);
            (Some("application/json".to_owned()), body.to_string().into_bytes())
        }
        Some(("application/octet-stream", _)) => {
            (Some("application/octet-stream".to_owned()), frame(b"new"))
        }
        Some(("multipart/form-data", _)) => {
            let (content_type, body) = raw::form(&[("site_name", "blog")]);
            (Some(content_type), body)
        }
        Some((other, _)) => panic!("{}: no bodies of type {other}", operation.key()),
    };
    let (what, headers, expect) = ("a good request".to_owned(), Vec::new(), Expect::Success);
    Case { what, path, query, headers, content_type, body, expect }
}

/// What the document gives as an example of a parameter, or what its type suggests.
fn example(parameter: &Value) -> Option<String> {
    if let Some(example) = parameter["example"].as_str() {
        return Some(example.to_owned());
    }
    match bodies::type_of(&parameter["schema"]) {
        "integer" => Some("1".to_owned()),
        "boolean" => Some("false".to_owned()),
        _ if parameter["schema"]["format"] == "date-time" => {
            Some("2026-01-31T12:00:00Z".to_owned())
        }
        _ => None,
    }
}

/// Requests with something wrong, or at least odd; the ones that must succeed first.
pub(super) fn broken(document: &Document, operation: &Operation, good: &Case) -> Vec<Case> {
    let mut chance = Chance::seeded(&operation.key());
    let mut cases = Vec::new();
    if let Some(("application/json", schema)) = operation.body() {
        let bodies = bodies::broken(document, schema, &mut chance);
        cases.extend(bodies.into_iter().map(|(what, body, expect)| Case {
            body,
            expect,
            ..good.named(what)
        }));
    }
    cases.extend(odd_paths(good));
    cases.extend(odd_queries(operation, good, &mut chance));
    cases.extend(raw::broken(operation, good, &mut chance));
    cases
}

fn odd_paths(good: &Case) -> Vec<Case> {
    let long = "x".repeat(300);
    let odd = ODD_SEGMENTS.iter().copied().chain([long.as_str()]);
    let places = 0..good.path.len();
    odd.flat_map(|odd| {
        places.clone().map(move |place| {
            let mut case = good.named(format!("`{odd}` in the path"));
            case.path[place] = odd.to_owned();
            case.expect = Expect::Anything;
            case
        })
    })
    .collect()
}

fn odd_queries(operation: &Operation, good: &Case, chance: &mut Chance) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |what: String, query: Vec<(String, String)>, expect| {
        cases.push(Case { query, expect, ..good.named(what) });
    };
    let with = |name: &str, value: &str| {
        let mut query: Vec<_> =
            good.query.iter().filter(|(known, _)| known != name).cloned().collect();
        query.push((name.to_owned(), value.to_owned()));
        query
    };
    let long = "x".repeat(5_000);
    for parameter in operation.parameters("query") {
        let name = parameter["name"].as_str().unwrap();
        let kind = bodies::type_of(&parameter["schema"]);
        for odd in ODD_VALUES.iter().copied().chain([long.as_str()]) {
            let is_wrong = (kind == "integer" && odd.parse::<i128>().is_err())
                || (kind == "boolean" && odd != "true");
            let expect = if is_wrong { Expect::Status(400) } else { Expect::Anything };
            let shown: String = odd.chars().take(40).collect();
            add(format!("{name}={shown}"), with(name, odd), expect);
        }
        let mut twice = with(name, "1");
        twice.push((name.to_owned(), "2".to_owned()));
        add(format!("{name} twice"), twice, Expect::Anything);
        if parameter["required"] == true {
            let mut without = good.query.clone();
            without.retain(|(known, _)| known != name);
            add(format!("no {name}"), without, Expect::Missing(name.to_owned()));
        }
        for _ in 0..RANDOM_CASES / 4 {
            let value = chance.percent_encoded();
            add(format!("{name}={value}"), with(name, &value), Expect::Anything);
        }
    }
    let unknown = with("unknown", "1");
    let is_read = operation.method == "GET";
    add(
        "an unknown name".into(),
        unknown,
        if is_read { Expect::Success } else { Expect::Anything },
    );
    add("no value".into(), with("&&=&a", "%"), Expect::Anything);
    cases
}
