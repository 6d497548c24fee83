//! Bodies as bytes: cut, damaged, mislabelled; and forms with odd fields.

use super::chance::Chance;
use super::{Case, Expect, RANDOM_CASES};
use crate::node::deploy_request;
use crate::openapi::document::Operation;
use crate::zips;

/// A length that no body may have.
const TOO_LONG: &str = "10000000000";

/// What is odd, the fields of the form, and what must come back.
type OddForm<'a> = (&'a str, Vec<(&'a str, &'a str)>, Expect);

/// Requests with bodies that are wrong whatever they should be.
pub(super) fn broken(operation: &Operation, good: &Case, chance: &mut Chance) -> Vec<Case> {
    if operation.body().is_none() {
        let body = b"{\"nobody\": \"asked\"}".to_vec();
        return vec![Case { body, expect: Expect::Anything, ..good.named("a body") }];
    }
    let mut cases = Vec::new();
    let mut add = |what: &str, content_type: Option<&str>, body: &[u8]| {
        let (content_type, body) = (content_type.map(str::to_owned), body.to_vec());
        cases.push(Case { content_type, body, expect: Expect::Anything, ..good.named(what) });
    };
    let own = good.content_type.as_deref();
    for other in [None, Some("text/plain"), Some("application/json; charset=utf-16")] {
        add(&format!("content type {other:?}"), other, &good.body);
    }
    add("another form", Some("multipart/form-data"), &good.body);
    add("no boundary", Some("multipart/form-data; boundary="), &good.body);
    add("half a body", own, &good.body[..good.body.len() / 2]);
    add("no body", own, b"");
    add("zeros", own, &[0; 100]);
    add("ones", own, &[0xff; 100]);
    for round in 0..RANDOM_CASES {
        let mut body = good.body.clone();
        chance.damage(&mut body);
        add(&format!("damage {round}"), own, &body);
    }
    if own.is_some_and(|own| own.starts_with("multipart/form-data")) {
        cases.extend(odd_forms(good));
    }
    let mut too_large = good.named("a body that announces itself as too large");
    too_large.headers.push(("Content-Length", TOO_LONG.to_owned()));
    too_large.expect = Expect::Status(413);
    cases.push(too_large);
    cases
}

/// A form with these fields and a small archive: its type and its bytes.
pub(super) fn form(fields: &[(&str, &str)]) -> (String, Vec<u8>) {
    let archive = zips::archive(&[zips::stored("index.html", b"home")]);
    deploy_request("", fields, &archive).parts()
}

fn odd_forms(good: &Case) -> Vec<Case> {
    let long = "x".repeat(2_000);
    let forms: [OddForm<'_>; 9] = [
        ("an unknown field", vec![("site_name", "blog"), ("a", "b")], Expect::Success),
        ("no name", vec![], Expect::Missing("site_name".into())),
        ("an empty name", vec![("site_name", "")], Expect::Status(400)),
        ("a reserved name", vec![("site_name", "admin")], Expect::Status(400)),
        ("a name in other letters", vec![("site_name", "b\u{f6}g")], Expect::Status(400)),
        ("a long name", vec![("site_name", &long)], Expect::Status(413)),
        ("two names", vec![("site_name", "blog"), ("name", "other")], Expect::Anything),
        ("odd purge", vec![("site_name", "blog"), ("purge", "\u{0}")], Expect::Anything),
        ("too many fields", vec![("site_name", "blog"); 20], Expect::Status(400)),
    ];
    let mut cases: Vec<Case> = Vec::new();
    for (what, fields, expect) in forms {
        let (content_type, body) = form(&fields);
        let content_type = Some(content_type);
        cases.push(Case { content_type, body, expect, ..good.named(what) });
    }
    for (what, old, new, expect) in [
        ("no file", "name=\"file\"", "name=\"elif\"", Expect::Missing("file".into())),
        ("a file that is no archive", "site.zip", "site.txt", Expect::Status(400)),
        ("a part without a name", "name=\"site_name\"", "x=\"y\"", Expect::Status(400)),
        ("a part without a head", "Content-Disposition", "X", Expect::Status(400)),
    ] {
        // This damages the archive, which none of these comes to read.
        let body = String::from_utf8_lossy(&good.body).replace(old, new).into_bytes();
        cases.push(Case { body, expect, ..good.named(what) });
    }
    cases
}
