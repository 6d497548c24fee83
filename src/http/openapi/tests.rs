use std::collections::BTreeSet;

use super::parameters::{PLACEHOLDERS, placeholders};
use super::*;

#[test]
fn every_endpoint_is_described_and_nothing_else() {
    let described: BTreeSet<String> = descriptions().iter().map(Description::key).collect();
    let exist: BTreeSet<String> =
        ENDPOINTS.iter().map(|endpoint| format!("{} {}", endpoint.method, endpoint.path)).collect();
    let missing: Vec<_> = exist.difference(&described).collect();
    assert!(
        missing.is_empty(),
        "no description in src/http/openapi/*.rs of {missing:?}: add a row such as \
         `get(\"/api/…\", \"list_things\", \"The things.\").answers::<Things>()`"
    );
    let unknown: Vec<_> = described.difference(&exist).collect();
    assert!(unknown.is_empty(), "described, but not in ENDPOINTS: {unknown:?}");
    assert_eq!(descriptions().len(), ENDPOINTS.len(), "something is described twice");
}

#[test]
fn every_placeholder_of_a_path_is_described() {
    for endpoint in ENDPOINTS {
        for name in placeholders(endpoint.path) {
            assert!(
                PLACEHOLDERS.iter().any(|known| known.name == name),
                "say what `{{{name}}}` of {} stands for in src/http/openapi/parameters.rs",
                endpoint.path
            );
        }
    }
}

#[test]
fn every_failure_that_is_named_is_one_of_the_shared_ones() {
    let statuses: BTreeSet<&str> =
        answers::FAILURES.iter().map(|failure| failure.status()).collect();
    for described in descriptions() {
        for status in &described.failures {
            let status = status.to_string();
            assert!(statuses.contains(status.as_str()), "{}: {status}", described.key());
        }
    }
}
