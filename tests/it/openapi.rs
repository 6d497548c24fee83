//! The API against its own description: what it says it is, it is.
//!
//! `document` reads what `GET /api/openapi.json` says. `inputs` makes requests from it,
//! good ones and broken ones. `fixture` keeps something on the node that they can be
//! about. `conformity` judges the answers.

mod conformity;
mod document;
mod fixture;
mod inputs;

use std::collections::BTreeSet;

use fazt::http::ENDPOINTS;
use serde_json::Value;

use crate::node::client::Request;
use crate::node::{ADMIN, TestNode};
use conformity::Judge;
use document::Document;
use fixture::{Credential, Fixture};
use inputs::{broken, good};

#[test]
fn the_document_lists_exactly_the_endpoints() {
    let document = Document::of(&TestNode::start());
    let listed: BTreeSet<String> = document.operations.iter().map(|o| o.key()).collect();
    let exist: BTreeSet<String> = ENDPOINTS
        .iter()
        .map(|endpoint| format!("{} {}", endpoint.method, endpoint.path.replace(":.+}", "}")))
        .collect();
    let missing: Vec<_> = exist.difference(&listed).collect();
    assert!(missing.is_empty(), "describe these in src/http/openapi/*.rs: {missing:?}");
    let unknown: Vec<_> = listed.difference(&exist).collect();
    assert!(unknown.is_empty(), "these are no endpoints: {unknown:?}");
}

#[test]
fn the_document_is_valid() {
    let document = Document::of(&TestNode::start());
    assert_eq!(document.json["openapi"], "3.1.0");
    assert_eq!(document.json["info"]["version"], env!("CARGO_PKG_VERSION"));
    for reference in document.references() {
        assert!(document.find(&reference).is_some(), "{reference} leads nowhere");
    }
    let used: BTreeSet<String> = document.references().into_iter().collect();
    for kind in ["schemas", "responses"] {
        for name in document.json["components"][kind].as_object().unwrap().keys() {
            let reference = format!("#/components/{kind}/{name}");
            // The data of events stands in no answer that is JSON.
            assert!(used.contains(&reference) || name == "StreamEvent", "{name} is not used");
        }
    }
    for (place, schema) in document.schemas() {
        jsonschema::meta::validate(&schema).unwrap_or_else(|error| panic!("{place}: {error}"));
        document.compile(&schema);
    }
}

#[test]
fn every_operation_is_described_in_full() {
    let document = Document::of(&TestNode::start());
    let groups: BTreeSet<&str> = document.json["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|t| t["name"].as_str())
        .collect();
    let mut names = BTreeSet::new();
    for operation in &document.operations {
        let (key, json) = (operation.key(), &operation.json);
        let name = json["operationId"].as_str().unwrap_or_default();
        assert!(!name.is_empty() && names.insert(name), "{key}: `{name}` is not a name of its own");
        assert!(json["summary"].as_str().is_some_and(|text| text.ends_with('.')), "{key}: summary");
        assert!(groups.contains(json["tags"][0].as_str().unwrap_or_default()), "{key}: group");
        assert!(json["x-permission"].is_string(), "{key}: permission");
        assert!(json["security"].is_array(), "{key}: security");
        assert!(json["responses"]["5XX"].is_object(), "{key}: failures of the node");
        let in_path: Vec<&str> = operation.placeholders().collect();
        let described: Vec<&str> =
            operation.parameters("path").map(|p| p["name"].as_str().unwrap()).collect();
        assert_eq!(described, in_path, "{key}");
        for parameter in operation.parameters("path").chain(operation.parameters("query")) {
            let about = parameter["description"].as_str().unwrap_or_default();
            assert!(about.ends_with('.'), "{key}: what is {}?", parameter["name"]);
        }
        let successes = operation.statuses().filter(|status| status.starts_with('2')).count();
        assert_eq!(successes, 1, "{key}: one status of success");
    }
}

#[test]
fn the_document_is_not_sent_twice() {
    let node = TestNode::start();
    let first = node.get(ADMIN, "/api/openapi.json");
    assert_eq!(first.status, 200, "{}", first.text());
    assert_eq!(first.header("content-type"), Some("application/json"));
    let etag = first.header("etag").unwrap();
    let again = Request::new("GET", ADMIN, "/api/openapi.json").header("If-None-Match", etag);
    let again = node.send(&again);
    assert_eq!((again.status, again.body.len()), (304, 0));
    assert_eq!(again.header("etag"), Some(etag));
    // Only the admin host describes itself: an app may have such a path.
    assert_eq!(node.get("blog.localhost", "/api/openapi.json").status, 404);
}

#[test]
fn good_requests_are_answered_as_described() {
    let mut fixture = Fixture::start();
    let document = Document::of(&fixture.node);
    let mut judge = Judge::new(&document);
    for operation in &document.operations {
        let permission = operation.json["x-permission"].as_str().unwrap();
        for credential in Credential::ALL {
            fixture.prepare(operation);
            let mut case = good(&document, operation, &fixture);
            if !credential.opens(permission) {
                case = case.refused();
            }
            let response = fixture.send(operation, &case, credential);
            judge.check(operation, &response, &case, credential);
        }
    }
    judge.conclude();
}

#[test]
fn broken_requests_are_refused_as_described() {
    let mut fixture = Fixture::start();
    let document = Document::of(&fixture.node);
    let mut judge = Judge::new(&document);
    for operation in &document.operations {
        let permission = operation.json["x-permission"].as_str().unwrap();
        let credential = Credential::that_opens(permission);
        if operation.guards_a_password() {
            // Wrong passwords close the door to the next ones.
            fixture = Fixture::start();
        }
        fixture.prepare(operation);
        let good = good(&document, operation, &fixture);
        for mut case in broken(&document, operation, &good) {
            if !credential.opens(permission) {
                case = case.refused();
            }
            let response = fixture.send(operation, &case, credential);
            judge.check(operation, &response, &case, credential);
        }
    }
    judge.conclude();
    // After all that it still does its work.
    fixture.node.deploy("survivor", &[("index.html", "well")]);
    assert_eq!(fixture.node.get("survivor.localhost", "/").summary(), "200 well");
    assert_eq!(fixture.node.api("GET", "/api/apps/survivor", &Value::Null).status, 200);
}
