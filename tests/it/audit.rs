//! The audit log and the stream of events: every change, who made it, and what came of it.

use std::io::{Read, Write};

use fazt::http::ENDPOINTS;
use serde_json::{Value, json};

use crate::node::client::{Request, connect, exchange_head};
use crate::node::{ADMIN, TestNode, eventually};

/// What changes nothing that anybody sees: the steps of an upload, and what the handlers of
/// signing in write down by themselves.
const WITHOUT_ACTION: [&str; 5] = [
    "POST /api/login",
    "POST /api/logout",
    "POST /api/apps/{app}/uploads",
    "PUT /api/apps/{app}/uploads/{upload}/blobs",
    "DELETE /api/apps/{app}/uploads/{upload}",
];

/// The log as text: who, what, about what, and how it ended.
fn log(node: &TestNode, query: &str) -> String {
    let entries = node.data(&format!("/api/audit{query}"));
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let mut lines: Vec<String> = entries
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let resource = text(&entry["resource"]);
            // Ids differ from run to run.
            let is_id = resource.len() == 12 || resource.starts_with("app_");
            format!(
                "{} {} {} {} {} {}",
                text(&entry["actor"]),
                text(&entry["address"]),
                text(&entry["action"]),
                text(&entry["app"]),
                if is_id { "ID" } else { &resource },
                text(&entry["result"]),
            )
        })
        .collect();
    lines.reverse();
    lines.join("\n")
}

#[test]
fn every_endpoint_that_changes_something_has_a_name_in_the_log() {
    for endpoint in ENDPOINTS {
        let name = format!("{} {}", endpoint.method, endpoint.path);
        let is_read = endpoint.method.as_str() == "GET";
        let expected = !is_read && !WITHOUT_ACTION.contains(&name.as_str());
        assert_eq!(endpoint.action.is_some(), expected, "{name}");
    }
}

#[test]
fn changes_and_refusals_are_written_down() {
    let node = TestNode::start();
    node.deploy("blog", &[("index.html", "one")]);
    node.deploy("blog", &[("index.html", "two")]);
    let small = node.token(&["deploy:other"], None);
    assert_eq!(node.api_as(&small, "POST", "/api/apps/blog/rollback", &json!({})).status, 403);
    assert_eq!(node.api("POST", "/api/apps/blog/rollback", &json!({})).status, 200);
    assert_eq!(node.api("POST", "/api/apps/blog/rollback", &json!({ "release": 9 })).status, 404);
    let made = node.api("POST", "/api/keys", &json!({ "name": "ci" }));
    assert_eq!(made.status, 200, "{}", made.text());
    assert_eq!(node.api("DELETE", "/api/apps/nothing", &Value::Null).status, 404);
    assert_eq!(node.api("DELETE", "/api/apps/blog", &Value::Null).status, 200);
    assert_eq!(node.api("POST", "/api/apps/blog/restore", &Value::Null).status, 200);
    let nobody = Request::new("DELETE", ADMIN, "/api/apps/blog");
    assert_eq!(node.send(&nobody).status, 401, "whoever is nobody fills no log");
    insta::assert_snapshot!(log(&node, ""), @r"
    harness 127.0.0.1 app.deploy blog v1 ok
    harness 127.0.0.1 app.deploy blog v2 ok
    test 127.0.0.1 app.rollback blog - FORBIDDEN
    harness 127.0.0.1 app.rollback blog v1 ok
    harness 127.0.0.1 app.rollback blog - RELEASE_NOT_FOUND
    harness 127.0.0.1 token.create - ID ok
    harness 127.0.0.1 app.delete nothing - APP_NOT_FOUND
    harness 127.0.0.1 app.delete blog ID ok
    harness 127.0.0.1 app.restore blog ID ok
    ");
    let lines = node.data("/api/logs?site_id=blog")["logs"].clone();
    let said: Vec<&str> =
        lines.as_array().unwrap().iter().map(|line| line["message"].as_str().unwrap()).collect();
    let all = [
        "restored",
        "taken off the air",
        "rolled back to v1",
        "deployed v2: 1 files, 3 bytes",
        "deployed v1: 1 files, 3 bytes",
    ];
    assert_eq!(said, all);
}

#[test]
fn the_log_is_read_by_pages_and_filters() {
    let node = TestNode::start();
    for round in 0..3 {
        for app in ["a", "b"] {
            node.deploy(app, &[("index.html", format!("{round}"))]);
        }
    }
    assert_eq!(log(&node, "?app=a&limit=2").lines().count(), 2);
    let mut cursor = String::new();
    let mut seen = Vec::new();
    loop {
        let target = format!("/api/audit?app=b&limit=1{cursor}");
        let page = node.api("GET", &target, &Value::Null).json();
        let Some(next) = page["meta"]["next_cursor"].as_str() else { break };
        seen.push(page["data"][0]["resource"].as_str().unwrap().to_owned());
        cursor = format!("&cursor={}", next.replace('~', "%7E"));
    }
    assert_eq!(seen, ["v3", "v2", "v1"]);
    assert_eq!(log(&node, "?actor=nobody"), "");
    assert_eq!(log(&node, "?action=app.deploy").lines().count(), 6);
    assert_eq!(log(&node, "?since=2999-01-01T00:00:00Z"), "");
    assert_eq!(log(&node, "?until=2999-01-01T00:00:00%2B01:00&app=A").lines().count(), 3);
    for wrong in ["since=yesterday", "cursor=x", "limit=x", "until=2026-13-01T00:00:00Z"] {
        let response = node.api("GET", &format!("/api/audit?{wrong}"), &Value::Null);
        assert_eq!(response.status, 400, "{wrong}");
    }
    let old = std::time::Duration::from_secs(366 * 24 * 60 * 60);
    node.clean_after(old);
    assert_eq!(log(&node, ""), "", "a year is enough");
}

/// Reads from an open stream until an event of this kind has come; answers its data.
fn event(stream: &mut impl Read, kind: &str) -> Value {
    let mut text = String::new();
    let mut byte = [0];
    loop {
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
        if !text.ends_with("\n\n") {
            continue;
        }
        if text.contains(&format!("event: {kind}\n")) {
            let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
            return serde_json::from_str(data).unwrap();
        }
        text.clear();
    }
}

#[test]
fn the_stream_tells_what_happens_while_it_happens() {
    let node = TestNode::start();
    let open = |token: &str| {
        let request = Request::new("GET", ADMIN, "/api/stream").bearer(token);
        let (head, stream) = exchange_head(node.address, &request.bytes());
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        stream
    };
    let reader = node.token(&["read"], None);
    let (mut all, mut some) = (open(&node.admin), open(&reader));
    node.deploy("blog", &[("index.html", "home")]);
    for stream in [&mut all, &mut some] {
        let data = event(stream, "deploy");
        assert_eq!((&data["app"], &data["resource"]), (&json!("blog"), &json!("v1")));
    }
    // What only an administrator may know does not reach a reader: the next thing that it
    // hears of is the deletion.
    node.api("POST", "/api/keys", &json!({ "name": "ci" }));
    node.api("DELETE", "/api/apps/blog", &Value::Null);
    assert_eq!(event(&mut all, "audit")["action"], "token.create");
    assert_eq!(event(&mut all, "app")["action"], "app.delete");
    let mut heard = String::new();
    let mut byte = [0];
    while !heard.contains("app.delete") {
        some.read_exact(&mut byte).unwrap();
        heard.push(char::from(byte[0]));
    }
    assert!(!heard.contains("token.create"), "{heard}");
    // A token that is revoked ends its stream with the next event.
    let id = reader.split('_').nth(1).unwrap();
    node.api("DELETE", &format!("/api/tokens/{id}"), &Value::Null);
    let mut rest = Vec::new();
    some.read_to_end(&mut rest).unwrap();
    assert!(!String::from_utf8_lossy(&rest).contains("token.revoke"));
    assert_eq!(event(&mut all, "audit")["action"], "token.revoke");
}

#[test]
fn streams_are_counted_and_end_with_the_node() {
    let node = TestNode::start();
    let request = Request::new("GET", ADMIN, "/api/stream").bearer(&node.admin);
    let mut open: Vec<_> =
        (0..64).map(|_| exchange_head(node.address, &request.bytes()).1).collect();
    assert_eq!(node.send(&request).failure(), "503 TOO_MANY_STREAMS");
    node.node.events.close();
    for stream in &mut open {
        let mut rest = Vec::new();
        stream.read_to_end(&mut rest).unwrap();
    }
}

#[test]
fn a_change_whose_connection_broke_is_shown_and_written_down() {
    let node = TestNode::start();
    let tokens: Vec<String> = (0..30).map(|_| node.token(&["read"], None)).collect();
    for token in &tokens {
        let target = format!("/api/tokens/{}", token.split('_').nth(1).unwrap());
        let request = Request::new("DELETE", ADMIN, &target).bearer(&node.admin);
        let mut stream = connect(node.address);
        stream.write_all(&request.bytes()).unwrap();
        // Closing resets the connection, which also ends what answers on it.
        rustix::net::sockopt::set_socket_linger(&stream, Some(std::time::Duration::ZERO)).unwrap();
    }
    // A reset may overtake its request. What was made must be shown and written down.
    eventually("the database, the snapshot and the log to agree", || {
        let read = node.node.store.readers.read(|connection| {
            let count = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, usize>(0));
            Ok((
                count("SELECT count(*) FROM tokens WHERE name = 'test'")?,
                count("SELECT count(*) FROM audit WHERE action = 'token.revoke'")?,
            ))
        });
        let (left, written) = node.wait(read).unwrap();
        let is_known =
            |token: &&String| node.api_as(token, "GET", "/api/apps", &Value::Null).status == 200;
        let known = tokens.iter().filter(is_known).count();
        (left == known && left + written == tokens.len()).then_some(())
    });
}
