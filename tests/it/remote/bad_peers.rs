//! Peers that are down, slow, elsewhere, or no nodes.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use super::with_token;
use crate::fake_peer::{FakePeer, Received, answer, json};
use crate::process::{Machine, PATIENCE, files};

const TOKEN: &str = "fazt_a_secret";

/// Keeps a peer without asking it.
#[track_caller]
fn keep(machine: &Machine, name: &str, url: &str) {
    let words = ["remote", "add", name, "--url", url, "--token", TOKEN, "--no-check", "--force"];
    machine.run(&words).ok();
}

/// Every command that asks the peer `bad` fails with all of these parts, and never tells the
/// token.
#[track_caller]
fn check_commands(machine: &Machine, parts: &[&str]) {
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    for words in [
        &["remote", "status", "bad"][..],
        &["remote", "apps", "bad"],
        &["remote", "deploy", &folder, "bad"],
        &["@bad", "app", "list"],
    ] {
        let mut command = machine.fazt(words);
        command.env("FAZT_TIMEOUT", "1");
        let began = Instant::now();
        let complaint = machine.finish(&mut command).fails(1);
        assert!(began.elapsed() < PATIENCE / 2, "{words:?} took {:?}", began.elapsed());
        for part in parts.iter().chain(&["bad"]) {
            assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
        }
        assert!(!complaint.contains(TOKEN), "{complaint}");
    }
}

#[test]
fn a_peer_that_is_down_is_named() {
    let machine = Machine::new();
    // A port that was free a moment ago.
    let (listener, url) = FakePeer::silent();
    drop(listener);
    keep(&machine, "bad", &url);
    check_commands(&machine, &[&url, "nothing listens"]);
    let words = ["remote", "add", "other", "--url", &url];
    let complaint = machine.finish(&mut with_token(&machine, TOKEN, &words)).fails(1);
    assert!(complaint.contains("was not added") && complaint.contains(&url), "{complaint}");
    assert!(!machine.run(&["remote"]).ok().contains("other"));
}

#[test]
fn a_peer_that_never_answers_is_waited_for_a_while() {
    let machine = Machine::new();
    let (_listener, url) = FakePeer::silent();
    keep(&machine, "bad", &url);
    check_commands(&machine, &[&url, "waited 1 s in vain"]);
    let mut command = machine.fazt(&["remote", "status"]);
    let complaint = machine.finish(command.env("FAZT_TIMEOUT", "soon")).fails(1);
    assert!(complaint.contains("FAZT_TIMEOUT") && complaint.contains("soon"), "{complaint}");
}

#[test]
fn a_body_that_stands_still_or_ends_early_is_no_answer() {
    let machine = Machine::new();
    let half = |_: &Received| b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"data\":".to_vec();
    let peer = FakePeer::holding(half);
    keep(&machine, "bad", &peer.url());
    check_commands(&machine, &[&peer.url(), "waited 1 s in vain for the rest of the answer"]);
    let peer = FakePeer::start(half);
    keep(&machine, "bad", &peer.url());
    check_commands(&machine, &[&peer.url(), "broke off"]);
}

#[test]
fn a_peer_that_sends_its_visitors_elsewhere_keeps_them() {
    let machine = Machine::new();
    let target = FakePeer::start(|_| json("200 OK", r#"{"data":[]}"#));
    let location = format!("Location: {}/x", target.url());
    let peer = FakePeer::start(move |_| answer("307 Temporary Redirect", &[location.as_str()], ""));
    keep(&machine, "bad", &peer.url());
    check_commands(&machine, &[&peer.url(), &target.url(), "the token was not sent"]);
    assert!(target.received().is_empty(), "nobody followed");
}

#[test]
fn a_peer_that_is_a_web_site_is_no_node() {
    let machine = Machine::new();
    let page = |_: &Received| answer("200 OK", &["Content-Type: text/html"], "<h1>hello</h1>");
    let peer = FakePeer::start(page);
    keep(&machine, "bad", &peer.url());
    check_commands(&machine, &[&peer.url(), "like a fazt node"]);
    let missing = |_: &Received| answer("404 Not Found", &[], "<h1>gone</h1>");
    let peer = FakePeer::start(missing);
    keep(&machine, "bad", &peer.url());
    check_commands(&machine, &[&peer.url(), "answered 404", "not like a fazt node"]);
}

/// Whoever has no token is told the same: any host has an answer for any path.
#[test]
fn without_a_token_a_stranger_is_no_node_either() {
    let machine = Machine::new();
    let html = "Content-Type: text/html; charset=utf-8";
    for (status, header, body, parts) in [
        ("200 OK", html, "<h1>hello</h1>", &["answered 200", "web page"][..]),
        ("200 OK", html, "OK then", &["web page"]),
        ("200 OK", "X-Y: z", "hello", &["answered 200", "not like a fazt node"]),
        ("404 Not Found", html, "<h1>gone</h1>", &["answered 404", "web page"]),
        ("401 Unauthorized", "X-Y: z", "who?", &["answered 401", "not like a fazt node"]),
        ("301 Moved Permanently", "Location: https://b.example.org/", "", &["b.example.org"]),
        ("302 Found", "X-Y: z", "", &["answered 302"]),
        ("503 Service Unavailable", html, "<h1>busy</h1>", &["answered 503", "web page"]),
    ] {
        let peer = FakePeer::start(move |_| answer(status, &[header], body));
        let add = ["remote", "add", "bare", "--url", &peer.url(), "--no-check", "--force"];
        machine.run(&add).ok();
        let by_url = ["remote", "status", &peer.url()];
        for words in [&["remote", "status", "bare"][..], &by_url, &["servers", "ping", "bare"]] {
            let complaint = machine.run(words).fails(1);
            for part in parts.iter().chain(&["is no node, it seems", &peer.url()]) {
                assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
            }
        }
        assert!(machine.run(&["remote"]).ok().contains("\tnot a node\t"), "{status} {body}");
    }
}

#[test]
fn without_a_token_a_node_says_whether_it_is_well() {
    let machine = Machine::new();
    let of = |status: &'static str, body: &'static str| {
        let peer = FakePeer::start(move |_| answer(status, &["Content-Type: text/plain"], body));
        machine.run(&["remote", "add", "bare", "--url", &peer.url(), "--no-check", "--force"]).ok();
    };
    of("200 OK", "OK\n");
    assert!(machine.run(&["remote", "status", "bare"]).ok().contains("Status\thealthy\n"));
    assert!(machine.run(&["servers", "ping", "bare"]).ok().contains("is healthy"));
    of("503 Service Unavailable", "");
    for words in [["remote", "status", "bare"], ["servers", "ping", "bare"]] {
        let complaint = machine.run(&words).fails(1);
        for part in ["bare (http", "is not well", "503"] {
            assert!(complaint.contains(part), "{words:?}: {part} is not in {complaint}");
        }
    }
    assert!(machine.run(&["remote"]).ok().contains("\tunhealthy\t"));
}

#[test]
fn a_peer_that_is_of_another_mind_each_time_is_asked_again() {
    let machine = Machine::new();
    let asked = AtomicUsize::new(0);
    let peer = FakePeer::start(move |request| {
        let number = asked.fetch_add(1, Ordering::SeqCst);
        match request.line.as_str() {
            // Every other connection breaks.
            _ if number.is_multiple_of(2) => Vec::new(),
            "GET /health" => answer("200 OK", &[], "OK"),
            _ => json("200 OK", r#"{"data":{"status":"healthy","version":"9.9.9"}}"#),
        }
    });
    keep(&machine, "flaky", &peer.url());
    let status = machine.run(&["remote", "status", "flaky"]).ok();
    assert!(status.contains("Version\t9.9.9\n"), "{status}");
    let lines: Vec<String> = peer.received().into_iter().map(|request| request.line).collect();
    let expect = ["GET /health", "GET /health", "GET /api/system/health", "GET /api/system/health"];
    assert_eq!(lines, expect);
}

#[test]
fn a_deploy_whose_answer_is_lost_is_not_sent_again() {
    let machine = Machine::new();
    let peer = FakePeer::start(|request| match request.line.split(' ').next().unwrap() {
        "GET" => json("404 Not Found", r#"{"error":{"code":"APP_NOT_FOUND","message":"no"}}"#),
        _ => Vec::new(),
    });
    keep(&machine, "bad", &peer.url());
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    let complaint = machine.run(&["deploy", &folder, "--to", "bad"]).fails(1);
    assert!(complaint.contains("broke off"), "{complaint}");
    let posts = peer.received().into_iter().filter(|got| got.line.starts_with("POST")).count();
    assert_eq!(posts, 1);
}

#[test]
fn contents_whose_connection_broke_are_sent_again() {
    let machine = Machine::new();
    let asked = AtomicUsize::new(0);
    let peer = FakePeer::start(move |request| {
        let body = || serde_json::from_slice::<serde_json::Value>(&request.body).unwrap();
        match request.line.split('/').next_back().unwrap() {
            "uploads" => {
                let hash = &body()["changed"][0]["sha256"];
                let data = serde_json::json!({"data": {"upload": "u1", "missing": [hash]}});
                json("201 Created", &data.to_string())
            }
            // The first time the connection breaks.
            "blobs" if asked.fetch_add(1, Ordering::SeqCst) == 0 => Vec::new(),
            "blobs" => json("200 OK", r#"{"data":{"received":1}}"#),
            "commit" => json(
                "200 OK",
                r#"{"data":{"site":"site","app_id":"app_0","release":1,"previous_release":null,
                    "file_count":1,"size_bytes":1,"url":"http://site.localhost/",
                    "message":"Deployment successful"}}"#,
            ),
            _ => json("404 Not Found", r#"{"error":{"code":"APP_NOT_FOUND","message":"no"}}"#),
        }
    });
    keep(&machine, "flaky", &peer.url());
    let folder = machine.folder("site", &files(&[("index.html", "x")]));
    let said = machine.run(&["deploy", &folder, "--to", "flaky"]).ok();
    assert!(said.contains("Deployed site v1: 1 file"), "{said}");
    let received = peer.received();
    let puts: Vec<&Received> = received.iter().filter(|got| got.line.ends_with("/blobs")).collect();
    assert_eq!(puts.len(), 2);
    assert_eq!(puts[0].body, puts[1].body, "the same bytes");
}

#[test]
fn a_peer_does_not_command_the_terminal() {
    let machine = Machine::new();
    let evil = r#"{"error":{"code":"X","message":"gone \u001b[2J\u009b31m"}}"#;
    let peer = FakePeer::start(|_| json("404 Not Found", evil));
    keep(&machine, "evil", &peer.url());
    let complaint = machine.run(&["app", "info", "blog", "--to", "evil"]).fails(1);
    assert!(complaint.contains("gone"), "{complaint}");
    assert!(!complaint.contains(['\u{1b}', '\u{9b}']), "{complaint:?}");
}
