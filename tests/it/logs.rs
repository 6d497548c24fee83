//! The logs of apps: what their code says is kept, listed and followed.

use std::io::{BufReader, Read};
use std::net::TcpStream;

use fazt_actors::app_logs::{LINES_PER_SECOND, Level, NewLine};
use fazt_actors::timestamp::Timestamp;
use serde_json::{Value, json};

use crate::node::client::{Request, exchange_head};
use crate::node::{ADMIN, TestNode, eventually};

/// A node with the apps `blog` and `shop`.
fn with_apps() -> TestNode {
    let node = TestNode::start();
    for app in ["blog", "shop"] {
        node.deploy(app, &[("index.html", "home")]);
    }
    node
}

/// A line as code says it, in `request1`.
fn tell(node: &TestNode, app: &str, level: Level, message: &str) {
    let name = app.to_owned();
    let read = node.node.store.readers.read(move |connection| {
        let sql = "SELECT id FROM apps WHERE name = ?1 AND deleted_at IS NULL";
        connection.query_row(sql, [name], |row| row.get(0))
    });
    node.node.logs.tell(NewLine {
        app: node.wait(read).unwrap(),
        level,
        message: message.to_owned(),
        source: Some("api/x.js:12".to_owned()),
        request_id: Some("request1".into()),
        at: Timestamp::now(),
    });
}

/// The lines of a query, the newest first.
#[track_caller]
fn lines(node: &TestNode, query: &str) -> Vec<Value> {
    let data = node.data(&format!("/api/logs?{query}"));
    data["logs"].as_array().unwrap().clone()
}

fn messages(lines: &[Value]) -> Vec<&str> {
    lines.iter().map(|line| line["message"].as_str().unwrap()).collect()
}

/// Waits until so many lines are listed.
#[track_caller]
fn until_listed(node: &TestNode, query: &str, count: usize) -> Vec<Value> {
    eventually("the lines to be durable", || {
        Some(lines(node, query)).filter(|lines| lines.len() == count)
    })
}

#[test]
fn what_code_says_is_listed_with_where_and_when() {
    let node = with_apps();
    let deployed = &lines(&node, "site_id=blog")[0];
    let mut keys: Vec<&String> = deployed.as_object().unwrap().keys().collect();
    keys.sort();
    // Field for field what clients of the original read.
    assert_eq!(keys, ["created_at", "id", "level", "message"]);
    let before = deployed["id"].as_i64().unwrap();
    for (level, message) in [
        (Level::Debug, "one"),
        (Level::Info, "two"),
        (Level::Error, "three\n    at api/x.js:12"),
        (Level::Warn, "four"),
    ] {
        tell(&node, "blog", level, message);
    }
    tell(&node, "shop", Level::Info, "of another app");
    let all = until_listed(&node, "site_id=blog", 5);
    let said = ["four", "three\n    at api/x.js:12", "two", "one"];
    assert_eq!(messages(&all)[..4], said, "the newest first");
    assert!(all.is_sorted_by(|a, b| a["id"].as_i64() > b["id"].as_i64()), "{all:?}");
    assert_eq!((&all[0]["level"], &all[0]["source"]), (&json!("warn"), &json!("api/x.js:12")));
    assert_eq!(all[0]["request_id"], "request1");
    assert!(all[0]["created_at"].as_str().unwrap().ends_with('Z'));
    let of = |query: &str| -> Vec<String> {
        let found = lines(&node, &format!("site_id=blog&{query}"));
        messages(&found).iter().map(|text| text.split('\n').next().unwrap().to_owned()).collect()
    };
    assert_eq!(of("level=warn"), ["four", "three"]);
    assert_eq!(of("level=error"), ["three"]);
    assert_eq!(of("level=debug").len(), 5);
    assert_eq!(of("request_id=request1&limit=2"), ["four", "three"]);
    assert_eq!(of("request_id=request2"), [""; 0]);
    assert_eq!(of(&format!("after={before}")).len(), 4);
    assert_eq!(of(&format!("after={}", all[1]["id"])), ["four"]);
    let wrong = node.api("GET", "/api/logs?site_id=blog&level=loud", &Value::Null);
    assert_eq!(wrong.json()["error"]["details"]["field"], "level");
    let other = until_listed(&node, "site_id=shop&level=info&request_id=request1", 1);
    assert_eq!(messages(&other), ["of another app"]);
}

#[test]
fn lines_that_wait_are_written_before_a_node_ends() {
    let node = with_apps();
    let said: Vec<String> = (0..300).map(|number| format!("line {number}")).collect();
    for message in &said {
        tell(&node, "blog", Level::Info, message);
    }
    let limits = node.node.limits().as_ref().clone();
    let node = node.restart(limits);
    let mut listed = lines(&node, "site_id=blog&limit=1000&request_id=request1");
    listed.reverse();
    assert_eq!(messages(&listed), said);
}

#[test]
fn a_loud_app_silences_nobody_else() {
    let node = with_apps();
    let read = node.node.store.readers.read(|connection| {
        connection.query_row("SELECT id FROM apps WHERE name = 'blog'", [], |row| row.get(0))
    });
    let app: i64 = node.wait(read).unwrap();
    let at = Timestamp::now();
    for number in 0..10_000 {
        let message = format!("noise {number}");
        node.node.logs.tell(NewLine { app, message, at, ..nothing() });
    }
    tell(&node, "shop", Level::Info, "still heard");
    let heard = until_listed(&node, "site_id=shop&request_id=request1", 1);
    assert_eq!(messages(&heard), ["still heard"]);
    let warned = until_listed(&node, "site_id=blog&level=warn", 1);
    let report = warned[0]["message"].as_str().unwrap();
    let expected = format!("{} lines were dropped: ", 10_000 - LINES_PER_SECOND);
    assert!(report.starts_with(&expected), "{report}");
    let metrics = node.send(&Request::new("GET", ADMIN, "/api/system/metrics").bearer(&node.admin));
    assert!(metrics.text().contains("\nfazt_app_log_lines_dropped_total 9000\n"));
    assert!(metrics.text().contains("\nfazt_queue_max_length{queue=\"app_logs\"} 8192\n"));
}

/// An open stream of lines.
struct Tail(BufReader<TcpStream>);

impl Tail {
    #[track_caller]
    fn open(node: &TestNode, token: &str, query: &str, headers: &[(&str, &str)]) -> Tail {
        let request = Request::new("GET", ADMIN, &format!("/api/logs/stream?{query}"));
        let request = request.bearer(token).headers(headers);
        let (head, stream) = exchange_head(node.address, &request.bytes());
        assert_eq!(head.status, 200);
        assert_eq!(head.header("content-type"), Some("text/event-stream"));
        Tail(BufReader::new(stream))
    }

    /// The next line, without what keeps the stream open and the frames of HTTP.
    #[track_caller]
    fn line(&mut self) -> Value {
        let mut text = String::new();
        let mut byte = [0];
        while !(text.ends_with("\n\n") && text.contains("event: line\n")) {
            self.0.read_exact(&mut byte).unwrap();
            text.push(char::from(byte[0]));
        }
        let data = text.lines().find_map(|line| line.strip_prefix("data: ")).unwrap();
        let line: Value = serde_json::from_str(data).unwrap();
        assert!(text.contains(&format!("\nid: {}\n", line["id"])), "{text}");
        line
    }

    #[track_caller]
    fn message(&mut self) -> String {
        self.line()["message"].as_str().unwrap().to_owned()
    }

    /// The rest, once the node ends it.
    fn rest(mut self) -> String {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        String::from_utf8_lossy(&rest).into_owned()
    }
}

#[test]
fn a_stream_shows_lines_as_they_are_said() {
    let node = with_apps();
    let first = lines(&node, "site_id=blog")[0]["id"].clone();
    let mut tail = Tail::open(&node, &node.admin, "site_id=blog", &[]);
    let mut warnings = Tail::open(&node, &node.admin, "site_id=blog&level=warn", &[]);
    tell(&node, "shop", Level::Error, "of another app");
    tell(&node, "blog", Level::Info, "hello");
    tell(&node, "blog", Level::Warn, "careful");
    let line = tail.line();
    assert_eq!((&line["message"], &line["source"]), (&json!("hello"), &json!("api/x.js:12")));
    assert_eq!(tail.message(), "careful");
    assert_eq!(warnings.message(), "careful");
    // A deploy writes its line by itself, with the change.
    node.deploy("blog", &[("index.html", "two")]);
    assert_eq!(tail.message(), "deployed v2: 1 files, 3 bytes");
    // Whoever comes back misses nothing and sees nothing twice.
    tell(&node, "blog", Level::Info, "later");
    assert_eq!(tail.message(), "later");
    let all = ["deployed v1: 1 files, 4 bytes", "hello", "careful"];
    let all = [&all[..], &["deployed v2: 1 files, 3 bytes", "later"]].concat();
    let mut whole = Tail::open(&node, &node.admin, "site_id=blog&after=0", &[]);
    let seen: Vec<String> = all.iter().map(|_| whole.message()).collect();
    assert_eq!(seen, all);
    let after = format!("site_id=blog&after={}", line["id"]);
    assert_eq!(Tail::open(&node, &node.admin, &after, &[]).message(), "careful");
    let browsers = [("Last-Event-ID", &*first.to_string())];
    assert_eq!(Tail::open(&node, &node.admin, &after, &browsers).message(), "hello");
    tell(&node, "blog", Level::Error, "last");
    assert_eq!(whole.message(), "last");
    assert_eq!(warnings.message(), "last");
}

#[test]
fn a_reader_that_stands_still_misses_nothing() {
    let node = with_apps();
    let mut tail = Tail::open(&node, &node.admin, "site_id=blog", &[]);
    // Far more than connections hold and than the node keeps in memory for readers.
    let text = "x".repeat(2_000);
    let message = |round: i64, number: i64| format!("{round} {number} {text}");
    for round in 0..16 {
        for number in 0..450 {
            for app in [1, 2] {
                let (message, at) = (message(round, number), Timestamp(1_000 * (10 + round)));
                let line = NewLine { app, level: Level::Info, message, at, ..nothing() };
                node.node.logs.tell(line);
            }
        }
        eventually("the round to be durable", || (node.node.logs.waiting() == 0).then_some(()));
    }
    assert_eq!(node.node.logs.dropped(), 0);
    for round in 0..16 {
        for number in 0..450 {
            assert_eq!(tail.message(), message(round, number));
        }
    }
}

fn nothing() -> NewLine {
    NewLine {
        app: 0,
        level: Level::Debug,
        message: String::new(),
        source: None,
        request_id: None,
        at: Timestamp(0),
    }
}

#[test]
fn a_reader_is_told_when_lines_behind_its_own_are_gone() {
    let node = with_apps();
    tell(&node, "blog", Level::Info, "kept");
    let kept = until_listed(&node, "site_id=blog&request_id=request1", 1)[0]["id"].clone();
    let query = "site_id=blog&after=1";
    let mut tail = Tail::open(&node, &node.admin, query, &[]);
    assert_eq!(tail.message(), "kept");
    // The deploy's line, which this reader has, is the oldest one and goes first.
    let sql = format!("DELETE FROM app_logs WHERE id < {kept}");
    let node = node.stopped(|database| {
        #[expect(clippy::disallowed_methods, reason = "the node of the file does not run")]
        let connection = rusqlite::Connection::open(database).unwrap();
        connection.execute_batch(&sql).unwrap();
    });
    let request = Request::new("GET", ADMIN, &format!("/api/logs/stream?{query}"));
    let request = request.bearer(&node.admin).bytes();
    let mut stream = exchange_head(node.address, &request).1;
    let mut text = String::new();
    let mut byte = [0];
    while !text.contains("\"kept\"") {
        stream.read_exact(&mut byte).unwrap();
        text.push(char::from(byte[0]));
    }
    assert!(text.contains("event: lagged\ndata: {\"after\":1}\n\nevent: line\n"), "{text}");
}

#[test]
fn a_stream_ends_with_its_credential_and_with_the_node() {
    let node = with_apps();
    let reader = node.token(&["read"], None);
    let mut tail = Tail::open(&node, &reader, "site_id=blog", &[]);
    let mut other = Tail::open(&node, &node.admin, "site_id=blog", &[]);
    tell(&node, "blog", Level::Info, "heard");
    assert_eq!((tail.message(), other.message()), ("heard".to_owned(), "heard".to_owned()));
    let id = reader.split('_').nth(1).unwrap();
    assert_eq!(node.api("DELETE", &format!("/api/tokens/{id}"), &Value::Null).status, 200);
    tell(&node, "blog", Level::Info, "not heard");
    assert_eq!(other.message(), "not heard");
    assert!(!tail.rest().contains("not heard"));
    node.node.events.close();
    assert!(!other.rest().contains("event: line"));
}

#[test]
fn streams_of_lines_share_the_bound_of_streams() {
    let node = with_apps();
    let target = "/api/logs/stream?site_id=blog";
    let request = Request::new("GET", ADMIN, target).bearer(&node.admin);
    let _open: Vec<_> = (0..64).map(|_| exchange_head(node.address, &request.bytes()).1).collect();
    assert_eq!(node.send(&request).failure(), "503 TOO_MANY_STREAMS");
    let unknown = Request::new("GET", ADMIN, "/api/logs/stream?site_id=none").bearer(&node.admin);
    assert_eq!(node.send(&unknown).failure(), "404 SITE_NOT_FOUND");
}
