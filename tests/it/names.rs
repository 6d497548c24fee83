//! Names under which apps are deployed.

use crate::node::{TestNode, deploy_request};
use crate::zips;

#[test]
fn names_are_labels_of_a_host_name() {
    let node = TestNode::with(fazt_actors::limits::Limits::default(), Some("example.test"));
    let archive = zips::archive(&[zips::stored("index.html", b"home")]);
    let longest = "a".repeat(63);
    for (name, expect) in [
        ("blog", "blog"),
        ("Blog", "blog"),
        (" blog ", "blog"),
        ("blog.example.test", "blog"),
        ("blog.Example.TEST", "blog"),
        ("blog.localhost", "blog"),
        ("7", "7"),
        ("a-b-c", "a-b-c"),
        (&*longest, &*longest),
        ("root", "root"),
        ("404", "404"),
    ] {
        let response = node.deploy_archive(name, &archive);
        assert_eq!(response.status, 200, "{name}: {}", response.text());
        assert_eq!(response.json()["data"]["site"], expect, "{name}");
    }
    let too_long = "a".repeat(64);
    for (name, failure) in [
        ("", "400 INVALID_APP_NAME"),
        ("my blog", "400 INVALID_APP_NAME"),
        ("-blog", "400 INVALID_APP_NAME"),
        ("blog-", "400 INVALID_APP_NAME"),
        ("v1--blog", "400 INVALID_APP_NAME"),
        ("blög", "400 INVALID_APP_NAME"),
        ("a.b", "400 INVALID_APP_NAME"),
        ("a.b.example.test", "400 INVALID_APP_NAME"),
        ("../blog", "400 INVALID_APP_NAME"),
        ("app_000000000000", "400 INVALID_APP_NAME"),
        (&*too_long, "400 INVALID_APP_NAME"),
        ("admin", "400 RESERVED_APP_NAME"),
        ("API", "400 RESERVED_APP_NAME"),
        ("www", "400 RESERVED_APP_NAME"),
        ("mail", "400 RESERVED_APP_NAME"),
        ("ftp", "400 RESERVED_APP_NAME"),
        ("smtp", "400 RESERVED_APP_NAME"),
        ("pop", "400 RESERVED_APP_NAME"),
        ("imap", "400 RESERVED_APP_NAME"),
        ("ns1", "400 RESERVED_APP_NAME"),
        ("ns2", "400 RESERVED_APP_NAME"),
        ("localhost", "400 RESERVED_APP_NAME"),
        ("docs", "400 RESERVED_APP_NAME"),
    ] {
        let response = node.deploy_archive(name, &archive);
        assert_eq!(response.failure(), failure, "{name}");
    }
    assert_eq!(node.data("/api/apps").as_array().unwrap().len(), 6);
}

#[test]
fn the_form_says_what_is_missing() {
    let node = TestNode::start();
    let archive = zips::archive(&[zips::stored("index.html", b"home")]);
    let unnamed = node.send(&deploy_request(&node.admin, &[], &archive));
    assert_eq!(unnamed.failure(), "400 VALIDATION_FAILED");
    assert_eq!(unnamed.json()["error"]["details"]["field"], "site_name");
    // Other fields do no harm, in reason.
    let fields = [("comment", "hello"), ("name", "blog")];
    assert_eq!(node.send(&deploy_request(&node.admin, &fields, &archive)).status, 200);
    let many = [("x", "y"); 20];
    assert_eq!(node.send(&deploy_request(&node.admin, &many, &archive)).status, 400);
    let long = "a".repeat(2_000);
    let named_long = node.send(&deploy_request(&node.admin, &[("name", &long)], &archive));
    assert_eq!(named_long.status, 413);
}
